/**
 * Reads multipart bodies the lenient way: whatever some server would accept as a part is a part.
 *
 * @module
 */

export interface Part {
  readonly name: string;
  readonly fileName: string | undefined;
  readonly type: string;
  readonly base64: boolean;
  readonly content: string;
}

/** The boundaries a Content-Type names, quoted or not: servers differ in which of several they take, and one of them may be the client's trap. */
export function boundariesOf(contentType: string): readonly string[] {
  const found = contentType.slice(0, 2000).matchAll(/;\s{0,20}boundary\s{0,4}=\s{0,4}(?:"([^"]{1,200})"|([^\s;,"]{1,200}))/gi);
  return Array.from(found, (match) => match[1] ?? match[2]!).slice(0, 4);
}

/** The first boundary a Content-Type names; undefined when it names none. */
export const boundaryOf = (contentType: string): string | undefined => boundariesOf(contentType)[0];

/** The boundary a body begins with, for bodies that do not declare what they are. */
export function sniffBoundary(body: string): string | undefined {
  const found = /^(?:[\r\n]{0,8})--([^\r\n]{4,200}?)[ \t]{0,8}\r?\n[^\r\n]{0,200}content-/i.exec(body.slice(0, 600));
  return found === null ? undefined : found[1];
}

/** Visits every part, however many there are. Keeps none. */
export function eachPart(body: string, boundary: string, visit: (part: Part) => void): void {
  const mark = `--${boundary}`;
  let at = body.indexOf(mark);
  while (at >= 0) {
    let from = at + mark.length;
    if (body.startsWith("--", from)) return;
    while (body.charCodeAt(from) === 32 || body.charCodeAt(from) === 9) from++;
    if (body.charCodeAt(from) === 13) from++;
    if (body.charCodeAt(from) === 10) from++;
    const next = body.indexOf(mark, from);
    const end = next < 0 ? body.length : next;
    visit(partOf(body, from, end));
    at = next;
  }
}

function partOf(body: string, from: number, to: number): Part {
  let name = "";
  let fileName: string | undefined;
  let type = "";
  let base64 = false;
  let at = from;
  let headersLeft = 20;
  let content = from;
  for (;;) {
    let end = endOfLine(body, at, to);
    // What begins with a blank goes on with the field before it.
    while (end > at + 1 && end < to && (body[end + 1] === " " || body[end + 1] === "\t")) end = endOfLine(body, end + 1, to);
    const line = body.slice(at, body.charCodeAt(end - 1) === 13 ? end - 1 : end);
    if (line === "" || headersLeft-- === 0) {
      content = Math.min(end + 1, to);
      break;
    }
    const colon = line.indexOf(":");
    if (colon < 0 && at === from) break;
    const field = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    if (field === "content-disposition") {
      const value = line.slice(0, 2000);
      name = parameter(value, "name") ?? name;
      fileName = parameter(value, "filename") ?? fileName;
      const extended = /;\s{0,8}filename\*\s{0,4}=\s{0,4}[^'\s]{0,40}'[^']{0,40}'([^;\s]{0,400})/i.exec(value);
      // Servers differ in which of the two they take; both are looked at.
      const names = [fileName, extended?.[1], ...piecedNames(value)].filter((one) => one !== undefined);
      if (names.length > 0) fileName = names.join("\n");
    } else if (field === "content-type")
      type = line
        .slice(colon + 1)
        .trim()
        .toLowerCase();
    else if (field === "content-transfer-encoding") base64 = /base64/i.test(line);
    if (end >= to) {
      content = to;
      break;
    }
    at = end + 1;
  }
  let stop = to;
  if (body.charCodeAt(stop - 1) === 10) stop--;
  if (body.charCodeAt(stop - 1) === 13) stop--;
  return { name, fileName, type, base64, content: body.slice(content, Math.max(content, stop)) };
}

/**
 * File names in numbered pieces: `filename*0="a.p"; filename*1="hp"` (RFC 2231, section 3). Servers differ in what ends them: some take every piece in
 * the order of numbers, some stop at the first number that is missing or there twice. Both names are told.
 */
function piecedNames(line: string): readonly string[] {
  const pieces = Array.from(
    line.matchAll(/;\s{0,8}filename\*(\d{1,3})\*?\s{0,4}=\s{0,4}(?:"([^"]{0,1000})|([^;\s]{0,1000}))/gi),
    ([, number, quoted, bare]) => [Number(number), quoted ?? bare!] as const,
  ).sort(([one], [other]) => one - other);
  const gap = pieces.findIndex(([number], index) => number !== index);
  return [pieces.slice(0, Math.max(0, gap)), pieces].flatMap((some) =>
    some.length === 0
      ? []
      : some
          .map(([, text]) => text)
          .join("")
          .replace(/^[^']{0,40}'[^']{0,40}'/, ""),
  );
}

function endOfLine(body: string, from: number, to: number): number {
  const end = body.indexOf("\n", from);
  return end < 0 || end > to ? to : end;
}

/** A parameter of a Content-Disposition, quoted or bare. A backslash is kept: Windows browsers send paths. */
function parameter(line: string, key: string): string | undefined {
  const pattern =
    key === "name"
      ? /[;\s]name\s{0,4}=\s{0,4}(?:"([^"]{0,1000})"?|'([^']{0,1000})'|([^;\s]{0,1000}))/i
      : /[;\s."']filename\s{0,4}=\s{0,4}(?:"([^"]{0,1000})"?|'([^']{0,1000})'|([^;\s]{0,1000}))/i;
  const found = pattern.exec(line);
  return found === null ? undefined : (found[1] ?? found[2] ?? found[3]);
}

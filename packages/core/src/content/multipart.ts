/**
 * Reads multipart bodies the lenient way: whatever some server would accept as a part is a part.
 *
 * @module
 */

export interface Part {
  readonly name: string;
  readonly fileName: string | undefined;
  /** True for a file that is a field for whoever reads quotes in another way. */
  readonly isField: boolean;
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

/**
 * Visits every part, however many there are. Keeps none. A boundary may stand anywhere, as some servers have it; where one stands inside of a
 * line, the parts are visited a second time as the others have them.
 */
export function eachPart(body: string, boundary: string, visit: (part: Part) => void): void {
  const mark = `--${boundary}`;
  if (walk(body, mark, visit)) walk(`\r\n${body}`, `\r\n${mark}`, visit);
}

/** True when a mark stood inside of a line. What follows the last one is visited as well: not every server stops there. */
function walk(body: string, mark: string, visit: (part: Part) => void): boolean {
  let isInside = false;
  for (let at = body.indexOf(mark); at >= 0; ) {
    isInside ||= at > 0 && body.slice(at - 2, at) !== "\r\n";
    let from = at + mark.length;
    if (body.startsWith("--", from)) from += 2;
    while (body.charCodeAt(from) === 32 || body.charCodeAt(from) === 9) from++;
    if (body.charCodeAt(from) === 13) from++;
    if (body.charCodeAt(from) === 10) from++;
    const next = body.indexOf(mark, from);
    if (from < body.length) visit(partOf(body.slice(from, next < 0 ? body.length : next)));
    at = next;
  }
  return isInside;
}

/** True when a file name begins outside of quotes. */
function namesFile(line: string): boolean {
  let quotes = 0;
  return line
    .split(/filename/i)
    .slice(0, -1)
    .some((piece) => {
      quotes += piece.split('"').length - 1;
      return quotes % 2 === 0;
    });
}

function partOf(body: string): Part {
  let name = "";
  let fileName: string | undefined;
  let isField = false;
  let type = "";
  let base64 = false;
  let headersLeft = 20;
  let at = 0;
  while (at < body.length) {
    let end = endOfLine(body, at);
    // What begins with a blank goes on with the field before it.
    while (end > at + 1 && (body[end + 1] === " " || body[end + 1] === "\t")) end = endOfLine(body, end + 1);
    const line = body.slice(at, body.charCodeAt(end - 1) === 13 ? end - 1 : end);
    const colon = line.indexOf(":");
    if (colon < 0 && at === 0 && line !== "") break;
    at = end + 1;
    if (line === "" || headersLeft-- === 0) break;
    const field = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    if (field === "content-disposition") {
      // Servers differ in which of several they take; all are looked at.
      const given = parameters(line, /[;\s]name\s{0,4}=\s{0,4}/gi);
      // Two make a name that no field is spared for.
      if (given.length > 0) name = given.length === 1 ? given[0]! : `${given.join("\n")}\n`;
      const names = [fileName, ...parameters(line, /[;\s."']filename\s{0,4}=\s{0,4}/gi), ...starredNames(line)].filter(
        (one) => one !== undefined,
      );
      if (names.length > 0) fileName = names.join("\n");
      // A backslash takes a quote's meaning for some.
      isField = !(namesFile(line) && namesFile(line.replace(/\\./g, "")));
    } else if (field === "content-type")
      type = line
        .slice(colon + 1)
        .trim()
        .toLowerCase();
    else if (field === "content-transfer-encoding") base64 = /base64/i.test(line);
  }
  return { name, fileName, isField, type, base64, content: body.slice(at).replace(/\r?\n$/, "") };
}

/** A parameter of a Content-Disposition, however often it is given. A backslash is kept: Windows browsers send paths. */
const parameters = (line: string, beginning: RegExp): readonly string[] =>
  Array.from(line.matchAll(beginning), (found) => valueAt(line, found.index + found[0].length, "\"'"));

/**
 * File names with a star: `filename*=UTF-8''a.ph%70` (RFC 5987), and in numbered pieces `filename*0="a.p"; filename*1="hp"` (RFC 2231, section 3).
 * Servers differ in what ends the pieces: some take all in the order of numbers, some stop at the first number that is missing or there twice.
 */
function starredNames(line: string): readonly string[] {
  const whole: string[] = [];
  const pieces: (readonly [number: number, text: string])[] = [];
  for (const found of line.matchAll(/;\s{0,8}filename\*(\d{0,3})\*?\s{0,4}=\s{0,4}/gi)) {
    const text = valueAt(line, found.index + found[0].length, '"');
    if (found[1] === "") whole.push(text);
    else pieces.push([Number(found[1]), text]);
  }
  pieces.sort(([one], [other]) => one - other);
  const gap = pieces.findIndex(([number], index) => number !== index);
  const texts = pieces.map(([, text]) => text);
  for (const end of [gap, texts.length]) if (end > 0) whole.push(texts.slice(0, end).join(""));
  return whole.map((name) => name.replace(/^[^']{0,40}'[^']{0,40}'/, ""));
}

function endOfLine(body: string, from: number): number {
  const end = body.indexOf("\n", from);
  return end < 0 ? body.length : end;
}

/** A value, quoted or bare, however long: `./` a thousand times leads nowhere else. A double quote that nothing closes goes to the end. */
function valueAt(line: string, from: number, quotes: string): string {
  const quote = line.charAt(from);
  let end = quotes.includes(quote) ? line.indexOf(quote, from + 1) : -1;
  // An escaped quote goes on, where another one ends it.
  for (let next = end; next > 0 && line[end - 1] === "\\"; next = line.indexOf(quote, end + 1)) end = next;
  if (end > 0) return line.slice(from + 1, end);
  return quote === '"' ? line.slice(from + 1) : line.slice(from).split(/[;\s]/, 1)[0]!;
}

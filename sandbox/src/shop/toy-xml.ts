/** Fetches what an external entity names; `undefined` when there is nothing. */
export type EntityFetcher = (address: string) => Promise<string | undefined>;

/** What was understood of an XML document. */
export interface ToyDocument {
  /** Text of each leaf element by name, in document order, at most 200. */
  readonly leaves: readonly (readonly [name: string, text: string])[];
  /** True when the expanded text was cut at 64 KiB. */
  readonly cut: boolean;
}

const expandedLimit = 64 * 1024;
const entityLimit = 64;
const stepLimit = 20_000;
const fetchLimit = 8;

/**
 * Reads XML the careless way: internal and external entities of the document's own DOCTYPE are expanded, parameter entities and XInclude too.
 * Bounded for any input: entities, expansion steps, depth and the length of the result are capped. Returns `undefined` when there is no
 * element at all.
 */
export async function parseToyXml(text: string, fetchEntity: EntityFetcher): Promise<ToyDocument | undefined> {
  const { entities, body } = await readDoctype(text, fetchEntity);
  const budget = { steps: stepLimit, length: expandedLimit };
  const included = await replaceIncludes(body, fetchEntity);
  const leaves: (readonly [string, string])[] = [];
  const element = /<([\w:.-]{1,80})(?:\s[^<>]{0,2000})?>([^<]{0,20000}|<!\[CDATA\[[\s\S]{0,20000}?\]\]>)<\/\1\s*>/g;
  for (const match of included.matchAll(element)) {
    const raw = match[2] ?? "";
    const inner = raw.startsWith("<![CDATA[") ? raw.slice(9, -3) : expand(raw, entities, budget, 0);
    leaves.push([match[1] ?? "", inner]);
    if (leaves.length >= 200) break;
  }
  return leaves.length === 0 ? undefined : { leaves, cut: budget.steps <= 0 || budget.length <= 0 };
}

async function readDoctype(text: string, fetchEntity: EntityFetcher): Promise<{ entities: Map<string, string>; body: string }> {
  const entities = new Map<string, string>();
  const start = text.search(/<!DOCTYPE/i);
  if (start < 0) return { entities, body: text };
  const bracket = text.indexOf("[", start);
  const firstClose = text.indexOf(">", start);
  const end = bracket >= 0 && bracket < firstClose ? text.indexOf("]", bracket) : firstClose;
  if (end < 0) return { entities, body: text.slice(start + 9) };
  const declarations = text.slice(start, end);
  let fetches = 0;
  const declared =
    /<!ENTITY\s+(%\s+)?([\w.-]{1,80})\s+(?:(SYSTEM|PUBLIC)\s+)?(?:(["'])((?:(?!\4)[\s\S]){0,4000})\4\s*)(?:(["'])((?:(?!\6)[\s\S]){0,2000})\6)?/gi;
  for (const match of declarations.matchAll(declared)) {
    const [, parameter, name, kind, , first, , second] = match;
    if (entities.size >= entityLimit || name === undefined) break;
    let value: string | undefined = first;
    if (kind !== undefined) {
      fetches += 1;
      const address = kind.toUpperCase() === "PUBLIC" ? (second ?? "") : (first ?? "");
      value = fetches > fetchLimit ? undefined : await fetchEntity(address);
    }
    entities.set(parameter === undefined ? name : `%${name}`, (value ?? "").slice(0, 8192));
  }
  // An external subset: what it holds comes back as the entity `dtd`, as in the error-based variants.
  const external = /<!DOCTYPE\s+[\w:.-]+\s+SYSTEM\s+(["'])([^"']{1,2000})\1/i.exec(declarations);
  if (external !== null) entities.set("dtd", (await fetchEntity(external[2] ?? "")) ?? "");
  return { entities, body: text.slice(text.indexOf(">", end) + 1) };
}

/** Puts the text of at most eight `xi:include` elements in their place, escaped. */
async function replaceIncludes(body: string, fetchEntity: EntityFetcher): Promise<string> {
  let result = body;
  for (let count = 0; count < fetchLimit; count += 1) {
    const found = /<(?:\w{1,20}:)?include\s[^<>]{0,500}?href=(["'])([^"']{1,1000})\1[^<>]{0,500}?\/?>(?:<\/(?:\w{1,20}:)?include>)?/i.exec(
      result,
    );
    if (found === null) break;
    const content = ((await fetchEntity(found[2] ?? "")) ?? "").replaceAll("&", "&amp;").replaceAll("<", "&lt;");
    result = result.slice(0, found.index) + content + result.slice(found.index + found[0].length);
  }
  return result;
}

const known: Readonly<Record<string, string>> = { amp: "&", apos: "'", gt: ">", lt: "<", quot: '"' };

interface Budget {
  steps: number;
  length: number;
}

function expand(text: string, entities: ReadonlyMap<string, string>, budget: Budget, depth: number): string {
  let result = "";
  let from = 0;
  const take = (piece: string) => {
    const kept = piece.slice(0, Math.max(budget.length, 0));
    budget.length -= kept.length;
    result += kept;
  };
  for (const match of text.matchAll(/[&%](#x[0-9a-f]{1,6}|#\d{1,7}|[\w.-]{1,80});/gi)) {
    budget.steps -= 1;
    if (budget.steps <= 0 || budget.length <= 0) return result;
    const name = match[1] ?? "";
    take(text.slice(from, match.index));
    from = match.index + match[0].length;
    const value = entities.get(match[0].startsWith("%") ? `%${name}` : name);
    if (name.startsWith("#")) take(characterOf(name));
    else if (value === undefined) take(Object.hasOwn(known, name) ? (known[name] ?? "") : match[0]);
    else if (depth < 16) result += expand(value, entities, budget, depth + 1);
  }
  take(text.slice(from));
  return result;
}

function characterOf(reference: string): string {
  const code = /^#x/i.test(reference) ? Number.parseInt(reference.slice(2), 16) : Number(reference.slice(1));
  return code <= 0x10ffff ? String.fromCodePoint(code) : "";
}

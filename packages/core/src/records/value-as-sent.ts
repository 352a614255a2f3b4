/**
 * Finds the value that a finding's offsets belong to, in the request as it was sent.
 *
 * @module
 */
import type { Finding } from "../types.ts";

/** A request as it was sent, one character a byte in target and fields. */
export interface SentParts {
  readonly target: string;
  /** Names in lower case. */
  readonly fields: readonly (readonly [string, string])[];
  readonly body?: Uint8Array | undefined;
}

/** A value and the part of it that was matched, in UTF-16 units. */
export interface Excerpt {
  readonly value: string;
  readonly start: number;
  readonly end: number;
  /** False: the value was not found, and this is the match as it was decoded. */
  readonly isAsSent: boolean;
  /** The value is bytes, one character each. */
  readonly isBytes: boolean;
}

/** Values looked at before giving up. */
const CANDIDATES_MAX = 20_000;

/** The matched value of `finding`, or the match alone where the value cannot be found again; `undefined` for findings without a match. */
export function excerptOf({ where = "", match }: Pick<Finding, "where" | "match">, parts: SentParts): Excerpt | undefined {
  if (match === undefined) return undefined;
  const { text, start, end, decoded } = match;
  const isBytes = !where.startsWith("body");
  let fits: Excerpt | undefined;
  let looked = 0;
  for (const value of valuesAt(where, parts)) {
    if (++looked > CANDIDATES_MAX) break;
    const at = start >= 0 && start < end && end <= value.length ? { value, start, end, isAsSent: true, isBytes } : undefined;
    if (at === undefined) continue;
    const matched = value.slice(start, end);
    if (isReading(matched, text, decoded.length > 0)) return at;
    fits ??= at;
  }
  if (fits !== undefined) return fits;
  return text === "" ? undefined : { value: text, start: 0, end: text.length, isAsSent: false, isBytes: false };
}

/** True when `text`, perhaps cut short, is what `matched` says, once decoded where something was decoded. */
function isReading(matched: string, text: string, isDecoded: boolean): boolean {
  if (text === "") return false;
  if (matched.startsWith(text)) return true;
  return isDecoded && decodeForm(matched).startsWith(text);
}

/** One layer of percent and form encoding, UTF-8 or not. */
function decodeForm(text: string): string {
  const spaced = text.slice(0, 2_000).replaceAll("+", " ");
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

function* valuesAt(where: string, parts: SentParts): Generator<string> {
  const colon = where.indexOf(":");
  const place = colon < 0 ? where : where.slice(0, colon);
  const name = colon < 0 ? undefined : where.slice(colon + 1);
  const mark = parts.target.indexOf("?");
  if (place === "path") yield* pathValues(mark < 0 ? parts.target : parts.target.slice(0, mark));
  else if (place === "query") yield* pairValues(mark < 0 ? "" : parts.target.slice(mark + 1), name);
  else if (place === "header") yield* fieldValues(parts, name);
  else if (place === "cookie") yield* cookieValues(parts, name);
  else if (place === "body" && parts.body !== undefined) yield* bodyValues(new TextDecoder().decode(parts.body), name);
}

function* pathValues(path: string): Generator<string> {
  yield path;
  for (const segment of path.split("/")) yield segment;
}

/** A label is a name as sent; long ones end in an ellipsis. */
function isNamed(label: string | undefined, name: string): boolean {
  if (label === undefined || label === name) return true;
  if (label.endsWith("…") && name.startsWith(label.slice(0, -1))) return true;
  return label === decodeForm(name) || label === name.replace(/[\0-\x1f\x7f]/g, "?");
}

function* pairValues(text: string, label: string | undefined, separator: string | RegExp = "&"): Generator<string> {
  if (label === undefined) yield text;
  for (const pair of text.split(separator)) {
    const equals = pair.indexOf("=");
    const name = equals < 0 ? "" : pair.slice(0, equals);
    if (!isNamed(label, name)) continue;
    yield pair.slice(equals + 1);
    yield name;
    yield pair;
  }
}

function* fieldValues({ fields }: SentParts, wanted: string | undefined): Generator<string> {
  for (const [name, value] of fields) {
    if (!isNamed(wanted, name)) continue;
    yield value;
    // A page's address brings parameters of its own.
    if (value.includes("?")) yield* pairValues(value.slice(value.indexOf("?") + 1), undefined);
  }
}

function* cookieValues({ fields }: SentParts, label: string | undefined): Generator<string> {
  for (const [name, value] of fields) if (name === "cookie") yield* pairValues(value, label, /; ?/);
}

function* bodyValues(text: string, label: string | undefined): Generator<string> {
  if (label === undefined) {
    yield text;
    return;
  }
  if (label.startsWith("$")) yield* jsonStrings(text, /\.([^.[]*)(?:\[\d+\])*$/.exec(label.slice(-200))?.[1]);
  else {
    yield* pairValues(text, label);
    yield text;
  }
}

/** Strings of JSON text as sent, between their quotes: those that belong to the member `key`, directly or through arrays, and that name itself. */
function* jsonStrings(text: string, key: string | undefined): Generator<string> {
  let current: string | undefined;
  for (let open = text.indexOf('"'); open >= 0; ) {
    let close = open + 1;
    while (close < text.length && text[close] !== '"') close += text[close] === "\\" ? 2 : 1;
    const raw = text.slice(open + 1, close);
    if (/^\s{0,100}:/.test(text.slice(close + 1, close + 102))) current = raw;
    if (key === undefined || current === key) yield raw;
    open = text.indexOf('"', close + 1);
  }
}

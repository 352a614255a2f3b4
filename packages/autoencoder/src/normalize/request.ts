/**
 * The one normaliser, for training and for scoring: one request becomes one line. Escapes are decoded first, secrets are masked before anything else,
 * what identifies somebody becomes a mark, and parameters stand in the order of their names.
 *
 * @module
 */
import { isSecretName } from "@aiwaf/core/records";
import { decodeText } from "./decode.ts";
import { MARK, markSecret, markText, toLine } from "./marks.ts";

/** One request as far as the model reads it. Text is as it travelled: one character a byte. */
export interface ReadableRequest {
  readonly method: string;
  /** Request target as sent. */
  readonly target: string;
  /** A form's body (`a=b&c=d`) as sent. */
  readonly form?: string | undefined;
  readonly userAgent?: string | undefined;
}

/** Longer parts are cut, and a mark says so. */
const PART_LIMIT = 8_192;
const AGENT_LIMIT = 512;
const PARAMETERS_LIMIT = 512;

const ORIGIN = /^[A-Za-z][A-Za-z0-9+.-]{0,20}:\/\/[^/?#]{0,300}/;

/**
 * The request as the model reads it: `METHOD path?name=value&name=value`, then ` body?name=value` and ` user-agent=value` where there are such. Text is
 * lower case; inside of a name or value a blank is `+`, and what would read as the line's own structure is a mark, so a client cannot write structure.
 * Marks are single characters. Total: any text has an answer, in time linear in its length.
 */
export function normalizeParts({ method, target, form, userAgent }: ReadableRequest): string {
  const origin = target.charCodeAt(0) === 47 ? 0 : (ORIGIN.exec(target)?.[0].length ?? 0);
  const mark = target.indexOf("?", origin);
  let line = `${/^[A-Za-z]{1,20}$/.test(method) ? method.toUpperCase() : MARK.BAD} ${pathOf(mark < 0 ? target.slice(origin) : target.slice(origin, mark))}`;
  if (mark >= 0) line += `?${parametersOf(target.slice(mark + 1))}`;
  if (form !== undefined && form !== "") line += ` body?${parametersOf(form)}`;
  if (userAgent !== undefined && userAgent !== "" && userAgent !== "-") line += ` user-agent=${plain(userAgent.slice(0, AGENT_LIMIT))}`;
  return line;
}

/** One request as one line of text, marks written out: what the files of the pipeline hold. */
export function normalizeRequest(method: string, uri: string, userAgent = ""): string {
  return toLine(normalizeParts({ method, target: uri, userAgent }));
}

function pathOf(path: string): string {
  const isCut = path.length > PART_LIMIT;
  const text = isCut ? path.slice(0, PART_LIMIT) : path;
  let out = "";
  for (const segment of text.split("/")) if (segment !== "") out += `/${plain(segment)}`;
  if (out === "" || text.endsWith("/")) out += "/";
  return isCut ? out + MARK.CUT : out;
}

function parametersOf(query: string): string {
  const isCut = query.length > PART_LIMIT;
  const pairs = (isCut ? query.slice(0, PART_LIMIT) : query).split("&", PARAMETERS_LIMIT + 1);
  const read: Pair[] = [];
  for (const pair of pairs) if (pair !== "" && read.length < PARAMETERS_LIMIT) read.push(pairOf(pair));
  if (read.length > 1) read.sort(byName);
  let out = "";
  for (const { name, value } of read) out += `${out === "" ? "" : "&"}${name}${value === undefined ? "" : `=${value}`}`;
  return isCut || pairs.length > PARAMETERS_LIMIT ? out + MARK.CUT : out;
}

interface Pair {
  readonly name: string;
  readonly value: string | undefined;
}

function pairOf(pair: string): Pair {
  const equals = pair.indexOf("=");
  const sent = equals < 0 ? pair : pair.slice(0, equals);
  const name = plain(blanks(sent)).replaceAll("=", MARK.EQ);
  if (equals < 0) return { name, value: undefined };
  const text = blanks(pair.slice(equals + 1));
  return { name, value: isSecretName(sent) ? structureless(markSecret(decodeText(text))) : plain(text) };
}

const blanks = (text: string): string => (text.includes("+") ? text.replaceAll("+", " ") : text);

/** By name alone, in the order of code units: values of one name keep their order, which may matter to the application. */
const byName = (left: Pair, right: Pair): number => (left.name < right.name ? -1 : left.name > right.name ? 1 : 0);

/** Decoded, marked, in lower case, without structure. Lower case for ASCII alone: engines differ in the Unicode they know. */
function plain(sent: string): string {
  if (PLAIN.test(sent)) return sent;
  const text = structureless(markText(decodeText(sent)));
  return /[A-Z]/.test(text) ? text.replace(/[A-Z]+/g, (capitals) => capitals.toLowerCase()) : text;
}

/** Nothing to do: most segments and values. */
const PLAIN = /^[a-z_.-]{0,39}$/;

const STRUCTURE = /[\0-\x20&+?\x7f-\x9f\u2028\u2029]/g;
const STRUCTURE_MARKS: Readonly<Record<string, string>> = {
  " ": "+",
  "&": MARK.AMP,
  "+": MARK.PLUS,
  "?": MARK.QM,
  "\n": MARK.NL,
  "\r": MARK.NL,
  "\0": MARK.NUL,
};

const structureless = (text: string): string => text.replace(STRUCTURE, (character) => STRUCTURE_MARKS[character] ?? MARK.CTL);

/**
 * Reads what a request brings: bounded, plain, and checked before anything looks at it.
 *
 * @module
 */
import { ProblemError, wrongInput } from "./problem.ts";

const BODY_LIMIT_BYTES = 16 * 1024;
/** A page sends its few bytes at once; who does not is not waited for. */
const BODY_DEADLINE_MS = 10_000;
const DEPTH_MAX = 6;

/** A JSON object from a request's body, its fields without a prototype. */
export type Input = Readonly<Record<string, unknown>>;

/**
 * The JSON object of a request.
 *
 * @throws (rejects with) ProblemError when it is too long, too slow, too deep, or no object.
 */
export async function readInput(request: Request): Promise<Input> {
  if (!/^application\/json\s*(?:;|$)/i.test(request.headers.get("content-type") ?? ""))
    throw new ProblemError(415, "input", "The body must be application/json.");
  const text = new TextDecoder("utf-8", { fatal: true });
  let value: unknown;
  try {
    value = JSON.parse(text.decode(await readBytes(request)));
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    throw wrongInput("The body is not JSON.");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrongInput("The body must be a JSON object.");
  if (!isShallow(value, DEPTH_MAX)) throw wrongInput("The body is nested too deeply.");
  return Object.assign(Object.create(null) as Record<string, unknown>, value);
}

async function readBytes(request: Request): Promise<Uint8Array> {
  const tooLong = new ProblemError(413, "input", `The body may have ${BODY_LIMIT_BYTES} bytes.`, { connection: "close" });
  if (Number(request.headers.get("content-length") ?? 0) > BODY_LIMIT_BYTES) throw tooLong;
  if (request.body === null) throw wrongInput("A body is missing.");
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ProblemError(408, "input", "The body did not arrive.", { connection: "close" })), BODY_DEADLINE_MS);
  });
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), late]);
      if (done) break;
      length += value.byteLength;
      if (length > BODY_LIMIT_BYTES) throw tooLong;
      chunks.push(value);
    }
  } catch (error) {
    void reader.cancel().catch(() => {});
    throw error instanceof ProblemError ? error : wrongInput("The body was cut short.");
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks);
}

const isShallow = (value: unknown, depth: number): boolean =>
  typeof value !== "object" || value === null || (depth > 0 && Object.values(value).every((one) => isShallow(one, depth - 1)));

/** A text of that field; control characters and half surrogates are refused, because what is stored is shown and logged. */
export function textField(input: Input, name: string, maxLength: number): string | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string" || value.length > maxLength) throw wrongInput(`${name} must be a text of at most ${maxLength} characters.`);
  if (/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/u.test(value)) throw wrongInput(`${name} has control characters.`);
  return value;
}

/** As `textField`, and it must be there. */
export function neededText(input: Input, name: string, maxLength: number): string {
  const text = textField(input, name, maxLength);
  if (text === undefined || text === "") throw wrongInput(`${name} is missing.`);
  return text;
}

/** A whole number of that field within bounds. */
export function numberField(input: Input, name: string, least: number, most: number): number | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most)
    throw wrongInput(`${name} must be a whole number from ${least} to ${most}.`);
  return value;
}

/** One of some words. */
export function wordField<Word extends string>(input: Input, name: string, words: readonly Word[]): Word {
  const value = input[name];
  if (!words.includes(value as Word)) throw wrongInput(`${name} must be one of ${words.join(", ")}.`);
  return value as Word;
}

/** A number of the query within bounds. */
export function queryNumber(query: URLSearchParams, name: string, fallback: number, least: number, most: number): number {
  const text = query.get(name);
  if (text === null || text === "") return fallback;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) throw wrongInput(`${name} must be a whole number from ${least} to ${most}.`);
  return value;
}

/**
 * Reads single settings: objects give values, environments give text, and both mean the same.
 *
 * @module
 */

/** A value that is not what its setting takes; the message completes "… is left out: it must be". */
export class Unreadable {
  readonly allowed: string;

  constructor(allowed: string) {
    this.allowed = allowed;
  }
}

/** Makes the value of one option of a setting. */
export type Reader = (value: unknown) => unknown;

const TRUE = ["true", "1", "yes", "on"];
const FALSE = ["false", "0", "no", "off", ""];

/** Words as other implementations read them: `true`, `1`, `yes`, `on`, any case. */
export const flag: Reader = (value) => {
  if (typeof value === "boolean") return value;
  const text = String(value).trim().toLowerCase();
  if (TRUE.includes(text)) return true;
  return FALSE.includes(text) ? false : new Unreadable("true or false");
};

const numberOf = (value: unknown): number => (typeof value === "string" && value.trim() !== "" ? Number(value) : (value as number));

/** A whole number; what lies beyond the bounds is refused, not bent. */
export const whole =
  (minimum: number, maximum: number): Reader =>
  (value) => {
    const number = numberOf(value);
    return Number.isInteger(number) && number >= minimum && number <= maximum
      ? number
      : new Unreadable(`a whole number from ${minimum} to ${maximum}`);
  };

/** Any number within bounds. */
export const decimal =
  (minimum: number, maximum: number): Reader =>
  (value) => {
    const number = numberOf(value);
    return Number.isFinite(number) && number >= minimum && number <= maximum
      ? number
      : new Unreadable(`a number from ${minimum} to ${maximum}`);
  };

/** Seconds as milliseconds. */
export const seconds =
  (minimum: number, maximum: number): Reader =>
  (value) => {
    const number = numberOf(value);
    return Number.isFinite(number) && number >= minimum && number <= maximum
      ? Math.round(number * 1000)
      : new Unreadable(`a number of seconds from ${minimum} to ${maximum}`);
  };

/** Text that is not blank; a blank one is no setting. */
export const text: Reader = (value) =>
  typeof value === "string" ? (value.trim() === "" ? undefined : value.trim()) : new Unreadable("a text");

/** A list, a JSON list in text, or text with commas. */
export const list: Reader = (value) => {
  const items = typeof value === "string" ? splitList(value) : value;
  if (!Array.isArray(items) || !items.every((item) => typeof item === "string")) return new Unreadable("a list of texts");
  return items.map((item: string) => item.trim()).filter((item) => item !== "");
};

function splitList(value: string): unknown {
  if (!value.trim().startsWith("[")) return value.split(",");
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** An object, or its JSON. */
export function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  let found = value;
  if (typeof value === "string" && value.trim().startsWith("{")) {
    try {
      found = JSON.parse(value);
    } catch {
      return undefined;
    }
  }
  return typeof found === "object" && found !== null && !Array.isArray(found) ? (found as Record<string, unknown>) : undefined;
}

/** One of a few words, any case, by what they mean here. */
export const word =
  (words: Readonly<Record<string, unknown>>): Reader =>
  (value) => {
    const key = String(value).trim().toLowerCase();
    return Object.hasOwn(words, key) ? words[key] : new Unreadable(`one of ${Object.keys(words).join(", ")}`);
  };

/** `then` on what `reader` reads. */
export const mapped =
  (reader: Reader, then: (value: never) => unknown): Reader =>
  (value) => {
    const read = reader(value);
    return read === undefined || read instanceof Unreadable ? read : then(read as never);
  };

/** Names of header fields in CGI style (`HTTP_USER_AGENT`) or plain. */
export const fieldName = (name: string): string =>
  name
    .replace(/^HTTP_/i, "")
    .replaceAll("_", "-")
    .toLowerCase();

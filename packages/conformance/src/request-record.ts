import type { Body, HeaderReader, RawRequest } from "@aiwaf/core";

/** One request as data, the line format of traffic files: what a program or a person can write down and replay. */
export interface RequestRecord {
  readonly id: string;
  readonly label?: "attack" | "benign" | "unknown";
  readonly class?: string;
  readonly method: string;
  /** Origin form, with the sender's own percent-encoding. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The same field lines with their repeats, where repeats matter. Read in place of `headers`. */
  readonly raw_headers?: readonly (readonly [string, string])[];
  readonly body: string | null;
  /** One character is one byte of url, headers and body. Without it, they are text and travel as UTF-8. */
  readonly encoding?: "latin-1";
  /** The client's address. */
  readonly client?: string;
  /** Milliseconds since the epoch. */
  readonly at?: number;
  /** As Node spells it. Default `1.1`. */
  readonly httpVersion?: string;
}

const encoder = new TextEncoder();

/**
 * What an adapter would have handed to the core for this record: bytes of url and headers as characters up to U+00FF, as servers read them.
 *
 * @param peer - Address used when the record has none.
 */
export function fromRecord(record: RequestRecord, peer = "192.0.2.1"): RawRequest {
  const isBytes = record.encoding === "latin-1";
  const lines = (record.raw_headers ?? Object.entries(record.headers)).map(
    ([name, value]) => [name.toLowerCase(), toWire(value, isBytes)] as const,
  );
  const { body } = record;
  return {
    method: record.method,
    target: toWire(record.url, isBytes),
    headers: readerOf(lines),
    peer: record.client ?? peer,
    httpVersion: record.httpVersion ?? "1.1",
    ...(body === null ? {} : { readBody: (limit: number) => firstBytes(isBytes ? bytesOf(body) : encoder.encode(body), limit) }),
  };
}

/** A reader over field lines; names must be lower case. Repeated fields are joined with a comma, as `Headers` does. */
export function readerOf(lines: readonly (readonly [string, string])[]): HeaderReader {
  return {
    get(name) {
      let value: string | undefined;
      for (const [field, text] of lines) if (field === name) value = value === undefined ? text : `${value}, ${text}`;
      return value;
    },
    [Symbol.iterator]: () => lines[Symbol.iterator](),
  };
}

/** The peek of an adapter that has the whole body. */
export function firstBytes(bytes: Uint8Array, limit: number): Body {
  return { bytes: bytes.subarray(0, limit), complete: bytes.length <= limit };
}

/** One byte for each character; of characters beyond U+00FF, the low eight bits. */
export function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

const isAscii = (text: string): boolean => /^[\0-\x7f]*$/.test(text);

function toWire(text: string, isBytes: boolean): string {
  if (isBytes || isAscii(text)) return text;
  return Array.from(encoder.encode(text), (byte) => String.fromCharCode(byte)).join("");
}

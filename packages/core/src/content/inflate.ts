/**
 * Reads gzip, zlib and raw deflate (RFC 1950 to 1952), at most so many bytes of it. Decompression of the platform is asynchronous and has no
 * bound; a body has to be judged in the tick in which it arrived, and a bomb must not unfold.
 *
 * @module
 */

/** What {@link inflate} read. */
export interface Inflated {
  readonly bytes: Uint8Array;
  /** False when the stream goes on: it was cut short, or `limit` was reached. */
  readonly complete: boolean;
  /** Offset behind the compressed stream; what follows was not compressed. */
  readonly end: number;
  /** Name, comment and extra field of a gzip header, as bytes of one character each. */
  readonly header: string;
}

const CODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** A canonical Huffman code: how many codes there are of each length, and the symbols in the order of their codes. */
interface Code {
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

/** Undefined when the lengths claim more codes than there are. */
function codeOf(lengths: Uint8Array): Code | undefined {
  const counts = new Uint16Array(16);
  for (const length of lengths) counts[length]!++;
  counts[0] = 0;
  const offsets = new Uint16Array(16);
  let left = 1;
  for (let length = 1; length < 16; length++) {
    left = left * 2 - counts[length]!;
    if (left < 0) return undefined;
    if (length < 15) offsets[length + 1] = offsets[length]! + counts[length]!;
  }
  const symbols = new Uint16Array(lengths.length);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol]!;
    if (length !== 0) symbols[offsets[length]!++] = symbol;
  }
  return { counts, symbols };
}

const FIXED_LITERALS = new Uint8Array(288).fill(8).fill(9, 144, 256).fill(7, 256, 280);
const FIXED_DISTANCES = new Uint8Array(30).fill(5);

/** Reads one deflate stream into a buffer that grows to its limit and no further. */
class Stream {
  readonly #input: Uint8Array;
  readonly #limit: number;
  #at: number;
  #bits = 0;
  #held = 0;
  #memberStart = 0;
  output: Uint8Array;
  length = 0;
  /** True at the end of input or output, or when the input is no deflate. */
  stopped = false;

  constructor(input: Uint8Array, limit: number) {
    this.#input = input;
    this.#at = 0;
    this.#limit = limit;
    this.output = new Uint8Array(Math.min(limit, Math.max(1024, input.length * 4)));
  }

  /** Offset behind the last byte that was begun. */
  get at(): number {
    return this.#at;
  }

  #take(count: number): number {
    while (this.#held < count) {
      if (this.#at >= this.#input.length) {
        this.stopped = true;
        return 0;
      }
      this.#bits |= this.#input[this.#at++]! << this.#held;
      this.#held += 8;
    }
    const value = this.#bits & ((1 << count) - 1);
    this.#bits >>>= count;
    this.#held -= count;
    return value;
  }

  #symbol({ counts, symbols }: Code): number {
    let code = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length < 16; length++) {
      code |= this.#take(1);
      if (this.stopped) return -1;
      const count = counts[length]!;
      if (code - count < first) return symbols[index + (code - first)]!;
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    this.stopped = true;
    return -1;
  }

  #room(count: number): boolean {
    if (this.length + count > this.#limit) {
      this.stopped = true;
      return false;
    }
    if (this.length + count > this.output.length) {
      const larger = new Uint8Array(Math.min(this.#limit, Math.max(this.output.length * 2, this.length + count)));
      larger.set(this.output);
      this.output = larger;
    }
    return true;
  }

  /** Reads the blocks of the stream that begins at `from`, until the last one has ended. */
  run(from: number): void {
    this.#at = from;
    this.#bits = 0;
    this.#held = 0;
    this.#memberStart = this.length;
    for (let last = 0; last === 0 && !this.stopped; ) {
      last = this.#take(1);
      const kind = this.#take(2);
      if (this.stopped) return;
      if (kind === 0) this.#stored();
      else if (kind === 1) this.#compressed(codeOf(FIXED_LITERALS)!, codeOf(FIXED_DISTANCES)!);
      else if (kind === 2) this.#dynamic();
      else this.stopped = true;
    }
  }

  #stored(): void {
    this.#bits = 0;
    this.#held = 0;
    const length = this.#input[this.#at]! | (this.#input[this.#at + 1]! << 8);
    const from = this.#at + 4;
    // Also false for NaN, when the header itself is cut off; the complement of the length guards against reading noise.
    if (!(from <= this.#input.length) || (this.#input[this.#at + 2]! | (this.#input[this.#at + 3]! << 8)) !== (~length & 0xffff)) {
      this.stopped = true;
      return;
    }
    const count = Math.min(length, this.#input.length - from, this.#limit - this.length);
    if (!this.#room(count)) return;
    this.output.set(this.#input.subarray(from, from + count), this.length);
    this.length += count;
    this.#at = from + count;
    if (count < length) this.stopped = true;
  }

  #dynamic(): void {
    const literals = this.#take(5) + 257;
    const distances = this.#take(5) + 1;
    const lengths = new Uint8Array(320);
    const codes = this.#take(4) + 4;
    for (let index = 0; index < codes; index++) lengths[CODE_ORDER[index]!] = this.#take(3);
    const code = this.stopped ? undefined : codeOf(lengths.subarray(0, 19));
    if (code === undefined) {
      this.stopped = true;
      return;
    }
    lengths.fill(0);
    const read = new Uint8Array(320);
    for (let index = 0; index < literals + distances; ) {
      const symbol = this.#symbol(code);
      if (this.stopped) return;
      if (symbol < 16) {
        read[index++] = symbol;
        continue;
      }
      const value = symbol === 16 && index > 0 ? read[index - 1]! : 0;
      let times = symbol === 16 ? 3 + this.#take(2) : symbol === 17 ? 3 + this.#take(3) : 11 + this.#take(7);
      while (times-- > 0 && index < 320) read[index++] = value;
    }
    const literalCode = codeOf(read.slice(0, literals));
    const distanceCode = codeOf(read.slice(literals, literals + distances));
    if (literalCode === undefined || distanceCode === undefined) this.stopped = true;
    else this.#compressed(literalCode, distanceCode);
  }

  #compressed(literalCode: Code, distanceCode: Code): void {
    for (;;) {
      const symbol = this.#symbol(literalCode);
      if (this.stopped || symbol === 256) return;
      if (symbol < 256) {
        if (!this.#room(1)) return;
        this.output[this.length++] = symbol;
        continue;
      }
      const kind = symbol - 257;
      if (kind >= 29) break;
      // RFC 1951, section 3.2.5: four lengths to each number of extra bits, two distances.
      const more = kind < 8 || kind === 28 ? 0 : (kind >> 2) - 1;
      let count = kind === 28 ? 258 : 3 + (kind < 8 ? kind : (4 + (kind & 3)) << more) + this.#take(more);
      const far = this.#symbol(distanceCode);
      if (this.stopped) return;
      if (far >= 30) break;
      const extra = far < 4 ? 0 : (far >> 1) - 1;
      const distance = 1 + (far < 4 ? far : (2 + (far & 1)) << extra) + this.#take(extra);
      if (this.stopped || distance > this.length - this.#memberStart) break;
      // The last copy fills the buffer to its limit.
      const cut = this.length + count > this.#limit;
      if (cut) count = this.#limit - this.length;
      this.#room(count);
      for (let index = 0; index < count; index++) this.output[this.length + index] = this.output[this.length + index - distance]!;
      this.length += count;
      if (cut) break;
    }
    this.stopped = true;
  }
}

function text(bytes: Uint8Array, from: number, to: number): string {
  let result = "";
  for (let at = from; at < Math.min(to, from + 4096, bytes.length); at++) result += String.fromCharCode(bytes[at]!);
  return result;
}

/** Offset behind a gzip header and the texts in it; `from` itself when there is no gzip there. */
function gzipHeader(bytes: Uint8Array, from: number): { readonly at: number; readonly header: string } {
  if (bytes[from] !== 0x1f || bytes[from + 1] !== 0x8b || bytes[from + 2] !== 8 || bytes.length < from + 18)
    return { at: from, header: "" };
  const flags = bytes[from + 3]!;
  let at = from + 10;
  let header = "";
  if ((flags & 4) !== 0) {
    const length = bytes[at]! | (bytes[at + 1]! << 8);
    header += text(bytes, at + 2, at + 2 + length);
    at += 2 + length;
  }
  for (const flag of [8, 16]) {
    if ((flags & flag) === 0) continue;
    const end = bytes.indexOf(0, at);
    if (end < 0) return { at: bytes.length, header: header + text(bytes, at, bytes.length) };
    header += `${text(bytes, at, end)}\n`;
    at = end + 1;
  }
  if ((flags & 2) !== 0) at += 2;
  return { at, header };
}

/**
 * Decompresses `bytes` into at most `limit` bytes. Undefined when they do not begin like gzip (`gzip`), or like zlib or deflate (`deflate`).
 * Several gzip members behind each other are one stream, as for every server. Checksums are not verified: who reads the body does.
 */
export function inflate(bytes: Uint8Array, kind: "gzip" | "deflate", limit: number): Inflated | undefined {
  const stream = new Stream(bytes, limit);
  let from = 0;
  let header = "";
  // Each member is at least 18 bytes long, so this ends.
  for (;;) {
    let at = from;
    if (kind === "gzip") {
      const found = gzipHeader(bytes, from);
      if (found.at === from) break;
      at = found.at;
      header += found.header;
    } else if (hasZlibHeader(bytes)) at = (bytes[1]! & 32) !== 0 ? 6 : 2;
    stream.run(at);
    if (stream.stopped) {
      from = stream.at;
      break;
    }
    from = Math.min(bytes.length, stream.at + (kind === "gzip" ? 8 : hasZlibHeader(bytes) ? 4 : 0));
    if (kind === "deflate") break;
  }
  if (from === 0 || (stream.stopped && stream.length === 0)) return undefined;
  return { bytes: stream.output.subarray(0, stream.length), complete: !stream.stopped, end: from, header };
}

/** True for bytes that begin like zlib; without this, `deflate` is the raw stream that some clients send. */
export function hasZlibHeader(bytes: Uint8Array): boolean {
  return bytes.length > 2 && (bytes[0]! & 15) === 8 && ((bytes[0]! << 8) | bytes[1]!) % 31 === 0;
}

/** The text behind base64 of a gzip stream (it begins with `H4sI`); undefined when it is none. At most `limit` bytes of it. */
export function fromPacked(text: string, limit: number): string | undefined {
  let binary: string;
  try {
    const plain = text
      .slice(0, limit)
      .replaceAll("-", "+")
      .replaceAll("_", "/")
      .replace(/={1,4}$/, "");
    binary = atob(plain.slice(0, plain.length - (plain.length % 4 === 1 ? 1 : 0)));
  } catch {
    return undefined;
  }
  const unpacked = inflate(
    Uint8Array.from(binary, (character) => character.charCodeAt(0)),
    "gzip",
    limit,
  );
  return unpacked === undefined ? undefined : new TextDecoder().decode(unpacked.bytes);
}

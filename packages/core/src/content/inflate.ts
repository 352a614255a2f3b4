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

/** What {@link streamOf} reads, and how far it came. */
interface Stream {
  /** Reads the blocks of the stream that begins at `from`, until the last one has ended. */
  run(from: number): void;
  /** Offset behind the last byte that was begun. */
  at(): number;
  bytes(): Uint8Array;
  /** True at the end of input or output, or when the input is no deflate. */
  stopped(): boolean;
}

/** Reads deflate streams behind each other into a buffer that grows to its limit and no further. */
function streamOf(input: Uint8Array, limit: number): Stream {
  let at = 0;
  let bits = 0;
  let held = 0;
  let memberStart = 0;
  let length = 0;
  let stopped = false;
  let output = new Uint8Array(Math.min(limit, Math.max(1024, input.length * 4)));

  const take = (count: number): number => {
    while (held < count) {
      if (at >= input.length) {
        stopped = true;
        return 0;
      }
      bits |= input[at++]! << held;
      held += 8;
    }
    const value = bits & ((1 << count) - 1);
    bits >>>= count;
    held -= count;
    return value;
  };

  const symbolOf = ({ counts, symbols }: Code): number => {
    let code = 0;
    let first = 0;
    let index = 0;
    for (let size = 1; size < 16; size++) {
      code |= take(1);
      if (stopped) return -1;
      const count = counts[size]!;
      if (code - count < first) return symbols[index + (code - first)]!;
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    stopped = true;
    return -1;
  };

  const room = (count: number): boolean => {
    if (length + count > limit) stopped = true;
    else if (length + count > output.length) {
      const larger = new Uint8Array(Math.min(limit, Math.max(output.length * 2, length + count)));
      larger.set(output);
      output = larger;
    }
    return !stopped;
  };

  const stored = (): void => {
    bits = 0;
    held = 0;
    const size = input[at]! | (input[at + 1]! << 8);
    const from = at + 4;
    // Also false for NaN, when the header itself is cut off; the complement of the length guards against reading noise.
    if (!(from <= input.length) || (input[at + 2]! | (input[at + 3]! << 8)) !== (~size & 0xffff)) {
      stopped = true;
      return;
    }
    const count = Math.min(size, input.length - from, limit - length);
    if (!room(count)) return;
    output.set(input.subarray(from, from + count), length);
    length += count;
    at = from + count;
    stopped = count < size;
  };

  const compressed = (literalCode: Code, distanceCode: Code): void => {
    for (;;) {
      const symbol = symbolOf(literalCode);
      if (stopped || symbol === 256) return;
      if (symbol < 256) {
        if (!room(1)) return;
        output[length++] = symbol;
        continue;
      }
      const kind = symbol - 257;
      if (kind >= 29) break;
      // RFC 1951, section 3.2.5: four lengths to each number of extra bits, two distances.
      const more = kind < 8 || kind === 28 ? 0 : (kind >> 2) - 1;
      let count = kind === 28 ? 258 : 3 + (kind < 8 ? kind : (4 + (kind & 3)) << more) + take(more);
      const far = symbolOf(distanceCode);
      if (stopped) return;
      if (far >= 30) break;
      const extra = far < 4 ? 0 : (far >> 1) - 1;
      const distance = 1 + (far < 4 ? far : (2 + (far & 1)) << extra) + take(extra);
      if (stopped || distance > length - memberStart) break;
      // The last copy fills the buffer to its limit.
      const cut = length + count > limit;
      if (cut) count = limit - length;
      room(count);
      for (const end = length + count; length < end; length++) output[length] = output[length - distance]!;
      if (cut) break;
    }
    stopped = true;
  };

  const dynamic = (): void => {
    const literals = take(5) + 257;
    const distances = take(5) + 1;
    const lengths = new Uint8Array(19);
    const codes = take(4) + 4;
    for (let index = 0; index < codes; index++) lengths[CODE_ORDER[index]!] = take(3);
    const code = stopped ? undefined : codeOf(lengths);
    if (code === undefined) {
      stopped = true;
      return;
    }
    const read = new Uint8Array(320);
    for (let index = 0; index < literals + distances; ) {
      const symbol = symbolOf(code);
      if (stopped) return;
      if (symbol < 16) {
        read[index++] = symbol;
        continue;
      }
      const value = symbol === 16 && index > 0 ? read[index - 1]! : 0;
      let times = symbol === 16 ? 3 + take(2) : symbol === 17 ? 3 + take(3) : 11 + take(7);
      while (times-- > 0 && index < 320) read[index++] = value;
    }
    const literalCode = codeOf(read.slice(0, literals));
    const distanceCode = codeOf(read.slice(literals, literals + distances));
    if (literalCode === undefined || distanceCode === undefined) stopped = true;
    else compressed(literalCode, distanceCode);
  };

  return {
    run(from) {
      at = from;
      bits = 0;
      held = 0;
      memberStart = length;
      for (let last = 0; last === 0 && !stopped; ) {
        last = take(1);
        const kind = take(2);
        if (stopped) return;
        if (kind === 0) stored();
        else if (kind === 1) compressed(codeOf(FIXED_LITERALS)!, codeOf(FIXED_DISTANCES)!);
        else if (kind === 2) dynamic();
        else stopped = true;
      }
    },
    at: () => at,
    bytes: () => output.subarray(0, length),
    stopped: () => stopped,
  };
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
  const stream = streamOf(bytes, limit);
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
    if (stream.stopped()) {
      from = stream.at();
      break;
    }
    from = Math.min(bytes.length, stream.at() + (kind === "gzip" ? 8 : hasZlibHeader(bytes) ? 4 : 0));
    if (kind === "deflate") break;
  }
  const unpacked = stream.bytes();
  const complete = !stream.stopped();
  if (from === 0 || (!complete && unpacked.length === 0)) return undefined;
  return { bytes: unpacked, complete, end: from, header };
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

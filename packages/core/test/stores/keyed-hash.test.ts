import { expect, test } from "vitest";
import { hashText } from "../../src/stores/keyed-hash.ts";

interface Rounds {
  readonly block: number;
  readonly final: number;
}

/** HalfSipHash with 64-bit output, bytes in and BigInt words inside: slow and plain, written from the specification. */
function referenceHash(bytes: readonly number[], key0: number, key1: number, rounds: Rounds): { low: number; high: number } {
  const mask = 0xffffffffn;
  const rotate = (word: bigint, by: bigint): bigint => ((word << by) | (word >> (32n - by))) & mask;
  const k0 = BigInt(key0 >>> 0);
  const k1 = BigInt(key1 >>> 0);
  const v: [bigint, bigint, bigint, bigint] = [k0, k1 ^ 0xeen, 0x6c796765n ^ k0, 0x74656462n ^ k1];
  const mix = (times: number): void => {
    for (let i = 0; i < times; i++) {
      v[0] = (v[0] + v[1]) & mask;
      v[1] = rotate(v[1], 5n) ^ v[0];
      v[0] = rotate(v[0], 16n);
      v[2] = (v[2] + v[3]) & mask;
      v[3] = rotate(v[3], 8n) ^ v[2];
      v[0] = (v[0] + v[3]) & mask;
      v[3] = rotate(v[3], 7n) ^ v[0];
      v[2] = (v[2] + v[1]) & mask;
      v[1] = rotate(v[1], 13n) ^ v[2];
      v[2] = rotate(v[2], 16n);
    }
  };
  const padded = [...bytes];
  while (padded.length % 4 !== 3) padded.push(0);
  padded.push(bytes.length & 255);
  for (let i = 0; i < padded.length; i += 4) {
    const word = padded.slice(i, i + 4).reduce((sum, byte, place) => sum | (BigInt(byte) << BigInt(8 * place)), 0n);
    v[3] ^= word;
    mix(rounds.block);
    v[0] ^= word;
  }
  v[2] ^= 0xeen;
  mix(rounds.final);
  const low = Number(v[1] ^ v[3]);
  v[1] ^= 0xddn;
  mix(rounds.final);
  return { low, high: Number(v[1] ^ v[3]) };
}

const utf16Bytes = (text: string): number[] => text.split("").flatMap((unit) => [unit.charCodeAt(0) & 255, unit.charCodeAt(0) >> 8]);

function hash(text: string, key0 = 0x03020100, key1 = 0x07060504): { low: number; high: number } {
  const out = new Int32Array(2);
  hashText(text, key0, key1, out);
  return { low: out[0]! >>> 0, high: out[1]! >>> 0 };
}

/** A small generator (xorshift32): the tests must fail the same way twice. */
function randomUnits(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

const bitCount = (word: number): number => {
  let bits = 0;
  for (let rest = word >>> 0; rest !== 0; rest &= rest - 1) bits += 1;
  return bits;
};

test("the reference hash reproduces the published 64-bit vectors of HalfSipHash-2-4", () => {
  // From vectors.h of the reference implementation (veorq/SipHash, CC0): key 00…07, message 00, 01, 02, … of the given length.
  const published: readonly [number, string][] = [
    [0, "218d1f59b9b83cc8"],
    [1, "be552412f8387315"],
    [2, "064f39ef7c50eb57"],
    [3, "ce0f1a45f7060679"],
    [4, "d5e78a175be52ea1"],
    [5, "cb9d7c3f2f3db580"],
    [6, "ce3e91358aa2bc25"],
    [7, "ff202728b07bc684"],
  ];
  for (const [length, expected] of published) {
    const { low, high } = referenceHash(
      Array.from({ length }, (_, i) => i),
      0x03020100,
      0x07060504,
      { block: 2, final: 4 },
    );
    const bytes = new DataView(new ArrayBuffer(8));
    bytes.setUint32(0, low, true);
    bytes.setUint32(4, high, true);
    expect(Array.from(new Uint8Array(bytes.buffer), (byte) => byte.toString(16).padStart(2, "0")).join("")).toBe(expected);
  }
});

test("the hash is HalfSipHash-1-3 of the UTF-16LE bytes, for every length and unit", () => {
  const random = randomUnits(7);
  for (let round = 0; round < 2_000; round++) {
    const text = Array.from({ length: round % 160 }, () => String.fromCharCode(random() & 0xffff)).join("");
    const [key0, key1] = [random(), random()];
    expect(hash(text, key0, key1)).toEqual(referenceHash(utf16Bytes(text), key0, key1, { block: 1, final: 3 }));
  }
});

test("strings built by concatenation hash like flat ones", () => {
  const parts = ["rate:", "203.0.113.7", ":", "28471234"];
  expect(hash(parts[0]! + parts[1]! + parts[2]! + parts[3]!)).toEqual(hash("rate:203.0.113.7:28471234"));
});

test("another key gives another hash", () => {
  const seen = new Set(Array.from({ length: 1_000 }, (_, i) => hash("rate:203.0.113.7:28471234", i, ~i).low));
  expect(seen.size).toBeGreaterThan(998);
});

test("one flipped bit of the text flips half of the hash", () => {
  const random = randomUnits(11);
  const flips = new Uint32Array(64);
  const rounds = 4_000;
  for (let round = 0; round < rounds; round++) {
    const text = `rate:10.${random() & 255}.${random() & 255}.${random() & 255}:28471234`;
    const at = random() % text.length;
    const other = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << (random() % 16))) + text.slice(at + 1);
    const [a, b] = [hash(text), hash(other)];
    for (let bit = 0; bit < 32; bit++) {
      flips[bit]! += ((a.low ^ b.low) >>> bit) & 1;
      flips[bit + 32]! += ((a.high ^ b.high) >>> bit) & 1;
    }
    expect(bitCount(a.low ^ b.low) + bitCount(a.high ^ b.high)).toBeGreaterThan(8);
  }
  // Six standard deviations around one half.
  const tolerance = 6 * Math.sqrt(rounds / 4);
  for (const count of flips) expect(Math.abs(count - rounds / 2)).toBeLessThan(tolerance);
});

test("neighbouring addresses spread evenly over buckets, by the bits that choose the shard and by those that choose the slot", () => {
  const buckets = 512;
  const perBucket = 200;
  const byHigh = new Uint32Array(buckets);
  const byLow = new Uint32Array(buckets);
  for (let i = 0; i < buckets * perBucket; i++) {
    const { low, high } = hash(`rate:10.${i >> 16}.${(i >> 8) & 255}.${i & 255}:28471234`, 0x9e3779b9, 0x7f4a7c15);
    byHigh[high & (buckets - 1)]! += 1;
    byLow[Math.floor((low / 2 ** 32) * buckets)]! += 1;
  }
  for (const counts of [byHigh, byLow]) {
    const chiSquared = counts.reduce((sum, count) => sum + (count - perBucket) ** 2 / perBucket, 0);
    // 511 degrees of freedom: mean 511, standard deviation 32.
    expect(Math.abs(chiSquared - (buckets - 1))).toBeLessThan(6 * Math.sqrt(2 * (buckets - 1)));
  }
});

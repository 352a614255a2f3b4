let known: Uint32Array | undefined;

/** A key for {@link hashText}: unforeseen, unless {@link drawKnownKeys} was called. Not for module scope, where some platforms refuse randomness. */
export const drawKey = (): Uint32Array => known ?? globalThis.crypto.getRandomValues(new Uint32Array(2));

/** From now on all keys are one that everybody knows: what tools compute is the same each time. Never in a server. */
export function drawKnownKeys(): Uint32Array {
  known = Uint32Array.of(0x61697761, 0x66747261);
  return known;
}

/**
 * Writes the 64-bit hash of `text` under a secret key into `out`: low half at 0, high half at 1.
 *
 * HalfSipHash-1-3 with 64-bit output (the 32-bit variant of Aumasson and Bernstein's SipHash) over the string's UTF-16LE bytes. Keyed,
 * because a counter is found by its hash alone: with a public hash, anyone could compute addresses that share a rate-limit counter with
 * a victim, or that all fall into one run of the table and make every lookup walk it.
 *
 * Takes time linear in the length of `text`; allocates nothing.
 *
 * @param key0 - First 32 bits of the key.
 * @param key1 - Last 32 bits of the key.
 */
export function hashText(text: string, key0: number, key1: number, out: Int32Array): void {
  const length = text.length;
  let v0 = key0 | 0;
  let v1 = key1 ^ 0xee;
  let v2 = key0 ^ 0x6c796765;
  let v3 = key1 ^ 0x74656462;

  // The round stands here twice: a helper would have to return four numbers, and one loop for blocks and finalization measured 20 % slower.
  const paired = length & ~1;
  for (let i = 0; i < paired; i += 2) {
    const block = text.charCodeAt(i) | (text.charCodeAt(i + 1) << 16);
    v3 ^= block;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= block;
  }

  // Round 0 takes the last block: an odd final unit and, as in SipHash, the length in bytes modulo 256. Three rounds finish each half.
  const lastBlock = (length & 1 ? text.charCodeAt(length - 1) : 0) | (length << 25);
  v3 ^= lastBlock;
  for (let round = 0; round <= 6; round++) {
    if (round === 1) {
      v0 ^= lastBlock;
      v2 ^= 0xee;
    } else if (round === 4) {
      out[0] = v1 ^ v3;
      v1 ^= 0xdd;
    }
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
  }
  out[1] = v1 ^ v3;
}

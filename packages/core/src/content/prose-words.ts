/**
 * What words say behind a mark of running text (whether a statement, a command or a piece of SQL begins with them), and which characters beyond
 * ASCII are writing.
 *
 * @module
 */
import { ENGLISH, PROGRAMS, WRAPPERS } from "./shell-words.ts";

/** What a word says where it stands behind a mark. */
export const STATEMENT = 1;
export const PROGRAM = 2;
export const COMMON = 4;
export const BEHIND_QUOTE = 8;
export const IN_BRACKETS = 16;
export const BEGINS = 32;
/** Hashes of all these words by their lowest bits, with what they say. Bytes are hashed as they are read: no word becomes a string. */
const SLOTS = 4096;
const HASHES = new Int32Array(SLOTS);
const SAYINGS = new Uint8Array(SLOTS);
export const step = (hash: number, byte: number): number => Math.imul(hash ^ (byte | 32), 0x01000193);
/** The slot of a hash, or the free one where it would be. */
function slotOf(hash: number): number {
  let slot = hash & (SLOTS - 1);
  while (HASHES[slot] !== 0 && HASHES[slot] !== hash) slot = (slot + 1) & (SLOTS - 1);
  return slot;
}
for (const [saying, words] of [
  // Words with which a statement begins, and commands of mail servers and stores.
  [
    STATEMENT,
    (
      "select union drop alter create truncate rename insert replace update delete exec execute call declare waitfor shutdown begin if show desc describe " +
      "handler load merge grant attach prepare commit rollback backup dbcc print pragma values data mail rcpt helo ehlo vrfy flushall config slaveof eval get " +
      "post put head options http"
    ).split(" "),
  ],
  [PROGRAM, [...PROGRAMS, ...WRAPPERS]],
  [COMMON, ENGLISH],
  // Words of SQL that go on behind a quote, and those with which what stands in brackets begins.
  [
    BEHIND_QUOTE,
    "or and xor not union select like rlike regexp ilike in is between having where order group limit div mod into from procedure as collate glob for insert update delete drop exec waitfor sounds similar escape match isnull notnull member intersect except minus returning offset fetch window operator overlaps eq ne lt le gt ge contains starts ends".split(
      " ",
    ),
  ],
  [IN_BRACKETS, "select case exists not true false null with values".split(" ")],
  // Words with which a condition or a command line begins that has no option.
  [BEGINS, "or and if for cmd alias powershell".split(" ")],
] as const) {
  for (const word of words) {
    let hash = 0;
    for (let at = 0; at < word.length; at++) hash = step(hash, word.charCodeAt(at));
    const slot = slotOf(hash);
    HASHES[slot] = hash;
    SAYINGS[slot]! |= saying;
  }
}

/** What the word of this hash says. Another word of the same hash says it, too, which makes text of which it is a part less likely to pass. */
export const sayingOf = (hash: number): number => SAYINGS[slotOf(hash)]!;

/** Dashes, typographic quotes, bullets, currencies and the like: to no language anything but writing. */
export const SIGNS = "–—‘’“”„•…€£¢¥°«»§½¼¾¿¡·ªº²³±®©™\u00a0\u202f\ufe0f";

/** Marks of writing without blanks: read as their ASCII kin by what folds them, so only between its own characters. */
export const WIDE_MARKS = /[\u3001\u3002\u300c-\u300f\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f]/;

/** Letters of all scripts, ideographs with their marks, arrows, pictures. Not the long s nor the Greek question mark, which are folded to ASCII. */
export function isWide(code: number): boolean {
  return (
    (code >= 0xc0 && code <= 0x2af && code !== 0x17f) ||
    (code >= 0x370 && code <= 0x167f && code !== 0x37e) ||
    (code >= 0x1700 && code <= 0x1fff) ||
    (code >= 0x2190 && code <= 0x21ff) ||
    (code >= 0x25a0 && code <= 0x27bf) ||
    (code >= 0x3040 && code <= 0xfdff)
  );
}

/**
 * The text that is being read, and its characters and words around a mark: what stands before it and what goes on behind it.
 *
 * @module
 */
import { BEHIND_QUOTE, COMMON, PROGRAM, STATEMENT, sayingOf, step } from "./prose-words.ts";
import { isDigitCode, isLetterCode } from "./text.ts";

export const isBlank = (code: number): boolean => code === 32 || code === 10 || code === 13;
export const isLetter = (code: number): boolean => isLetterCode(code) || code >= 0xc0;
export const isWord = (code: number): boolean => isLetter(code) || isDigitCode(code);
/** `.`, `,`, `;`, `:`, `!`, `?`, `)`, a quote. */
export const isStop = (code: number): boolean =>
  code === 46 || code === 44 || code === 33 || code === 63 || code === 59 || code === 58 || code === 41 || code === 34;

/** What may stand before a mark: in French, a blank does. */
export const isEnd = (code: number): boolean =>
  isWord(code) || isStop(code) || code === 32 || code === 0xa0 || code === 0x202f || code === 37;

/** Blanks that are stepped over in search of a word. */
const BLANKS_MAX = 16;

// What is being read. Kept here instead of handed around: one text is read at a time, and marks ask about their neighbours all the time.
export let bytes: Uint8Array = new Uint8Array(0);
export let first = 0;
export let last = 0;
export let escaped = false;
/** Where the last unit read by {@link codeAt} ends. */
export let after = 0;

/** Begins to read `source`; `json` says that escapes of JSON stand in it, and that a quote ends it. */
export function open(source: Uint8Array, from: number, to: number, json: boolean): void {
  bytes = source;
  first = from;
  last = to;
  escaped = json;
}

/** Notes where the text ends that is being read. */
export function close(at: number): void {
  last = at;
}

/**
 * The character at `at`: escapes of JSON taken off, all of the astral planes as one, broken UTF-8 as U+FFFD, -1 at the end. Sets `after`.
 */
export function codeAt(at: number): number {
  after = at;
  if (at >= last) return -1;
  const byte = bytes[at]!;
  if (byte < 128) {
    if (escaped && byte === 34) return -1;
    after = at + 1;
    if (!escaped || byte !== 92) return byte;
    after = at + 2;
    const next = after > last ? 0 : bytes[at + 1]!;
    return next === 110 ? 10 : next === 114 ? 13 : next === 34 || next === 47 ? next : 0;
  }
  const size = byte < 0xc2 ? 0 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : byte < 0xf5 ? 4 : 0;
  after = at + Math.max(size, 1);
  if (size === 0 || after > last) return 0xfffd;
  let value = byte & (0x7f >> size);
  for (let index = at + 1; index < after; index++) {
    const following = bytes[index]!;
    if ((following & 0xc0) !== 0x80) return 0xfffd;
    value = (value << 6) | (following & 0x3f);
  }
  if (size === 4) return value < 0x10000 || value > 0x10ffff ? 0xfffd : 0xd83d;
  return size === 3 && (value < 0x800 || (value >= 0xd800 && value < 0xe000)) ? 0xfffd : value;
}

/** Where the character before `at` begins. */
export function startBefore(at: number): number {
  let start = at - 1;
  while (start > first && (bytes[start]! & 0xc0) === 0x80) start--;
  return escaped && start > first && bytes[start]! < 128 && bytes[start - 1] === 92 ? start - 1 : start;
}

/** Where the word begins that stands at `at` behind blanks. */
export function firstAt(at: number): number {
  let from = at;
  for (let count = 0; count < BLANKS_MAX && isBlank(codeAt(from)); count++) from = after;
  return from;
}

/** Where the word ends that {@link wordAt} read. */
let wordEnd = 0;

/**
 * What the word at `from` says; of a long one its beginning, of one with a dash what the part before says about programs, too. Letters of other
 * scripts belong to it, signs do not.
 */
export function wordAt(from: number, most = 16): number {
  let hash = 0;
  let to = from;
  let saying = 0;
  for (; to < last && to - from < most; to++) {
    const byte = bytes[to]!;
    if (byte < 128 ? !(isWord(byte) || byte === 95 || byte === 45) : byte === 0xc2) break;
    if (byte === 45 && saying === 0) saying = sayingOf(hash) & PROGRAM;
    hash = step(hash, byte);
  }
  wordEnd = to;
  return saying | sayingOf(hash);
}

/** True when the words at `at` could be a command. A word of English with another behind it is a sentence. */
export function commands(at: number): boolean {
  const from = firstAt(at);
  const saying = wordAt(from);
  const end = wordEnd;
  // Further away than anybody looks.
  if (end === from && isBlank(codeAt(from))) return true;
  if ((saying & (STATEMENT | PROGRAM)) === 0) return false;
  if ((saying & STATEMENT) !== 0 || (saying & COMMON) === 0 || codeAt(end) !== 32 || !isLetter(codeAt(end + 1))) return true;
  return (wordAt(end + 1) & (PROGRAM | COMMON)) === PROGRAM;
}

/** True when the line that begins at `at` is `Name: value`. */
export function isField(at: number): boolean {
  wordAt(firstAt(at), 120);
  return codeAt(firstAt(wordEnd)) === 58;
}

/** True for a quote or bracket that opens: behind a blank, before a word that is none of SQL. */
export function isOpening(previous: number, next: number, behind: number): boolean {
  return (isBlank(previous) || previous === 40) && isLetter(next) && (wordAt(behind) & BEHIND_QUOTE) === 0;
}

/** True when an apostrophe before `at` ends a word (`the painters' own`) or what was quoted: no word of SQL comes behind it, nor a sign. */
export function isClosing(at: number): boolean {
  const stop = codeAt(at);
  if (stop < 0) return true;
  const isStopped = stop === 44 || stop === 46 || stop === 33 || stop === 63;
  const from = isStopped ? after : at;
  const word = firstAt(from);
  return isBlank(codeAt(from)) && isLetter(codeAt(word)) && (wordAt(word) & (isStopped ? STATEMENT : STATEMENT | BEHIND_QUOTE)) === 0;
}

/** What the plain part of an address is made of: nothing that could be decoded, or end it. */
export const isAddress = (code: number): boolean =>
  isLetterCode(code) || (code > 44 && code < 58) || code === 38 || code === 61 || code === 63 || code === 95 || code === 126;

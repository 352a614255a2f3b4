/**
 * Tells running text from everything else in one pass over its bytes: words, and the marks of sentences where writing puts them. Every grammar
 * that the lexers know needs a mark somewhere else (a quote behind a blank, a bracket behind a name, an equals sign), or a word of a command
 * behind one of these. Bytes, because reading a string character by character takes twice as long, and because most of what a body holds need
 * not become a string at all.
 *
 * @module
 */
import {
  after,
  bytes,
  close,
  codeAt,
  commands,
  escaped,
  first,
  firstAt,
  isAddress,
  isBlank,
  isClosing,
  isEnd,
  isField,
  isLetter,
  isOpening,
  isStop,
  isWord,
  last,
  open,
  startBefore,
  wordAt,
} from "./prose-cursor.ts";
import { BEGINS, BEHIND_QUOTE, IN_BRACKETS, isWide, SIGNS, STATEMENT, sayingOf, step, WIDE_MARKS } from "./prose-words.ts";
import { isDigitCode, isLetterCode } from "./text.ts";
import * as TEXT from "./text-kinds.ts";
import { fromTransport, isBase64 } from "./transport.ts";
import { isBareSqlAt, isTelling } from "./value-shapes.ts";

/** What {@link readText} answers about text that only lexers can judge. */
export const LEXED = -1;
/**
 * What two bytes in a row are in running text, the first one in the lower half of the index: 0 where both are letters, digits or commas, else these bits.
 * A table of pairs, because that takes half the steps, and none of them waits for the one before.
 */
const PAIRS = new Uint8Array(65_536).fill(4);
const BLANK = 1;
/** The first two or the middle two letters of a hint, so that it is found wherever it begins. */
const HINTED = 2;
/** One of the two is looked at in its place; so is the x, which may be the one in `0x`. */
const MARK = 4;
const isPlain = (code: number): boolean => (isLetterCode(code) && code !== 120) || isDigitCode(code) || code === 32 || code === 44;
const plain = [...new Array(128).keys()].filter(isPlain);
for (const two of plain) for (const one of plain) PAIRS[(two << 8) | one] = one === 32 || two === 32 ? BLANK : 0;
/** Makes four letters lower case. */
const LOWER = 0x20202020;
/** Four bytes as one number, letters in lower case. */
const letters = (source: ArrayLike<number>, at: number): number =>
  source[at]! | (source[at + 1]! << 8) | (source[at + 2]! << 16) | (source[at + 3]! << 24) | LOWER;
const [UNION, SELECT, WAIT] = ["unio", "sele", "wait"].map((hint) => {
  const codes = [...hint].map((letter) => letter.charCodeAt(0));
  for (const pair of [codes[0]! | (codes[1]! << 8), codes[1]! | (codes[2]! << 8)])
    for (const raised of [0, 32, 8192, 8224]) PAIRS[pair - raised] = HINTED;
  return letters(codes, 0);
});
const HTTP = 0x70747468;
/** A second byte that says nothing of its own. */
const ALONE = 44 << 8;

/** What apostrophes have done to a text, and whether it has what may be a comment to SQL. */
const OPEN = 1;
const CLOSED = 2;
const COMMENT = 4;

/** Texts with marks that an attack may have, too, are running text from this length on: payloads are short, and so is reading them. */
const LONG = 160;

const isLetterBefore = (code: number): boolean => code >= 97 && code <= 122;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Bytes of a text's beginning that are read where it may tell. */
const BEGINNING = 240;

/** True when words at the beginning are a condition of SQL, a command line or something serialised: those stand at the beginning or nowhere. */
function isTellingStart(): boolean {
  const byte = bytes[first]!;
  let end = first;
  let hash = 0;
  while (isLetterCode(bytes[end]!)) hash = step(hash, bytes[end++]!);
  const second = bytes[first + 1]!;
  if ((isDigitCode(bytes[end]!) || (second >= 65 && second <= 90)) && isSerialised(byte)) return true;
  // Most beginnings are a word that is none of these, and no option behind it. Other bytes may be white space of other scripts.
  if (end > first && (sayingOf(hash) & BEGINS) === 0 && bytes[end] !== 45) {
    while (bytes[end] === 32) end++;
    if (bytes[end] !== 45 && bytes[end]! < 128 && bytes[end] !== 92) return false;
  }
  return isTelling(unescaped(first, Math.min(last, first + BEGINNING)));
}

function unescaped(from: number, to: number): string {
  const text = decoder.decode(bytes.subarray(from, to));
  return escaped ? fromTransport("json", text) : text;
}

/** Bytes around a hint that are read: no less than what is looked for reaches, however many bytes its characters have. */
const BEFORE = 20;
const BEHIND = 480;

/** Hints that are looked at closely, of one text; one with more is read the long way. */
const HINTS_MAX = 32;
let hints = 0;

/** True when four bytes are the letters of one of the hints. */
function isHint(bytes: number): boolean {
  const four = bytes | LOWER;
  return four === UNION || four === SELECT || four === WAIT;
}

/** True when a hint whose last letter is at `at` may be one of SQL that needs no mark. Few are, which the letters behind most of them tell. */
function isHinted(at: number): boolean {
  const underscored = bytes[at - 1] === 95;
  const next = bytes[at + 1]! | 32;
  if (underscored) {
    // `_schema`, `_master`, `_cmdshell`.
    const letter = bytes[at]! | 32;
    if (next !== (letter === 115 ? 99 : letter === 109 ? 97 : 109)) return false;
  } else if (next === 99) {
    if (!isSelected(at + 3)) return false;
  } else if (next === 110) {
    // `union all`, `union distinct`, `union select`, `1union`.
    if (!startsOneOf("ads", at + 2) && !isDigitCode(bytes[at - 4]!)) return false;
  } else if (next !== 102 || !startsOneOf("d", at + 4)) return false;
  if (hints++ >= HINTS_MAX) return true;
  const start = at - (underscored ? 1 : 3);
  const before = unescaped(Math.max(first, start - BEFORE), start);
  return isBareSqlAt(before + unescaped(start, Math.min(last, at + BEHIND)), before.length);
}

/** True when the word at `at`, behind blanks, starts with one of these letters, or what stands there is no letter. */
function startsOneOf(letters: string, at: number): boolean {
  const byte = bytes[firstAt(at)]!;
  return !isLetterCode(byte) || letters.includes(String.fromCharCode(byte | 32));
}

/** True when the word behind `select` may be one of SQL's functions, or `from` and a table of its own stand not far behind. */
function isSelected(at: number): boolean {
  if (startsOneOf("dlpsuv", at)) return true;
  for (let index = at, end = at + 96; index < end && index < last; index++) {
    const byte = bytes[index]!;
    if ((byte | 32) === 102) {
      if ((bytes[index + 1]! | 32) === 114 && (bytes[index + 2]! | 32) === 111 && startsOneOf("admpsu", index + 4)) return true;
    } else if (byte > 90 && (byte === 92 || (byte & 0xc0) === 0x80)) end++; // Of a character of several bytes one counts, and of an escape one.
  }
  return false;
}

/** Where the text ended that was read last. */
export const textEnd = (): number => last;

/**
 * Reads UTF-8 from `from` to `to`, or, where `json` says that escapes of JSON stand in it, to the quote that ends the string. Answers `LEXED`, or
 * `TEXT` bits. One pass, no allocation but of words behind separators; anything unusual is no running text. With a view of `source`, four bytes
 * are a step where they can be; without one, two.
 */
export function readText(source: Uint8Array, from: number, to: number, json: boolean, view?: DataView): number {
  open(source, from, to, json);
  hints = 0;
  let seen = 0;
  /** Bytes more than characters, and those of addresses, by which no text becomes a long one. */
  let extra = 0;
  let answer = 0;
  let quoted = false;
  let bracketed = false;
  let quotes = 0;
  let dashed = false;
  /** It has marks that only a long text may have. */
  let lenient = false;
  let at = from;
  for (;;) {
    if (view !== undefined) {
      for (; at + 5 < to; at += 4) {
        const four = view.getInt32(at, true);
        const pair = PAIRS[four & 0xffff]! | PAIRS[four >>> 16]!;
        if (pair >= MARK) break;
        seen |= pair;
        if (pair < HINTED || (answer & TEXT.worded) !== 0) continue;
        for (let start = at === from ? at : at - 1; start < at + 3; start++)
          if (isHint(view.getInt32(start, true)) && isHinted(start + 3)) answer |= TEXT.worded;
      }
    }
    for (; at + 1 < to; at += 2) {
      const pair = PAIRS[source[at]! | (source[at + 1]! << 8)]!;
      if (pair >= MARK) break;
      seen |= pair;
      if (pair < HINTED || (answer & TEXT.worded) !== 0) continue;
      for (let start = at === from ? at : at - 1; start <= at && start + 3 < to; start++)
        if (isHint(letters(source, start)) && isHinted(start + 3)) answer |= TEXT.worded;
    }
    if (at < to) {
      const alone = PAIRS[source[at]! | ALONE]!;
      if (alone < MARK) {
        seen |= alone;
        at++;
      }
    }
    const byte = at < to ? source[at]! : 0;
    if (byte === 34 && json) break;
    // Letters with marks, of Greek, Cyrillic and Semitic scripts; kana and ideographs. Whatever else is beyond ASCII is read below.
    const size =
      (byte > 0xc2 && byte < 0xc5) || (byte > 0xcd && byte < 0xe0)
        ? 2
        : byte > 0xe2 && byte < 0xed && (byte > 0xe3 || source[at + 1]! > 0x80)
          ? 3
          : 0;
    if (size !== 0 && at + size <= to && (source[at + 1]! & 0xc0) === 0x80 && (size === 2 || (source[at + 2]! & 0xc0) === 0x80)) {
      extra += size - 1;
      at += size;
      continue;
    }
    let code = byte;
    let behind = at + 1;
    if (byte === 0 || byte === 34 || byte === 92 || byte >= 128) {
      code = codeAt(at);
      behind = after;
      if (code < 0) break;
      // Letters of other scripts, ideographs.
      if (isWide(code)) {
        extra += behind - at - (code === 0xd83d ? 2 : 1);
        at = behind;
        continue;
      }
    }
    let start = at - 1;
    let previous = at === from ? 32 : source[start]!;
    if (previous >= 128 || (json && source[start - 1] === 92)) {
      start = startBefore(at);
      previous = codeAt(start);
    }
    let next = behind < to ? source[behind]! : 32;
    if (next >= 128 || next === 92 || next === 34) {
      next = codeAt(behind);
      if (next < 0) next = 32;
    }
    let mark = TEXT.marked as number;
    switch (code) {
      case 46:
        mark = 0;
        if (at === from || next === 46 || (isLetterBefore(previous) && isLetterCode(next))) answer |= TEXT.worded;
        break;
      case 120:
        mark = 0;
        if (previous === 48) answer |= TEXT.worded;
        break;
      case 95: {
        mark = 0;
        const letter = next | 32;
        if ((at === from && next === 95) || ((letter === 115 || letter === 99 || letter === 109) && isHinted(at + 1)))
          answer |= TEXT.worded;
        break;
      }
      case 45:
        mark = 0;
        if (next === 45 && isBlank(previous) === isBlank(source[behind + 1]!) && isEnd(previous)) {
          // Two of them between words are one long one.
          lenient = true;
          quotes |= COMMENT;
          mark = TEXT.marked;
          behind++;
        } else if (next === 45 || (isBlank(previous) && isLetter(next))) dashed = true;
        break;
      case 39:
        if (isLetter(previous) && isLetter(next)) {
          // `it's`, `don't`: no word of SQL has one letter.
          if (isWord(source[behind + 1]!) && (wordAt(behind) & BEHIND_QUOTE) !== 0) return LEXED;
          break;
        }
        lenient = true;
        if ((quotes & OPEN) === 0 && isOpening(previous, next, behind) && (wordAt(behind) & STATEMENT) === 0) quotes |= OPEN;
        else if (
          (quotes & OPEN ? isWord(previous) || isStop(previous) : (previous | 32) === 115 || codeAt(behind) < 0) &&
          isClosing(behind)
        )
          quotes = (quotes & COMMENT) | CLOSED;
        else return LEXED;
        break;
      case 34:
        if (quoted ? !((isWord(previous) || isStop(previous)) && (isBlank(next) || isStop(next))) : !isOpening(previous, next, behind)) {
          // Text that was cut to a length may end in one.
          if (codeAt(behind) >= 0) return LEXED;
          lenient = true;
        }
        quoted = !quoted;
        break;
      case 40:
        if (
          bracketed ||
          !isBlank(previous) ||
          (start > from && isBlank(codeAt(startBefore(start)))) ||
          !isWord(next) ||
          (wordAt(behind) & IN_BRACKETS) !== 0
        )
          return LEXED;
        if (isDigitCode(next)) lenient = true;
        bracketed = true;
        break;
      case 41:
        if (!bracketed || !(isWord(previous) || isStop(previous)) || !(isBlank(next) || isStop(next))) return LEXED;
        bracketed = false;
        break;
      case 38:
        if (at === from || !isBlank(previous) || !isBlank(next) || commands(behind)) return LEXED;
        break;
      case 59:
        if (at === from || !isEnd(previous) || !isBlank(next) || commands(behind)) return LEXED;
        break;
      case 58:
        if (isEnd(previous) && isBlank(next)) break;
        lenient = true;
        if (next === 47 && source[behind + 1] === 47 && letters(source, at - (previous === 115 ? 5 : 4)) === HTTP) {
          // An address among words: where it leads is all that matters about it.
          answer |= TEXT.worded;
          while (behind < to && isAddress(source[behind]!)) behind++;
        } else if (!isDigitCode(previous) || !isDigitCode(next)) return LEXED;
        break;
      case 33:
      case 63:
        if (!isEnd(previous) || !(isBlank(next) || isStop(next))) return LEXED;
        break;
      case 37:
        if (!isDigitCode(previous) || !(isBlank(next) || isStop(next))) return LEXED;
        break;
      case 36:
        if (!(isBlank(previous) || previous === 40) || !isDigitCode(next)) return LEXED;
        break;
      case 47:
        if (isDigitCode(previous) && isDigitCode(next)) break;
        lenient = true;
        if (!isWord(previous) || !isWord(next)) return LEXED;
        break;
      case 35:
      case 42:
      case 62:
      case 64:
        // Headings, lists and quotations; names and labels.
        lenient = true;
        if (code === 35) quotes |= COMMENT;
        if (!(previous === 10 && next === 32) && !((code === 35 || code === 64) && isBlank(previous) && isWord(next))) return LEXED;
        break;
      case 13:
        if (next !== 10) return LEXED;
        break;
      case 10:
        if (at - from - extra < 2) return LEXED;
        mark |= TEXT.lines;
        // A line that begins like a field of a header or a command is read by the lexers; of empty lines, the last one looks.
        if (next !== 10 && next !== 13 && (commands(behind) || isField(behind))) return LEXED;
        break;
      default:
        if (!SIGNS.includes(String.fromCharCode(code))) {
          if (code < 0x3000 || !WIDE_MARKS.test(String.fromCharCode(code))) return LEXED;
          if (!(previous >= 0x3000 || isBlank(previous)) || !(next >= 0x3000 || isBlank(next))) return LEXED;
        }
    }
    answer |= mark;
    extra += behind - at - 1;
    at = behind;
  }
  close(at);
  const length = at - from - extra;
  // Behind an apostrophe that ends a string, SQL goes on to one that begins another, or to a comment.
  if ((quotes & (quotes - 1)) !== 0) return LEXED;
  // What begins with a command may be one. A quote or bracket that stays open breaks out of nothing: what follows it was looked at.
  if (answer & TEXT.marked && (dashed || (lenient && length < LONG) || ((lenient || length < LONG) && commands(from)))) return LEXED;
  if ((answer & TEXT.worded) === 0 && length > 3) {
    if ((seen & BLANK) !== 0 ? isTellingStart() : isTellingWord(source, from, at, (answer & TEXT.marked) !== 0)) answer |= TEXT.worded;
  }
  return answer;
}

/** True when one word may hold something wrapped, or begins like something serialised. Marks may be what is trimmed off it. */
function isTellingWord(source: Uint8Array, from: number, to: number, marked: boolean): boolean {
  if (marked || (to - from > 5 && isBase64(source, from, to))) return true;
  const byte = source[from]!;
  // `H4sI` and `eyJ`: packed text and tokens. First letters of serialised objects.
  if ((byte === 72 && source[from + 1] === 52) || (byte === 101 && source[from + 1] === 121)) return true;
  return to - from >= 12 && isSerialised(byte);
}

const isSerialised = (byte: number): boolean => "acrgyAB".includes(String.fromCharCode(byte));

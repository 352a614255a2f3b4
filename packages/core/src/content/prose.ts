/**
 * Tells running text from everything else: words, and the marks of sentences where writing puts them. Every grammar that the lexers know needs
 * a mark somewhere else (a quote behind a blank, a bracket behind a name, an equals sign), or a word of a command behind one of these.
 *
 * @module
 */
import { ENGLISH, PROGRAMS, WRAPPERS } from "./shell-words.ts";
import { isDigitCode, isLetterCode } from "./text.ts";

/** What a character below 128 is to a sentence. */
const PLAIN = 1;
const MARK = 2;
const KINDS = new Uint8Array(128);
for (let code = 0; code < 128; code++) if (isLetterCode(code) || isDigitCode(code)) KINDS[code] = PLAIN;
for (const character of " .,_") KINDS[character.charCodeAt(0)] = PLAIN;
for (const character of "'\"();:!?&%$/-\r\n") KINDS[character.charCodeAt(0)] = MARK;

/** Dashes, typographic quotes, bullets, currencies and the like: to no language anything but writing. */
const SIGNS = new Set([..."–—‘’“”„•…€£°«»§½¼¾\u00a0\u202f\ufe0f"].map((sign) => sign.charCodeAt(0)));

/** Marks of writing without blanks: read as their ASCII kin by what folds them, so only between its own characters. */
const WIDE_MARKS = /[\u3001\u3002\u300c-\u300f\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f]/;

/** Words with which a statement begins, and commands of mail servers and stores. */
const STATEMENTS = new Set(
  (
    "select union drop alter create truncate rename insert replace update delete exec execute call declare waitfor shutdown begin if show desc describe " +
    "handler load merge grant attach prepare commit rollback backup dbcc print pragma values data mail rcpt helo ehlo vrfy flushall config slaveof eval get " +
    "post put head options http"
  ).split(" "),
);
/** Words of SQL that go on behind a quote. */
const BEHIND_QUOTE =
  /^(?:or|and|xor|not|union|select|like|rlike|regexp|ilike|in|is|between|having|where|order|group|limit|div|mod|into|from|procedure|as|collate|glob|for|insert|update|delete|drop|exec|waitfor)$/;

/** Words of SQL with which what stands in brackets begins. */
const IN_BRACKETS = /^(?:select|case|exists|not|true|false|null|with|values)$/;

const isBlank = (code: number): boolean => code === 32 || code === 10 || code === 13;
const isLetter = (code: number): boolean => isLetterCode(code) || code >= 0xc0;
const isWord = (code: number): boolean => isLetter(code) || isDigitCode(code);
/** `.`, `,`, `;`, `:`, `!`, `?`, `)`, a quote. */
const isStop = (code: number): boolean =>
  code === 46 || code === 44 || code === 33 || code === 63 || code === 59 || code === 58 || code === 41 || code === 34;

/** What may stand before a mark: in French, a blank does. */
const isEnd = (code: number): boolean => isWord(code) || isStop(code) || code === 32 || code === 0xa0 || code === 0x202f || code === 37;

/** Blanks that are stepped over in search of a word. */
const BLANKS_MAX = 16;

/** Where the word begins that stands at `at` behind blanks. */
function firstAt(text: string, at: number): number {
  let from = at;
  while (from - at < BLANKS_MAX && isBlank(text.charCodeAt(from))) from++;
  return from;
}

/** The word at `at`, blanks before it left out, in lower case; of a long one its beginning. */
function wordAt(text: string, at: number): string {
  const from = firstAt(text, at);
  let to = from;
  while (to - from < 16 && (isWord(text.charCodeAt(to)) || text.charCodeAt(to) === 95 || text.charCodeAt(to) === 45)) to++;
  return text.slice(from, to).toLowerCase();
}

/** True when the words at `at` could be a command. A word of English with another behind it is a sentence. */
function commands(text: string, at: number): boolean {
  const word = wordAt(text, at);
  // Further away than anybody looks.
  if (word === "" && isBlank(text.charCodeAt(at + BLANKS_MAX))) return true;
  if (STATEMENTS.has(word)) return true;
  const dash = word.indexOf("-");
  if (!PROGRAMS.has(word) && !WRAPPERS.has(word) && !(dash > 0 && PROGRAMS.has(word.slice(0, dash)))) return false;
  const end = firstAt(text, at) + word.length;
  if (!ENGLISH.has(word) || text.charCodeAt(end) !== 32 || !isLetter(text.charCodeAt(end + 1))) return true;
  const second = wordAt(text, end + 1);
  return PROGRAMS.has(second) && !ENGLISH.has(second);
}

/**
 * True for running text of some script. `lines`: whether it may have several lines. One pass, no allocation but of words behind separators; anything
 * unusual is no prose.
 */
export function isProse(text: string, lines: boolean): boolean {
  const { length } = text;
  // A short value that begins with a command may be one.
  if (length < 160 && commands(text, 0)) return false;
  let quoted = false;
  let bracketed = false;
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    const kind = code < 128 ? KINDS[code]! : isWide(code) ? PLAIN : 0;
    if (kind === PLAIN) continue;
    const previous = at === 0 ? 32 : text.charCodeAt(at - 1);
    const next = at + 1 === length ? 32 : text.charCodeAt(at + 1);
    if (kind === 0) {
      const own = (previous >= 0x3000 || isBlank(previous)) && (next >= 0x3000 || isBlank(next));
      if (own && code >= 0x3000 && WIDE_MARKS.test(text[at]!)) continue;
      return false;
    }
    switch (code) {
      case 39:
        if (!isLetter(previous) || !isLetter(next)) return false;
        // `it's`, `don't`: no word of SQL has one letter.
        if (isWord(text.charCodeAt(at + 2)) && BEHIND_QUOTE.test(wordAt(text, at + 1))) return false;
        break;
      case 34:
        if (quoted ? !((isWord(previous) || isStop(previous)) && (isBlank(next) || isStop(next))) : !isOpening(text, at, previous, next))
          return false;
        quoted = !quoted;
        break;
      case 40:
        if (
          bracketed ||
          !isBlank(previous) ||
          isBlank(text.charCodeAt(at - 2)) ||
          !isLetter(next) ||
          IN_BRACKETS.test(wordAt(text, at + 1))
        )
          return false;
        bracketed = true;
        break;
      case 41:
        if (!bracketed || !(isWord(previous) || isStop(previous)) || !(isBlank(next) || isStop(next))) return false;
        bracketed = false;
        break;
      case 38:
        if (at === 0 || !isBlank(previous) || !isBlank(next) || commands(text, at + 1)) return false;
        break;
      case 59:
        if (at === 0 || !isEnd(previous) || !isBlank(next) || commands(text, at + 1)) return false;
        break;
      case 58:
        if (!isEnd(previous) || !isBlank(next)) return false;
        break;
      case 33:
      case 63:
        if (!isEnd(previous) || !(isBlank(next) || isStop(next))) return false;
        break;
      case 37:
        if (!isDigitCode(previous) || !(isBlank(next) || isStop(next))) return false;
        break;
      case 36:
        if (!(isBlank(previous) || previous === 40) || !isDigitCode(next)) return false;
        break;
      case 47:
        if (!isDigitCode(previous) || !isDigitCode(next)) return false;
        break;
      case 45:
        if (next === 45 || (isBlank(previous) && isLetter(next))) return false;
        break;
      case 13:
        if (next !== 10) return false;
        break;
      case 10:
        if (!lines || at < 2) return false;
        // A line that begins like a field of a header or a command is read by the lexers; of empty lines, the last one looks.
        if (next !== 10 && next !== 13 && (commands(text, at + 1) || isField(text, at + 1))) return false;
    }
  }
  // A quote or bracket that stays open breaks out of nothing: what follows it was looked at.
  return true;
}

/** Letters of all scripts, ideographs with their marks, pictures. */
function isWide(code: number): boolean {
  return (
    (code >= 0xc0 && code <= 0x16f) ||
    (code >= 0x180 && code <= 0x2af) ||
    (code >= 0x370 && code <= 0x167f) ||
    (code >= 0x1700 && code <= 0x1fff) ||
    (code >= 0x3040 && code <= 0xfdff) ||
    SIGNS.has(code)
  );
}

/** True for a quote or bracket that opens: behind a blank, before a word that is none of SQL. */
function isOpening(text: string, at: number, previous: number, next: number): boolean {
  return (isBlank(previous) || previous === 40) && isLetter(next) && !BEHIND_QUOTE.test(wordAt(text, at + 1));
}

/** True when the line that begins at `at` is `Name: value`. */
function isField(text: string, at: number): boolean {
  let to = firstAt(text, at);
  while (to - at < 60 && (isWord(text.charCodeAt(to)) || text.charCodeAt(to) === 45)) to++;
  return text.charCodeAt(firstAt(text, to)) === 58;
}

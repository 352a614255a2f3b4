/**
 * Cuts text into SQL tokens, all dialects at once. Allocates nothing; the cursor is the token.
 *
 * @module
 */
import * as TOKEN from "./sql-tokens.ts";
import { hashStep } from "./sql-words.ts";
import { hexValue, isBlankCode, isDigitCode, isLetterCode, isWordCode } from "./text.ts";

const OPERATORS = new Uint8Array(128);
for (const character of "=<>!~^|&*/%+-:?") OPERATORS[character.charCodeAt(0)] = 1;

/** Walks over the tokens of a lower-case text. */
export class SqlCursor {
  readonly text: string;
  /** A `TOKEN`. */
  kind = 0;
  start = 0;
  end = 0;
  /** True when a comment stood directly before this token, or the token came out of an executed comment. */
  commented = false;
  /** False for a string literal that the text ends in. */
  closed = true;
  /** Hash of the word that this token is, see `isTelling`; taken on the way, because cutting out every word of a prose costs more than reading it. */
  hash = 0;

  constructor(text: string, from: number) {
    this.text = text;
    this.end = from;
  }

  word(): string {
    return this.text.slice(this.start, this.end);
  }

  /** Moves to the next token and returns its kind. Every call moves on or answers `end`. */
  next(): number {
    const { text } = this;
    let at = this.end;
    this.commented = false;
    for (;;) {
      while (at < text.length && isBlankCode(text.charCodeAt(at))) at++;
      if (text.charCodeAt(at) === 47 && text.charCodeAt(at + 1) === 42) {
        this.commented = true;
        // MySQL runs what stands in `/*! */` and `/*!50000 */`; read on inside of it. Its end is skipped below.
        if (text.charCodeAt(at + 2) === 33 || (text.charCodeAt(at + 2) === 109 && text.charCodeAt(at + 3) === 33)) {
          at += text.charCodeAt(at + 2) === 33 ? 3 : 4;
          for (let digits = 0; digits < 6 && isDigitCode(text.charCodeAt(at)); digits++) at++;
          continue;
        }
        const close = text.indexOf("*/", at + 2);
        if (close < 0) return this.#set(TOKEN.blockComment, at, text.length);
        at = close + 2;
        continue;
      }
      if (text.charCodeAt(at) === 42 && text.charCodeAt(at + 1) === 47) {
        at += 2;
        continue;
      }
      break;
    }
    if (at >= text.length) return this.#set(TOKEN.end, at, at);
    return this.#token(at);
  }

  #set(kind: number, start: number, end: number): number {
    this.kind = kind;
    this.start = start;
    this.end = end;
    return kind;
  }

  #token(at: number): number {
    const { text } = this;
    const code = text.charCodeAt(at);
    const next = text.charCodeAt(at + 1);
    if (isDigitCode(code) || (code === 46 && isDigitCode(next))) return this.#number(at);
    if (isLetterCode(code) || code === 95 || code >= 128) return this.#wordOrString(at);
    switch (code) {
      case 39:
      case 34:
        return this.string(at + 1, code, at);
      case 96: {
        const close = text.indexOf("`", at + 1);
        return close < 0 ? this.#set(TOKEN.other, at, at + 1) : this.#set(TOKEN.variable, at, close + 1);
      }
      case 40:
        return this.#set(TOKEN.open, at, at + 1);
      case 41:
        return this.#set(TOKEN.close, at, at + 1);
      case 44:
        return this.#set(TOKEN.comma, at, at + 1);
      case 59:
        return this.#set(TOKEN.semicolon, at, at + 1);
      case 46:
        return this.#set(TOKEN.dot, at, at + 1);
      case 64:
      case 36: {
        // `@>` and `@?` compare JSON.
        if (code === 64 && (next === 62 || next === 63)) return this.#set(TOKEN.operator, at, at + 2);
        let end = at + 1;
        while (text.charCodeAt(end) === 64 || text.charCodeAt(end) === 36 || isWordCode(text.charCodeAt(end))) end++;
        return this.#set(TOKEN.variable, at, end);
      }
      case 92:
        return next === 110 ? this.#set(TOKEN.number, at, at + 2) : this.#set(TOKEN.other, at, at + 1);
      case 35:
        return next === 62 ? this.#set(TOKEN.operator, at, at + 2) : this.#line(at);
      case 45:
        if (next === 45) return this.#line(at);
    }
    if (code < 128 && OPERATORS[code] === 1) return this.#set(TOKEN.operator, at, at + 1);
    return this.#set(TOKEN.other, at, at + 1);
  }

  #line(at: number): number {
    const end = this.text.indexOf("\n", at);
    return this.#set(TOKEN.lineComment, at, end < 0 ? this.text.length : end);
  }

  #number(at: number): number {
    const { text } = this;
    let end = at;
    if (text.charCodeAt(at) === 48 && text.charCodeAt(at + 1) === 120 && hexValue(text.charCodeAt(at + 2)) >= 0) {
      end += 2;
      while (hexValue(text.charCodeAt(end)) >= 0) end++;
      return this.#set(TOKEN.number, at, end);
    }
    while (isDigitCode(text.charCodeAt(end))) end++;
    if (text.charCodeAt(end) === 46 && !isLetterCode(text.charCodeAt(end + 1))) {
      end++;
      while (isDigitCode(text.charCodeAt(end))) end++;
    }
    if (text.charCodeAt(end) === 101) {
      const sign = text.charCodeAt(end + 1);
      const digits = sign === 43 || sign === 45 ? end + 2 : end + 1;
      if (isDigitCode(text.charCodeAt(digits))) {
        end = digits;
        while (isDigitCode(text.charCodeAt(end))) end++;
      }
    }
    return this.#set(TOKEN.number, at, end);
  }

  #wordOrString(at: number): number {
    const { text } = this;
    let end = at + 1;
    let hash = hashStep(0, text.charCodeAt(at));
    for (;;) {
      const code = text.charCodeAt(end);
      if (!(isWordCode(code) || code === 36 || (code >= 128 && code !== 0xa0))) break;
      hash = hashStep(hash, code);
      end++;
    }
    this.hash = hash;
    // N'…', x'…', b'…', e'…', _utf8'…': the letters belong to the string.
    const quote = text.charCodeAt(end);
    if (quote === 39 && ((end - at === 1 && "nxbeq".includes(text[at]!)) || text.charCodeAt(at) === 95))
      return this.string(end + 1, quote, at);
    return this.#set(TOKEN.word, at, end);
  }

  /** Reads a string literal whose content begins at `from`. A doubled quote stays inside; so does one behind a backslash. */
  string(from: number, quote: number, start: number): number {
    const { text } = this;
    let at = from;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === 92) at++;
      else if (code === quote) {
        if (text.charCodeAt(at + 1) !== quote) {
          this.closed = true;
          return this.#set(TOKEN.string, start, at + 1);
        }
        at++;
      }
    }
    this.closed = false;
    return this.#set(TOKEN.string, start, text.length);
  }
}

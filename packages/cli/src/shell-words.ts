import { UsageError } from "./usage-error.ts";

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  e: "\x1b",
  E: "\x1b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/**
 * Splits one command line into words as a POSIX shell does, with the `$'…'` quotes of bash that browsers copy. Runs nothing and expands nothing:
 * `$NAME`, `$(…)` and backticks stay as they are written. One character is one byte; linear in the length.
 *
 * @throws UsageError for an open quote, and where a shell would end or redirect the command.
 */
export function shellWords(text: string): string[] {
  const line = text.trim();
  const words: string[] = [];
  let word: string | undefined;
  let at = 0;
  while (at < line.length) {
    const character = line[at]!;
    if (character === "'") {
      const end = line.indexOf("'", at + 1);
      if (end < 0) throw unclosed("'");
      word = (word ?? "") + line.slice(at + 1, end);
      at = end + 1;
    } else if (character === "$" && line[at + 1] === "'") {
      const quoted = readAnsiQuoted(line, at + 2);
      word = (word ?? "") + quoted.text;
      at = quoted.end;
    } else if (character === '"') {
      const quoted = readDoubleQuoted(line, at + 1);
      word = (word ?? "") + quoted.text;
      at = quoted.end;
    } else if (character === "\\") {
      const breakLength = /^\\\r?\n/.exec(line.slice(at, at + 3))?.[0].length;
      if (breakLength === undefined) word = (word ?? "") + (line[at + 1] ?? "");
      at += breakLength ?? 2;
    } else if (character === " " || character === "\t" || character === "\r" || character === "\n") {
      if (word !== undefined) words.push(word);
      word = undefined;
      at++;
      if (character === "\n") throw new UsageError("curl: one command, please; end a line that goes on with \\");
    } else if (";&|<>()".includes(character)) {
      throw new UsageError(`curl: a shell would end the command at the bare ${character}; put what holds it in quotes`);
    } else {
      word = (word ?? "") + character;
      at++;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

interface Quoted {
  readonly text: string;
  /** Behind the closing quote. */
  readonly end: number;
}

const unclosed = (quote: string): UsageError => new UsageError(`curl: the quote ${quote} is never closed`);

/** Inside double quotes a backslash escapes only what is special there. */
function readDoubleQuoted(line: string, from: number): Quoted {
  return readEscaped(line, from, '"', /[^"\\]+/y, (at) => {
    const next = line[at + 1] ?? "";
    return { text: next === "\n" ? "" : '"\\$`'.includes(next) ? next : `\\${next}`, end: at + 2 };
  });
}

function readAnsiQuoted(line: string, from: number): Quoted {
  return readEscaped(line, from, "'", /[^'\\]+/y, (at) => {
    const found = /^\\(?:x([\da-fA-F]{1,2})|u([\da-fA-F]{1,4})|U([\da-fA-F]{1,8})|([0-7]{1,3})|([\s\S]))/.exec(line.slice(at, at + 10));
    const [all = "\\", hex, short, long, octal, letter] = found ?? [];
    const end = at + all.length;
    if (hex !== undefined) return { text: String.fromCharCode(Number.parseInt(hex, 16)), end };
    if (octal !== undefined) return { text: String.fromCharCode(Number.parseInt(octal, 8) & 0xff), end };
    if (letter !== undefined) return { text: SIMPLE_ESCAPES[letter] ?? ("\\'\"?".includes(letter) ? letter : `\\${letter}`), end };
    return { text: encodeCharacter(Number.parseInt(short ?? long ?? "fffd", 16)), end };
  });
}

/** Reads to the closing quote: runs of `ordinary` characters as they are, escapes by `readEscape`, which is told where the backslash stands. */
function readEscaped(line: string, from: number, quote: string, ordinary: RegExp, readEscape: (at: number) => Quoted): Quoted {
  const parts: string[] = [];
  let at = from;
  while (at < line.length) {
    if (line[at] === quote) return { text: parts.join(""), end: at + 1 };
    if (line[at] === "\\") {
      const { text, end } = readEscape(at);
      parts.push(text);
      at = end;
    } else {
      ordinary.lastIndex = at;
      const run = ordinary.exec(line)![0];
      parts.push(run);
      at += run.length;
    }
  }
  throw unclosed(quote);
}

/** A character as its UTF-8 bytes; what is none becomes U+FFFD. */
function encodeCharacter(code: number): string {
  return Buffer.from(code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd", "utf8").toString("latin1");
}

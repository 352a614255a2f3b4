/**
 * What a text must hold for a regular expression to match it: a set of strings of which one has to occur, read off the expression itself, so
 * that it cannot fall behind when the expression changes. Whatever is not understood here demands nothing.
 *
 * @module
 */
import { SYMBOLS } from "./symbols.ts";

/** Groups of three symbols, alternative after alternative: a count, and so many groups that all have to occur. */
export type Factors = Uint16Array;

/** Strings over symbols: all that a part of an expression can match, or some of which one occurs in every match. */
interface Language {
  readonly exact: readonly string[] | undefined;
  readonly need: readonly string[] | undefined;
}

const EXACT_MAX = 48;
const NEED_MAX = 256;
const CLASS_MAX = 6;
const LENGTH_MAX = 24;
const EMPTY: Language = { exact: [""], need: undefined };
const ANYTHING: Language = { exact: undefined, need: undefined };

/** Thrown inside this module for a construct it does not read. */
class Unread extends Error {}

/** The factors of an expression; undefined when a match demands nothing that could be looked for. */
export function factorsOf(expression: RegExp): Factors | undefined {
  if (/[vu]/.test(expression.flags)) return undefined;
  let need: readonly string[] | undefined;
  try {
    const reader = new Reader(expression.source);
    need = demand(reader.alternatives());
    if (!reader.ended) return undefined;
  } catch (error) {
    if (error instanceof Unread) return undefined;
    throw error;
  }
  if (need === undefined) return undefined;
  const groups: number[] = [];
  for (const text of need) {
    const own = new Set<number>();
    for (let at = 0; at + 3 <= text.length; at++)
      own.add((text.charCodeAt(at) << 10) | (text.charCodeAt(at + 1) << 5) | text.charCodeAt(at + 2));
    groups.push(own.size, ...own);
  }
  return Uint16Array.from(groups);
}

const shortest = (texts: readonly string[]): number => texts.reduce((length, text) => Math.min(length, text.length), LENGTH_MAX);

/** What to look for in a language: its own strings when all of them are long enough, else what it needs. */
function demand({ exact, need }: Language): readonly string[] | undefined {
  return exact !== undefined && exact.length > 0 && shortest(exact) >= 3 ? exact : need;
}

/** The more telling of two demands: longer strings first, then fewer. */
function better(one: readonly string[] | undefined, other: readonly string[] | undefined): readonly string[] | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const difference = Math.min(6, shortest(one)) - Math.min(6, shortest(other));
  if (difference !== 0) return difference > 0 ? one : other;
  return one.length <= other.length ? one : other;
}

function union(parts: readonly Language[]): Language {
  let exact: Set<string> | undefined = new Set();
  let need: Set<string> | undefined = new Set();
  for (const part of parts) {
    if (exact !== undefined && part.exact !== undefined) for (const text of part.exact) exact.add(text);
    else exact = undefined;
    const wanted = demand(part);
    if (need !== undefined && wanted !== undefined) for (const text of wanted) need.add(text);
    else need = undefined;
  }
  if (exact !== undefined && exact.size > EXACT_MAX) exact = undefined;
  if (need !== undefined && (need.size > NEED_MAX || need.size === 0)) need = undefined;
  return { exact: exact === undefined ? undefined : [...exact], need: need === undefined ? undefined : [...need] };
}

function sequence(parts: readonly Language[]): Language {
  let run: readonly string[] = [""];
  let need: readonly string[] | undefined;
  let whole = true;
  const flush = (): void => {
    if (shortest(run) >= 3) need = better(need, run);
  };
  for (const part of parts) {
    if (part.exact === undefined) {
      flush();
      need = better(need, part.need);
      run = [""];
      whole = false;
      continue;
    }
    const { exact } = part;
    if (run.length * exact.length > EXACT_MAX || (run.some((text) => text.length >= LENGTH_MAX) && exact.some((text) => text !== ""))) {
      flush();
      need = better(need, part.need);
      run = exact;
      whole = false;
    } else if (exact.length !== 1 || exact[0] !== "") run = [...new Set(run.flatMap((head) => exact.map((tail) => head + tail)))];
  }
  flush();
  return { exact: whole ? run : undefined, need };
}

function repeated(part: Language, least: number, most: number): Language {
  if (most === 0) return EMPTY;
  if (least === 0) return most === 1 && part.exact !== undefined ? union([part, EMPTY]) : ANYTHING;
  if (least === most && least <= 8 && part.exact !== undefined) return sequence(Array.from({ length: least }, () => part));
  // However often it goes on, it begins with so many.
  const begun = sequence(Array.from({ length: Math.min(least, 4) }, () => part));
  return { exact: undefined, need: demand(begun) };
}

/** Reads the source of an expression, as far as this code base writes them. */
class Reader {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  get ended(): boolean {
    return this.#at >= this.#source.length;
  }

  alternatives(): Language {
    const parts: Language[] = [];
    for (;;) {
      const items: Language[] = [];
      while (this.#at < this.#source.length && this.#source[this.#at] !== "|" && this.#source[this.#at] !== ")") items.push(this.#term());
      parts.push(sequence(items));
      if (this.#source[this.#at] !== "|") return parts.length === 1 ? parts[0]! : union(parts);
      this.#at++;
    }
  }

  #term(): Language {
    const atom = this.#atom();
    const quantifier = /^(?:([*+?])|\{(\d{1,4})(,(\d{0,4}))?\})\??/.exec(this.#source.slice(this.#at, this.#at + 14));
    if (quantifier === null) return atom;
    this.#at += quantifier[0].length;
    const [, mark, low, comma, high] = quantifier;
    if (mark !== undefined) return repeated(atom, mark === "+" ? 1 : 0, mark === "?" ? 1 : 1000);
    const least = Number(low);
    return repeated(atom, least, comma === undefined ? least : high === "" || high === undefined ? 1000 : Number(high));
  }

  #atom(): Language {
    const character = this.#source[this.#at++]!;
    switch (character) {
      case "^":
      case "$":
        return EMPTY;
      case ".":
        return ANYTHING;
      case "(":
        return this.#group();
      case "[":
        return this.#class();
      case "\\":
        return this.#escape();
      case "*":
      case "+":
      case "?":
      case "{":
        throw new Unread();
      default:
        return literal(character.charCodeAt(0));
    }
  }

  #group(): Language {
    let assertion = false;
    if (this.#source[this.#at] === "?") {
      const opening = /^\?(?:([:])|<?[=!])/.exec(this.#source.slice(this.#at, this.#at + 4));
      if (opening === null) throw new Unread();
      assertion = opening[1] === undefined;
      this.#at += opening[0].length;
    }
    const inner = this.alternatives();
    if (this.#source[this.#at] !== ")") throw new Unread();
    this.#at++;
    return assertion ? EMPTY : inner;
  }

  /** The code of an escaped character; -1 for an escape that means several, or none. */
  #escaped(): number {
    const character = this.#source[this.#at++];
    const digits = character === "x" ? 2 : character === "u" ? 4 : 0;
    if (digits > 0) {
      const hex = this.#source.slice(this.#at, this.#at + digits);
      if (!/^[\da-fA-F]+$/.test(hex) || hex.length !== digits) throw new Unread();
      this.#at += digits;
      return Number.parseInt(hex, 16);
    }
    const control = { n: 10, r: 13, t: 9, v: 11, f: 12, "0": 0 }[character ?? ""];
    if (control !== undefined) return control;
    if (character === undefined || /[a-zA-Z1-9]/.test(character)) return -1;
    return character.charCodeAt(0);
  }

  #escape(): Language {
    const kind = this.#source[this.#at]!;
    if (kind === "b" || kind === "B") {
      this.#at++;
      return EMPTY;
    }
    if (kind === "d") {
      this.#at++;
      return literal(48);
    }
    if (/[wWsSD]/.test(kind)) {
      this.#at++;
      return ANYTHING;
    }
    const code = this.#escaped();
    if (code < 0) throw new Unread();
    return literal(code);
  }

  #class(): Language {
    const negated = this.#source[this.#at] === "^";
    if (negated) this.#at++;
    const symbols = new Set<number>();
    let open = negated;
    for (let previous = -1; ; ) {
      const character = this.#source[this.#at];
      if (character === undefined) throw new Unread();
      this.#at++;
      if (character === "]") break;
      let code = character.charCodeAt(0);
      if (character === "\\") {
        const kind = this.#source[this.#at]!;
        if (/[wWsSD]/.test(kind)) {
          this.#at++;
          open = true;
          previous = -1;
          continue;
        }
        if (kind === "d") {
          this.#at++;
          symbols.add(27);
          previous = -1;
          continue;
        }
        if (kind === "b") {
          this.#at++;
          code = 8;
        } else code = this.#escaped();
        if (code < 0) throw new Unread();
      }
      if (character === "-" && previous >= 0 && this.#source[this.#at] !== "]") {
        let to = this.#source.charCodeAt(this.#at++);
        if (to === 92) to = this.#escaped();
        if (to < previous) throw new Unread();
        if (to > 127) open = true;
        else for (let each = previous; each <= to; each++) symbols.add(SYMBOLS[each]!);
        previous = -1;
        continue;
      }
      if (code > 127) open = true;
      else symbols.add(SYMBOLS[code]!);
      previous = code;
    }
    if (open || symbols.size === 0 || symbols.size > CLASS_MAX) return ANYTHING;
    return { exact: [...symbols].map((symbol) => String.fromCharCode(symbol)), need: undefined };
  }
}

/** One character as a symbol; beyond ASCII a character is several bytes, or one unit, so nothing is demanded. */
function literal(code: number): Language {
  return code > 127 ? ANYTHING : { exact: [String.fromCharCode(SYMBOLS[code]!)], need: undefined };
}

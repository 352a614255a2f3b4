/**
 * What a text must hold for a regular expression to match it: a set of strings of which one has to occur, read off the expression itself, so
 * that it cannot fall behind when the expression changes. Whatever is not understood here demands nothing.
 *
 * @module
 */
import * as SYMBOL from "./symbol-kinds.ts";
import { SYMBOLS } from "./symbols.ts";

/**
 * Demands that all have to be met. Each holds groups of three symbols, alternative after alternative: a count, and so many groups that all
 * have to occur for this alternative to be met.
 */
export type Factors = readonly Uint16Array[];

/** What a part of an expression can match, as strings over symbols: all of them, or demands of which one string each occurs in every match. */
interface Language {
  readonly exact: readonly string[] | undefined;
  readonly need: readonly Demand[];
  /** Units of the shortest match. */
  readonly least: number;
}

type Demand = readonly string[];

const EXACT_MAX = 240;
const NEED_MAX = 1500;
/** Demands that are kept of one expression. */
const DEMANDS_MAX = 4;
const CLASS_MAX = 7;
const LENGTH_MAX = 24;
const EMPTY: Language = { exact: [""], need: [], least: 0 };
const ANYTHING: Language = { exact: undefined, need: [], least: 0 };
const ANY_ONE: Language = { exact: undefined, need: [], least: 1 };
/** Stands in a string for symbols that nothing is known about, of any number. */
const GAP = 32;
const GAPS = String.fromCharCode(GAP);
/** A blank: of ASCII, or one that takes several bytes, of which the first is known. */
const WIDE = String.fromCharCode(SYMBOL.wide, GAP);
const BLANK: Language = { exact: ["\0", WIDE], need: [], least: 1 };
/** Texts are noted as if blanks stood around them. */
const START: Language = { exact: [String.fromCharCode(GAP, 0, 0)], need: [], least: 0 };
const END: Language = { exact: [String.fromCharCode(0, GAP)], need: [], least: 0 };
/** Any number of blanks: none, one, two and more. */
const BLANKS: Language = {
  exact: ["", "\0", String.fromCharCode(0, 0, GAP), WIDE, `\0${WIDE}`],
  need: [],
  least: 0,
};

/** Thrown for a construct that is not read here. */
const unread = (): Error => new Error("unread");

/** What is known of an expression: its factors, `undefined` when a match demands nothing that could be looked for, and the length of its shortest match. */
export function readExpression(expression: RegExp): { readonly factors: Factors | undefined; readonly least: number } {
  const unknown = { factors: undefined, least: 0 };
  if (/[vum]/.test(expression.flags)) return unknown;
  try {
    const reader = new Reader(expression.source);
    const language = reader.alternatives();
    if (!reader.ended) return unknown;
    const need = demands(language);
    return { factors: need.length === 0 ? undefined : need.map(groupsOfDemand), least: language.least };
  } catch {
    return unknown;
  }
}

function groupsOfDemand(demand: Demand): Uint16Array {
  const alternatives = new Map<string, readonly number[]>();
  for (const text of demand) {
    const own = new Set<number>();
    for (const known of text.split(GAPS)) {
      for (let at = 0; at + 3 <= known.length; at++)
        own.add((known.charCodeAt(at) << 10) | (known.charCodeAt(at + 1) << 5) | known.charCodeAt(at + 2));
    }
    alternatives.set([...own].join(), [...own]);
  }
  return Uint16Array.from([...alternatives.values()].flatMap((groups) => [groups.length, ...groups]));
}

/** True when every string has at least one group of three to look for. */
const isTelling = (texts: readonly string[]): boolean =>
  texts.length > 0 && texts.every((text) => text.split(GAPS).some((known) => known.length >= 3));

/** What to look for in a language: its own strings when each of them tells something, and what it needs. */
function demands({ exact, need }: Language): readonly Demand[] {
  return exact !== undefined && isTelling(exact) ? [exact] : need;
}

function union(parts: readonly Language[]): Language {
  let exact: Set<string> | undefined = new Set();
  for (const part of parts) {
    if (exact !== undefined && part.exact !== undefined) for (const text of part.exact) exact.add(text);
    else exact = undefined;
  }
  if (exact !== undefined && exact.size > EXACT_MAX) exact = undefined;
  // Whichever alternative matches, its first demand is met, and its second: so is the union of the first ones, and of the second ones.
  const wanted = parts.map(demands);
  const count = wanted.some((each) => each.length === 0) ? 0 : Math.max(...wanted.map((each) => each.length));
  const need = Array.from({ length: count }, (_, index) => [...new Set(wanted.flatMap((each) => each[Math.min(index, each.length - 1)]!))]);
  return {
    exact: exact === undefined ? undefined : [...exact],
    need: need.filter((demand) => demand.length <= NEED_MAX),
    least: Math.min(...parts.map((part) => part.least)),
  };
}

function sequence(parts: readonly Language[]): Language {
  let run: readonly string[] = [""];
  const need: Demand[] = [];
  let whole = true;
  const flush = (): void => {
    if (isTelling(run)) need.push(run);
  };
  for (const part of parts) {
    if (part.exact === undefined) {
      flush();
      need.push(...part.need);
      run = [""];
      whole = false;
      continue;
    }
    const { exact } = part;
    if (exact.length === 1 && exact[0] === "") continue;
    if (run.length * exact.length > EXACT_MAX || run.some((text) => text.length >= LENGTH_MAX)) {
      flush();
      whole = false;
      // On with the ends of what was read, so that the next symbols still say what they stand behind.
      run = [...new Set(run.map((text) => GAPS + text.slice(-2)))];
      if (run.length * exact.length > EXACT_MAX) run = [GAPS];
    }
    run = [...new Set(run.flatMap((head) => exact.map((tail) => head + tail)))];
  }
  flush();
  // Short demands are met by any text; of the others, the ones with few strings cost the least to ask for.
  need.sort((one, other) => one.length - other.length);
  return { exact: whole ? run : undefined, need: need.slice(0, DEMANDS_MAX), least: parts.reduce((sum, part) => sum + part.least, 0) };
}

function repeated(part: Language, least: number, most: number): Language {
  if (part === BLANK && most > 1) return least === 0 ? BLANKS : { exact: BLANKS.exact!.slice(1), need: [], least };
  if (most === 0) return EMPTY;
  if (least === 0) return most === 1 && part.exact !== undefined ? union([part, EMPTY]) : ANYTHING;
  if (least === most && least <= 8 && part.exact !== undefined) return sequence(Array.from({ length: least }, () => part));
  // However often it goes on, it begins with so many.
  const begun = sequence(Array.from({ length: Math.min(least, 4) }, () => part));
  return { exact: undefined, need: demands(begun), least: part.least * least };
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
        return START;
      case "$":
        return END;
      case ".":
        return ANY_ONE;
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
        throw unread();
      default:
        return literal(character.charCodeAt(0));
    }
  }

  #group(): Language {
    let assertion = false;
    if (this.#source[this.#at] === "?") {
      const opening = /^\?(?:([:])|<?[=!])/.exec(this.#source.slice(this.#at, this.#at + 4));
      if (opening === null) throw unread();
      assertion = opening[1] === undefined;
      this.#at += opening[0].length;
    }
    const inner = this.alternatives();
    if (this.#source[this.#at] !== ")") throw unread();
    this.#at++;
    return assertion ? EMPTY : inner;
  }

  /** The code of an escaped character; -1 for an escape that means several, or none. */
  #escaped(): number {
    const character = this.#source[this.#at++];
    const digits = character === "x" ? 2 : character === "u" ? 4 : 0;
    if (digits > 0) {
      const hex = this.#source.slice(this.#at, this.#at + digits);
      if (!/^[\da-fA-F]+$/.test(hex) || hex.length !== digits) throw unread();
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
      return kind === "s" ? BLANK : ANY_ONE;
    }
    const code = this.#escaped();
    if (code < 0) throw unread();
    return literal(code);
  }

  #class(): Language {
    const negated = this.#source[this.#at] === "^";
    if (negated) this.#at++;
    const members = new Uint8Array(128);
    let wide = false;
    const add = (from: number, to: number): void => {
      members.fill(1, from, Math.min(128, to + 1));
      if (to > 127) wide = true;
    };
    for (let previous = -1; ; ) {
      const character = this.#source[this.#at];
      if (character === undefined) throw unread();
      this.#at++;
      if (character === "]") break;
      let code = character.charCodeAt(0);
      if (character === "\\") {
        const kind = this.#source[this.#at]!;
        const known = { w: WORD_CHARACTER, s: BLANK_CHARACTER, d: DIGIT_CHARACTER }[kind];
        if (known !== undefined) {
          this.#at++;
          for (let each = 0; each < 128; each++) if (known.test(String.fromCharCode(each))) add(each, each);
          if (kind === "s") wide = true;
          previous = -1;
          continue;
        }
        if (kind === "b") {
          this.#at++;
          code = 8;
        } else code = this.#escaped();
        if (code < 0) throw unread();
      }
      if (character === "-" && previous >= 0 && this.#source[this.#at] !== "]") {
        let to = this.#source.charCodeAt(this.#at++);
        if (to === 92) to = this.#escaped();
        if (to < previous) throw unread();
        add(previous, to);
        previous = -1;
        continue;
      }
      add(code, code);
      previous = code;
    }
    const symbols = new Set<number>();
    for (let each = 0; each < 128; each++) if ((members[each] === 1) !== negated) symbols.add(SYMBOLS[each]!);
    // A negated class takes every character beyond ASCII but those it names.
    if (symbols.size > CLASS_MAX) return ANY_ONE;
    const exact = [...symbols].map((symbol) => String.fromCharCode(symbol));
    if (wide || negated) exact.push(WIDE);
    return exact.length === 0 ? ANY_ONE : { exact, need: [], least: 1 };
  }
}

const WORD_CHARACTER = /\w/;
const BLANK_CHARACTER = /\s/;
const DIGIT_CHARACTER = /\d/;

/** One character as a symbol; beyond ASCII a character is several bytes, of which one is known. */
function literal(code: number): Language {
  return { exact: [code > 127 ? WIDE : String.fromCharCode(SYMBOLS[code]!)], need: [], least: 1 };
}

/**
 * Which groups of three characters occur in a text: one store a character, and afterwards any number of patterns learn in a few loads that
 * they cannot match. A hundred patterns over a page of honest prose cost less than one of them would.
 *
 * @module
 */
import { type Factors, readExpression } from "./factors.ts";
import * as SYMBOL from "./symbol-kinds.ts";
import { BYTE_BITS, SYMBOLS } from "./symbols.ts";

/** Texts are turned into bytes in pieces of this size. */
const PIECE = 65_536;
const BYTES = new Uint8Array(PIECE);
const encoder = new TextEncoder();
/** Texts shorter than this are read as they are: turning them into bytes would cost more than it saves. */
const SHORT = 48;

/** One slot for each three symbols; a slot that holds the current stamp was seen in the current text. */
const SEEN = new Uint8Array(32_768);
let stamp = 0;
let current: string | undefined;

/**
 * Notes the groups of `text`, which every {@link Pattern} asked about it from now on relies on, and returns its `HAS` bits. The text is
 * followed by one imagined blank, so that its last word ends. Linear; allocates nothing for ASCII.
 */
export function noteTrigrams(text: string): number {
  if (stamp === 255) {
    SEEN.fill(0);
    stamp = 0;
  }
  stamp++;
  current = text;
  const mark = stamp;
  const { length } = text;
  let group = 0;
  let bits = 0;
  if (length < SHORT) {
    for (let at = 0; at < length; at++) {
      const code = text.charCodeAt(at);
      const byte = code < 256 ? code : 255;
      bits |= BYTE_BITS[byte]!;
      group = (group << 5) | SYMBOLS[byte]!;
      SEEN[group & 0x7fff] = mark;
    }
  } else {
    for (let from = 0; from < length; ) {
      const { read, written } = encoder.encodeInto(from === 0 ? text : text.slice(from), BYTES);
      const whole = written & ~3;
      let at = 0;
      // Four at a time: the loop's own counting would be a quarter of the cost.
      for (; at < whole; at += 4) {
        const one = BYTES[at]!;
        const two = BYTES[at + 1]!;
        const three = BYTES[at + 2]!;
        const four = BYTES[at + 3]!;
        bits |= BYTE_BITS[one]! | BYTE_BITS[two]! | BYTE_BITS[three]! | BYTE_BITS[four]!;
        group = (group << 5) | SYMBOLS[one]!;
        SEEN[group & 0x7fff] = mark;
        group = (group << 5) | SYMBOLS[two]!;
        SEEN[group & 0x7fff] = mark;
        group = (group << 5) | SYMBOLS[three]!;
        SEEN[group & 0x7fff] = mark;
        group = (group << 5) | SYMBOLS[four]!;
        SEEN[group & 0x7fff] = mark;
      }
      for (; at < written; at++) {
        bits |= BYTE_BITS[BYTES[at]!]!;
        group = (group << 5) | SYMBOLS[BYTES[at]!]!;
        SEEN[group & 0x7fff] = mark;
      }
      if (read === 0) break;
      from += read;
    }
  }
  SEEN[(group << 5) & 0x7fff] = mark;
  return bits;
}

/** Symbols that end a word. A digit may stand before one, as in `1union`. */
const ENDS = [SYMBOL.blank, SYMBOL.sign, SYMBOL.quote, SYMBOL.opening, SYMBOL.bracket, SYMBOL.stop, SYMBOL.wide];
const BEGINS = [...ENDS, SYMBOL.digit];

/** The groups of one word: inside of it, where it begins, and where it ends. */
export interface WordGroups {
  readonly inside: readonly number[];
  readonly begins: readonly number[];
  readonly ends: readonly number[];
}

export function groupsOf(word: string): WordGroups {
  const symbols = Array.from({ length: word.length }, (_, at) => SYMBOLS[word.charCodeAt(at)]!);
  const inside = symbols.slice(2).map((symbol, at) => (symbols[at]! << 10) | (symbols[at + 1]! << 5) | symbol);
  const begins = BEGINS.map((symbol) => (symbol << 10) | (symbols[0]! << 5) | symbols[1]!);
  const ends = ENDS.map((symbol) => (symbols.at(-2)! << 10) | (symbols.at(-1)! << 5) | symbol);
  return { inside, begins, ends };
}

/** False when the noted text does not hold the word; true when it may. */
export function mayHoldWord({ inside, begins, ends }: WordGroups): boolean {
  for (const group of inside) if (SEEN[group] !== stamp) return false;
  return begins.some(isSeen) && ends.some(isSeen);
}

const isSeen = (group: number): boolean => SEEN[group] === stamp;

/** Texts from here on are worth asking before matching. */
const WORTH_SEEKING = 96;

/** False when the noted text, which has `length` characters, does not meet a demand. What would take longer to ask than to match is not asked. */
function possible(factors: Factors, length: number): boolean {
  for (let index = 0; index < factors.length; index++) {
    const demand = factors[index]!;
    if (demand.length < 3 * length && !isMet(demand)) return false;
  }
  return true;
}

function isMet(demand: Uint16Array): boolean {
  for (let at = 0; at < demand.length; ) {
    const end = at + 1 + demand[at]!;
    let index = at + 1;
    while (index < end && SEEN[demand[index]!] === stamp) index++;
    if (index === end) return true;
    at = end;
  }
  return false;
}

/** A regular expression that is only run where it could match. Answers exactly as the expression itself does. */
export class Pattern {
  readonly expression: RegExp;
  // Read when first asked: what that costs is paid by the first request that needs it, not by the start.
  #factors: Factors | undefined;
  #least = -1;

  constructor(expression: RegExp) {
    this.expression = expression;
  }

  /** True when the text is too short for a match, or the noted one and cannot hold it. Short texts are matched sooner than asked. */
  #excluded(text: string): boolean {
    if (this.#least < 0) {
      const { factors, least } = readExpression(this.expression);
      this.#factors = factors;
      this.#least = least;
    }
    if (text.length < this.#least) return true;
    return text.length >= WORTH_SEEKING && this.#factors !== undefined && text === current && !possible(this.#factors, text.length);
  }

  test(text: string): boolean {
    return !this.#excluded(text) && this.expression.test(text);
  }

  exec(text: string): RegExpExecArray | null {
    return this.#excluded(text) ? null : this.expression.exec(text);
  }
}

/** {@link Pattern} of one expression. */
export const pattern = (expression: RegExp): Pattern => new Pattern(expression);

/** A table of weighted expressions as patterns. */
export function weighted(table: readonly (readonly [RegExp, number])[]): readonly (readonly [Pattern, number])[] {
  return table.map(([expression, weight]) => [new Pattern(expression), weight]);
}

/** A table of expressions with the rule each speaks for, as patterns. */
export function ruled<Rule extends string>(
  table: readonly (readonly [Rule, RegExp, number])[],
): readonly (readonly [Rule, Pattern, number])[] {
  return table.map(([rule, expression, weight]) => [rule, new Pattern(expression), weight]);
}

const KNOWN = new Map<string, Pattern>();

/** The pattern of a literal where the noted text is long, else the literal itself: for expressions that are best read where they are used. */
export function seek(expression: RegExp): Pattern | RegExp {
  if (current === undefined || current.length < WORTH_SEEKING) return expression;
  const key = expression.source;
  let known = KNOWN.get(key);
  if (known === undefined || known.expression.flags !== expression.flags) {
    known = new Pattern(expression);
    KNOWN.set(key, known);
  }
  return known;
}

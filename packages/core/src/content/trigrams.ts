/**
 * Which groups of three characters occur in a text: one store a character, and afterwards any number of patterns learn in a few loads that
 * they cannot match. A hundred patterns over a page of honest prose cost less than one of them would.
 *
 * @module
 */
import { type Factors, factorsOf } from "./factors.ts";
import { SYMBOLS } from "./symbols.ts";

/** Texts longer than this in bytes are folded in pieces of this size. */
const PIECE = 65_536;
const BYTES = new Uint8Array(PIECE);
const encoder = new TextEncoder();

/** Texts shorter than this are read as they are: turning them into bytes would cost more than it saves. */
export const SHORT = 48;

/** Hands a text over as UTF-8, piece by piece, in a buffer that is used again for the next piece. */
export function eachPiece(text: string, visit: (bytes: Uint8Array, length: number) => void): void {
  for (let from = 0; from < text.length; ) {
    const { read, written } = encoder.encodeInto(from === 0 ? text : text.slice(from), BYTES);
    visit(BYTES, written);
    if (read === 0) return;
    from += read;
  }
}

/** One slot for each three symbols; a slot that holds the current stamp was seen in the current text. */
const SEEN = new Uint8Array(32_768);
let stamp = 0;
let current: string | undefined;

/** Notes the groups of `text`, which every {@link Pattern} asked about it from now on relies on. Linear; allocates nothing for ASCII. */
export function noteTrigrams(text: string): void {
  if (stamp === 255) {
    SEEN.fill(0);
    stamp = 0;
  }
  stamp++;
  current = text;
  const mark = stamp;
  let group = 0;
  if (text.length < SHORT) {
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      group = (group << 5) | (code < 256 ? SYMBOLS[code]! : SYMBOLS[255]!);
      SEEN[group & 0x7fff] = mark;
    }
    return;
  }
  eachPiece(text, (bytes, length) => {
    const whole = length & ~3;
    let at = 0;
    // Four at a time: the loop's own counting would be a quarter of the cost.
    for (; at < whole; at += 4) {
      group = (group << 5) | SYMBOLS[bytes[at]!]!;
      SEEN[group & 0x7fff] = mark;
      group = (group << 5) | SYMBOLS[bytes[at + 1]!]!;
      SEEN[group & 0x7fff] = mark;
      group = (group << 5) | SYMBOLS[bytes[at + 2]!]!;
      SEEN[group & 0x7fff] = mark;
      group = (group << 5) | SYMBOLS[bytes[at + 3]!]!;
      SEEN[group & 0x7fff] = mark;
    }
    for (; at < length; at++) {
      group = (group << 5) | SYMBOLS[bytes[at]!]!;
      SEEN[group & 0x7fff] = mark;
    }
  });
}

function possible(factors: Factors): boolean {
  for (let at = 0; at < factors.length; ) {
    const end = at + 1 + factors[at]!;
    let seen = true;
    for (let index = at + 1; index < end; index++) {
      if (SEEN[factors[index]!] === stamp) continue;
      seen = false;
      break;
    }
    if (seen) return true;
    at = end;
  }
  return false;
}

/** A regular expression that is only run where it could match. Answers exactly as the expression itself does. */
export class Pattern {
  readonly expression: RegExp;
  /** Undefined until first asked: what it costs is paid by the first request that needs it, not by the start. */
  #factors: Factors | undefined | null;

  constructor(expression: RegExp) {
    this.expression = expression;
  }

  /** True when the noted text cannot hold a match. */
  #excluded(text: string): boolean {
    if (text !== current) return false;
    if (this.#factors === undefined) this.#factors = factorsOf(this.expression) ?? null;
    return this.#factors !== null && !possible(this.#factors);
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

import type { RuleId } from "../types.ts";

/** Rules of one language, by id: what the documentation and `toRuleMatch` say. A severity is 1 (curious) to 10 (takes the server over). */
export type RuleTable = Readonly<Record<RuleId, readonly [severity: number, description: string]>>;

/** One thing a lexer saw in a view. Offsets are UTF-16 units of the view. */
export interface Hit {
  readonly rule: RuleId;
  readonly score: number;
  readonly start: number;
  readonly end: number;
}

/** Where a value came from, as far as a lexer needs to know. */
export type Place = "path" | "query" | "form" | "json" | "header" | "cookie" | "body" | "name" | "file";

/** How much of a rule's score counts: 1 all of it, 0 nothing. */
export type RuleFactor = (rule: RuleId) => number;

/** Collects the hits of one value: of each rule the strongest. */
export class Hits {
  readonly list: Hit[] = [];
  readonly #factor: RuleFactor | undefined;
  #sum = 0;
  #top = 0;

  /** `factor` is asked once a hit. What it takes away is gone before anything is decided, so an exempted rule hides no other. */
  constructor(factor?: RuleFactor) {
    this.#factor = factor;
  }

  /** `given` 0 to 100; anything a rule saw twice counts once. */
  add(rule: RuleId, given: number, start: number, end: number): void {
    const score = this.#factor === undefined ? given : Math.round(given * this.#factor(rule));
    if (score <= 0) return;
    for (let index = 0; index < this.list.length; index++) {
      const known = this.list[index]!;
      if (known.rule !== rule) continue;
      if (known.score >= score) return;
      this.#sum += score - known.score;
      this.list[index] = { rule, score, start, end };
      if (score > this.#top) this.#top = score;
      return;
    }
    this.list.push({ rule, score, start, end });
    this.#sum += score;
    if (score > this.#top) this.#top = score;
  }

  /** {@link add} of what an expression matched; nothing where it matched nothing. */
  found(rule: RuleId, score: number, match: RegExpExecArray | null): void {
    if (match !== null) this.add(rule, score, match.index, match.index + match[0].length);
  }

  /**
   * The evidence in this value: the strongest rule in full, the others by half, because rules that see the same characters are not
   * independent witnesses.
   */
  get total(): number {
    return this.#top + (this.#sum - this.#top) / 2;
  }
}

/** The most frequent names, in bounded memory. Counts of names that came late may be too high, never too low (space saving, Metwally et al. 2005). */
export class TopCounts {
  readonly #counts = new Map<string, number>();
  readonly #limit: number;

  /** @param limit - Names kept at most. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Counts a name `by` times more. */
  add(name: string, by = 1): void {
    const count = this.#counts.get(name);
    if (count !== undefined) {
      this.#counts.set(name, count + by);
      return;
    }
    if (this.#counts.size < this.#limit) {
      this.#counts.set(name, by);
      return;
    }
    let least = Number.POSITIVE_INFINITY;
    let victim = "";
    for (const [other, its] of this.#counts) {
      if (its >= least) continue;
      least = its;
      victim = other;
      // Nothing is less than one, so the search need not go on; a flood of new names is then cheap.
      if (its <= 1) break;
    }
    this.#counts.delete(victim);
    this.#counts.set(name, least + by);
  }

  /** Adds all that another counted. */
  addAll(other: TopCounts): void {
    for (const [name, count] of other.#counts) this.add(name, count);
  }

  get(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  /** The most frequent first. */
  top(limit: number): readonly { readonly name: string; readonly count: number }[] {
    return [...this.#counts]
      .map(([name, count]) => ({ name, count }))
      .sort((one, other) => other.count - one.count || (one.name < other.name ? -1 : 1))
      .slice(0, limit);
  }
}

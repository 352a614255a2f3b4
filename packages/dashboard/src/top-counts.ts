/** The most frequent names, in bounded memory. Counts of names that came late may be too high, never too low (space saving, Metwally et al. 2005). */
export class TopCounts {
  readonly #counts = new Map<string, number>();
  readonly #limit: number;
  /** Names that were counted `#least` times, less often than all others, when they were last looked for: those to drop first, the next at the end. */
  #rarest: string[] = [];
  #least = 0;

  /** @param limit - Names kept at most, 1 at least. */
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
    const victim = this.#takeRarest();
    this.#counts.delete(victim);
    this.#counts.set(name, this.#least + by);
  }

  /**
   * The first of the rarest. Who sends ever new names must not make each of them a search through all: what was found once is used up first. Nothing is rarer
   * meanwhile, as counts only grow, and a new name counts more than the one that it replaced.
   */
  #takeRarest(): string {
    for (;;) {
      for (let name = this.#rarest.pop(); name !== undefined; name = this.#rarest.pop())
        if (this.#counts.get(name) === this.#least) return name;
      this.#least = Number.POSITIVE_INFINITY;
      for (const count of this.#counts.values()) if (count < this.#least) this.#least = count;
      for (const [name, count] of this.#counts) if (count === this.#least) this.#rarest.push(name);
      this.#rarest.reverse();
    }
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

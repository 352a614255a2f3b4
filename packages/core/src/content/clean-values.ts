/**
 * Remembers header values that were looked at and found clean: a browser sends the same ones with every request, and looking a string up
 * costs a hundredth of looking at it again. Knows nothing about clients and changes no answer, only how fast it comes.
 *
 * @module
 */

/** Longer values are not remembered: one of them would push out a hundred others. */
const LENGTH_MAX = 4096;
/** Characters that one half holds, so that a full set stays below half a megabyte whatever the values are. */
const CHARACTERS_MAX = 131_072;

/** A set of at most twice `size` strings; the older half is dropped when the newer one is full. */
export class CleanValues {
  readonly #size: number;
  #recent = new Set<string>();
  #older = new Set<string>();
  #characters = 0;

  constructor(size: number) {
    this.#size = size;
  }

  has(value: string): boolean {
    if (this.#recent.has(value)) return true;
    if (this.#older.size === 0 || !this.#older.has(value)) return false;
    this.#keep(value);
    return true;
  }

  add(value: string): void {
    if (value.length <= LENGTH_MAX) this.#keep(value);
  }

  #keep(value: string): void {
    if (this.#recent.size >= this.#size || this.#characters + value.length > CHARACTERS_MAX) {
      this.#older = this.#recent;
      this.#recent = new Set();
      this.#characters = 0;
    }
    this.#recent.add(value);
    this.#characters += value.length;
  }
}

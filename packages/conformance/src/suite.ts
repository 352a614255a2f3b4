/**
 * What all suites share: how they register tests, how they fail, how they skip.
 *
 * @module
 */

/**
 * The `test` of the caller's test runner. `vitest`'s and `node:test`'s both fit, so the suites depend on neither. `skip`, where the runner has
 * it, makes a skipped case appear as such in its report.
 */
export interface TestFunction {
  (title: string, run: () => void | Promise<void>): unknown;
  readonly skip?: (title: string, run: () => void | Promise<void>) => unknown;
}

/** A case that does not apply, and the sentence that says why. */
export interface Skip {
  readonly case: string;
  readonly reason: string;
}

/** Reads and checks `skips`: each must name a known case, once, and give a reason. */
export function readSkips(suite: string, skips: readonly Skip[], cases: readonly string[]): ReadonlyMap<string, string> {
  const reasons = new Map<string, string>();
  for (const { case: id, reason } of skips) {
    if (!cases.includes(id)) throw new TypeError(`${suite}: skips names the case "${id}"; known cases: ${cases.join(", ")}`);
    if (typeof reason !== "string" || reason.trim() === "") throw new TypeError(`${suite}: the skip of "${id}" needs a reason`);
    if (reasons.has(id)) throw new TypeError(`${suite}: "${id}" is skipped twice`);
    reasons.set(id, reason);
  }
  return reasons;
}

/** Registers a skipped case under its name and reason, so that a report never hides it. */
export function registerSkip(test: TestFunction, title: string, reason: string): void {
  const skip = test.skip ?? test;
  skip(`${title} (skipped: ${reason})`, () => {});
}

/** Firewall options of all cases that are not about deadlines: a machine that stalls for a moment must not become a failure of what is tested. */
export const UNHURRIED = { deadlineMs: 60_000, bodyDeadlineMs: 60_000 } as const;

/** A failed expectation of a suite. */
export class ConformanceError extends Error {
  override readonly name = "ConformanceError";
}

/** Throws unless `condition` holds. */
export function must(condition: boolean, what: string): asserts condition {
  if (!condition) throw new ConformanceError(what);
}

/** Throws unless both are the same plain data; the message shows both. */
export function mustEqual(actual: unknown, expected: unknown, what: string): void {
  if (!isSame(actual, expected)) throw new ConformanceError(`${what}: expected ${show(expected)}, got ${show(actual)}`);
}

function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && isSame((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name]))
  );
}

function show(value: unknown): string {
  const text = value === undefined ? "undefined" : JSON.stringify(value);
  return text.length > 300 ? `${text.slice(0, 300)}… (${text.length} characters)` : text;
}

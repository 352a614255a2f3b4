import { plainPath } from "./plain-path.ts";

/** A line of configuration that lets requests pass. */
export interface Suggestion {
  /** Pattern of a path rule. */
  readonly pattern: string;
  /** What the rule skips. */
  readonly skip: readonly string[];
}

const VALUE = /^(?:\d+|[0-9a-f]{8,}|[0-9a-f]{8}-[0-9a-f-]{27}|.*\d.*\d.*\d.*|.*\[redacted\].*)$/i;
const PATTERN_MAX = 200;

/**
 * The pattern for a path and its like: segments that are values, such as numbers, ids, hashes and redacted
 * secrets, become `*`. A path that no pattern can name, or that
 * can be read in two ways, gets none: a rule for it would loosen more than was asked for.
 */
export function patternOf(target: string): string | undefined {
  const path = plainPath(target);
  if (path === undefined || path.length > PATTERN_MAX) return undefined;
  const segments = path.split("/");
  const shown = segments.map((segment) => (segment !== "" && VALUE.test(segment) ? "*" : segment));
  return shown.every((segment) => segment === "*" || !/^[:*]|\*/.test(segment)) ? shown.join("/") : undefined;
}

/** As it goes into a configuration. */
export const lineOf = ({ pattern, skip }: Suggestion): string =>
  `paths: { ${JSON.stringify(pattern)}: { skip: [${skip.map((name) => JSON.stringify(name)).join(", ")}] } }`;

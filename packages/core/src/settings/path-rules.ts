/**
 * Path rules as other implementations write them: a prefix, the stages it turns off, and a limit.
 *
 * @module
 */
import { compilePaths } from "../paths.ts";
import { PLAIN_POLICY } from "../policy.ts";
import { detectorsOf, stageOf } from "../stages.ts";
import type { PathRule } from "../types.ts";
import { list, record, seconds, Unreadable, whole } from "./readers.ts";

/**
 * The pattern for a prefix: itself and everything below it. `/` alone is the root, not the whole site. `undefined` for what cannot be a path here.
 */
export function patternOf(prefix: unknown): string | undefined {
  if (typeof prefix !== "string" || prefix.trim() === "") return undefined;
  const path = `/${prefix.trim()}`.replace(/\/{2,}/g, "/").replace(/(?!^)\/$/, "");
  const pattern = path === "/" ? path : `${path}/**`;
  // A star inside a segment has no equal here, and taken as a letter it would match nothing.
  if (path.includes("*")) return undefined;
  try {
    compilePaths({ [pattern]: {} }, PLAIN_POLICY);
    return pattern;
  } catch {
    return undefined;
  }
}

/** What a list of rules became. */
export interface ReadRules {
  readonly paths: Readonly<Record<string, PathRule>>;
  readonly warnings: readonly string[];
}

/** Takes every rule that can be read. Of two for one prefix the earlier one holds; a flood limit below the limit is raised to twice the limit. */
export function readPathRules(given: unknown): ReadRules {
  const paths: Record<string, PathRule> = {};
  const warnings: string[] = [];
  const parsed = typeof given === "string" ? parse(given) : given;
  if (!Array.isArray(parsed)) return { paths, warnings: ["is left out: it must be a list of rules"] };
  for (const [index, one] of parsed.entries()) {
    const fields = upperKeys(record(one));
    const pattern = patternOf(fields["PREFIX"]);
    const what = `rule ${index + 1}`;
    if (pattern === undefined) {
      warnings.push(`${what} is left out: its PREFIX must be a path without wildcards`);
      continue;
    }
    if (Object.hasOwn(paths, pattern)) {
      warnings.push(`${what} is left out: an earlier rule has the same prefix`);
      continue;
    }
    paths[pattern] = { ...readSkip(fields["DISABLE"], what, warnings), ...readLimit(fields["RATE_LIMIT"], what, warnings) };
  }
  return { paths, warnings };
}

function readSkip(given: unknown, what: string, warnings: string[]): PathRule {
  if (given === undefined) return {};
  const names = list(given);
  if (names instanceof Unreadable) {
    warnings.push(`${what}: DISABLE is left out: it must be ${names.allowed}`);
    return {};
  }
  const unknown = (names as string[]).filter((name) => stageOf(name) === undefined);
  if (unknown.length > 0)
    warnings.push(`${what}: ${unknown.map((name) => JSON.stringify(name)).join(", ")} is no stage and turns nothing off`);
  return { skip: detectorsOf((names as string[]).filter((name) => stageOf(name) !== undefined)) };
}

function readLimit(given: unknown, what: string, warnings: string[]): PathRule {
  if (given === undefined) return {};
  const { WINDOW: window = 10, MAX: most = 20, FLOOD: flood } = upperKeys(record(given));
  const windowMs = seconds(1, 86_400)(window);
  const max = whole(1, 1_000_000)(most);
  const floodMax = flood === undefined ? undefined : whole(1, 10_000_000)(flood);
  if (typeof windowMs !== "number" || typeof max !== "number" || floodMax instanceof Unreadable) {
    warnings.push(`${what}: RATE_LIMIT is left out: WINDOW, MAX and FLOOD must be whole numbers above 0`);
    return {};
  }
  if (typeof floodMax !== "number") return { rateLimit: { max, windowMs } };
  if (floodMax < max)
    warnings.push(
      `${what}: FLOOD ${floodMax} lies below MAX ${max}, so every client over its limit would be banned; it is raised to ${2 * max}`,
    );
  return { rateLimit: { max, windowMs, floodMax: floodMax < max ? 2 * max : floodMax } };
}

const upperKeys = (fields: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(fields).map(([key, value]) => [key.toUpperCase(), value]));

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

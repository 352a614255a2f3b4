/**
 * Where passwords are guessed, limits are stricter by default.
 *
 * @module
 */
import { LOGIN_BUCKET, LOGIN_PATHS } from "./login-paths.ts";
import { compilePaths } from "./paths.ts";
import { PLAIN_POLICY } from "./policy.ts";
import { readTarget } from "./request.ts";
import type { PathPolicy, PathRule, RateLimit } from "./types.ts";

/**
 * A page and a form are two requests, so thirty people of one office get in within a minute, and a guesser from one address tries a tenth of what the
 * general limit would let it try. All login paths count together. Only what would be a flood anywhere is banned.
 */
export const LOGIN_LIMIT: RateLimit = { max: 60, windowMs: 60_000, floodMax: 1_200, bucket: LOGIN_BUCKET };

/**
 * The rules with `limit` added for login paths: only where no rule of the user's has a limit, and only if the general limit is wider.
 *
 * @param general - The limit of all other paths.
 */
export function withLoginLimits(
  paths: Readonly<Record<string, PathRule>>,
  limit: RateLimit,
  general: { readonly max: number; readonly windowMs: number },
): Readonly<Record<string, PathRule>> {
  // Twenty in ten seconds are more a minute than sixty, and fewer at once: neither is wider, so what the user chose holds.
  if (general.max <= limit.max || general.max / general.windowMs <= limit.max / limit.windowMs) return paths;
  let policyOf: (path: string) => PathPolicy;
  try {
    const compiled = compilePaths(paths, PLAIN_POLICY);
    policyOf = (path) => compiled(readTarget(path));
  } catch {
    // What is wrong with them is said where the firewall is built.
    return paths;
  }
  // Two rules that differ only in case are refused, and the user's own one holds.
  const taken = new Map(Object.keys(paths).map((pattern) => [pattern.toLowerCase().replace(/\/$/, ""), pattern]));
  const rules: Record<string, PathRule> = { ...paths };
  for (const path of LOGIN_PATHS) {
    if (policyOf(path).rateLimit !== undefined) continue;
    const own = taken.get(path) ?? path;
    rules[own] = { rateLimit: limit, ...paths[own] };
  }
  return rules;
}

import { type OptionTable, readOptions } from "../options.ts";
import type { Detector, HeaderReader, RuleId } from "../types.ts";

/** What `internals` takes: nothing yet. */
export type InternalsOptions = Readonly<Record<never, never>>;

export const INTERNALS_OPTIONS = {} as const satisfies OptionTable;

export const RULES = {
  /**
   * A header that a framework uses inside itself came from outside, such as `x-middleware-subrequest`, with which versions of Next left out their
   * middleware (CVE-2025-29927). No browser and no API client sends one.
   */
  "internals/header": 100,
} as const satisfies Record<RuleId, number>;

/**
 * Next's `x-middleware-…` but for the two its own client sends, `x-invoke-…`, and what Nitro marks its prerendering with. Fields that a platform in front
 * may add itself (`x-matched-path`, `x-now-route-matches`) are not among them.
 */
const INTERNAL = /^x-(?:middleware-(?!prefetch$|cache$)|invoke-|nitro-prerender$)/;

/** Of the names that the expression matches. */
const SHORTEST = 9;

/** A server of Next proves its own requests to itself by a number that it makes up when it starts. */
const OWN_NEXT_REQUESTS = Symbol.for("@next/middleware-subrequest-id");

/**
 * Refuses framework-internal headers that arrive from outside.
 *
 * @example
 * internals()
 */
export function internals(options?: InternalsOptions): Detector {
  readOptions("internals", INTERNALS_OPTIONS, options);
  return {
    name: "internals",
    phase: "head",
    rules: Object.keys(RULES) as RuleId[],
    inspect({ headers }) {
      const found = headers.lines === undefined ? internalField(headers) : internalLine(headers.lines);
      if (found === undefined) return undefined;
      const own = (globalThis as { [OWN_NEXT_REQUESTS]?: unknown })[OWN_NEXT_REQUESTS];
      if (typeof own === "string" && headers.get("x-middleware-subrequest-id") === own) return undefined;
      return { rule: "internals/header", score: RULES["internals/header"], where: `header:${found.slice(0, 60)}`, block: { status: 403 } };
    },
  };
}

/** Of the fields of most requests, none begins with an x: they are passed by without another look. */
function internalLine(lines: readonly string[]): string | undefined {
  for (let index = 0; index + 1 < lines.length; index += 2) {
    const name = lines[index]!;
    if ((name.charCodeAt(0) | 32) === 120 /* x */ && name.length >= SHORTEST && INTERNAL.test(name.toLowerCase()))
      return name.toLowerCase();
  }
  return undefined;
}

function internalField(headers: HeaderReader): string | undefined {
  for (const [name] of headers) if (INTERNAL.test(name)) return name;
  return undefined;
}

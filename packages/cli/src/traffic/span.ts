import { UsageError } from "../usage-error.ts";

/** A span of time, in milliseconds since the epoch; `until` is not in it. */
export interface Span {
  readonly since: number;
  readonly until: number;
}

/**
 * Reads `--since` and `--until`: ISO 8601, in UTC when no zone is given; a day alone begins at midnight.
 *
 * @throws UsageError for anything else.
 */
export function readSpan({ since, until }: { readonly since?: string; readonly until?: string }): Span {
  return {
    since: since === undefined ? -Infinity : readTime("--since", since),
    until: until === undefined ? Infinity : readTime("--until", until),
  };
}

function readTime(flag: string, text: string): number {
  const shape = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(Z|[+-]\d\d:\d\d)?)?$/.exec(text);
  const at =
    shape === null
      ? Number.NaN
      : Date.parse(text.length > 10 && shape[1] === undefined ? `${text.replace(" ", "T")}Z` : text.replace(" ", "T"));
  if (Number.isNaN(at)) throw new UsageError(`${flag} ${JSON.stringify(text.slice(0, 40))}: must be a time such as 2026-01-31T12:00`);
  return at;
}

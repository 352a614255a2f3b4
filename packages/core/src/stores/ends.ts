/**
 * When something stored with `ttlMs` at `now` ends, in milliseconds since the epoch; `undefined` where it would end at once or `now` is no time.
 * Never beyond 2^53 - 1.
 */
export function endOf(now: number, ttlMs: number): number | undefined {
  const end = Math.min(now + ttlMs, Number.MAX_SAFE_INTEGER);
  return now < end && Number.isFinite(now) ? end : undefined;
}

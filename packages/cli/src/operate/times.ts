import ms, { type StringValue } from "ms";
import { UsageError } from "../usage-error.ts";

/**
 * A length of time such as `90s`, `15m`, `24h` or `7d`, in milliseconds.
 *
 * @throws UsageError for anything else, also for a bare number: of seconds and minutes, one would be wrong.
 */
export function readDuration(flag: string, text: string): number {
  const value = /^\d{1,6}(?:\.\d{1,3})?\s?[a-z]{1,12}$/i.test(text) ? ms(text as StringValue) : undefined;
  if (typeof value === "number" && value > 0) return value;
  throw new UsageError(`${flag} ${JSON.stringify(text.slice(0, 40))}: must be a length of time such as 90s, 15m, 24h or 7d`);
}

/**
 * A moment: a date such as `2026-11-21` or `2026-11-21T08:30Z`, or a length of time before now.
 *
 * @throws UsageError for anything else.
 */
export function readMoment(flag: string, text: string, now: number): number {
  if (/^\d{4}-\d{2}-\d{2}/.test(text)) {
    const at = Date.parse(text);
    if (!Number.isNaN(at)) return at;
  } else if (/^\d/.test(text)) return now - readDuration(flag, text);
  throw new UsageError(
    `${flag} ${JSON.stringify(text.slice(0, 40))}: must be a date such as 2026-11-21T08:30Z, or a length of time before now such as 2h`,
  );
}

/** Seconds and larger, in the words of logs: `2026-11-21 08:30:05Z`. */
export const showMoment = (at: number): string =>
  at >= 8.64e15 ? "never" : at <= 0 ? "unknown" : `${new Date(at).toISOString().slice(0, 19).replace("T", " ")}Z`;

/** How long until `until`, for people. */
export function showUntil(until: number | undefined, now: number): string {
  if (until === undefined || until > now + 1_000 * 365 * 86_400_000) return "until removed";
  return until <= now ? "ended" : `${ms(until - now, { long: true })} left`;
}

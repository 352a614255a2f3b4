/** Numbers, times and names as people read them. English, like the rest of the product; times are the browser's own. */

import { visibleText } from "./text/visible.ts";

const LOCALE = "en-GB";
const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat(LOCALE, { notation: "compact", maximumFractionDigits: 1 });

/** `12,345`. */
export const count = (value: number): string => whole.format(value);

/** `12.3K` from ten thousand on, else all digits. */
export const short = (value: number): string => (Math.abs(value) < 10_000 ? whole.format(value) : compact.format(value));

/** A share of 0 to 1 as `3.4 %`, with as many digits as tell it from nothing. */
export function percent(share: number): string {
  const value = share * 100;
  if (value === 0 || value >= 100) return `${Math.round(value)} %`;
  if (value >= 99.95) return "> 99.9 %";
  if (value < 0.01) return "< 0.01 %";
  return `${value.toFixed(value < 1 ? 2 : 1)} %`;
}

/** Milliseconds as `0.8 ms`, `12 ms`, `1.4 s`. */
export function milliseconds(value: number): string {
  if (value >= 1_000) return `${(value / 1_000).toFixed(value < 10_000 ? 1 : 0)} s`;
  return `${value < 10 ? Number(value.toFixed(1)) : Math.round(value)} ms`;
}

/** Two percentiles in few characters: `p95 61, p99 143 ms`. */
export function percentiles(p95: number, p99: number): string {
  return p99 < 1_000 ? `p95 ${Math.round(p95)}, p99 ${Math.round(p99)} ms` : `p95 ${milliseconds(p95)}, p99 ${milliseconds(p99)}`;
}

const UNITS: readonly (readonly [name: string, lengthMs: number])[] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
];

/** A length of time in its largest unit: `5 minutes`. */
export function duration(lengthMs: number): string {
  for (const [name, unitMs] of UNITS) {
    const amount = Math.round(lengthMs / unitMs);
    if (lengthMs >= unitMs * 0.95) return `${amount} ${name}${amount === 1 ? "" : "s"}`;
  }
  return "less than a second";
}

/** `5 minutes ago`, `in 2 hours`. */
export function relative(at: number, now: number): string {
  const distanceMs = at - now;
  if (Math.abs(distanceMs) < 1_000) return "now";
  return distanceMs < 0 ? `${duration(-distanceMs)} ago` : `in ${duration(distanceMs)}`;
}

const timeOnly = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const dayAndTime = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hour12: false });
const exact = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "medium", hour12: false });

/** Records may come from anywhere, and a time that no calendar has must not take the page with it. */
const told = (format: Intl.DateTimeFormat, at: number): string => (Math.abs(at) <= 8.64e15 ? format.format(at) : "unknown");

/** `14:03:59`. */
export const clockTime = (at: number): string => told(timeOnly, at);

/** `21 Nov, 14:03`. */
export const dateTime = (at: number): string => told(dayAndTime, at);

/** `21 Nov 2026, 14:03:59`. */
export const exactTime = (at: number): string => told(exact, at);

const regions = new Intl.DisplayNames([LOCALE], { type: "region" });

/** The country's English name; the code itself where it is none. */
export function countryName(code: string): string {
  try {
    return regions.of(code) ?? visibleText(code, 20);
  } catch {
    return visibleText(code, 20);
  }
}

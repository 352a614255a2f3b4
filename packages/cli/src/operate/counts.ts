import { UsageError } from "../usage-error.ts";

/** @throws UsageError unless `text` is a whole number from 1 to `most`. */
export function readCount(flag: string, text: string, most: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 1 && value <= most) return value;
  throw new UsageError(`${flag} ${JSON.stringify(text.slice(0, 40))}: must be a whole number from 1 to ${most}`);
}

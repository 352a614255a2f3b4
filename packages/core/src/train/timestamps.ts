const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const COMMON = /^(\d{1,2})\/([A-Za-z]{3})\/(\d{4}):(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?: ([+-])(\d\d):?(\d\d))?$/;
const ISO = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?$/;

/** True for what `readTimestamp` may be able to read; costs less. */
export const isTimestamp = (text: string): boolean => COMMON.test(text) || ISO.test(text);

/**
 * Milliseconds since the epoch of `10/Oct/2000:13:55:36 -0700` or an ISO 8601 time; without a zone it is UTC. `undefined` for anything else, also for
 * days that no month has.
 */
export function readTimestamp(text: string): number | undefined {
  const parts = COMMON.exec(text);
  if (parts === null) {
    if (!ISO.test(text)) return undefined;
    const at = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text.replace(" ", "T") : `${text.replace(" ", "T")}Z`);
    return at >= 0 ? at : undefined;
  }
  const [, day, monthName, year, hour, minute, second, sign, zoneHours = "0", zoneMinutes = "0"] = parts;
  const month = MONTHS.indexOf(monthName!.toLowerCase());
  const local = Date.UTC(Number(year), month, Number(day), Number(hour), Number(minute), Number(second));
  const date = new Date(local);
  if (month < 0 || date.getUTCDate() !== Number(day) || date.getUTCHours() !== Number(hour)) return undefined;
  const zoneMs = (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60_000;
  const at = local - (sign === "-" ? -zoneMs : zoneMs);
  return at >= 0 ? at : undefined;
}

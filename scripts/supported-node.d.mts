/** True when a version such as `22.20.1` is in the range. */
export function isSupported(version: string, range: string): boolean;
/** The range as documents say it: `22.20, 24.11, 26 or newer`. */
export function spokenRange(range: string): string;

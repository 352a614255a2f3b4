/** Something the caller can mend: a wrong flag, a missing file, an unreadable configuration. Shown as one line; exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The message of anything that was thrown, in one line of at most 300 characters. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text
    .slice(0, 2_000)
    .replace(/\s*[\r\n]+\s*/g, " ")
    .slice(0, 300);
}

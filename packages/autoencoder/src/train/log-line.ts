import { logReader } from "@aiwaf/core/train";

/** What S4's pipeline takes from a line of a log. */
export interface ParsedLine {
  readonly method: string;
  readonly uri: string;
  readonly userAgent: string;
}

/**
 * Reads one line of an access log in any known format; `undefined` for what logs no request. For a whole log use `logReader` of `@aiwaf/core/train`, which
 * remembers the heads of column formats.
 */
export function parseAccessLogLine(line: string): ParsedLine | undefined {
  const read = logReader().read(line);
  return typeof read === "string" ? undefined : { method: read.method, uri: read.target, userAgent: read.userAgent ?? "" };
}

/**
 * One reader for the access logs of all servers.
 *
 * @module
 */
import { accessLogParser } from "./access-log.ts";
import { balancerLogParser, isBalancerLine } from "./balancer-log.ts";
import { csvParser, w3cParser } from "./column-log.ts";
import { jsonLogParser } from "./json-log.ts";
import { templateParser } from "./log-template.ts";
import type { LoggedRequest, LogProblem } from "./logged-request.ts";

/** What `logReader` takes. */
export interface LogReaderOptions {
  /** The `LogFormat` of Apache or the `log_format` of nginx that wrote the log. Without it, each line is recognised. */
  readonly template?: string;
}

/** Lines of each kind so far. */
export interface LogCounts {
  lines: number;
  requests: number;
  /** Lines of no known format. */
  unparsed: number;
  /** Lines about something that was no HTTP request. */
  withoutRequest: number;
}

/** Reads a log line by line, in order. */
export interface LogReader {
  /** Total: any string has an answer, in time linear in its length. */
  read(line: string): LoggedRequest | LogProblem;
  readonly counts: Readonly<LogCounts>;
}

/**
 * A reader of common, combined and virtual-host logs (Apache, nginx, Traefik and others), JSON lines (Caddy, Traefik, Vercel, nginx, AIWAF's own
 * records), W3C logs (IIS, CloudFront), AWS load balancers and CSV with a head. Formats may follow each other: rotated files of two servers are one log.
 *
 * @throws WafError for a template that names no time or no request.
 * @example
 * const reader = logReader();
 * reader.read('203.0.113.7 - - [10/Oct/2025:13:55:36 +0000] "GET /a?b=c HTTP/1.1" 200 512 "-" "Mozilla/5.0"');
 */
export function logReader({ template }: LogReaderOptions = {}): LogReader {
  const counts: LogCounts = { lines: 0, requests: 0, unparsed: 0, withoutRequest: 0 };
  const parse = template === undefined ? recognise() : templateParser(template);
  return {
    counts,
    read(line) {
      const read = parse(line);
      counts.lines++;
      if (typeof read !== "string") counts.requests++;
      else if (read === "unparsed") counts.unparsed++;
      else if (read === "no-request") counts.withoutRequest++;
      else counts.lines--;
      return read;
    },
  };
}

const BRACE = 123;
const HASH = 35;

/** Most logs are text with a time in brackets; columns are only tried on lines that are not, so they cost the others nothing. */
function recognise(): (line: string) => LoggedRequest | LogProblem {
  const text = accessLogParser();
  const json = jsonLogParser();
  const balancer = balancerLogParser();
  const w3c = w3cParser();
  const csv = csvParser();
  return (line) => {
    const first = line.charCodeAt(0);
    if (first === BRACE) return json(line);
    if (first === HASH && w3c.learns(line)) return "directive";
    const read = text(line);
    if (read !== "unparsed") return read;
    if (isBalancerLine(line)) return balancer(line);
    const columns = w3c.read(line);
    if (columns !== "unparsed") return columns;
    return csv.learns(line) ? "directive" : csv.read(line);
  };
}

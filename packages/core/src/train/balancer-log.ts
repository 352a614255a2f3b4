/**
 * Access logs of AWS application load balancers.
 *
 * @module
 */
import { addressBook, durationOf, type LineParser, originForm, presentOr, splitRequest, statusOf } from "./logged-request.ts";
import { readQuoted } from "./quoted-text.ts";
import { readTimestamp } from "./timestamps.ts";

const TYPE = /^(?:https?|h2|grpcs|wss?) \d{4}-\d\d-\d\dT/;
/** Columns before the quoted request. */
const HEAD_COLUMNS = 12;

/** True for what may be a line of such a log; costs less than reading it. */
export const isBalancerLine = (line: string): boolean => TYPE.test(line.slice(0, 20));

/** Reads `type time elb client:port target:port …times… status target-status received sent "request" "agent" …`. */
export function balancerLogParser(): LineParser {
  const addressFor = addressBook();
  return (line) => {
    const quote = line.indexOf('"');
    if (!isBalancerLine(line) || quote < 0) return "unparsed";
    const columns = line.slice(0, Math.min(quote, 2_000)).split(" ");
    const at = readTimestamp(columns[1] ?? "");
    const request = readQuoted(line, quote);
    if (columns.length !== HEAD_COLUMNS + 1 || at === undefined || request === undefined) return "unparsed";
    const parts = splitRequest(request.text);
    // What was no HTTP is logged as "- http://host:80- -".
    if (parts === undefined) return "no-request";
    const agent = readQuoted(line, request.end + 1);
    const seconds = columns.slice(5, 8).map((text) => durationOf(text, 1000));
    return {
      ...parts,
      target: originForm(parts.target),
      client: addressFor(columns[3] ?? ""),
      at,
      status: statusOf(columns[8]),
      durationMs: seconds.reduce((sum, one) => sum + one, 0),
      referer: undefined,
      userAgent: presentOr(agent?.text, ""),
      fields: undefined,
    };
  };
}

/**
 * Access logs in text: common and combined format of Apache, nginx, Traefik and others, with a virtual host in front or further fields behind. One
 * pass over the line, no regular expression over its whole length.
 *
 * @module
 */
import { parseAddress } from "../addresses.ts";
import { addressBook, durationOf, type LineParser, presentOr, splitRequest, statusOf } from "./logged-request.ts";
import { readQuoted } from "./quoted-text.ts";
import { isTimestamp, readTimestamp } from "./timestamps.ts";

/** Further fields behind the agent that are looked at. */
const QUOTED_MAX = 8;

/** Reads common and combined lines; remembers addresses and the last second, which most lines share with the one before. */
export function accessLogParser(): LineParser {
  const addressFor = addressBook();
  let lastTime = "";
  let lastAt: number | undefined;
  const timeOf = (text: string): number | undefined => {
    if (text !== lastTime) {
      lastTime = text;
      lastAt = readTimestamp(text);
    }
    return lastAt;
  };
  return (line) => {
    const open = findTimestamp(line, lastTime);
    if (open < 0) return "unparsed";
    const close = line.indexOf("]", open);
    const at = timeOf(line.slice(open + 1, close));
    const request = readQuoted(line, close + 2, isStatusNext);
    if (at === undefined || request === undefined) return "unparsed";
    const parts = splitRequest(request.text);
    if (parts === undefined) return "no-request";
    const status = line.slice(request.end + 1, request.end + 4);
    const referer = nextQuoted(line, request.end);
    const agent = referer === undefined ? undefined : nextQuoted(line, referer.end);
    let end = agent?.end ?? referer?.end ?? request.end;
    for (let more = 2; more < QUOTED_MAX && end < line.length; more++) {
      const next = nextQuoted(line, end);
      if (next === undefined) break;
      end = next.end;
    }
    return {
      ...parts,
      client: addressFor(hostOf(line, open)),
      at,
      status: statusOf(status),
      durationMs: end < line.length ? responseTimeMs(line, end) : 0,
      referer: presentOr(referer?.text, undefined),
      userAgent: agent === undefined ? undefined : presentOr(agent.text, ""),
      fields: undefined,
      ...(agent !== undefined && BLOCKED.test(line.slice(agent.end, agent.end + 40)) && { isBlocked: true as const }),
    };
  };
}

/** What AIWAF's logger for Flask writes behind the agent: `12ms BLOCKED "reason"`. */
const BLOCKED = /^ \d{1,9}ms BLOCKED /;

const nextQuoted = (line: string, from: number): ReturnType<typeof readQuoted> => readQuoted(line, line.indexOf('"', from));

/** Where `[time] "` begins. A user name may hold brackets and times, but no quote: servers escape it. */
function findTimestamp(line: string, lastTime: string): number {
  for (let open = line.indexOf("["); open >= 0; open = line.indexOf("[", open + 1)) {
    if (lastTime !== "" && line.startsWith(lastTime, open + 1) && line.startsWith('] "', open + 1 + lastTime.length)) return open;
    const close = line.slice(open, open + 42).indexOf('] "');
    if (close > 0 && isTimestamp(line.slice(open + 1, open + close))) return open;
  }
  return -1;
}

const isDigit = (line: string, at: number): boolean => {
  const code = line.charCodeAt(at);
  return code >= 48 && code <= 57;
};

/** ` 200 512` or ` - -`. Old servers write the quotes of a request as they came; the one that ends it is followed by status and size. */
function isStatusNext(line: string, at: number): boolean {
  if (line.charCodeAt(at) !== 32) return false;
  const size = line[at + 1] === "-" ? at + 3 : isDigit(line, at + 1) && isDigit(line, at + 2) && isDigit(line, at + 3) ? at + 5 : 0;
  return size > 0 && line.charCodeAt(size - 1) === 32 && (isDigit(line, size) || line[size] === "-");
}

/** `host ident user`, or with a virtual host in front of them. */
function hostOf(line: string, end: number): string {
  const space = line.indexOf(" ");
  const first = line.slice(0, Math.min(space < 0 ? end : space, end, 300));
  const next = line.indexOf(" ", first.length + 1);
  if (next < 0 || next >= end) return first;
  const second = line.slice(first.length + 1, Math.min(next, first.length + 60));
  if (second === "-" || parseAddress(second) === undefined) return first;
  return parseAddress(first) === undefined ? second : first;
}

/** `response-time=0.123` (seconds), Traefik's `12ms` or nginx's `$request_time` behind the quoted fields; 0 where the log does not say. */
function responseTimeMs(line: string, from: number): number {
  const rest = line.slice(from, from + 200);
  const named = /response-time=(\d{1,9}(?:\.\d{1,9})?)/.exec(rest)?.[1];
  if (named !== undefined) return durationOf(named, 1000);
  const milliseconds = /^ (\d{1,9})ms$/.exec(rest)?.[1];
  if (milliseconds !== undefined) return durationOf(milliseconds, 1);
  const seconds = /^ (\d{1,6}\.\d{3})(?: |$)/.exec(rest)?.[1];
  return seconds === undefined ? 0 : durationOf(seconds, 1000);
}

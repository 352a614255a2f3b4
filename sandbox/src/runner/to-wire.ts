/**
 * From a traffic record to the bytes of a request, and the cookies that a scenario keeps.
 *
 * @module
 */
import type { TrafficRecord } from "../types.ts";
import type { WireRequest } from "./wire-client.ts";

/** Cookies that one scenario holds at one target. */
export interface CookieJar {
  /** Reads the `set-cookie` lines of an answer. A cookie that expires at once is forgotten. */
  store(headers: readonly (readonly [string, string])[]): void;
  /** `a=1; b=2`, or nothing when there is none. */
  readonly text: string | undefined;
}

/** An empty jar. Paths, domains and expiry dates are ignored: a scenario talks to one shop for a minute. */
export function createCookieJar(): CookieJar {
  const cookies = new Map<string, string>();
  return {
    store(headers) {
      for (const [name, value] of headers) {
        if (name !== "set-cookie") continue;
        const pair = value.split(";", 1)[0] ?? "";
        const equals = pair.indexOf("=");
        if (equals < 1) continue;
        const key = pair.slice(0, equals).trim();
        if (/;\s*max-age=0*(?:;|$)/i.test(value)) cookies.delete(key);
        else cookies.set(key, pair.slice(equals + 1).trim());
      }
    },
    get text() {
      return cookies.size === 0 ? undefined : [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    },
  };
}

/**
 * The request of a record as it arrives through a reverse proxy: the record's own fields in their order, then what is missing of `host`,
 * `content-length` and `cookie`, and the client's address at the right end of `x-forwarded-for`, where proxies write it. What the record
 * itself says there stays: that is how clients forge it.
 */
export function toWireRequest(record: TrafficRecord, address: string, cookies: string | undefined): WireRequest {
  const encoding = record.encoding === "latin-1" ? "latin1" : "utf8";
  const body = record.body === null ? undefined : Buffer.from(record.body, encoding);
  const headers: [string, string][] = (record.raw_headers ?? Object.entries(record.headers)).map(([name, value]) => [name, value]);
  const has = (name: string): boolean => headers.some(([key]) => key.toLowerCase() === name);

  if (!has("host")) headers.unshift(["host", "shop.example"]);
  if (!has("content-length") && !has("transfer-encoding") && (body !== undefined || /^(?:POST|PUT|PATCH)$/.test(record.method))) {
    headers.push(["content-length", String(body?.length ?? 0)]);
  }
  if (cookies !== undefined) appendTo(headers, "cookie", "; ", cookies);
  appendTo(headers, "x-forwarded-for", ", ", address);
  return { method: record.method, target: record.url, headers, body, encoding };
}

function appendTo(headers: [string, string][], name: string, separator: string, value: string): void {
  const last = headers.findLast(([key]) => key.toLowerCase() === name);
  if (last === undefined) headers.push([name, value]);
  else last[1] += separator + value;
}

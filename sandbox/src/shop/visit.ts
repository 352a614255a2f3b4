import type { Database } from "./database.ts";
import type { FileTree } from "./file-tree.ts";
import type { Account, Sessions } from "./sessions.ts";

/** What one shop instance keeps: nothing of it is shared with another instance, and every part has a cap. */
export interface ShopState {
  readonly database: Database;
  readonly files: FileTree;
  readonly sessions: Sessions;
  /** Fetches a path from the loopback canary; the only socket a shop ever opens. */
  readonly fetchCanary: (path: string, host: string) => Promise<string>;
}

/** One request as the pages read it. */
export interface Visit {
  readonly state: ShopState;
  /** Upper case. */
  readonly method: string;
  /** The target as sent, where the server knows it; else path and query of the request's URL. */
  readonly target: string;
  /** The path as sent, without the query. */
  readonly rawPath: string;
  /** Path segments the way a forgiving router reads them: decoded once, dot segments resolved, `//` and `;x` dropped. Case is kept. */
  readonly segments: readonly string[];
  /** A repeated name's values are joined by commas, as frameworks make lists of them. */
  readonly query: { get(name: string): string | null };
  readonly headers: Headers;
  readonly cookies: ReadonlyMap<string, string>;
  /** At most {@link bodyLimitBytes}. */
  readonly body: Uint8Array;
  /** The body as UTF-8. */
  readonly text: string;
  /** Who is logged in. */
  readonly account: Account | undefined;
  /** True when `x-original-url` or `x-rewrite-url` replaced the target, as some frameworks let any visitor do. */
  readonly rewritten: boolean;
  /** Address of the socket's other end. */
  readonly peer: string;
}

/** Answers one request. May wait; the shop turns a throw into a 500. */
export type Page = (visit: Visit) => Response | Promise<Response>;

/** Longest body the shop reads; longer ones are answered 413. */
export const bodyLimitBytes = 1024 * 1024;

/** The path segments as the shop's forgiving router reads them: `;…` cut, percent-decoded once, `\` as `/`, `.` and `..` resolved. */
export function readSegments(rawPath: string): string[] {
  const segments: string[] = [];
  for (const segment of decodeLenient(rawPath.replace(/;[^/]*/g, ""))
    .replaceAll("\\", "/")
    .split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment === "..") segments.pop();
    else segments.push(segment);
  }
  return segments;
}

/** What follows `prefix` in the path, percent-decoded once and otherwise as sent: `/product/1;x` gives `1;x`. */
export function restOfPath(visit: Visit, prefix: string): string {
  const path = visit.rawPath.replace(/^\/+/, "/");
  if (path.slice(0, prefix.length).toLowerCase() === prefix) return decodeLenient(path.slice(prefix.length)).replace(/\/$/, "");
  return visit.segments.slice(prefix.split("/").length - 2).join("/");
}

/** Percent-decodes what can be decoded and leaves the rest as it is. Never throws. */
export function decodeLenient(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) =>
      new TextDecoder().decode(Uint8Array.from(run.slice(1).split("%"), (hex) => Number.parseInt(hex, 16))),
    );
  }
}

/** The cookies of a request by name; the first of a name wins. Values are percent-decoded. */
export function readCookies(header: string | null): Map<string, string> {
  const cookies = new Map<string, string>();
  for (const pair of (header ?? "").split(";", 64)) {
    const equals = pair.indexOf("=");
    if (equals < 1) continue;
    const name = pair.slice(0, equals).trim();
    if (!cookies.has(name)) cookies.set(name, decodeLenient(pair.slice(equals + 1).trim()));
  }
  return cookies;
}

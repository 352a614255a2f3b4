/**
 * The one rendering of a block. Every adapter writes exactly these bytes.
 *
 * @module
 */
import { readField } from "./fields.ts";
import type { Blocked, BlockStatus, HeaderReader, WafRequest } from "./types.ts";

/** A response that any framework can write. */
export interface BlockedResponse {
  readonly status: BlockStatus;
  /** Names are lower case. `content-length` is left to the runtime. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Status phrase (RFC 9110 section 15) and what a person is told. Says nothing about rules: an attacker reads it too. */
const TEXTS: Readonly<Record<BlockStatus, readonly [title: string, detail: string]>> = {
  400: ["Bad Request", "The request could not be read."],
  403: ["Forbidden", "This request was blocked by the site's firewall."],
  405: ["Method Not Allowed", "This address does not answer that kind of request."],
  409: ["Conflict", "The page has expired. Please reload it and try again."],
  413: ["Content Too Large", "The request is too large."],
  429: ["Too Many Requests", "Too many requests. Please wait a moment and try again."],
  503: ["Service Unavailable", "The request could not be checked. Please try again shortly."],
};

/**
 * Status, headers and body of a blocked request: `application/problem+json` (RFC 9457) for API clients, a small HTML page for browsers, text
 * otherwise. Never echoes the request and never names a rule; `x-aiwaf-id` and `instance` lead the operator to the decision.
 */
export function renderBlocked(decision: Blocked): BlockedResponse {
  const { id, status, retryAfterMs, request } = decision;
  const [title, detail] = TEXTS[status];
  // A detector's fields come first: none may make a block cacheable or give it another id.
  const headers: Record<string, string> = {
    ...decision.headers,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-aiwaf-id": id,
  };
  if (retryAfterMs !== undefined) headers["retry-after"] = String(Math.max(1, Math.ceil(retryAfterMs / 1000)));
  const answer = (type: string, body: string): BlockedResponse => ({ status, headers: { ...headers, "content-type": type }, body });
  const kind = kindOf(request);
  if (kind === "json")
    return answer(
      "application/problem+json",
      JSON.stringify({ type: "about:blank", title, status, detail, instance: `urn:aiwaf:decision:${id}` }),
    );
  if (kind === "text") return answer("text/plain; charset=utf-8", `${status} ${title}\n${detail}\nReference: ${id}\n`);
  headers["content-security-policy"] = `default-src 'none'; style-src '${STYLE_HASH}'; frame-ancestors 'none'`;
  return answer("text/html; charset=utf-8", page(title, detail, id));
}

const STYLE =
  ":root{color-scheme:light dark}body{font:16px/1.5 system-ui;margin:0;display:grid;place-items:center;min-height:100vh}main{max-width:28rem;padding:2rem}";
/** SHA-256 of `STYLE`, so that the page keeps its looks under a policy that allows nothing else; a test compares the two. */
const STYLE_HASH = "sha256-jpiY1smR8q8LBXQxX3uMQgUd5XMAKUVpZQH/XH4XFUw=";

const page = (title: string, detail: string, id: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
  `<title>${title}</title><style>${STYLE}</style></head><body><main><h1>${title}</h1><p>${detail}</p><p><small>Reference: ${id}</small></p></main></body></html>`;

/** Which of the three bodies the client asked for. */
function kindOf({ headers }: WafRequest): "json" | "html" | "text" {
  const accept = read(headers, "accept");
  const html = accept.indexOf("text/html");
  const json = accept.search(/[/+]json/);
  if (html >= 0 && (json < 0 || html < json)) return "html";
  if (json >= 0 || /[/+]json/.test(read(headers, "content-type"))) return "json";
  return "text";
}

const MAX_READ = 1024;

/** A header's beginning in lower case. */
const read = (headers: HeaderReader, name: string): string => readField(headers, name).slice(0, MAX_READ).toLowerCase();

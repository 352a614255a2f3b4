import type { AttackClass, OracleName, TrafficRecord } from "../../types.ts";
import { type ClientKind, clientHeaders } from "./clients.ts";

/** An attack before it has an id: what the sources of this folder return. */
export type Draft = Omit<TrafficRecord, "id" | "label" | "class"> & { readonly class: AttackClass };

/** What a source may add to a request. */
export interface Extra {
  readonly oracle?: OracleName;
  readonly proof?: string;
  readonly look?: true;
  readonly scenario?: string;
  readonly concurrency?: number;
  readonly repeat?: number;
  readonly waitMs?: number;
  readonly cookies?: "keep";
  readonly expectDirect?: number;
  readonly suite_test?: string;
  readonly encoding?: "latin-1";
  /** Replaces or adds header fields; `""` leaves one out. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Which client sends it. Without it, the next of the usual ones. */
  readonly from?: ClientKind;
}

/** Makes the requests of one class. Clients take turns, the same way on every run. */
export interface Author {
  get(url: string, extra?: Extra): Draft;
  /** A request with any method and, if given, any body. */
  send(method: string, url: string, body: string | null, extra?: Extra): Draft;
  /** A form of names and values as text, `a=1&b=2`, escaped by the caller. */
  form(url: string, body: string, extra?: Extra): Draft;
  /** A JSON body: a value, or text where the spelling is the point. */
  json(url: string, body: unknown, extra?: Extra): Draft;
  xml(url: string, body: string, extra?: Extra): Draft;
  multipart(url: string, parts: readonly MultipartPart[], extra?: Extra): Draft;
}

export interface MultipartPart {
  readonly name: string;
  readonly value: string;
  readonly fileName?: string;
  readonly contentType?: string;
}

const browserTurns: readonly ClientKind[] = ["chrome", "firefox", "safari", "edge", "android", "iphone"];
const programTurns: readonly ClientKind[] = ["axios", "okhttp", "fetch", "dart", "java", "go"];

/** An author for one class of attack. */
export function createAuthor(attackClass: AttackClass): Author {
  let browsers = 0;
  let programs = 0;
  const nextBrowser = () => browserTurns[browsers++ % browserTurns.length] ?? "chrome";
  const nextProgram = () => programTurns[programs++ % programTurns.length] ?? "axios";

  function draft(
    method: string,
    url: string,
    body: string | null,
    contentType: string | undefined,
    usual: () => ClientKind,
    extra: Extra,
  ): Draft {
    const { headers: own, from, ...fields } = extra;
    const kind = from ?? usual();
    const headers: Record<string, string> = { ...clientHeaders(kind, method, contentType), ...own };
    for (const [name, value] of Object.entries(headers)) if (value === "") delete headers[name];
    return { class: attackClass, method, url, headers, body, ...fields };
  }

  return {
    get: (url, extra = {}) => draft("GET", url, null, undefined, url.startsWith("/api/") ? nextProgram : nextBrowser, extra),
    send: (method, url, body, extra = {}) => draft(method, url, body, undefined, nextProgram, extra),
    form: (url, body, extra = {}) => draft("POST", url, body, "application/x-www-form-urlencoded", nextBrowser, extra),
    json: (url, body, extra = {}) =>
      draft("POST", url, typeof body === "string" ? body : JSON.stringify(body), "application/json", nextProgram, extra),
    xml: (url, body, extra = {}) => draft("POST", url, body, "application/xml", nextProgram, extra),
    multipart(url, parts, extra = {}) {
      const boundary = `----WebKitFormBoundary${parts.length}q7Xw2LmTz8Rk0Hc`;
      return draft("POST", url, toMultipart(parts, boundary), `multipart/form-data; boundary=${boundary}`, nextBrowser, extra);
    },
  };
}

function toMultipart(parts: readonly MultipartPart[], boundary: string): string {
  const written = parts.map(({ name, value, fileName, contentType }) => {
    const disposition = `content-disposition: form-data; name="${name}"${fileName === undefined ? "" : `; filename="${fileName}"`}`;
    const type = contentType === undefined ? "" : `\r\ncontent-type: ${contentType}`;
    return `--${boundary}\r\n${disposition}${type}\r\n\r\n${value}\r\n`;
  });
  return `${written.join("")}--${boundary}--\r\n`;
}

/** Percent-encodes text for a query value or a path segment, apostrophes and parentheses too. */
export function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
}

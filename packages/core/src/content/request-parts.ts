/**
 * Takes a request apart into values: path, query, headers and cookies. Bodies are in bodies.ts.
 *
 * @module
 */
import "./order.ts";
import type { Finding, WafRequest } from "../types.ts";
import { isClean, rememberClean } from "./clean-values.ts";
import { isClaim, scanClaim } from "./header-claims.ts";
import { Inspection } from "./inspection.ts";
import type { Setting } from "./lexers.ts";
import * as SAYS from "./meanings.ts";
import { isInternal } from "./network.ts";
import { opinion } from "./opinion.ts";
import { eachCookie, eachPair } from "./pairs.ts";
import { arePlainPairs, label, pairs } from "./parameters.ts";
import { scanPlaceholder } from "./protocol.ts";
import { wordsOf } from "./survey.ts";
import { lowerCase } from "./text.ts";
import { fromBase64 } from "./transport.ts";
import { scanHeaderFileName, UPLOADED } from "./uploads.ts";
import { isPlainName, isPlainValue, PLAIN_PATH } from "./value-shapes.ts";

/** Fields whose grammar leaves no room for a payload that reaches anything, or that other detectors judge. */
const STRUCTURAL =
  /^(accept(-(encoding|language|charset))?|connection|content-(length|type|disposition)|host|sec-(ch-ua(-(mobile|platform))?|fetch-(dest|mode|site|user)|gpc)|upgrade-insecure-requests|dnt|te|if-(modified-since|none-match)|keep-alive|priority|cache-control|pragma|traceparent|authorization)$/;
/** What an ordinary value of a structural field is made of; anything else is looked at after all. */
const ORDINARY = /^[\w \-.,;:=*/+"?()]{0,400}$/;
const UNUSUAL = /\$\{|\(\)\s{0,4}\{|<\w|\.\.[/\\]|['"]\s{0,4}(or|and|union|\|\|)\b|select\b|\)\)|\{\{|;\s{0,4}\w{1,8}\s|#\{|%\{|\/\*|--/i;

/** What a request's head says about where it goes; read when a lexer asks, which few requests make one do. */
class RequestSetting implements Setting {
  readonly sensitivity: number;
  readonly opinion: Setting["opinion"];
  readonly redirectHosts: Setting["redirectHosts"];
  readonly exceptions: Setting["exceptions"];
  readonly #request: WafRequest;
  #host: string | undefined;
  #script: boolean | undefined;

  constructor(request: WafRequest, sensitivity: number, { redirectHosts, exceptions, opinion: own }: Given) {
    this.#request = request;
    this.opinion = own ?? opinion;
    this.sensitivity = sensitivity;
    this.redirectHosts = redirectHosts;
    this.exceptions = exceptions;
  }

  get host(): string {
    this.#host ??= (this.#request.headers.get("host") ?? "").toLowerCase().replace(/:\d{0,5}$/, "");
    return this.#host;
  }

  get house(): string | false {
    return isInternal(this.#request.client.address) && !this.#request.headers.get("x-forwarded-for") && this.host;
  }

  get script(): boolean {
    this.#script ??= /\.(php\d?|phtml|asp|aspx|jsp|cfm|cgi|pl|do|shtml)($|[/;?])/i.test(this.#request.path);
    return this.#script;
  }
}

/** What does not come from the request. */
export type Given = Pick<Setting, "redirectHosts" | "exceptions" | "opinion">;

/** The setting of one request. */
export const settingOf = (request: WafRequest, sensitivity: number, given: Given = {}): Setting =>
  new RequestSetting(request, sensitivity, given);

/** Inspects path, query, headers and cookies. The setting is asked for only where a target or a field line was not known to hold nothing. */
export function inspectHead(request: WafRequest, setting: () => Setting): readonly Finding[] | undefined {
  const { target, query } = request;
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  const isQuiet = isQuietPath(path);
  const isPlain = arePlainPairs(query);
  if (isQuiet && isPlain && areKnown(request.headers.lines)) return undefined;
  const inspection = new Inspection(setting());
  if (!isQuiet) inspectPath(path, inspection);
  if (!isPlain) pairs(query, "query", inspection);
  headers(request, inspection);
  return inspection.result();
}

function inspectPath(sent: string, inspection: Inspection): void {
  const raw = sent.charCodeAt(0) === 47 ? sent : sent.replace(/^[^/]{1,40}:\/\/[^/]*/, "") || "/";
  if (raw.includes("{{")) inspection.whole(raw, scanPlaceholder, "path");
  inspection.value("path", "", raw, "percent", () => "path");
  // One step whose slash is escaped, or one that is glued to the name of a folder: neither is what a browser sends.
  if (raw.includes("..") && /\/\.\.%(25)?(2f|5c)|^\/[\w-]{1,40}\.\.(\/|%2f)/i.test(raw))
    inspection.whole(raw, (_, hits) => hits.add("path/traversal", 100, 0, raw.length), "path");
  if (PLAIN_PATH.test(raw)) return;
  // An address as a piece of the path, as what fetches and shrinks pictures takes it. Archives of pages have such paths, too: only where it leads matters.
  const url = raw.search(/\/(https?|gopher|dict)(:|%3a)(\/|%2f)/i);
  if (url >= 0) inspection.value("header", "", raw.slice(url + 1).replace(/(:|%3a)(\/|%2f){1,3}/i, "://"), "percent", () => "path");
  // A router hands single segments to the application; a payload in one starts where the segment starts.
  // Some routers decode before they split.
  const path = raw.replace(/%2f/gi, "/").replaceAll("/%2a", "/*");
  let from = 1;
  for (let count = 0; count < 64 && from < path.length; count++) {
    let to = path.indexOf("/", from);
    if (to < 0) to = path.length;
    // A comment of SQL is no two segments to a wildcard route.
    if (count < 8 && path.startsWith("/*", to)) inspection.value("query", "", path.slice(from), "percent", () => "path");
    if (to - from > 1) {
      const segment = path.slice(from, to);
      // A quote behind a number asks the database for its error: no link has one there.
      const named = /^((%3\d|\d)[ex]?){1,20}('|"|%27|%22)/i.test(segment) ? "id" : "";
      if (/[%'"+ ();]/.test(segment)) inspection.value("query", named, segment, "percent", () => "path");
    }
    from = to + 1;
  }
}

/** True for a path without escapes and steps up of which no lexer would say anything. */
function isQuietPath(path: string): boolean {
  if (!PLAIN_PATH.test(path) || path.includes("..")) return false;
  const lower = lowerCase(path);
  return (wordsOf(lower) & (SAYS.file | SAYS.java)) === 0 && !UPLOADED.test(lower);
}

/** True for field lines that were all looked at before and found clean: most that a browser sends. */
function areKnown(lines: readonly string[] | undefined): boolean {
  if (lines === undefined) return false;
  for (let index = 0; index + 1 < lines.length; index += 2) {
    const value = lines[index + 1]!;
    if (value.length > 2 && !isClean(lines[index]!, value)) return false;
  }
  return true;
}

function headers(request: WafRequest, inspection: Inspection): void {
  const { lines } = request.headers;
  if (lines === undefined) for (const [name, value] of request.headers) field(name, value, request, inspection);
  else for (let index = 0; index + 1 < lines.length; index += 2) field(lines[index]!, lines[index + 1]!, request, inspection);
}

function field(sent: string, value: string, request: WafRequest, inspection: Inspection): void {
  // HTTP/2 mixes `:path` and its kind into the list; they are no fields.
  if (value.length < 3 || isClean(sent, value) || sent.charCodeAt(0) === 58) return;
  const name = sent.toLowerCase();
  // What such a header may say depends on the request, so nothing of it is remembered.
  const claims = isClaim(name, value);
  if (claims)
    inspection.whole(value, (_, hits) => scanClaim(name, value, request.target, request.client.address, hits), `header:${label(name)}`);
  const before = inspection.noted;
  header(name, value, inspection);
  if (inspection.noted === before && !inspection.enough && !claims) rememberClean(sent, value);
}

function credentials(token: string, inspection: Inspection): void {
  const pair = token.startsWith("eyJ") ? undefined : fromBase64(token, 4096);
  // Not the password: it is random punctuation, and is hashed. A lookup in a user's name has colons of its own.
  const user = pair?.slice(0, Math.max(0, pair.lastIndexOf(":")));
  inspection.value("header", "", user ?? token, "plain", () => "header:authorization");
}

function header(name: string, value: string, inspection: Inspection): void {
  // A token's keys and a user's name are used before anybody checks them.
  const token = name === "authorization" ? /^(?:(?:bearer|token) {1,4}(?=eyJ)|basic {1,4})([\w+/=.-]{6,8000})$/i.exec(value) : null;
  if (token !== null) {
    credentials(token[1]!, inspection);
    return;
  }
  if (STRUCTURAL.test(name) && ORDINARY.test(value) && !UNUSUAL.test(value)) return;
  const where = (): string => `header:${label(name)}`;
  if (name === "cookie") {
    // A tag goes on behind the semicolon at which the cookie ends.
    if (/<[a-z!/]/i.test(value)) inspection.value("cookie", "", value, "percent", where);
    if (value.includes("{{")) inspection.whole(value, scanPlaceholder, where());
    eachCookie(value, (cookie, content, hasValue) => {
      if (isPlainName(cookie) && isPlainValue("cookie", "", content)) return;
      const place = (): string => `cookie:${label(cookie)}`;
      inspection.value("cookie", "", content, "percent", place);
      if (hasValue) inspection.name(cookie, "percent", false, place);
    });
    return;
  }
  if (name === "user-agent" && BROWSER.test(value)) return;
  // A URL is read like the request's own: its parts are values, the whole is not.
  const url = /^https?:\/\/[\w.:-]{1,200}(?=[/?#]|$)/.exec(value);
  if (url !== null && (name === "referer" || name === "origin")) refererParts(value.slice(url[0].length), name, inspection, where);
  else inspection.value("header", name, value, "plain", where);
  if (UPLOAD_NAME.test(name)) inspection.whole(value, scanHeaderFileName, where());
  if ((name === "referer" && url === null) || name === "x-original-url" || name === "x-rewrite-url") {
    const mark = value.indexOf("?");
    if (mark >= 0) eachPair(value.slice(mark + 1), (_, content) => inspection.value("header", name, content, "form", where));
  }
}

function refererParts(rest: string, name: string, inspection: Inspection, where: () => string): void {
  const hash = rest.indexOf("#");
  const fragment = hash < 0 ? "" : rest.slice(hash + 1);
  const target = hash < 0 ? rest : rest.slice(0, hash);
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  if (/[^\w/.~-]|\.\./.test(path)) inspection.value("header", name, path, "percent", where);
  if (fragment !== "") inspection.value("header", name, `#${fragment}`, "percent", where);
  if (mark < 0) return;
  eachPair(target.slice(mark + 1), (key, content, hasValue) => {
    inspection.value("header", name, content, "form", where);
    if (hasValue && /[^\w.[\]-]/.test(key)) inspection.value("header", name, `${key}=${content}`, "form", where);
  });
}

/** The shape of every browser's name: product, platform in brackets, engine and products. Nothing in it can be a payload. */
const BROWSER = /^Mozilla\/5\.0 \([\w .;:,+/-]{3,200}\)( ([A-Za-z]{2,40}\/[\w.+-]{1,40}|\(KHTML, like Gecko\)|Mobile|Safari)){1,20}$/;

/** Fields in which upload scripts take a file's name. */
const UPLOAD_NAME = /^x[-_.]?file[-_.]?name$/;

export { inspectBody } from "./bodies.ts";

/**
 * Takes a request apart into values: path, query, headers and cookies; and a body in every format it could be read as.
 *
 * @module
 */
import type { Body, Finding, WafRequest } from "../types.ts";
import { CleanValues } from "./clean-values.ts";
import { scanGraphql, scanXml } from "./data-formats.ts";
import { isClaim, scanClaim } from "./header-claims.ts";
import { Inspection, keyOf } from "./inspection.ts";
import { walkJson } from "./json.ts";
import type { Setting } from "./lexers.ts";
import { boundaryOf, eachPart, sniffBoundary } from "./multipart.ts";
import { opinion } from "./opinion.ts";
import { eachCookie, eachPair } from "./pairs.ts";
import { scanAgent } from "./protocol.ts";
import { fromBase64, fromTransport } from "./transport.ts";
import { isDocument, scanDocument, scanFileName, scanHeaderFileName } from "./uploads.ts";
import { walkXml } from "./xml.ts";

/** Fields whose grammar leaves no room for a payload that reaches anything, or that other detectors judge. */
const STRUCTURAL = new Set([
  "accept",
  "accept-encoding",
  "connection",
  "content-length",
  "host",
  "sec-ch-ua",
  "sec-ch-ua-mobile",
  "sec-ch-ua-platform",
  "sec-fetch-dest",
  "sec-fetch-mode",
  "sec-fetch-site",
  "sec-fetch-user",
  "upgrade-insecure-requests",
  "dnt",
  "te",
  "if-modified-since",
  "if-none-match",
  "keep-alive",
  "priority",
  "cache-control",
  "pragma",
  "content-type",
  "accept-language",
  "accept-charset",
  "traceparent",
  "authorization",
  "sec-gpc",
  "content-disposition",
]);
/** What an ordinary value of a structural field is made of; anything else is looked at after all. */
const ORDINARY = /^[\w \-.,;:=*/+"?()]{0,400}$/;
const UNUSUAL = /\$\{|\(\)\s{0,3}\{|<\w|\.\.[/\\]|['"]\s{0,3}(?:or|and|union|\|\|)\b|select\b|\)\)|\{\{|;\s{0,2}\w{1,8}\s|#\{|%\{|\/\*|--/i;

/** A label for `where`: names come from the client, so they are cut and stripped of control characters. */
function label(name: string): string {
  const cut = name.length > 60 ? `${name.slice(0, 60)}…` : name;
  return cut.replace(/[\u0000-\u001f\u007f]/g, "?");
}

/** What a request's head says about where it goes. */
export function settingOf(request: WafRequest, sensitivity: number): Setting {
  const host = (request.headers.get("host") ?? "").toLowerCase();
  const colon = host.lastIndexOf(":");
  return {
    host: colon > 0 ? host.slice(0, colon) : host,
    script: /\.(?:php\d?|phtml|asp|aspx|jsp|cfm|cgi|pl|do|shtml)(?:$|[/;?])/i.test(request.path),
    sensitivity,
    opinion,
  };
}

/** Inspects path, query, headers and cookies. */
export function inspectHead(request: WafRequest, setting: Setting): readonly Finding[] | undefined {
  const inspection = new Inspection(setting);
  path(request, inspection);
  if (request.query !== "") pairs(request.query, "query", inspection);
  headers(request, inspection);
  return inspection.result();
}

function path(request: WafRequest, inspection: Inspection): void {
  const { target } = request;
  const mark = target.indexOf("?");
  let raw = mark < 0 ? target : target.slice(0, mark);
  if (raw.charCodeAt(0) !== 47) {
    const scheme = raw.indexOf("://");
    if (scheme > 0) {
      const slash = raw.indexOf("/", scheme + 3);
      raw = slash < 0 ? "/" : raw.slice(slash);
    }
  }
  if (raw === "/") return;
  inspection.value("path", "", raw, "percent", () => "path");
  // A router hands single segments to the application; a payload in one starts where the segment starts.
  if (!/[%'"+ ();]/.test(raw)) return;
  let from = 1;
  for (let count = 0; count < 64 && from < raw.length; count++) {
    let to = raw.indexOf("/", from);
    if (to < 0) to = raw.length;
    if (to - from > 1) {
      const segment = raw.slice(from, to);
      // A quote behind a number asks the database for its error: no link has one there.
      const named = /^\d{1,12}(?:'|"|%27|%22)/i.test(segment) ? "id" : "";
      if (/[%'"+ ();]/.test(segment)) inspection.value("query", named, segment, "percent", () => "path");
    }
    from = to + 1;
  }
}

function pairs(text: string, place: "query" | "form", inspection: Inspection): void {
  const prefix = place === "query" ? "query" : "body";
  let seen: Map<string, string> | undefined;
  let duplicates = false;
  let count = 0;
  eachPair(text, (name, value, hasValue) => {
    if (!hasValue) {
      inspection.value(place, "", value, "form", () => `${prefix}:`);
      if (value.includes("__proto__") || value.includes("$")) inspection.name(value, "form", false, () => `${prefix}:`);
      return;
    }
    if (name === "query" && value.length > 8 && /^(?:%7b|\{|query|mutation)/i.test(value))
      inspection.whole(fromTransport("form", value), scanGraphql, `${prefix}:query`);
    const key = name.length > 64 ? "" : (name.includes("%") ? fromTransport("form", name) : name).toLowerCase();
    if (value !== "") inspection.value(place, key, value, "form", () => `${prefix}:${label(name)}`);
    inspection.name(name, "form", false, () => `${prefix}:${label(name)}`);
    // A payload with an equals sign in it was cut in two: `?<a href=…`, `?onfocus=…`.
    if (/^(?:on[a-z]{3,30}$|%22|%27|["'<(;{|]|%3c|[^=[]{0,60}(?:%3c|<|%22|"))/i.test(name))
      inspection.value(place, "", `${name}=${value}`, "form", () => `${prefix}:${label(name)}`);
    if (count++ < 64 && name !== "") {
      seen ??= new Map();
      const before = seen.get(key);
      if (before !== undefined && before.length + value.length < 4096) duplicates = true;
      seen.set(key, before === undefined ? value : `${before},${value}`);
    }
  });
  // Some frameworks join repeated parameters with a comma, and so do payloads that were cut in two.
  if (duplicates && seen !== undefined) {
    for (const [name, joined] of seen) {
      if (!joined.includes(",")) continue;
      inspection.value(place, name, joined, "form", () => `${prefix}:${label(name)}`);
      if (/%2f\*|\/\*|%27|'/i.test(joined))
        inspection.value(place, name, joined.replaceAll(",", " "), "form", () => `${prefix}:${label(name)}`);
    }
  }
}

// Per process, not per firewall: what a string is made of does not depend on who asks. It does depend on the field, so fields that are read
// differently do not share a memory: what passes as an Accept header is not thereby fit to be a cookie.
const CLEAN = new CleanValues(512);
const CLEAN_STRUCTURAL = new CleanValues(512);
const CLEAN_COOKIES = new CleanValues(512);
const CLEAN_AGENTS = new CleanValues(512);
const CLEAN_REFERERS = new CleanValues(512);

function memoryOf(name: string): CleanValues | undefined {
  if (name === "user-agent") return CLEAN_AGENTS;
  if (name === "referer") return CLEAN_REFERERS;
  if (name === "cookie") return CLEAN_COOKIES;
  return STRUCTURAL.has(name) ? CLEAN_STRUCTURAL : undefined;
}

function headers(request: WafRequest, inspection: Inspection): void {
  for (const [name, value] of request.headers) {
    if (value.length < 3) continue;
    const own = memoryOf(name);
    const known = own ?? CLEAN;
    const key = own === undefined ? `${name}:${value}` : value;
    if (known.has(key)) continue;
    // What such a header may say depends on the request, so nothing of it is remembered.
    if (isClaim(name))
      inspection.whole(value, (_, hits) => scanClaim(name, value, request.target, request.client.address, hits), `header:${label(name)}`);
    const before = inspection.noted;
    header(name, value, inspection);
    if (inspection.noted === before && !inspection.enough && !isClaim(name)) known.add(key);
  }
}

function header(name: string, value: string, inspection: Inspection): void {
  if (STRUCTURAL.has(name) && ORDINARY.test(value) && !UNUSUAL.test(value)) return;
  const where = (): string => `header:${label(name)}`;
  if (name === "cookie") {
    eachCookie(value, (cookie, content, hasValue) => {
      const place = (): string => `cookie:${label(cookie)}`;
      inspection.value("cookie", "", content, "percent", place);
      if (hasValue) inspection.name(cookie, "percent", false, place);
    });
    return;
  }
  if (name === "user-agent") {
    if (BROWSER.test(value)) return;
    inspection.whole(value, scanAgent, "header:user-agent");
  }
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
const BROWSER = /^Mozilla\/5\.0 \([\w .;:,+/-]{3,160}\)(?: (?:[A-Za-z]{2,24}\/[\w.+-]{1,40}|\(KHTML, like Gecko\)|Mobile|Safari)){1,12}$/;

/** Inspects a body under the declared type and under what it looks like. */
export function inspectBody(request: WafRequest, body: Body, setting: Setting): readonly Finding[] | undefined {
  if (body.bytes.length === 0) return body.complete ? undefined : [truncated(0)];
  const inspection = new Inspection(setting);
  const type = (request.headers.get("content-type") ?? "").toLowerCase();
  const text = textOf(body.bytes, type);
  bodyText(text, type, request.headers.get("content-type") ?? "", inspection);
  const findings = inspection.result();
  return body.complete ? findings : [...(findings ?? []), truncated(body.bytes.length)];
}

/** Says in the decision how much of the body was inspected. */
function truncated(bytes: number): Finding {
  return { rule: "content/truncated", score: 0, where: "body:", note: `The body goes on behind the ${bytes} bytes that were inspected` };
}

/** Decodes bytes: UTF-16 by its mark or declaration, everything else as UTF-8 that never fails. */
function textOf(bytes: Uint8Array, type: string): string {
  const wide = bytes.length > 3 && ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff));
  if (wide || type.includes("utf-16")) {
    const big = bytes[0] === 0xfe || (!wide && bytes[0] === 0);
    return new TextDecoder(big ? "utf-16be" : "utf-16le").decode(bytes);
  }
  return new TextDecoder().decode(bytes);
}

function bodyText(text: string, type: string, declared: string, inspection: Inspection): void {
  let first = 0;
  while (first < text.length && text.charCodeAt(first) <= 32) first++;
  const code = text.charCodeAt(first);
  const isMultipart = type.includes("multipart/");
  const boundary = (isMultipart ? boundaryOf(declared) : undefined) ?? (code === 45 ? sniffBoundary(text.slice(first)) : undefined);
  if (boundary !== undefined && text.includes(`--${boundary}`)) {
    multipart(text, boundary, inspection);
    return;
  }
  if (isBinary(type)) return;
  if (type.includes("json") || ((code === 123 || code === 91) && !type.includes("xml"))) {
    const wellFormed = json(text, type.includes("graphql"), inspection);
    if (wellFormed || inspection.enough) return;
    if (type.includes("json")) inspection.value("body", "", text, "plain", () => "body:");
  }
  if (type.includes("graphql")) {
    inspection.whole(text, scanGraphql, "body:");
    inspection.value("body", "", text, "plain", () => "body:");
    return;
  }
  if (
    code === 60 &&
    (type.includes("xml") ||
      text.startsWith("<?xml", first) ||
      (!type.includes("form") && !type.includes("plain") && !type.includes("html")))
  ) {
    xml(text, inspection);
    if (type.includes("xml") || text.startsWith("<?xml", first)) return;
  }
  if (type.includes("form-urlencoded") || type === "" || !type.includes("/") || (looksLikeForm(text) && !type.includes("plain"))) {
    pairs(text.trim(), "form", inspection);
    if (code !== 60 && code !== 123 && code !== 91 && looksLikeForm(text)) return;
    if (code === 60 || !text.includes("=")) inspection.value("body", "", text, "plain", () => "body:");
    if (code === 60) inspection.whole(text, scanXml, "body:");
    return;
  }
  inspection.value("body", "", text, "plain", () => "body:");
  if (looksLikeForm(text)) pairs(text.trim(), "form", inspection);
}

function isBinary(type: string): boolean {
  return /^(?:image\/(?!svg)|audio\/|video\/|font\/|application\/(?:octet-stream|pdf|zip|gzip|x-protobuf|protobuf|grpc|wasm|x-tar|x-7z|vnd\.(?:ms-|openxml)))/.test(
    type,
  );
}

/** `name=value&…` without line breaks before the first `=`. */
function looksLikeForm(text: string): boolean {
  return /^\s{0,8}[\w.[\]%$+*:-]{1,120}=/.test(text);
}

/** Operations in one batch; the libraries that batch stop at ten or twenty. */
const BATCH_MAX = 50;

function json(text: string, graphql: boolean, inspection: Inspection): boolean {
  let operations = 0;
  const shape = walkJson(text, {
    value: (raw, path, key) => {
      if (
        graphql ||
        (raw.length > 8 && /^\s{0,4}(?:query|mutation|subscription|fragment|\{)/.test(raw) && raw.includes("{") && path().endsWith("query"))
      ) {
        inspection.whole(fromTransport("json", raw), scanGraphql, `body:${path()}`);
        if (++operations === BATCH_MAX)
          inspection.whole(raw, (lower, hits) => hits.add("graphql/abuse", 100, 0, Math.min(lower.length, 16)), `body:${path()}`);
      }
      inspection.value("json", keyOf(key), raw, "json", () => `body:${label(path())}`);
    },
    name: (raw, path) =>
      inspection.name(raw, "json", true, () => `body:${label(path())}`, raw.charCodeAt(0) === 36 && path() === `$.${raw}`),
  });
  return shape.wellFormed;
}

function xml(text: string, inspection: Inspection): void {
  inspection.whole(text, scanXml, "body:");
  walkXml(text, {
    text: (raw) => inspection.value("body", "", raw, "plain", () => "body:"),
    attribute: (name, raw) => inspection.value("body", "", raw, "plain", () => `body:@${label(name)}`),
    element: (name) => {
      if (name.includes(".")) inspection.value("body", "", name, "plain", () => "body:");
    },
  });
}

/** Fields in which upload scripts take a file's name. */
const UPLOAD_NAME = /^x[-_.]?file[-_.]?name$/;
function multipart(text: string, boundary: string, inspection: Inspection): void {
  eachPart(text, boundary, (part) => {
    const where = (): string => `body:${label(part.name)}`;
    inspection.name(part.name, "plain", false, where);
    const content = part.base64 ? (fromBase64(part.content.replace(/\s+/g, ""), 1 << 20) ?? part.content) : part.content;
    if (part.fileName !== undefined) {
      const fileName = part.fileName;
      inspection.value("form", "", fileName, "plain", where);
      inspection.whole(fileName, scanFileName, where());
      if (isDocument(fileName, part.type)) inspection.whole(content.slice(0, 65_536), scanDocument, where());
      inspection.value("file", "", content.slice(0, 65_536), "plain", where);
      if (/xml|svg/.test(part.type) || /\.(?:xml|svg|xsl|dtd)$/i.test(fileName)) inspection.whole(content, scanXml, where());
      return;
    }
    if (/json/.test(part.type)) json(content, false, inspection);
    else if (/xml/.test(part.type) || /^\s{0,8}<(?:\?xml\s|\w{1,20}:envelope[\s>])/i.test(content)) xml(content, inspection);
    else inspection.value("form", part.name.toLowerCase(), content, "plain", where);
  });
}

/**
 * Reads a body in every way the application could: unpacked, under the charset it declares or looks like, as the type it declares and as the
 * one it looks like.
 *
 * @module
 */
import type { Body, Finding, WafRequest } from "../types.ts";
import { charsetsOf, decodeText, isUtf8, isUtf8Label } from "./charsets.ts";
import { isGraphql, scanGraphql, scanXml } from "./data-formats.ts";
import { inflate } from "./inflate.ts";
import { Inspection, isClear, keyOf } from "./inspection.ts";
import { walkJson } from "./json.ts";
import type { Setting } from "./lexers.ts";
import { boundariesOf, eachPart, type Part, sniffBoundary } from "./multipart.ts";
import { eachPair } from "./pairs.ts";
import { label, pairs, Repeated } from "./parameters.ts";
import { bytesOf, fromBase64, fromTransport } from "./transport.ts";
import { isDocument, scanDisguise, scanDocument, scanFileName } from "./uploads.ts";
import { BINARY } from "./value-shapes.ts";
import { walkXml } from "./xml.ts";

const encoder = new TextEncoder();

/** Codings that leave the bytes as they are. */
const PLAIN_CODINGS = /^(identity|aws-chunked|none)?$/;
/** Codings that a server somewhere takes off; of those that none does, the bytes are what the application gets. */
const PACKED_CODINGS = /^(br|zstd|(x-)?compress|dc[bz])$/;
/** Output for each byte of input beyond which unpacking that reaches the limit is an attack. */
const BOMB_RATIO = 100;

/** Inspects a body. What was not looked at is said in a finding without a score. */
export function inspectBody(request: WafRequest, body: Body, setting: Setting): readonly Finding[] | undefined {
  if (body.bytes.length === 0) return body.complete ? undefined : [truncated(0)];
  const declared = request.headers.get("content-type") ?? "";
  const inspection = new Inspection(setting);
  const extra: Finding[] = [];
  const codings = body.parsed === true ? "" : (request.headers.get("content-encoding") ?? "").toLowerCase();
  if (PLAIN_CODINGS.test(codings)) read(body.bytes, declared, inspection, extra);
  else unpack(body, codings, declared, request.policy.bodyLimitBytes, inspection, extra);
  if (!body.complete) extra.push(truncated(body.bytes.length));
  const findings = inspection.result();
  return extra.length === 0 ? findings : [...(findings ?? []), ...extra];
}

/** Says in the decision how much of the body was inspected. */
function truncated(bytes: number): Finding {
  return { rule: "content/truncated", score: 0, where: "body:", note: `The body goes on behind the ${bytes} bytes that were inspected` };
}

/** Takes at most two codings off. Whoever does not unpack reads the bytes as they are, so texts beside the packed ones are looked at too. */
function unpack(body: Body, codings: string, declared: string, limit: number, inspection: Inspection, extra: Finding[]): void {
  let { bytes } = body;
  const applied = codings.split(",", 4).map((coding) => coding.trim());
  for (let index = applied.length - 1; index >= 0; index--) {
    const coding = applied[index]!;
    if (PLAIN_CODINGS.test(coding)) continue;
    const gzip = coding === "gzip" || coding === "x-gzip";
    if (!gzip && coding !== "deflate") {
      if (PACKED_CODINGS.test(coding))
        extra.push({ rule: "encoding/unread", score: 100, where: "header:content-encoding", note: `The body is packed as ${coding}` });
      break;
    }
    if (index < applied.length - 2) {
      extra.push({ rule: "encoding/unread", score: 100, where: "header:content-encoding", note: "Packed more than twice" });
      break;
    }
    const unpacked = inflate(bytes, gzip ? "gzip" : "deflate", Math.max(limit, 1024));
    if (unpacked === undefined) break;
    if (unpacked.header !== "") inspection.value("body", "", unpacked.header, "plain", () => "body:");
    const full = unpacked.bytes.length >= limit;
    // What is no stream from beginning to end is text for whoever takes nothing off; so is a row of characters, which streams have none of.
    if (
      (unpacked.complete ? unpacked.end < bytes.length : body.complete && !full) ||
      /[\t\n\r -~]{24}/.test(latin1(bytes.subarray(14 + unpacked.header.length)))
    )
      read(bytes, declared, inspection, extra);
    if (!unpacked.complete) {
      extra.push(truncated(unpacked.bytes.length));
      if (full && unpacked.bytes.length > BOMB_RATIO * unpacked.end)
        extra.push({
          rule: "encoding/bomb",
          score: 100,
          where: "body:",
          note: `${unpacked.end} bytes unpack to more than ${unpacked.bytes.length}`,
        });
    }
    bytes = unpacked.bytes;
  }
  read(bytes, declared, inspection, extra);
}

function read(bytes: Uint8Array, declared: string, inspection: Inspection, extra: Finding[]): void {
  const type = declared.toLowerCase();
  if (type.startsWith("application/x-sveltekit-formdata") && bytes[0] === 0 && bytes.length > 7) {
    remoteForm(bytes, inspection);
    return;
  }
  // Java's and .NET's own formats begin with these bytes, and nothing else does.
  if (
    (bytes[0] === 0xac && bytes[1] === 0xed && bytes[2] === 0) ||
    (bytes[0] === 0 && bytes[1] === 1 && bytes[5] === 255 && bytes[8] === 255 && bytes[9] === 1)
  )
    inspection.whole("\u00ac\u00ed", (_, hits) => hits.add("code/serialised", 100, 0, 2), "body:");
  const others = [...charsetsOf(declared)].filter((label) => !isUtf8(bytes, label));
  // Many an application reads UTF-8 whatever is declared, and whatever the bytes look like. A text that was really written in wide characters, or
  // with shifts between sets of them, has control characters, which no JSON has.
  if (others.length === 0 || type.includes("form") || !/[\0-\x08\x0e-\x1f]/.test(latin1(bytes))) {
    const plain = withoutMark(bytes);
    // JSON in UTF-8, as nearly all of it is, is read as the bytes it came in.
    const isRead = isJson(plain, type);
    const whole = isRead && json(plain, inspection);
    if (inspection.enough || (whole && others.length === 0 && !type.includes("form-urlencoded"))) return;
    const text = new TextDecoder().decode(plain);
    if (whole) laterPairs(text, type, inspection);
    else bodyText(text, plain, type, declared, isRead, inspection);
  }
  for (const label of others) {
    const { text, known } = decodeText(bytes, label);
    if (known) bodyText(text, bytes, type, declared, false, inspection);
    else
      extra.push({
        rule: "encoding/charset",
        score: 45,
        where: "header:content-type",
        note: "An unknown charset",
      });
  }
}

/** Without the byte order mark, which decoders leave out as well. */
const withoutMark = (bytes: Uint8Array): Uint8Array =>
  bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;

/** True for a body that is JSON by its type or beginning, and nothing else. */
function isJson(bytes: Uint8Array, type: string): boolean {
  let first = 0;
  while (bytes[first]! <= 32) first++;
  const code = bytes[first];
  if (code === 45) return false;
  return type.includes("json") || ((code === 123 || code === 91) && !type.includes("xml"));
}

/**
 * The body of a remote form of SvelteKit: a version, two lengths, the fields as devalue text, the places of the files, the files. The lengths
 * are the client's claim, so they only decide how a byte is read, never whether.
 */
function remoteForm(bytes: Uint8Array, inspection: Inspection): void {
  const claimed = bytes[1]! + bytes[2]! * 256 + bytes[3]! * 65_536 + bytes[4]! * 16_777_216;
  const end = Math.min(bytes.length, 7 + claimed);
  const fields = bytes.subarray(7, end);
  if (!json(fields, inspection)) inspection.value("body", "", new TextDecoder().decode(fields), "plain", () => "body:");
  const files = new TextDecoder().decode(bytes.subarray(end));
  inspection.value(BINARY.test(files.slice(0, 4096)) ? "file" : "body", "", files, "plain", () => "body:");
}

/** `isRead`: the body was read as JSON already, and is none. */
function bodyText(text: string, bytes: Uint8Array, type: string, declared: string, isRead: boolean, inspection: Inspection): void {
  let first = 0;
  while (first < text.length && text.charCodeAt(first) <= 32) first++;
  const code = text.charCodeAt(first);
  if (multiparts(text, bytes, first, type, declared, inspection)) return;
  // What declares itself as a picture and is text all the same is read as text: not every server looks at the type.
  const beginning = text.slice(0, 4096);
  if (code !== 34 && BINARY.test(beginning)) {
    const isBytes = isBinary(type);
    // Under a type of no text, or none, as browsers send bytes: a document, or what has so many control characters as compressed data and no text.
    const isFile =
      !isBytes &&
      !/json|form|xml|\btext|serial/.test(type) &&
      (isRead || !isJson(bytes, type)) &&
      !looksLikeForm(text) &&
      (text.startsWith("%PDF") || beginning.split(/[\0-\x08\x0e-\x1f]/).length * 16 > beginning.length + 16);
    if (isFile || text.startsWith("PK")) inspection.value("file", "", text, "plain", () => "body:");
    if (isFile || isBytes) return;
  }
  if (type.includes("json") || ((code === 123 || code === 91) && !type.includes("xml"))) {
    const wellFormed = !isRead && json(encoder.encode(text), inspection);
    if (wellFormed) laterPairs(text, type, inspection);
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
    if (type.includes("xml") || text.startsWith("<?xml", first)) {
      laterPairs(text, type, inspection);
      return;
    }
  }
  if (type.includes("form-urlencoded") || type === "" || !type.includes("/") || (looksLikeForm(text) && !type.includes("plain"))) {
    form(text.trim(), inspection);
    if (code !== 60 && code !== 123 && code !== 91 && looksLikeForm(text)) return;
    if (code === 60 || !text.includes("=")) inspection.value("body", "", text, "plain", () => "body:");
    if (code === 60) inspection.whole(text, scanXml, "body:");
    return;
  }
  inspection.value("body", "", text, "plain", () => "body:");
  if (looksLikeForm(text)) form(text.trim(), inspection);
}

/** Whoever believes that a body is a form reads pairs behind the first, whatever else the body is as well. */
function laterPairs(text: string, type: string, inspection: Inspection): void {
  const from = text.indexOf("&") + 1;
  if (from > 0 && type.includes("form-urlencoded")) form(text.slice(from), inspection);
}

/** A form, once more under the charset that a `_charset_` field claims for the others. */
function form(text: string, inspection: Inspection): void {
  pairs(text, "form", inspection);
  if (!text.includes("_=")) return;
  const claimed = /(?:^|&)_charset_=([\w.:-]{1,40})/i.exec(text);
  if (claimed === null || isUtf8Label(claimed[1]!.toLowerCase())) return;
  eachPair(text, (name, value) => {
    if (/[%+]/.test(value))
      inspection.value("form", "", decodeText(bytesOf(value), claimed[1]!.toLowerCase()).text, "plain", () => `body:${label(name)}`);
  });
}

function isBinary(type: string): boolean {
  return /^(image\/(?!svg)|audio|video|font|application\/((offset\+)?octet-stream|pdf|(x-)?protobuf|grpc|vnd\.(ms-|openxml)))/.test(type);
}

/** `name=value&…` without line breaks before the first `=`. */
function looksLikeForm(text: string): boolean {
  return /^\s{0,8}[\w.[\]%$+*:-]{1,120}=/.test(text);
}

/** Operations in one batch; the libraries that batch stop at ten or twenty. */
const BATCH_MAX = 50;

/**
 * A reference of React Flight (`$1:items:0`, the number in hexadecimal) that goes through what every object inherits, or asks for a promise's own
 * members: how a server action is made to run what it was sent.
 */
const REFERENCE = /^\$[\w@]{1,20}:([^:]{0,80}:){0,20}(__proto__|constructor|prototype|then|_response|_chunks|_formData|_prefix)(:|$)/;

function json(bytes: Uint8Array, inspection: Inspection): boolean {
  let operations = 0;
  return walkJson(bytes, {
    isClear: (kind, key) => isClear(kind, "json", keyOf(key())),
    value: (raw, path, key, kind) => {
      if (key.endsWith("query") && raw.includes("{") && isGraphql(raw) && ++operations === BATCH_MAX)
        inspection.whole(raw, (lower, hits) => hits.add("graphql/abuse", 100, 0, Math.min(lower.length, 16)), `body:${path()}`);
      if (raw.charCodeAt(0) === 36 && REFERENCE.test(fromTransport("json", raw)))
        inspection.whole(raw, (lower, hits) => hits.add("flight/reference", 100, 0, lower.length), `body:${label(path())}`);
      inspection.value("json", keyOf(key), raw, "json", () => `body:${label(path())}`, kind);
    },
    name: (raw, path) =>
      inspection.name(
        raw,
        "json",
        true,
        (whole) => `body:${whole ? path() : label(path())}`,
        () => path() === `$.${raw}`,
      ),
  });
}

function xml(text: string, inspection: Inspection): void {
  inspection.whole(text, scanXml, "body:");
  walkXml(text, {
    text: (raw) => inspection.value("body", "", raw, "plain", () => "body:"),
    attribute: (name, raw) => inspection.value("body", "", raw, "plain", () => `body:@${label(name)}`),
    element: (name) => {
      if (name.includes(".")) inspection.value("body", "", name, "plain", () => "body:");
      else if (name.includes("__")) inspection.name(name, "plain", false, () => "body:");
    },
  });
}

/**
 * Reads the body under every boundary it declares and the one it begins with: parsers differ in which of two they take. True when it can be
 * nothing else: multipart by its type, and no JSON by its first character.
 */
function multiparts(text: string, bytes: Uint8Array, first: number, type: string, declared: string, inspection: Inspection): boolean {
  const boundaries = new Set(type.includes("multipart/") ? boundariesOf(declared) : []);
  const begun = text.charCodeAt(first) === 45 ? sniffBoundary(text.slice(first, first + 1024)) : undefined;
  if (begun !== undefined) boundaries.add(begun);
  let whole = false;
  for (const boundary of boundaries) {
    if (!text.includes(`--${boundary}`)) continue;
    whole = type.startsWith("multipart/") && !'"[{'.includes(text[first]!);
    multipart(text, boundary, inspection);
    // Parts may have a charset each, which only their bytes tell.
    if (/charset/i.test(text)) charsetParts(bytes, boundary, inspection);
  }
  return whole;
}

function multipart(text: string, boundary: string, inspection: Inspection): void {
  const repeated = new Repeated();
  eachPart(text, boundary, (part) => {
    inspectPart(part, inspection);
    if (part.fileName === undefined && part.content.length < 4096) repeated.add(part.name.toLowerCase(), part.content);
  });
  repeated.each((name, joined) => inspection.value("form", name, joined, "plain", () => `body:${label(name)}`));
}

/** Parts that are written in another charset than UTF-8, or that a `_charset_` part says so of. */
function charsetParts(bytes: Uint8Array, boundary: string, inspection: Inspection): void {
  let claimed = "";
  const characters = latin1(bytes);
  eachPart(characters, boundary, (part) => {
    if (part.name === "_charset_") claimed = part.content.trim().toLowerCase().slice(0, 40);
  });
  eachPart(characters, boundary, (part) => {
    for (const charset of [claimed, ...charsetsOf(part.type)]) {
      if (isUtf8Label(charset) || part.base64) continue;
      const content = decodeText(
        Uint8Array.from(part.content, (character) => character.charCodeAt(0)),
        charset,
      ).text;
      inspectPart({ ...part, content }, inspection);
    }
  });
}

/** One character for each byte. */
function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let from = 0; from < bytes.length; from += 8192) text += String.fromCharCode(...bytes.subarray(from, from + 8192));
  return text;
}

function inspectPart(part: Part, inspection: Inspection): void {
  const where = (): string => `body:${label(part.name)}`;
  inspection.name(part.name, "plain", false, where);
  const content = part.base64 ? (fromBase64(part.content.replace(/[^\w+/-]+/g, ""), part.content.length) ?? part.content) : part.content;
  if (part.fileName !== undefined) {
    const fileName = part.fileName;
    // A plain name says nothing that what follows does not judge; a file of the system may well have been sent by who keeps the system.
    if (/^\.|[^\w .-]|--/.test(fileName)) inspection.value("form", "", fileName, "plain", where);
    inspection.whole(
      fileName,
      (lower, hits) => {
        scanFileName(lower, hits);
        scanDisguise(lower, part.type.toLowerCase(), content.slice(0, 64).toLowerCase(), hits);
      },
      where(),
    );
    if (isDocument(fileName, part.type)) inspection.whole(content, scanDocument, where());
    inspection.value("file", "", content, "plain", where);
    if (/xml|svg/.test(part.type) || /^[\s\ufeff]{0,8}<[?!\w]/.test(content)) inspection.whole(content, scanXml, where());
    if (!part.isField) return;
  }
  // Many a server leaves the coding on, and has the text of a part whatever its type.
  if (content !== part.content) inspection.value("form", part.name.toLowerCase(), part.content, "plain", where);
  // Server actions send their arguments as parts of JSON without a type, and number them.
  if ((/json/.test(part.type) || (/\d/.test(part.name) && /^[[{]/.test(content))) && json(encoder.encode(content), inspection)) return;
  const isXml = /^\s{0,8}<(\?xml\s|\w{1,20}:envelope[\s>])/i.test(content);
  if (isXml || /xml/.test(part.type)) xml(content, inspection);
  if (!isXml) inspection.value("form", part.name.toLowerCase(), content, "plain", where);
}

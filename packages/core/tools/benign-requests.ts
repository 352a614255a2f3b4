/**
 * Reads the honest texts of a folder and puts each where clients put such things: a text into query, form, JSON, multipart, path and header
 * values; a query string, cookie, user agent or body as the whole of what it is.
 *
 * The first folder below the given one is the tier. A file's second-last ending says how it is read:
 *
 * - `lines`: one text a line;
 * - `blocks`: texts of several lines, parted by a line `%%`;
 * - `parts`: sections parted by a line `%%`; a text is one line of each, and any two texts differ in at least two of them;
 * - `query`, `cookie`, `agent`, `target`, `referer`: one whole query string, Cookie field, User-Agent field, request target, Referer field a line;
 * - `form`: one urlencoded body a line; `json`: JSON bodies, parted by a line `%%`;
 * - `upload`: files, parted by a line `%%`: the first line is the file's name, a bar and its type, the rest is what it holds.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Body, RawRequest } from "../src/types.ts";

export type Tier = "plain" | "text" | "markup" | "code";

/** One honest text. */
export interface BenignText {
  readonly tier: Tier;
  /** File name, for finding the text again. */
  readonly file: string;
  readonly kind: string;
  readonly text: string;
}

/** A request that carries a text. */
export interface Placed {
  /** For example `query` or `json-nested`. */
  readonly placement: string;
  readonly raw: RawRequest;
}

const TIERS: readonly Tier[] = ["plain", "text", "markup", "code"];

/** Every text of `folder`, each once, in a fixed order. A `parts` file gives at most `combined` texts. */
export function readBenignTexts(folder: string, combined: number): BenignText[] {
  const texts = new Map<string, BenignText>();
  for (const tier of TIERS) {
    for (const file of readdirSync(join(folder, tier)).sort()) {
      const kind = file.split(".").at(-2) ?? "";
      const content = readFileSync(join(folder, tier, file), "utf8");
      for (const text of split(kind, content, combined)) texts.set(`${kind} ${text}`, { tier, file: `${tier}/${file}`, kind, text });
    }
  }
  return [...texts.values()];
}

function split(kind: string, content: string, combined: number): string[] {
  const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");
  const blocks = content.split(/^%%\n/m).map((block) => block.replace(/\n$/, ""));
  if (kind === "blocks" || kind === "json" || kind === "upload") return blocks.filter((block) => block !== "");
  if (kind !== "parts") return lines(content);
  return combine(blocks.map(lines), combined);
}

/** Up to `count` texts with one line of each section; any two of them differ in at least two sections. */
function combine(sections: readonly (readonly string[])[], count: number): string[] {
  const kept: (readonly number[])[] = [];
  for (let round = 0; kept.length < count && round < count * 20; round++) {
    const chosen = sections.map(
      (section, index) => (round * (2 * index + 1) + Math.floor(round / section.length) * index) % section.length,
    );
    const fresh = kept.every((other) => chosen.filter((line, index) => line !== other[index]).length >= 2);
    if (fresh) kept.push(chosen);
  }
  return kept.map((chosen) => chosen.map((line, index) => sections[index]?.[line]).join(" "));
}

const AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0";

function request(placement: string, target: string, fields: readonly (readonly [string, string])[], body?: string): Placed {
  const own = new Set(fields.map(([name]) => name));
  const ordinary: readonly (readonly [string, string])[] = [
    ["host", "www.example.com"],
    ["user-agent", AGENT],
    ["accept", "text/html,application/xhtml+xml,*/*;q=0.8"],
    ["accept-language", "en-GB,en;q=0.7,de;q=0.3"],
  ];
  const all = [...ordinary.filter(([name]) => !own.has(name)), ...fields];
  const raw = {
    method: body === undefined ? "GET" : "POST",
    target,
    headers: {
      get: (name: string) => all.find(([field]) => field === name)?.[1],
      [Symbol.iterator]: () => all[Symbol.iterator](),
    },
    peer: "192.0.2.1",
    httpVersion: "1.1",
  };
  if (body === undefined) return { placement, raw };
  const bytes = new TextEncoder().encode(body);
  const readBody = (limitBytes: number): Body => ({ bytes: bytes.subarray(0, limitBytes), complete: bytes.length <= limitBytes });
  return { placement, raw: { ...raw, readBody } };
}

const FORM = [["content-type", "application/x-www-form-urlencoded"]] as const;
const JSON_TYPE = [["content-type", "application/json"]] as const;
const MULTIPART = [["content-type", "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW"]] as const;

/** As browsers write it into forms: spaces are `+`. */
function formEncoded(text: string): string {
  return new URLSearchParams([["", text]]).toString().slice(1);
}

/** The requests that carry `text`: all places where it fits. */
export function placeBenignText({ kind, text }: BenignText): Placed[] {
  switch (kind) {
    case "query":
      return [request("query-string", `/search?${text}`, [])];
    case "target":
      return [request("target", text, [])];
    case "cookie":
      return [request("cookie-field", "/account", [["cookie", text]])];
    case "agent":
      return [request("user-agent", "/", [["user-agent", text]])];
    case "referer":
      return [request("referer", "/landing", [["referer", text]])];
    case "form":
      return [request("form-body", "/submit", FORM, text)];
    case "json":
      return [request("json-body", "/api/v1/items", JSON_TYPE, text)];
    case "upload":
      return [request("upload", "/upload", MULTIPART, uploadBody(text))];
    default:
      return placeValue(text);
  }
}

function uploadBody(text: string): string {
  const end = text.indexOf("\n");
  const [name = "", type = "application/octet-stream"] = text.slice(0, end).split("|");
  return (
    `------WebKitFormBoundary7MA4YWxkTrZu0gW\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: ${type}\r\n\r\n` +
    `${text.slice(end + 1)}\r\n------WebKitFormBoundary7MA4YWxkTrZu0gW--\r\n`
  );
}

function placeValue(text: string): Placed[] {
  const encoded = encodeURIComponent(text);
  const part = (name: string, value: string): string =>
    `------WebKitFormBoundary7MA4YWxkTrZu0gW\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const wide = {
    id: 4711,
    author: { name: "Ann", verified: true },
    posts: [{ title: "First", body: text, tags: ["a", "b"] }],
    draft: false,
  };
  const placed = [
    request("form", "/comments", FORM, `id=12&comment=${formEncoded(text)}&notify=on`),
    request("json", "/api/comments", JSON_TYPE, JSON.stringify({ comment: text })),
    request("json-nested", "/api/posts", JSON_TYPE, JSON.stringify(wide)),
    request(
      "multipart",
      "/upload",
      MULTIPART,
      `${part("title", "Hello")}${part("text", text)}------WebKitFormBoundary7MA4YWxkTrZu0gW--\r\n`,
    ),
    request("text-body", "/notes", [["content-type", "text/plain; charset=utf-8"]], text),
  ];
  // Servers refuse longer request lines; browsers send long texts as bodies.
  if (encoded.length <= 4_000) {
    placed.push(
      request("query", `/search?q=${encoded}&page=2`, []),
      request("query-plus", `/search?page=2&q=${formEncoded(text)}`, []),
      request("referer-query", "/next", [["referer", `https://www.example.com/search?q=${encoded}`]]),
    );
  }
  if (encoded.length <= 300 && !/[\n/\\]|^\.+$/.test(text)) placed.push(request("path", `/tags/${encoded}`, []));
  if (encoded.length <= 1_000) placed.push(request("cookie", "/", [["cookie", `theme=dark; last_search=${encoded}; seen=1`]]));
  if (text.length <= 500 && /^[\x20-\x7e]+$/.test(text)) placed.push(request("header", "/", [["x-search-text", text.trim()]]));
  return placed;
}

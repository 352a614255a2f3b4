import { decodeLenient } from "./visit.ts";

/** A value as bracket notation and JSON give it. */
export type Field = string | FieldMap;
/** Without a prototype, so that no name in it means anything to the runtime. */
export interface FieldMap {
  [name: string]: Field;
}

/**
 * The fields of an `application/x-www-form-urlencoded` text, with `a[b][c]=1` read as nested maps, at most 200 fields and 8 levels. The last
 * of a repeated name wins.
 */
export function parseForm(text: string): FieldMap {
  const fields: FieldMap = Object.create(null);
  for (const pair of text.split("&", 200)) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = decodeForm(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? "" : decodeForm(pair.slice(equals + 1));
    const keys = name.split(/[[\].]+/).filter((key) => key !== "");
    const path = name.includes("[") || name.includes("__proto__") ? keys.slice(0, 8) : [name];
    let map = fields;
    for (const [index, key] of path.entries()) {
      if (index === path.length - 1) {
        map[key] = value;
        break;
      }
      const inner = map[key];
      const next: FieldMap = typeof inner === "object" ? inner : Object.create(null);
      map[key] = next;
      map = next;
    }
  }
  return fields;
}

/** The fields of a form body of either kind; files of a multipart body are left out. */
export function readForm(body: Uint8Array, contentType: string): FieldMap {
  if (!/^multipart\//i.test(contentType)) return parseForm(new TextDecoder().decode(body));
  const fields: FieldMap = Object.create(null);
  for (const part of parseMultipart(body, contentType)) {
    if (part.fileName === undefined) fields[part.name] = new TextDecoder().decode(part.bytes);
  }
  return fields;
}

/** A field as text; `""` when it is missing or nested. */
export function textField(fields: FieldMap, name: string): string {
  const value = fields[name];
  return typeof value === "string" ? value : "";
}

/** One part of a multipart body. */
export interface Part {
  readonly name: string;
  /** As the client wrote it, path and all. `undefined` for plain fields. */
  readonly fileName: string | undefined;
  readonly contentType: string | undefined;
  readonly bytes: Uint8Array;
}

/**
 * The parts of a `multipart/form-data` body, at most 50. Forgiving: no boundary in the header means the body's first line is it. Never
 * throws.
 */
export function parseMultipart(body: Uint8Array, contentType: string): Part[] {
  // One character a byte, so that offsets in the text are offsets in the body.
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1");
  const named = /boundary=(?:"([^"]{1,200})"|([^;\s]{1,200}))/i.exec(contentType);
  const boundary = named === null ? /^--(\S{1,200})\r?\n/.exec(text)?.[1] : (named[1] ?? named[2]);
  if (boundary === undefined) return [];
  const parts: Part[] = [];
  for (const piece of text.split(`--${boundary}`, 52).slice(1)) {
    if (piece.startsWith("--") || parts.length >= 50) break;
    const gap = /\r?\n\r?\n/.exec(piece.slice(0, 8192));
    if (gap === null) continue;
    const head = piece.slice(0, gap.index);
    const content = piece.slice(gap.index + gap[0].length).replace(/\r?\n$/, "");
    parts.push({
      name: parameter(head, "name") ?? "",
      fileName: parameter(head, "filename"),
      contentType: /content-type:\s*([^\r\n;]{1,100})/i.exec(head)?.[1]?.trim(),
      bytes: new Uint8Array(Buffer.from(content, "latin1")),
    });
  }
  return parts;
}

function parameter(head: string, name: string): string | undefined {
  const found = new RegExp(`[;\\s]${name}\\*?=(?:"([^"]*)"|([^;\\s]+))`, "i").exec(head);
  const value = found?.[1] ?? found?.[2];
  return value === undefined ? undefined : Buffer.from(value.replace(/^utf-8''/i, ""), "latin1").toString("utf8");
}

function decodeForm(text: string): string {
  return decodeLenient(text.replaceAll("+", " "));
}

/**
 * The places of a request that can carry a payload, and how to write another payload there.
 *
 * @module
 */
import type { RequestParts } from "../request-record.ts";

/** One value of a request, decoded as the application would read it. */
export interface Site {
  readonly kind: "query" | "query name" | "form" | "form name" | "json" | "header" | "cookie" | "path" | "body";
  /** The parameter's, field's or member's name. */
  readonly name: string;
  readonly value: string;
  /** The same request with `value` in this place. `encode` writes it for the address or the form, where the default is a browser's way. */
  write(value: string, encode?: Encode): RequestParts;
}

/** Text as bytes of a query, a form or a path segment. */
export type Encode = (text: string) => string;

/** As forms are sent: letters, digits and `*-._` as they are, `+` for a blank. */
export const encodeForm: Encode = (text) =>
  [...Buffer.from(text, "utf8")]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return byte === 0x20 ? "+" : /[\w*.-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");

/** As path segments are sent; slashes stay. */
const encodePath: Encode = (text) => encodeForm(text).replaceAll("+", "%20").replaceAll("%2F", "/");

export const decodeForm = (text: string): string => {
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at++) {
    const hex = text[at] === "%" ? /^[0-9a-f]{2}$/i.exec(text.slice(at + 1, at + 3)) : null;
    if (hex !== null) {
      bytes.push(Number.parseInt(hex[0], 16));
      at += 2;
    } else if (text[at] === "+") bytes.push(0x20);
    else bytes.push(...Buffer.from(text[at]!, "utf8"));
  }
  return Buffer.from(bytes).toString("utf8");
};

/** The value of a field, as the application reads it. */
export const fieldOf = ({ fields }: RequestParts, wanted: string): string | undefined => fields.find(([name]) => name === wanted)?.[1];

/** The request with another body, of the type given or the old one. */
export function withBody(parts: RequestParts, body: Buffer, type = fieldOf(parts, "content-type")): RequestParts {
  const fields = parts.fields.filter(([name]) => name !== "content-type" && name !== "content-length");
  return {
    ...parts,
    body,
    fields: [...fields, ...(type === undefined ? [] : [["content-type", type] as const]), ["content-length", String(body.length)]],
  };
}

/** A request's values, at most 500. */
export function sitesOf(parts: RequestParts): readonly Site[] {
  return [...query(parts), ...body(parts), ...path(parts), ...headers(parts)].slice(0, 500);
}

function* pairs(text: string, kind: "query" | "form", put: (text: string) => RequestParts): Generator<Site> {
  const all = text.split("&");
  for (const [index, pair] of all.entries()) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const [name, value] = equals < 0 ? ["", pair] : [pair.slice(0, equals), pair.slice(equals + 1)];
    const write = (replacement: string): RequestParts => put(all.with(index, replacement).join("&"));
    yield {
      kind,
      name: decodeForm(name),
      value: decodeForm(value),
      write: (given, encode = encodeForm) => write(equals < 0 ? encode(given) : `${name}=${encode(given)}`),
    };
    if (name !== "") {
      const write_ = (given: string, encode: Encode = encodeForm): RequestParts => write(`${encode(given)}=${value}`);
      yield { kind: `${kind} name`, name: decodeForm(name), value: decodeForm(name), write: write_ };
    }
  }
}

function* query(parts: RequestParts): Generator<Site> {
  const mark = parts.target.indexOf("?");
  if (mark < 0) return;
  yield* pairs(parts.target.slice(mark + 1), "query", (text) => ({ ...parts, target: `${parts.target.slice(0, mark + 1)}${text}` }));
}

function* path(parts: RequestParts): Generator<Site> {
  const mark = parts.target.indexOf("?");
  const [start, rest] = mark < 0 ? [parts.target, ""] : [parts.target.slice(0, mark), parts.target.slice(mark)];
  if (!start.startsWith("/")) return;
  yield {
    kind: "path",
    name: "",
    value: decodeForm(start.slice(1).replaceAll("+", "%2B")),
    write: (value, encode = encodePath) => ({ ...parts, target: `/${encode(value)}${rest}` }),
  };
}

/** Fields that carry what a person or a program chose. */
const PAYLOAD_FIELDS = /^(?:user-agent|referer|accept-language|origin|x-.*|forwarded|from|via|true-client-ip|content-type)$/;

function* headers(parts: RequestParts): Generator<Site> {
  for (const [index, [name, value]] of parts.fields.entries()) {
    const put = (text: string): RequestParts => ({ ...parts, fields: parts.fields.with(index, [name, text.replace(/[\r\n\0]/g, " ")]) });
    if (name === "cookie") {
      const all = value.split("; ");
      for (const [at, pair] of all.entries()) {
        const equals = pair.indexOf("=");
        if (equals < 0) continue;
        const label = pair.slice(0, equals);
        yield {
          kind: "cookie",
          name: label,
          value: decodeForm(pair.slice(equals + 1).replaceAll("+", "%2B")),
          write: (given, encode = encodePath) => put(all.with(at, `${label}=${encode(given)}`).join("; ")),
        };
      }
    } else if (PAYLOAD_FIELDS.test(name))
      yield {
        kind: "header",
        name,
        value: Buffer.from(value, "latin1").toString("utf8"),
        write: (given) => put(Buffer.from(given, "utf8").toString("latin1")),
      };
  }
}

function* body(parts: RequestParts): Generator<Site> {
  if (parts.body === undefined || parts.body.length > 1_000_000) return;
  const text = Buffer.from(parts.body).toString("utf8");
  const type = fieldOf(parts, "content-type") ?? "";
  if (/json/i.test(type) || /^\s*[{[]/.test(text)) {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      value = undefined;
    }
    if (value !== undefined) {
      yield* json(parts, value, value, []);
      return;
    }
  }
  if (/x-www-form-urlencoded/i.test(type)) yield* pairs(text, "form", (changed) => withBody(parts, Buffer.from(changed, "utf8")));
  else yield { kind: "body", name: "", value: text, write: (given) => withBody(parts, Buffer.from(given, "utf8")) };
}

type Step = string | number;

/** Every string, and every object with its operators as JSON text. */
function* json(parts: RequestParts, root: unknown, value: unknown, steps: readonly Step[]): Generator<Site> {
  if (steps.length > 20) return;
  const put = (text: string): RequestParts => withBody(parts, Buffer.from(text, "utf8"));
  const name = String(steps.at(-1) ?? "$");
  if (typeof value === "string") {
    yield { kind: "json", name, value, write: (given) => put(JSON.stringify(replaced(root, steps, given))) };
    return;
  }
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value) && Object.keys(value).some((key) => key.startsWith("$") || key === "__proto__" || key === "constructor")) {
    // Written as text, so that a rewrite can touch the names too.
    yield {
      kind: "json",
      name,
      value: JSON.stringify(value),
      write: (given) => put(JSON.stringify(replaced(root, steps, MARK)).replace(JSON.stringify(MARK), () => given)),
    };
  }
  for (const [key, member] of Object.entries(value)) yield* json(parts, root, member, [...steps, Array.isArray(value) ? Number(key) : key]);
}

const MARK = "\u0001here\u0001";

function replaced(value: unknown, [step, ...rest]: readonly Step[], given: unknown): unknown {
  if (step === undefined) return given;
  if (Array.isArray(value)) return value.with(step as number, replaced(value[step as number], rest, given));
  const entries = Object.entries(value as Record<string, unknown>);
  return Object.fromEntries(entries.map(([key, member]) => [key, key === step ? replaced(member, rest, given) : member]));
}

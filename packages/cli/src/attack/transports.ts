/**
 * Other ways to send the same value: encodings that every server undoes, and other places where frameworks look for parameters.
 *
 * @module
 */
import type { RequestParts } from "../request-record.ts";
import type { Dice } from "./dice.ts";
import { decodeForm, type Encode, encodeForm, fieldOf, type Site, withBody } from "./sites.ts";

/** Sends `value` from `site` in another way; `undefined` where that cannot be done there. */
export interface Transport {
  readonly name: string;
  send(site: Site, value: string, parts: RequestParts, dice: Dice): RequestParts | undefined;
}

const isEncoded = (site: Site): boolean => site.kind !== "json" && site.kind !== "header" && site.kind !== "body";
const isParameter = (site: Site): boolean => site.kind === "query" || site.kind === "form";

const percent = (byte: number): string => `%${byte.toString(16).padStart(2, "0")}`;

const everyByte: Encode = (text) => [...Buffer.from(text, "utf8")].map(percent).join("");

const someBytes =
  (dice: Dice): Encode =>
  (text) =>
    [...Buffer.from(text, "utf8")]
      .map((byte) => (byte < 0x80 && /\w/.test(String.fromCharCode(byte)) && !dice.once(3) ? String.fromCharCode(byte) : percent(byte)))
      .join("");

/** The pairs of a query or form, without the one at `site`. */
function others(text: string, site: Site): string[] {
  return text.split("&").filter((pair) => pair !== "" && decodeForm(pair.split("=")[0]!) !== site.name);
}

function pairsAround(parts: RequestParts, site: Site): readonly string[] {
  const mark = parts.target.indexOf("?");
  const text = site.kind === "query" ? (mark < 0 ? "" : parts.target.slice(mark + 1)) : Buffer.from(parts.body ?? []).toString("utf8");
  return others(text, site);
}

function withPairs(parts: RequestParts, site: Site, pairs: readonly string[]): RequestParts {
  if (site.kind === "form") return withBody(parts, Buffer.from(pairs.join("&"), "utf8"));
  const mark = parts.target.indexOf("?");
  return { ...parts, target: `${mark < 0 ? parts.target : parts.target.slice(0, mark)}?${pairs.join("&")}` };
}

const BOUNDARY = "----form7d1b";

const TRANSPORTS: readonly Transport[] = [
  { name: "every byte escaped", send: (site, value) => (isEncoded(site) ? site.write(value, everyByte) : undefined) },
  { name: "some bytes escaped", send: (site, value, _, dice) => (isEncoded(site) ? site.write(value, someBytes(dice)) : undefined) },
  {
    name: "as few escapes as a server takes",
    send: (site, value) =>
      isParameter(site) ? site.write(value, (text) => text.replace(/[^!-~]|[%&+#]/g, (character) => everyByte(character))) : undefined,
  },
  {
    name: "characters escaped in JSON",
    send(site, value, parts, dice) {
      if (site.kind !== "json") return undefined;
      const plain = JSON.stringify(value).slice(1, -1);
      const written = Buffer.from(site.write(value).body!).toString("utf8");
      const escaped = [...value]
        .map((character) =>
          character > "\uffff" || (!dice.once(2) && /\w/.test(character))
            ? JSON.stringify(character).slice(1, -1)
            : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
        )
        .join("");
      return written.includes(plain)
        ? withBody(
            parts,
            Buffer.from(
              written.replace(plain, () => escaped),
              "utf8",
            ),
          )
        : undefined;
    },
  },
  {
    name: "white space in JSON",
    send(site, value, parts) {
      if (site.kind !== "json") return undefined;
      try {
        const written = JSON.parse(Buffer.from(site.write(value).body!).toString("utf8")) as unknown;
        return withBody(parts, Buffer.from(`\n${JSON.stringify(written, undefined, "\t")}\n`, "utf8"));
      } catch {
        return undefined;
      }
    },
  },
  {
    name: "after an honest duplicate",
    send: (site, value, parts) =>
      isParameter(site)
        ? withPairs(parts, site, [
            `${encodeForm(site.name)}=1`,
            ...pairsAround(parts, site),
            `${encodeForm(site.name)}=${encodeForm(value)}`,
          ])
        : undefined,
  },
  {
    name: "before an honest duplicate",
    send: (site, value, parts) =>
      isParameter(site)
        ? withPairs(parts, site, [
            `${encodeForm(site.name)}=${encodeForm(value)}`,
            ...pairsAround(parts, site),
            `${encodeForm(site.name)}=1`,
          ])
        : undefined,
  },
  {
    name: "behind many parameters",
    send(site, value, parts, dice) {
      if (!isParameter(site)) return undefined;
      const filler = Array.from({ length: 20 + dice.below(60) }, (_, index) => `p${index}=${dice.below(1_000)}`);
      return withPairs(parts, site, [...filler, ...pairsAround(parts, site), `${encodeForm(site.name)}=${encodeForm(value)}`]);
    },
  },
  {
    name: "as a form",
    send(site, value, parts) {
      if (site.kind !== "query" && site.kind !== "json") return undefined;
      const mark = parts.target.indexOf("?");
      const target = site.kind === "query" && mark >= 0 ? parts.target.slice(0, mark) : parts.target;
      const rest = site.kind === "query" ? pairsAround(parts, site) : [];
      const body = Buffer.from([...rest, `${encodeForm(site.name)}=${encodeForm(value)}`].join("&"), "utf8");
      return { ...withBody({ ...parts, target }, body, "application/x-www-form-urlencoded"), method: "POST" };
    },
  },
  {
    name: "as JSON",
    send(site, value, parts) {
      if (!isParameter(site)) return undefined;
      const mark = parts.target.indexOf("?");
      const target = site.kind === "query" && mark >= 0 ? parts.target.slice(0, mark) : parts.target;
      return {
        ...withBody({ ...parts, target }, Buffer.from(JSON.stringify({ [site.name]: value }), "utf8"), "application/json"),
        method: "POST",
      };
    },
  },
  {
    name: "as a multipart form",
    send(site, value, parts) {
      if (!isParameter(site) || value.includes(BOUNDARY)) return undefined;
      const mark = parts.target.indexOf("?");
      const target = site.kind === "query" && mark >= 0 ? parts.target.slice(0, mark) : parts.target;
      const body = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${site.name.replace(/["\r\n]/g, "_")}"\r\n\r\n${value}\r\n--${BOUNDARY}--\r\n`;
      return { ...withBody({ ...parts, target }, Buffer.from(body, "utf8"), `multipart/form-data; boundary=${BOUNDARY}`), method: "POST" };
    },
  },
  {
    name: "in the address too",
    send(site, value, parts) {
      if (site.kind !== "form") return undefined;
      const separator = parts.target.includes("?") ? "&" : "?";
      return {
        ...parts,
        method: "GET",
        body: undefined,
        target: `${parts.target}${separator}${encodeForm(site.name)}=${encodeForm(value)}`,
        fields: parts.fields.filter(([name]) => !name.startsWith("content-")),
      };
    },
  },
  {
    name: "type in another spelling",
    send(site, value, _, dice) {
      const written = site.write(value);
      const type = fieldOf(written, "content-type");
      if (written.body === undefined || type === undefined || /multipart/i.test(type)) return undefined;
      const spelled = dice.pick([type.toUpperCase(), `${type}; charset=UTF-8`, `${type};charset="utf-8"`, ` ${type} `]);
      return withBody(written, Buffer.from(written.body), spelled);
    },
  },
  {
    name: "type left out",
    send(site, value) {
      const written = site.write(value);
      if (written.body === undefined || !/json/i.test(fieldOf(written, "content-type") ?? "")) return undefined;
      return { ...written, fields: written.fields.filter(([name]) => name !== "content-type") };
    },
  },
  {
    name: "split over two parameters of one name",
    send(site, value, parts, dice) {
      // Servers that join them with a comma make one text of it again where a comment swallows the comma.
      const gaps = [...value.matchAll(/ /g)].map(({ index }) => index);
      if (!isParameter(site) || gaps.length === 0 || !/\b(?:select|or|and|union)\b/i.test(value)) return undefined;
      const at = dice.pick(gaps);
      const halves = [`${value.slice(0, at)}/*`, `*/${value.slice(at + 1)}`].map((half) => `${encodeForm(site.name)}=${encodeForm(half)}`);
      return withPairs(parts, site, [...pairsAround(parts, site), ...halves]);
    },
  },
];

/** Every other way to send a value. */
export const transports: readonly Transport[] = TRANSPORTS;

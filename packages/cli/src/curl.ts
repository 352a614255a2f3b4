/**
 * Reads a curl command line and tells what request curl would send. Nothing is run, no file is read, nothing is sent.
 *
 * @module
 */
import { type CurlOption, longOption, type Meaning, shortOption } from "./curl-options.ts";
import type { RequestParts } from "./request-record.ts";
import { UsageError } from "./usage-error.ts";

/** What a command line asks for; text is bytes, one character each. */
interface Command {
  url: string | undefined;
  method: string | undefined;
  isHead: boolean;
  isGet: boolean;
  isPathAsIs: boolean;
  isCompressed: boolean;
  httpVersion: string;
  /** Custom fields in the order given; the value is `undefined` for `-H "Name:"`, which takes a field away. */
  readonly fields: [name: string, value: string | undefined][];
  readonly data: string[];
  readonly json: string[];
  readonly form: FormPart[];
  readonly cookies: string[];
  credentials: string | undefined;
  userInfo: string | undefined;
  agent: string | undefined;
  referer: string | undefined;
  range: string | undefined;
}

interface FormPart {
  readonly name: string;
  readonly value: string;
  readonly type: string | undefined;
  readonly fileName: string | undefined;
}

/** A request, and what was assumed or passed over on the way to it. */
export interface ReadRequest {
  readonly parts: RequestParts;
  readonly notes: readonly string[];
}

/**
 * The request of a curl command, given as the words behind `curl`.
 *
 * @throws UsageError for flags that are not known here, that would read a file, or for a URL that curl refuses.
 */
export function readCurl(words: readonly string[]): ReadRequest {
  const command: Command = {
    url: undefined,
    method: undefined,
    isHead: false,
    isGet: false,
    isPathAsIs: false,
    isCompressed: false,
    httpVersion: "1.1",
    fields: [],
    data: [],
    json: [],
    form: [],
    cookies: [],
    credentials: undefined,
    userInfo: undefined,
    agent: undefined,
    referer: undefined,
    range: undefined,
  };
  readWords(command, words);
  return requestOf(command);
}

function readWords(command: Command, words: readonly string[]): void {
  let isPastFlags = false;
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!;
    const nextWord = (name: string): string => {
      const value = words[++index];
      if (value === undefined) throw new UsageError(`curl: ${name} needs a value`);
      return value;
    };
    if (isPastFlags || word === "-" || !word.startsWith("-")) setUrl(command, word);
    else if (word === "--") isPastFlags = true;
    else if (word.startsWith("--")) {
      const option = longOption(word.slice(2)) ?? (word.startsWith("--no-") ? IGNORED : undefined);
      if (option === undefined) throw new UsageError(`curl: ${word.slice(0, 40)} is not known here`);
      apply(command, option.meaning, option.takesValue ? nextWord(word) : "", word);
    } else {
      for (let letter = 1; letter < word.length; letter++) {
        const name = `-${word[letter]}`;
        const option = shortOption(word[letter]!);
        if (option === undefined) throw new UsageError(`curl: ${name} is not known here`);
        const isLast = letter === word.length - 1;
        apply(command, option.meaning, !option.takesValue ? "" : isLast ? nextWord(name) : word.slice(letter + 1), name);
        if (option.takesValue) break;
      }
    }
  }
}

const IGNORED: CurlOption = { meaning: "ignored", takesValue: false };

function setUrl(command: Command, url: string): void {
  if (command.url !== undefined) throw new UsageError("curl: more than one URL; score takes one request (is something not in quotes?)");
  command.url = url;
}

function refuseFile(name: string, value: string): void {
  throw new UsageError(
    `curl: ${name} ${value.slice(0, 40)} would read a file, which is never done here; put the content itself in its place`,
  );
}

function apply(command: Command, meaning: Meaning, value: string, name: string): void {
  switch (meaning) {
    case "request":
      command.method = value;
      break;
    case "header":
      addField(command, value, name);
      break;
    case "data":
      if (value.startsWith("@")) refuseFile(name, value);
      command.data.push(value);
      break;
    case "data-raw":
      command.data.push(value);
      break;
    case "data-urlencode":
      command.data.push(urlEncoded(value, name));
      break;
    case "json":
      if (value.startsWith("@")) refuseFile(name, value);
      command.json.push(value);
      break;
    case "form":
    case "form-string":
      command.form.push(formPart(value, name, meaning === "form"));
      break;
    case "user":
      command.credentials = `Basic ${base64(value)}`;
      break;
    case "bearer":
      command.credentials = `Bearer ${value}`;
      break;
    case "cookie":
      if (!value.includes("=")) refuseFile(name, value);
      command.cookies.push(value);
      break;
    case "user-agent":
      command.agent = value;
      break;
    case "referer":
      command.referer = value.replace(/;auto$/, "");
      break;
    case "range":
      command.range = value;
      break;
    case "url":
      setUrl(command, value);
      break;
    case "get":
      command.isGet = true;
      break;
    case "head":
      command.isHead = true;
      break;
    case "compressed":
      command.isCompressed = true;
      break;
    case "path-as-is":
      command.isPathAsIs = true;
      break;
    case "http1.0":
      command.httpVersion = "1.0";
      break;
    case "http2":
      command.httpVersion = "2.0";
      break;
    case "file":
      refuseFile(name, value);
      break;
    case "second":
      throw new UsageError(`curl: ${name} begins a second request; score takes one`);
    case "ignored":
      break;
  }
}

const base64 = (bytes: string): string => Buffer.from(bytes, "latin1").toString("base64");

/** `Name: value` sets a field, `Name:` takes one away, `Name;` sends it empty. */
function addField(command: Command, line: string, flag: string): void {
  if (line.startsWith("@")) refuseFile(flag, line);
  if (/[\r\n]/.test(line)) throw new UsageError(`curl: ${flag} holds a line break; give each field a flag of its own`);
  const colon = line.indexOf(":");
  const name = (colon < 0 ? line.replace(/;\s*$/, "") : line.slice(0, colon)).trim().toLowerCase();
  if (!/^[\w!#$%&'*+.^`|~-]{1,200}$/.test(name) || (colon < 0 && !/;\s*$/.test(line)))
    throw new UsageError(`curl: ${flag} ${JSON.stringify(line.slice(0, 40))} is no field; write "Name: value"`);
  const value = colon < 0 ? "" : line.slice(colon + 1).trim();
  command.fields.push([name, colon >= 0 && value === "" ? undefined : value]);
}

/** `content`, `=content` and `name=content`; curl reads a file for `@file` and `name@file`. */
function urlEncoded(value: string, flag: string): string {
  const equals = value.indexOf("=");
  if (equals < 0 && value.includes("@")) refuseFile(flag, value);
  const name = equals > 0 ? `${value.slice(0, equals)}=` : "";
  return name + escapeBytes(value.slice(equals + 1));
}

const escapeBytes = (bytes: string): string =>
  bytes.replace(/[^\w.~-]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);

function formPart(text: string, flag: string, hasParameters: boolean): FormPart {
  const equals = text.indexOf("=");
  if (equals < 0) throw new UsageError(`curl: ${flag} ${JSON.stringify(text.slice(0, 40))} is no form field; write name=value`);
  const name = text.slice(0, equals);
  let value = text.slice(equals + 1);
  if (!hasParameters) return { name, value, type: undefined, fileName: undefined };
  if (/^[@<]/.test(value)) refuseFile(flag, value);
  const parameters: Record<string, string> = {};
  for (let semicolon = value.lastIndexOf(";"); semicolon >= 0; semicolon = value.lastIndexOf(";")) {
    const [, key, content] = /^;\s{0,9}(type|filename)=([\s\S]{0,400})$/.exec(value.slice(semicolon, semicolon + 500)) ?? [];
    if (key === undefined || value.length - semicolon > 450) break;
    parameters[key] = content!.replace(/^"([\s\S]*)"$/, "$1");
    value = value.slice(0, semicolon);
  }
  return { name, value: value.replace(/^"([\s\S]*)"$/, "$1"), type: parameters["type"], fileName: parameters["filename"] };
}

/** Any would do; curl draws a random one. */
const BOUNDARY = "------------------------aiwaf0000000000000000";

function multipart(parts: readonly FormPart[]): string {
  const quote = (text: string): string => text.replaceAll('"', "%22").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  const sections = parts.map(({ name, value, type, fileName }) => {
    const file = fileName === undefined ? "" : `; filename="${quote(fileName)}"`;
    const kind = type === undefined ? "" : `Content-Type: ${type}\r\n`;
    return `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${quote(name)}"${file}\r\n${kind}\r\n${value}\r\n`;
  });
  return `${sections.join("")}--${BOUNDARY}--\r\n`;
}

function requestOf(command: Command): ReadRequest {
  const { url, data, json, form, isGet, isHead } = command;
  if (url === undefined) throw new UsageError("curl: the URL is missing");
  if ([data, json, form].filter((list) => list.length > 0).length > 1)
    throw new UsageError("curl: data, --json and form do not go together");
  const sent = json.length > 0 ? json.join("") : data.join("&");
  const hasData = data.length > 0 || json.length > 0;
  const { target, host, userInfo, isSquashed } = splitUrl(command, isGet && hasData ? sent : undefined);
  if (userInfo !== undefined) command.credentials ??= `Basic ${base64(userInfo)}`;
  const bodyText = form.length > 0 ? multipart(form) : hasData && !isGet ? sent : undefined;
  const body = bodyText === undefined ? undefined : Buffer.from(bodyText, "latin1");
  const notes = isSquashed ? ["curl resolves dot segments before it sends the path; with --path-as-is it does not."] : [];
  return {
    parts: {
      method: command.method ?? (isHead ? "HEAD" : body === undefined ? "GET" : "POST"),
      target,
      fields: fieldsOf(command, host, body),
      body,
      httpVersion: command.httpVersion,
    },
    notes,
  };
}

function fieldsOf(command: Command, host: string, body: Buffer | undefined): (readonly [string, string])[] {
  const { json, form, credentials, agent, referer, range, cookies, isCompressed } = command;
  const type =
    form.length > 0
      ? `multipart/form-data; boundary=${BOUNDARY}`
      : json.length > 0
        ? "application/json"
        : "application/x-www-form-urlencoded";
  const own: readonly (readonly [string, string | undefined])[] = [
    ["host", host],
    ["authorization", credentials],
    ["range", range === undefined ? undefined : `bytes=${range}`],
    ["user-agent", agent === "" ? undefined : (agent ?? "curl/8.14.1")],
    ["accept", json.length > 0 ? "application/json" : "*/*"],
    ["accept-encoding", isCompressed ? "deflate, gzip, br, zstd" : undefined],
    ["referer", referer === "" ? undefined : referer],
    ["cookie", cookies.length === 0 ? undefined : cookies.join("; ")],
    ["content-length", body === undefined ? undefined : String(body.length)],
    ["content-type", body === undefined ? undefined : type],
  ];
  const custom = new Set(command.fields.map(([name]) => name));
  return [...own.filter(([name]) => !custom.has(name)), ...command.fields].filter(
    (line): line is [string, string] => line[1] !== undefined,
  );
}

function splitUrl({ url = "", isPathAsIs }: Command, extraQuery: string | undefined) {
  if (/[\0-\x20\x7f]/.test(url))
    throw new UsageError("curl: the URL holds a blank or control character; write it as %20 or its own escape");
  const [scheme = "", name] = /^([a-z][a-z0-9+.-]{0,20}):\/\//i.exec(url) ?? [];
  if (name !== undefined && !/^https?$/i.test(name)) throw new UsageError(`curl: ${name}:// is not HTTP`);
  const rest = url.slice(scheme.length);
  const authorityEnd = rest.search(/[/?#]/);
  const authority = authorityEnd < 0 ? rest : rest.slice(0, authorityEnd);
  const afterAuthority = authorityEnd < 0 ? "" : rest.slice(authorityEnd);
  const sent = afterAuthority.includes("#") ? afterAuthority.slice(0, afterAuthority.indexOf("#")) : afterAuthority;
  const mark = sent.indexOf("?");
  const path = mark < 0 ? sent : sent.slice(0, mark);
  const query = [mark < 0 ? undefined : sent.slice(mark + 1), extraQuery].filter((part) => part !== undefined);
  const at = authority.lastIndexOf("@");
  const host = authority.slice(at + 1);
  if (host === "") throw new UsageError("curl: the URL names no host");
  const squashed = isPathAsIs ? path : resolveDots(path);
  return {
    target: (squashed === "" ? "/" : squashed) + (query.length === 0 ? "" : `?${query.join("&")}`),
    host,
    userInfo: at < 0 ? undefined : decodeBytes(authority.slice(0, at)),
    isSquashed: squashed !== path,
  };
}

const decodeBytes = (text: string): string =>
  text.replace(/%([\da-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/** RFC 3986 section 5.2.4, which curl applies before it sends a path. */
function resolveDots(path: string): string {
  if (!/\/\.{1,2}(?:\/|$)/.test(path)) return path;
  const out: string[] = [];
  const segments = path.split("/").slice(1);
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    if (segment === "..") out.pop();
    else if (segment !== ".") out.push(segment);
    if (isLast && (segment === "." || segment === "..")) out.push("");
  }
  return `/${out.join("/")}`;
}

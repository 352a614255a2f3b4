/**
 * What each flag of curl means for the request that it sends.
 *
 * @module
 */

/** What to do with a flag. `ignored` flags change nothing about the request; `file` flags would read files, which nothing here does. */
export type Meaning =
  | "request"
  | "header"
  | "data"
  | "data-raw"
  | "data-urlencode"
  | "json"
  | "form"
  | "form-string"
  | "user"
  | "bearer"
  | "cookie"
  | "user-agent"
  | "referer"
  | "range"
  | "url"
  | "get"
  | "head"
  | "compressed"
  | "path-as-is"
  | "http1.0"
  | "http2"
  | "ignored"
  | "file"
  | "second";

/** A flag of curl. */
export interface CurlOption {
  readonly meaning: Meaning;
  readonly takesValue: boolean;
}

const VALUES: Readonly<Record<string, Meaning>> = {
  request: "request",
  header: "header",
  data: "data",
  "data-ascii": "data",
  "data-binary": "data",
  "data-raw": "data-raw",
  "data-urlencode": "data-urlencode",
  json: "json",
  form: "form",
  "form-string": "form-string",
  user: "user",
  "oauth2-bearer": "bearer",
  cookie: "cookie",
  "user-agent": "user-agent",
  referer: "referer",
  range: "range",
  url: "url",
  config: "file",
  "upload-file": "file",
};

const FLAGS: Readonly<Record<string, Meaning>> = {
  get: "get",
  head: "head",
  compressed: "compressed",
  "path-as-is": "path-as-is",
  "http1.0": "http1.0",
  "http1.1": "ignored",
  http2: "http2",
  "http2-prior-knowledge": "http2",
  netrc: "file",
  next: "second",
};

const IGNORED_FLAGS =
  "silent show-error insecure location location-trusted verbose include fail fail-with-body fail-early no-buffer globoff progress-bar ipv4 ipv6 " +
  "tcp-nodelay no-progress-meter raw remote-name remote-header-name junk-session-cookies disable parallel ssl ssl-reqd tlsv1 tlsv1.2 tlsv1.3 styled-output";
const IGNORED_VALUES =
  "output output-dir max-time proxy proxy-user connect-timeout retry retry-delay retry-max-time resolve connect-to write-out cookie-jar dump-header " +
  "interface limit-rate max-redirs max-filesize cert cert-type key key-type pass cacert capath ciphers tls-max trace trace-ascii stderr keepalive-time unix-socket";

const SHORT: Readonly<Record<string, string>> = {
  X: "request",
  H: "header",
  d: "data",
  F: "form",
  u: "user",
  b: "cookie",
  A: "user-agent",
  e: "referer",
  r: "range",
  G: "get",
  I: "head",
  K: "config",
  T: "upload-file",
  n: "netrc",
  ":": "next",
  "0": "http1.0",
  s: "silent",
  S: "show-error",
  k: "insecure",
  L: "location",
  v: "verbose",
  i: "include",
  f: "fail",
  N: "no-buffer",
  g: "globoff",
  "#": "progress-bar",
  "4": "ipv4",
  "6": "ipv6",
  O: "remote-name",
  J: "remote-header-name",
  j: "junk-session-cookies",
  q: "disable",
  Z: "parallel",
  "1": "tlsv1",
  o: "output",
  m: "max-time",
  x: "proxy",
  U: "proxy-user",
  w: "write-out",
  c: "cookie-jar",
  D: "dump-header",
  E: "cert",
};

const OPTIONS: ReadonlyMap<string, CurlOption> = new Map<string, CurlOption>([
  ...Object.entries(VALUES).map(([name, meaning]) => [name, { meaning, takesValue: true }] as const),
  ...Object.entries(FLAGS).map(([name, meaning]) => [name, { meaning, takesValue: false }] as const),
  ...IGNORED_FLAGS.split(" ").map((name) => [name, { meaning: "ignored", takesValue: false }] as const),
  ...IGNORED_VALUES.split(" ").map((name) => [name, { meaning: "ignored", takesValue: true }] as const),
]);

/** The flag called `--name`; `undefined` when it is not known. */
export const longOption = (name: string): CurlOption | undefined => OPTIONS.get(name);

/** The flag called `-letter`; `undefined` when it is not known. */
export const shortOption = (letter: string): CurlOption | undefined =>
  Object.hasOwn(SHORT, letter) ? OPTIONS.get(SHORT[letter]!) : undefined;

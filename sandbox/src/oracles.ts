import { hasExecutableMarkup } from "./markup-oracle.ts";
import { secrets } from "./shop/secrets.ts";
import { users } from "./shop/seed.ts";
import { decodeLenient } from "./shop/visit.ts";
import type { Exchange, ExploitOracle, OracleName, TrafficRecord, TrafficResponse } from "./types.ts";

/**
 * True when the response shows that this record's attack worked: looks for what its `oracle` is about, and for its `proof` where it has one.
 * False for records without an oracle. Pure: the same arguments give the same answer.
 *
 * `history`: the earlier exchanges of the record's scenario, in order. Only `sql-boolean` reads it.
 */
export function exploited(record: TrafficRecord, response: TrafficResponse, history: readonly Exchange[] = []): boolean {
  if (record.oracle === undefined || !oracles[record.oracle](record, response, history)) return false;
  return record.proof === undefined || appears(record.proof, response);
}

/** Each oracle by name. Texts that the request brought itself are no evidence: a page that only echoes the payload proves nothing. */
export const oracles: Readonly<Record<OracleName, ExploitOracle>> = {
  /** Rows that no honest query returns: other people's data, the vault, goods not announced, the schema. */
  "hidden-rows": (record, response) => {
    const evidence = [secrets.vaultRow, secrets.passwdFile, "$shop$v1$", "UNRELEASED", "CREATE TABLE", "partner-key-", ...passwords];
    // One address may be the visitor's own, on the account page.
    return finds(record, response, evidence) || users.filter((user) => finds(record, response, [user.email])).length > 1;
  },
  /** A session for somebody whose password is nowhere in the request. */
  "forged-login": (record, response) => {
    const sent = requestText(record);
    return opensSession(response) && !users.some((user) => sent.includes(user.email) && sent.includes(user.password));
  },
  /** The database's message together with the shop's own statement. */
  "sql-error": (_record, response) =>
    response.status === 500 && /SELECT \w[\s\S]* FROM /.test(response.body) && /error/i.test(response.body),
  /** The database slept because it was told to. */
  "sql-delay": (_record, response) => /(?:^|,\s*)db;dur=(?:2[5-9]\d|300)\b/.test(header(response, "server-timing")),
  /** The same page with a false condition: the one before it in the scenario was found, this one is not. */
  "sql-boolean": (_record, response, history) => history.at(-1)?.response.status === 200 && response.status === 404,
  /** Markup that a browser would execute, in a page that a browser would read as HTML. */
  markup: (record, response) => isHtml(response) && hasExecutableMarkup(response.body, record.proof),
  /** The contents of a planted file outside of the public folders, plain or in base64. */
  "secret-file": (record, response) => finds(record, response, fileSecrets),
  /** Output that only a shell gives: `id`, `whoami`, `uname`, a listing of the shop's folder, or a planted file. */
  "shell-output": (record, response) => {
    if (finds(record, response, ["uid=1000(shopkeeper)", "0.0.0-make-believe", "server.js", ...fileSecrets])) return true;
    return (
      /^(?:.*\breceived \(emulated\)\n)?(?:shopkeeper|\/srv\/shop|Linux|harbour-pine)\n/m.test(response.body) ||
      /^(?:PING|ping: -c 1) (?:shopkeeper|Linux|\/srv\/shop)\b/m.test(response.body)
    );
  },
  /** The shell slept because it was told to. */
  "shell-delay": (_record, response) => /shell;dur=(?:2[5-9]\d|300)\b/.test(header(response, "server-timing")),
  /** A value that the template engine computed or looked up; `proof` says which. */
  "template-result": (record, response) => {
    if (finds(record, response, [secrets.template, "uid=1000(shopkeeper)", "make-believe.object", ...fileSecrets])) return true;
    return record.proof !== undefined && !requestText(record).includes(record.proof);
  },
  /** An entity of the sender's own was expanded: to a planted file, to the canary, to `proof`, or until the parser's limit. */
  "entity-result": (record, response) => {
    if (finds(record, response, [secrets.canary, ...fileSecrets]) || response.body.includes('"cut":true')) return true;
    return record.proof !== undefined && !requestText(record).includes(record.proof);
  },
  /** The answer of a server that only the shop itself can reach. */
  "internal-fetch": (record, response) => finds(record, response, [secrets.canary, ...fileSecrets]),
  /** Properties that the sender put on the prototype of everything. */
  polluted: (_record, response) => /(?:"|&quot;)inherited(?:"|&quot;):\[/.test(response.body),
  /** A redirect that a browser would follow to another site, or to a script. */
  "off-site": (_record, response) => response.status >= 300 && response.status < 400 && leavesSite(header(response, "location")),
  /** A file of the sender's that a browser would execute or the server did. */
  "active-upload": (record, response) => {
    if (response.status !== 200) return false;
    if (header(response, "x-powered-by") === "toy-script")
      return finds(record, response, ["uid=1000(shopkeeper)", ...fileSecrets]) || record.proof !== undefined;
    const type = header(response, "content-type");
    return /^(?:text\/html|image\/svg\+xml|application\/xhtml\+xml)/.test(type) && hasExecutableMarkup(response.body, record.proof);
  },
  /** The whole schema of the query language. */
  "schema-dump": (_record, response) => response.body.includes('"queryType":{"name":"Query"}'),
  /** The back office, shown to somebody who is not logged in as the administrator. */
  "admin-page": (record, response) => finds(record, response, [secrets.adminPage]),
  /** What somebody left in the web root. */
  "exposed-file": (record, response) => finds(record, response, [secrets.exposed]),
  /** A guessed password was right. */
  "password-found": (_record, response) => opensSession(response),
  /** The request came back as the response, credentials and all. */
  "echoed-request": (_record, response) => header(response, "content-type").startsWith("message/http"),
  /** Fields of the response that the sender wrote. */
  "split-response": (record, response) =>
    record.proof !== undefined && response.headers.some(([, value]) => value.includes(record.proof ?? "")),
};

/** The passwords that are no ordinary words, so that finding one in a page means that it came from the table. */
const passwords: readonly string[] = users.map((user) => user.password).filter((password) => /[^a-z]/.test(password));

const fileSecrets: readonly string[] = [
  secrets.passwdFile,
  secrets.rootFile,
  secrets.configFile,
  secrets.sourceFile,
  secrets.environment,
].flatMap((secret) => [
  secret,
  // Base64 of a text inside a file depends on its offset modulo three; the middle of each of the three spellings is enough.
  ...[0, 1, 2].map((shift) => Buffer.from(secret.slice(shift)).toString("base64").slice(0, 16)),
]);

function finds(record: TrafficRecord, response: TrafficResponse, evidence: readonly string[]): boolean {
  const body = unescapeHtml(response.body);
  const sent = requestText(record);
  return evidence.some((text) => body.includes(text) && !sent.includes(text));
}

function appears(proof: string, response: TrafficResponse): boolean {
  return (
    response.body.includes(proof) ||
    unescapeHtml(response.body).includes(proof) ||
    response.headers.some(([, value]) => value.includes(proof))
  );
}

/** Everything the request said, as sent and decoded. */
function requestText(record: TrafficRecord): string {
  const values = record.raw_headers?.map(([, value]) => value) ?? Object.values(record.headers);
  const said = [record.url, record.body ?? "", ...values].join("\n");
  const decoded = decodeLenient(said.replaceAll("+", " "));
  return `${said}\n${decoded}\n${decodeLenient(decoded)}`;
}

function header(response: TrafficResponse, name: string): string {
  return response.headers.find(([each]) => each.toLowerCase() === name)?.[1] ?? "";
}

function isHtml(response: TrafficResponse): boolean {
  return /^(?:text\/html|application\/xhtml\+xml)/i.test(header(response, "content-type"));
}

function opensSession(response: TrafficResponse): boolean {
  return response.headers.some(([name, value]) => name.toLowerCase() === "set-cookie" && /^sid=[\w-]{8,}/.test(value));
}

function leavesSite(location: string): boolean {
  try {
    const url = new URL(location, "http://shop.example/");
    return url.hostname !== "shop.example";
  } catch {
    return false;
  }
}

function unescapeHtml(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll("&amp;", "&");
}

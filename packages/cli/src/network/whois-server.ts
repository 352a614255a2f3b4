/**
 * Asks a WHOIS server (RFC 3912): one line out, text back.
 *
 * @module
 */
import { connect } from "node:net";

/** Where the server is. */
export interface WhoisServer {
  readonly host: string;
  readonly port: number;
}

const ANSWER_LIMIT_BYTES = 256 * 1024;

/**
 * The server's answer to `query`, at most 256 kB of it. Follows no referral: whom to ask is the caller's to say.
 *
 * @param deadlineMs - For everything together: name, connection and answer. A server that sends a byte a second is cut off all the same.
 * @throws Error in one line that says what did not work.
 */
export function askWhois(query: string, { host, port }: WhoisServer, deadlineMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const socket = connect({ host, port });
    const end = (error?: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      if (error !== undefined) reject(error);
      // Most registries answer in UTF-8 by now; what is none shows as U+FFFD.
      else if (bytes === 0) reject(new Error("the server closed the connection without an answer"));
      else resolve(Buffer.concat(chunks).subarray(0, ANSWER_LIMIT_BYTES).toString("utf8"));
    };
    const timer = setTimeout(() => end(new Error(`no whole answer within ${deadlineMs / 1_000} seconds`)), deadlineMs);
    socket.on("connect", () => socket.write(`${query}\r\n`));
    socket.on("data", (chunk) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= ANSWER_LIMIT_BYTES) end();
    });
    socket.on("end", () => end());
    socket.on("error", (error) => end(error));
  });
}

/** What people look for in an answer, by the names that the registries give it, in the order of the table. */
const FIELDS: readonly (readonly [name: string, keys: readonly string[]])[] = [
  ["network", ["netname", "network-name", "network:network-name"]],
  ["range", ["cidr", "inetnum", "inet6num", "netrange", "route", "route6", "ip-network"]],
  ["owner", ["orgname", "org-name", "organization", "organisation", "owner", "descr", "registrant organization"]],
  ["country", ["country", "registrant country"]],
  ["origin", ["originas", "origin", "aut-num"]],
  ["abuse", ["orgabuseemail", "abuse-mailbox", "abuse-c", "e-mail", "registrar abuse contact email"]],
  ["registrar", ["registrar", "source"]],
  ["updated", ["updated", "last-modified", "changed", "updated date"]],
  ["referral", ["referralserver", "refer", "whois server", "registrar whois server"]],
];

/** The fields of an answer that say whose network it is, each the first that the registry gives. */
export function whoisFields(answer: string): Readonly<Record<string, string>> {
  const found = new Map<string, string>();
  for (const line of answer.split(/\r?\n/).slice(0, 2_000)) {
    const [, key = "", value = ""] = /^\s{0,8}([\w :./-]{2,40}?)\s{0,8}:\s{0,40}(\S.{0,300})$/.exec(line.slice(0, 400)) ?? [];
    if (key === "" || line.startsWith("%") || line.startsWith("#")) continue;
    const name = key.toLowerCase();
    if (!found.has(name)) found.set(name, value.trim());
  }
  return Object.fromEntries(
    FIELDS.flatMap(([name, keys]) => {
      const value = keys.map((key) => found.get(key)).find((text) => text !== undefined);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

/**
 * `aiwaf whois`: whose an address is, from what this machine knows; the network is asked only where a flag says so.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { isIP } from "node:net";
import { clientKeyOf, spellEntry } from "@aiwaf/core/lists";
import { openPlaces, type Place } from "../geo-database.ts";
import { escapeControls } from "../json-text.ts";
import { COLUMNS, type Io, painter, printable, wrap } from "../terminal.ts";
import { messageOf, UsageError } from "../usage-error.ts";
import { holds } from "./address-range.ts";
import { keptRanges, RANGES_FOLDER } from "./published.ts";
import { type ReverseName, reverseNames } from "./reverse-dns.ts";
import { type SpecialRange, specialRange } from "./special-ranges.ts";
import { askWhois, type WhoisServer, whoisFields } from "./whois-server.ts";

/** The flags of `aiwaf whois`. */
export interface WhoisFlags {
  readonly geoip?: string;
  readonly networks?: string;
  readonly ranges?: string;
  readonly dns?: boolean;
  readonly nameServer?: string;
  readonly server?: string;
  readonly timeout?: string;
  readonly full?: boolean;
  readonly json?: boolean;
}

interface Asked<T> {
  /** `undefined` where nobody was asked. */
  readonly value?: T;
  readonly error?: string;
}

interface Answer {
  readonly target: string;
  /** The key under which this client is counted and banned; `undefined` for a name. */
  readonly client: string | undefined;
  readonly special: SpecialRange | undefined;
  readonly place: Place | undefined;
  readonly bots: readonly string[];
  readonly dns: Asked<readonly ReverseName[]>;
  readonly whois: Asked<string>;
  readonly server: string | undefined;
}

const MAPPED = "::ffff:0:0/96";
const DEFAULT_TIMEOUT_S = 10;
const MAX_TIMEOUT_S = 60;

/**
 * Tells what is known of an address, or with `--server` of a domain.
 *
 * @returns the exit code: 0, or 1 when the network was asked and did not answer.
 * @throws UsageError for what is neither an address nor a domain, and for wrong flags.
 */
export async function whois(target: string, flags: WhoisFlags, io: Io, environment: NodeJS.ProcessEnv = process.env): Promise<number> {
  const address = isIP(target) === 0 ? undefined : spellEntry("block", target);
  if (address === undefined) checkName(target, flags);
  const server = flags.server === undefined ? undefined : readServer(flags.server);
  const deadlineMs = readTimeout(flags.timeout);
  if (flags.nameServer !== undefined && flags.dns !== true) throw new UsageError("--name-server belongs to --dns");
  if (flags.nameServer !== undefined && !/^(?:[\d.]{7,15}|\[[\da-f:.]{2,45}\])(?::\d{1,5})?$/i.test(flags.nameServer))
    throw new UsageError(
      `--name-server ${JSON.stringify(flags.nameServer.slice(0, 60))}: must be an address, such as 192.0.2.53 or [2001:db8::53]`,
    );
  if (flags.full === true && server === undefined) throw new UsageError("--full belongs to --server");
  const geoip = flags.geoip ?? (environment["AIWAF_GEOIP_DB_PATH"] || undefined);
  if (flags.networks !== undefined && geoip === undefined) throw new UsageError("--networks belongs to --geoip");
  const placeOf = geoip === undefined ? undefined : await openPlaces("--geoip", geoip, flags.networks);
  if (flags.ranges !== undefined && !existsSync(flags.ranges)) throw new UsageError(`--ranges ${flags.ranges}: there is no such folder`);
  const kept = keptRanges(flags.ranges ?? RANGES_FOLDER);
  const [dns, said] = await Promise.all([
    asked(flags.dns === true && address !== undefined, () => reverseNames(address!, flags.nameServer, deadlineMs)),
    asked(server !== undefined, () => askWhois(address ?? target, server!, deadlineMs)),
  ]);
  const answer: Answer = {
    target: address ?? target,
    client: address === undefined ? undefined : clientKeyOf(address),
    special: address === undefined ? undefined : (specialOf(target) ?? specialRange(address)),
    place: address === undefined ? undefined : placeOf?.(address),
    bots: address === undefined ? [] : kept.filter(({ ranges }) => ranges.some((range) => holds(range, address))).map(({ name }) => name),
    dns,
    whois: said,
    server: flags.server,
  };
  await io.out.write(
    flags.json === true ? toJson(answer) : toText(answer, { hasPlaces: placeOf !== undefined, kept: kept.length }, flags, io),
  );
  for (const [what, { error }] of [
    [`--server ${flags.server}`, said],
    ["--dns", dns],
  ] as const)
    if (error !== undefined && flags.json !== true) await io.err.write(`aiwaf: ${what}: ${printable(error, 300)}\n`);
  return dns.error === undefined && said.error === undefined ? 0 : 1;
}

/** The range of the address as it was typed: an IPv4 address in IPv6 has one of its own, but for the mapped ones, which are that IPv4 address. */
function specialOf(target: string): SpecialRange | undefined {
  const special = specialRange(target);
  return special?.range === MAPPED ? undefined : special;
}

function checkName(target: string, flags: WhoisFlags): void {
  if (!/^(?=.{4,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}$/i.test(target))
    throw new UsageError(`${JSON.stringify(target.slice(0, 60))} is no address and no domain; type for example aiwaf whois 203.0.113.7`);
  if (flags.server === undefined)
    throw new UsageError("nothing on this machine knows a domain; name a WHOIS server that does: --server whois.example");
}

function readServer(text: string): WhoisServer {
  const [, bracketed, plain, digits] = /^(?:\[([\da-f:.]{2,45})\]|([\w.-]{1,253}))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits ?? 43);
  if (host === undefined || port < 1 || port > 65_535)
    throw new UsageError(`--server ${JSON.stringify(text.slice(0, 80))}: must be HOST or HOST:PORT, such as whois.ripe.net`);
  return { host, port };
}

function readTimeout(text: string | undefined): number {
  const seconds = text === undefined ? DEFAULT_TIMEOUT_S : /^\d{1,2}(?:\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (seconds > 0 && seconds <= MAX_TIMEOUT_S) return seconds * 1_000;
  throw new UsageError(`--timeout ${JSON.stringify(text?.slice(0, 20))}: must be seconds, up to ${MAX_TIMEOUT_S}`);
}

async function asked<T>(isWanted: boolean, ask: () => Promise<T>): Promise<Asked<T>> {
  if (!isWanted) return {};
  try {
    return { value: await ask() };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

function toJson({ target, client, special, place, bots, dns, whois: said, server }: Answer): string {
  const value = {
    target,
    client: client ?? null,
    special: special ?? null,
    country: place?.country ?? null,
    asn: place?.asn ?? null,
    bots,
    dns: dns.value === undefined && dns.error === undefined ? null : { names: dns.value ?? [], error: dns.error ?? null },
    whois:
      server === undefined
        ? null
        : { server, fields: said.value === undefined ? {} : whoisFields(said.value), text: said.value ?? null, error: said.error ?? null },
  };
  return `${escapeControls(JSON.stringify(value, undefined, 2))}\n`;
}

const LABEL_COLUMNS = 12;

function toText(answer: Answer, known: { readonly hasPlaces: boolean; readonly kept: number }, flags: WhoisFlags, io: Io): string {
  const { target, client, special, place, bots, dns, whois: said, server } = answer;
  const paint = painter(io.out);
  const rows: (readonly [label: string, text: string])[] = [];
  const lines = [paint("bold", printable(target, COLUMNS))];
  if (client !== undefined) {
    if (client !== target) rows.push(["counted as", client]);
    rows.push(["range", special === undefined ? "public" : `${special.range}: ${special.what} (${special.rfc})`]);
    if (special === undefined) {
      const place_ = [place?.country, place?.asn === undefined ? undefined : `AS${place.asn}`].filter((one) => one !== undefined);
      rows.push(["registered", known.hasPlaces ? place_.join(", ") || "not in the database" : "unknown; name a database: --geoip FILE"]);
      rows.push([
        "crawler",
        known.kept === 0 ? "unknown; aiwaf ranges keeps what operators publish" : bots.length === 0 ? "none of the kept" : bots.join(", "),
      ]);
    }
  }
  if (dns.value !== undefined)
    rows.push([
      "name",
      dns.value.length === 0
        ? "none"
        : dns.value
            .map(({ name, confirmed }) => `${name} (${confirmed ? "confirmed" : "NOT confirmed: the name has other addresses"})`)
            .join(", "),
    ]);
  const indent = " ".repeat(LABEL_COLUMNS + 2);
  const row = ([label, text]: readonly [string, string]): string =>
    `  ${paint("dim", label.padEnd(LABEL_COLUMNS))}${wrap(printable(text, 400), COLUMNS - indent.length).replaceAll("\n", `\n${indent}`)}`;
  lines.push(...rows.map(row));
  if (said.value !== undefined) {
    lines.push("", `${paint("bold", "WHOIS")} ${printable(`of ${server}`, COLUMNS - 10)}`);
    const fields = Object.entries(whoisFields(said.value));
    if (flags.full === true || fields.length === 0)
      lines.push(
        ...said.value
          .trimEnd()
          .split(/\r?\n/)
          .map((line) => `  ${printable(line, 400)}`),
      );
    else lines.push(...fields.map(row));
  }
  return `${lines.join("\n")}\n`;
}

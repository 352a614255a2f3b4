/**
 * `aiwaf why`: why a client, a decision or a request is blocked, and the narrowest change that would let it pass.
 *
 * @module
 */
import { isIP } from "node:net";
import { addEntries, clientKeyOf, type ListEntry, type ListedBan, type ListName, listBans, listEntries, undoBans } from "@aiwaf/core/lists";
import { withoutRules } from "@aiwaf/core/records";
import { escapeControls } from "../json-text.ts";
import { readLines } from "../lines.ts";
import { holds } from "../network/address-range.ts";
import { score } from "../score.ts";
import { COLUMNS, type Io, painter, printable, wrap } from "../terminal.ts";
import { plainPath } from "../traffic/plain-path.ts";
import { messageOf, UsageError } from "../usage-error.ts";
import { atOnce } from "./at-once.ts";
import { onSameStore, openStore, type StoreFlags } from "./open-store.ts";
import { isTable, tableRecords } from "./record-table.ts";
import { showMoment, showUntil } from "./times.ts";

/** The flags of `aiwaf why`. */
export interface WhyFlags extends StoreFlags {
  readonly records?: readonly string[];
  readonly apply?: boolean;
  readonly json?: boolean;
}

/** Explains `what`: an address, a decision's id, or the path or address of a page. @returns the exit code, 0. */
export async function why(what: string, flags: WhyFlags, io: Io): Promise<number> {
  const isDecision = /^[0-9a-z]{20}$/.test(what);
  if (flags.records !== undefined && !isDecision)
    throw new UsageError("--records belongs to a decision's id, as in the response's x-aiwaf-id");
  if (isIP(what.replace(/\/64$/, "")) !== 0) return whyClient(what, flags, io);
  if (isDecision) return whyDecision(what, flags, io);
  if (what.startsWith("/") || /^https?:\/\//i.test(what)) {
    if (flags.apply === true)
      throw new UsageError("--apply changes the store; a path rule stands in your configuration, and only you change that");
    const target = what.startsWith("/") ? what : what.replace(/^https?:\/\/[^/?#]*/i, "") || "/";
    return score(
      [`GET ${target} HTTP/1.1`],
      { ...(flags.json === true && { json: true }), ...(flags.config !== undefined && { config: flags.config }) },
      io,
    );
  }
  throw new UsageError(
    `${JSON.stringify(what.slice(0, 60))} is no address, no decision's id and no path; the id is in the response's x-aiwaf-id`,
  );
}

interface ClientAnswer {
  readonly client: string;
  readonly ban: ListedBan | undefined;
  readonly blocked: readonly ListEntry[];
  readonly exempt: readonly ListEntry[];
}

async function whyClient(what: string, flags: WhyFlags, io: Io): Promise<number> {
  const client = clientKeyOf(what);
  if (client === undefined) throw new UsageError(`${JSON.stringify(what.slice(0, 60))} is no address`);
  const address = what.replace(/\/64$/, "");
  const now = Date.now();
  const opened = await openStore(flags);
  try {
    const [ban] = await listBans(opened.store, { client }, now);
    const holding = async (list: ListName): Promise<readonly ListEntry[]> =>
      (await listEntries(opened.store, list, now)).filter(({ name }) => holds(name, address));
    const answer: ClientAnswer = { client, ban, blocked: await holding("block"), exempt: await holding("exempt") };
    const applied = flags.apply === true ? await atOnce(opened, now, (store) => applyTo(answer, store, now)) : undefined;
    await io.out.write(
      flags.json === true
        ? `${escapeControls(JSON.stringify({ ...answer, ban: ban ?? null, applied: applied ?? null }, undefined, 2))}\n`
        : clientText(answer, applied, flags, now, io),
    );
    return 0;
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(messageOf(error));
  } finally {
    await opened.close();
  }
}

/** What is narrowest: a ban is undone, which frees one client; a listed range would free many, so the one address is exempted instead. */
async function applyTo({ client, ban, blocked }: ClientAnswer, store: Parameters<typeof undoBans>[0], now: number): Promise<string> {
  const done: string[] = [];
  if (ban !== undefined) {
    await undoBans(store, { client }, now);
    done.push(`the ban of ${client} was undone`);
  }
  if (blocked.length > 0) {
    await addEntries(store, "exempt", [{ name: client, reason: "aiwaf why --apply", from: ["blocklist"] }], now);
    done.push(`${client} was exempted from the blocklist`);
  }
  return done.length === 0 ? "nothing had to be changed" : done.join("; ");
}

function clientText(
  { client, ban, blocked, exempt }: ClientAnswer,
  applied: string | undefined,
  flags: StoreFlags,
  now: number,
  io: Io,
): string {
  const next = (...words: readonly string[]): string => `  ${onSameStore(["aiwaf", ...words], flags)}`;
  const paint = painter(io.out);
  const lines: string[] = [];
  const isStopped =
    (ban !== undefined || blocked.length > 0) && !exempt.some(({ from }) => from === undefined || from.includes("blocklist"));
  const verdict = applied === undefined ? "STOPPED" : "WAS STOPPED";
  lines.push(`${isStopped ? paint(["bold", "red"], verdict) : paint(["bold", "green"], "NOT STOPPED")}  ${printable(client, 60)}`);
  if (ban !== undefined)
    lines.push(
      wrap(
        `Banned by ${printable(ban.rule, 60)} since ${showMoment(ban.since)}, ${showUntil(ban.until, now)}.${ban.strike > 1 ? ` It is ban ${ban.strike} within a week.` : ""}`,
        COLUMNS,
      ),
    );
  for (const { name, reason, since } of blocked)
    lines.push(
      wrap(`In the blocklist as ${name} since ${showMoment(since)}${reason === "" ? "" : `: ${printable(reason, 200)}`}.`, COLUMNS),
    );
  for (const { name, reason, from } of exempt)
    lines.push(
      wrap(
        `Exempt${from === undefined ? "" : ` from ${from.join(", ")}`} as ${name}${reason === "" ? "" : `: ${printable(reason, 200)}`}.`,
        COLUMNS,
      ),
    );
  if (ban === undefined && blocked.length === 0)
    lines.push("No ban and no list stops it. If it was blocked, the response named a decision: aiwaf why ID");
  if (applied !== undefined) lines.push(paint("green", `Done: ${applied}.`));
  else {
    if (ban !== undefined) lines.push("To undo the ban:", next("remove", "bans", client));
    if (isStopped && blocked.length > 0) lines.push("To let this one address in:", next("add", "exempt", client, "--only", "blocklist"));
    if (isStopped) lines.push("Or this command again, with --apply.");
  }
  return `${lines.join("\n")}\n`;
}

/** What a kept record says of a decision; the rest of its fields is passed on as it is. */
interface Recorded {
  readonly id: string;
  readonly at?: number;
  readonly method?: string;
  readonly url?: string;
  readonly client?: string;
  readonly action?: string;
  readonly status?: number;
  readonly rule?: string;
  readonly score?: number;
  readonly route?: string;
  readonly wouldBlock?: { readonly status: number; readonly rule: string };
  readonly findings?: readonly RecordedFinding[];
}

interface RecordedFinding {
  readonly rule: string;
  readonly score: number;
  readonly where?: string;
  readonly note?: string;
  readonly match?: { readonly text: string; readonly decoded?: readonly string[] };
}

async function whyDecision(id: string, flags: WhyFlags, io: Io): Promise<number> {
  if (flags.apply === true)
    throw new UsageError("--apply changes the store; a path rule stands in your configuration, and only you change that");
  const found = await findRecord(id, flags.records ?? []);
  if (found === undefined)
    throw new UsageError(
      flags.records === undefined
        ? `which records? name the files your firewall writes: aiwaf why ${id} --records requests.jsonl`
        : `${id} is in none of these records`,
    );
  await io.out.write(
    flags.json === true
      ? `${escapeControls(JSON.stringify({ record: found, narrowest: narrowest(found) ?? null }, undefined, 2))}\n`
      : decisionText(found, flags, io),
  );
  return 0;
}

async function findRecord(id: string, paths: readonly string[]): Promise<Recorded | undefined> {
  for (const path of paths) {
    try {
      if (isTable(path)) {
        for (const record of tableRecords(path)) if (record.id === id) return record as Recorded;
        continue;
      }
      for await (const lines of readLines(path, "utf8")) {
        for (const { text } of lines) {
          // Most lines are other decisions: looking for the id costs far less than parsing each.
          if (text === undefined || !text.includes(id)) continue;
          const value = parse(text);
          if (value?.id === id) return value;
        }
      }
    } catch (error) {
      throw new UsageError(`--records ${path}: ${messageOf(error)}`);
    }
  }
  return undefined;
}

function parse(text: string): Recorded | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Recorded) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The path rule that leaves out as few rules as it takes for this request to pass. `undefined` for what was not blocked, for limits and bans, which no
 * path rule of one request answers, and for paths that no rule can name without naming others: a client chooses its path, `/**` as well.
 */
export function narrowest({ findings = [], url = "/", route, ...decided }: Recorded): string | undefined {
  const { rules } = withoutRules({ ...decided, findings });
  const path = route ?? plainPath(url.split("#", 1)[0]!);
  if (rules.length === 0 || path === undefined || (route === undefined && /\*|\/:|\[redacted\]/.test(path))) return undefined;
  return `paths: { ${JSON.stringify(path)}: { skip: ${JSON.stringify(rules)} } }`;
}

function decisionText(record: Recorded, flags: StoreFlags, io: Io): string {
  const paint = painter(io.out);
  const isBlocked = record.action === "block" || record.wouldBlock !== undefined;
  const verdict = isBlocked
    ? paint(["bold", "red"], record.action === "block" ? "BLOCKED" : "WOULD BLOCK")
    : paint(["bold", "green"], "ALLOWED");
  const lines = [
    `${verdict}  ${record.status ?? record.wouldBlock?.status ?? ""}  ${paint("bold", printable(record.rule ?? record.wouldBlock?.rule ?? "", 60))}  score ${record.score ?? 0}`,
    printable(`${record.method ?? ""} ${record.url ?? ""}`, COLUMNS, true),
    `from ${printable(record.client ?? "", 60)} at ${showMoment(record.at ?? 0)}`,
  ];
  for (const { rule, score: points, where, note, match } of record.findings ?? []) {
    lines.push("", ` ${paint("bold", printable(rule, 60))}  score ${points}  ${printable(where ?? "", 60)}`);
    if (match !== undefined)
      lines.push(
        `   saw ${printable(JSON.stringify(match.text), COLUMNS - 8)}${match.decoded?.length ? `, decoded ${match.decoded.join(" > ")}` : ""}`,
      );
    if (note !== undefined) lines.push(`   ${printable(note, COLUMNS - 4)}`);
  }
  const change = narrowest(record);
  if (change !== undefined) lines.push("", "The narrowest change that lets it pass, in your configuration:", `  ${printable(change, 400)}`);
  else if (withoutRules({ ...record, findings: record.findings ?? [] }).rules.length > 0)
    lines.push("", "No path rule can name this path without naming others.");
  else if (isBlocked)
    lines.push(
      "",
      "This came from a limit, a ban or a failure. What stops the client:",
      `  ${onSameStore(["aiwaf", "why", printable(record.client ?? "ADDRESS", 60)], flags)}`,
    );
  return `${lines.join("\n")}\n`;
}

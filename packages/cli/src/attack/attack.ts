/**
 * `aiwaf attack`: mutates attacks that the firewall blocks, and shows the mutations that it does not.
 *
 * @module
 */
import { loadConfiguration } from "../configuration.ts";
import { percent, readShare } from "../fail-over.ts";
import { escapeControls } from "../json-text.ts";
import { readLines } from "../lines.ts";
import { readCount } from "../operate/counts.ts";
import { number, plainTable, trimLines } from "../plain-table.ts";
import { startProgress } from "../progress.ts";
import { parseRecord, type RequestRecord } from "../request-record.ts";
import { type Io, painter, printable } from "../terminal.ts";
import { messageOf, UsageError } from "../usage-error.ts";
import { writeWhole } from "../write-whole.ts";
import { engineJudge, type Judge, serverJudge } from "./judges.ts";
import { type Bypass, mutatePayload, type PayloadResult } from "./mutate.ts";
import { builtInPayloads } from "./payloads.ts";

/** The flags of `aiwaf attack`. */
export interface AttackFlags {
  readonly config?: string;
  readonly payloads?: readonly string[];
  readonly mutations?: string;
  readonly seed?: string;
  readonly failOver?: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** Mutations tried in one run at most, whatever was asked for. */
const TOTAL_MAX = 5_000_000;
const SHOWN_MAX = 1_000;

/**
 * Attacks a firewall in this process, or a server on this machine.
 *
 * @param address - The server, a loopback address; `undefined` for the firewall of `flags.config` or the recommended one.
 * @returns the exit code: 1 when more than `--fail-over` of the mutations got through.
 * @throws UsageError for wrong flags, and for an address that is not this machine.
 */
export async function attack(address: string | undefined, flags: AttackFlags, io: Io): Promise<number> {
  const count = readCount("--mutations", flags.mutations ?? "1000", 100_000);
  const seed = readCount("--seed", flags.seed ?? "1", 1_000_000_000);
  const limit = readShare(flags.failOver ?? "3%", "--fail-over");
  if (address !== undefined && flags.config !== undefined)
    throw new UsageError("give an address or --config, not both; the server has its own configuration");
  const judge = address === undefined ? engineJudge(await loadConfiguration(flags, io)) : serverJudge(address);
  const payloads = await readPayloads(flags.payloads ?? []);
  if (payloads.length * count > TOTAL_MAX)
    throw new UsageError(`${payloads.length} payloads with ${count} mutations each are more than ${TOTAL_MAX}; lower --mutations`);
  const results: PayloadResult[] = [];
  const progress = startProgress(payloads.length, io);
  for (const [index, record] of payloads.entries()) {
    results.push(await mutatePayload(record, count, seed + index, judge));
    progress.to(index + 1, `payloads, ${count} mutations each`);
  }
  progress.end();
  const summary = summarize(results);
  if (flags.out !== undefined) writeOut(flags.out, summary.bypasses);
  await io.out.write(flags.json === true ? toJson(summary, judge) : report(summary, judge, limit, io));
  if (summary.mutated === 0) throw new UsageError(`${judge.name} blocks none of the payloads as they are, so there is nothing to mutate`);
  return summary.through > limit * summary.tried ? 1 : 0;
}

async function readPayloads(paths: readonly string[]): Promise<readonly RequestRecord[]> {
  if (paths.length === 0) return builtInPayloads();
  const records = new Map<string, RequestRecord>();
  for (const path of paths) {
    try {
      for await (const lines of readLines(path, "utf8")) {
        for (const { text, number } of lines) {
          if (text === undefined || text.trim() === "") continue;
          const record = parseRecord(text);
          if (typeof record === "string") throw new Error(`line ${number}: ${record}`);
          // The same request sent many times, as in a brute force, is one payload.
          if (record.label === "attack") records.set(`${record.method} ${record.url} ${record.body}`, record);
        }
      }
    } catch (error) {
      throw new UsageError(`--payloads ${path}: ${messageOf(error)}`);
    }
  }
  return [...records.values()];
}

interface Row {
  payloads: number;
  tried: number;
  through: number;
}

interface Summary extends Row {
  /** Payloads that were mutated. */
  readonly mutated: number;
  readonly notBlocked: number;
  readonly noCarrier: number;
  readonly classes: ReadonlyMap<string, Row>;
  readonly bypasses: readonly Bypass[];
}

function summarize(results: readonly PayloadResult[]): Summary {
  const classes = new Map<string, Row>();
  const bypasses: Bypass[] = [];
  const skipped = { "not blocked": 0, "no single carrier": 0 };
  const all: Row = { payloads: results.length, tried: 0, through: 0 };
  for (const result of results) {
    if (result.skipped !== undefined) skipped[result.skipped]++;
    if (result.outcome === undefined) continue;
    const { tried, through } = result.outcome;
    const row = classes.get(result.class) ?? { payloads: 0, tried: 0, through: 0 };
    classes.set(result.class, { payloads: row.payloads + 1, tried: row.tried + tried, through: row.through + through });
    all.tried += tried;
    all.through += through;
    bypasses.push(...result.outcome.bypasses);
  }
  const mutated = results.filter(({ outcome }) => outcome !== undefined).length;
  return { ...all, mutated, notBlocked: skipped["not blocked"], noCarrier: skipped["no single carrier"], classes, bypasses };
}

/** A bypass as one record of a traffic file: `aiwaf score` and `aiwaf replay` read it. */
function recordOf({ class: name, request, steps }: Bypass): Record<string, unknown> {
  const { method, target, fields, body } = request;
  const bytes = body === undefined ? null : Buffer.from(body).toString("latin1");
  return { label: "attack", class: name, method, url: target, raw_headers: fields, body: bytes, encoding: "latin-1", steps };
}

function writeOut(path: string, bypasses: readonly Bypass[]): void {
  try {
    writeWhole(path, bypasses.map((bypass) => `${JSON.stringify(recordOf(bypass))}\n`).join(""));
  } catch (error) {
    throw new UsageError(`--out ${path}: ${messageOf(error)}`);
  }
}

function toJson(summary: Summary, judge: Judge): string {
  const { payloads, mutated, notBlocked, noCarrier, tried, through, classes, bypasses } = summary;
  const value = {
    target: judge.name,
    payloads,
    mutated,
    not_blocked: notBlocked,
    no_single_carrier: noCarrier,
    tried,
    through,
    classes: Object.fromEntries(classes),
    bypasses: bypasses.map(recordOf),
  };
  return `${escapeControls(JSON.stringify(value))}\n`;
}

const CLASS_COLUMNS = 26;
const share = ({ through, tried }: Row): string => (tried === 0 ? "" : percent(through / tried));

function report(summary: Summary, judge: Judge, limit: number, io: Io): string {
  const paint = painter(io.out);
  const head = ["Class", "Payloads", "Mutations", "Through", "Share"].map((text) => paint("bold", text));
  const table = plainTable(head, [CLASS_COLUMNS, 10, 12, 10, 10], 1);
  const rows = [...summary.classes].sort(([, left], [, right]) => right.through / (right.tried || 1) - left.through / (left.tried || 1));
  for (const [name, row] of rows)
    table.push([printable(name, CLASS_COLUMNS), number(row.payloads), number(row.tried), number(row.through), share(row)]);
  table.push([paint("bold", "All"), number(summary.mutated), number(summary.tried), number(summary.through), share(summary)]);
  const shown = summary.bypasses.slice(0, SHOWN_MAX).map((bypass) => bypassText(bypass, paint));
  const rest = summary.bypasses.length - shown.length;
  const isPassed = summary.through <= limit * summary.tried;
  return `${[
    `Attacked ${judge.name}.`,
    trimLines(table.toString()),
    ...(shown.length === 0 ? [] : [paint("bold", "What got through, with the fewest steps it needs"), ...shown]),
    ...(rest > 0 ? [`and ${number(rest)} more; --out FILE writes all of them`] : []),
    ...(summary.notBlocked + summary.noCarrier === 0
      ? []
      : [
          `Not mutated: ${number(summary.notBlocked)} payloads that are not blocked as they are, ${number(summary.noCarrier)} that no single value carries.`,
        ]),
    paint(
      isPassed ? "green" : "red",
      `Gate ${isPassed ? "passed" : "failed"}: ${share(summary) || "0.00 %"} got through, at most ${percent(limit)} allowed.`,
    ),
  ].join("\n\n")}\n`;
}

/** Ready for a shell: whatever is in the request stands in single quotes. */
function bypassText(bypass: Bypass, paint: ReturnType<typeof painter>): string {
  const steps = printable(`${bypass.class}: ${bypass.steps.join(", ")}`, 200);
  return `${paint("yellow", steps)}\n  aiwaf score ${quoted(escapeControls(JSON.stringify(recordOf(bypass))))}`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/**
 * The tables and files of AIWAF's other implementations, and what their rows are here.
 *
 * @module
 */
import { LIST_NAMES, type ListEntry, type ListedBan, type ListName } from "@aiwaf/core/lists";
import type { Row } from "./csv.ts";

/** Where a table's rows go. */
interface Target {
  readonly list: ListName;
  /** The columns that may hold the entry's name, the first that is there counts. */
  readonly name: readonly string[];
}

const ADDRESS = ["ip_address", "ip", "address", "ip_range"];
const PATH = ["path", "path_prefix"];
const WORD = ["keyword", "word"];
const COUNTRY = ["country_code", "country", "code"];
const REASON = ["reason", "description"];
const SINCE = ["created_at", "added_date", "blocked_at", "timestamp", "updated_at", "last_updated"];
const UNTIL = ["expires_at", "until"];

/** By the name without case, underscores, a leading `aiwaf` and a plural. */
const TARGETS: Readonly<Record<string, Target>> = {
  blacklistentry: { list: "block", name: ADDRESS },
  blacklistedip: { list: "block", name: ADDRESS },
  blacklist: { list: "block", name: ADDRESS },
  blockedip: { list: "block", name: ADDRESS },
  ipexemption: { list: "exempt", name: ADDRESS },
  whitelistedip: { list: "exempt", name: ADDRESS },
  whitelist: { list: "exempt", name: ADDRESS },
  exemption: { list: "exempt", name: ADDRESS },
  exemptpath: { list: "exempt-path", name: PATH },
  pathexemption: { list: "exempt-path", name: PATH },
  dynamickeyword: { list: "keyword", name: WORD },
  keyword: { list: "keyword", name: WORD },
  exemptkeyword: { list: "exempt-keyword", name: WORD },
  geoblockedcountry: { list: "country", name: COUNTRY },
};

/** Known, and left where they are. */
const LEFT: Readonly<Record<string, string>> = {
  featuresample: "samples are made anew from traffic",
  requestlog: "old requests are not kept; train from the access log",
  aimodelartifact: "models of other implementations are read by aiwaf/forest",
  modelartifact: "models of other implementations are read by aiwaf/forest",
};

/** What a table is to us; `undefined`: not one of ours. */
export function tableOf(name: string): { readonly target: Target } | { readonly left: string } | undefined {
  const letters = name
    .toLowerCase()
    .replace(/[^a-z]/g, "")
    .replace(/^aiwaf/, "");
  for (const known of [letters, letters.replace(/ies$/, "y"), letters.replace(/s$/, "")]) {
    if (Object.hasOwn(TARGETS, known)) return { target: TARGETS[known]! };
    if (Object.hasOwn(LEFT, known)) return { left: LEFT[known]! };
  }
  return undefined;
}

/** What was found in the files of another implementation, ready for `importState`. */
export interface Found {
  readonly lists: Record<ListName, unknown[]>;
  readonly bans: unknown[];
  /** For people: what came from where, and what was left. */
  readonly notes: string[];
}

export const nothingFound = (): Found => ({
  lists: Object.fromEntries(LIST_NAMES.map((list) => [list, []])) as unknown as Record<ListName, unknown[]>,
  bans: [],
  notes: [],
});

/** Adds one row. What it cannot read it hands on as it is, so that the import refuses and tells it. */
export function addRow(found: Found, { list, name }: Target, row: Row): void {
  // Django and SQLite keep truth as a number.
  const enabled = row["enabled"];
  if (enabled === 0 || enabled === false || /^(?:0|false|no)$/i.test(String(enabled ?? ""))) return;
  const kept = first(row, ["extended_request_info"]);
  const information = informationOf(kept);
  const end = first(row, UNTIL) ?? information?.["until"];
  // An end that cannot be read is handed on: without it the entry would hold for ever. Others keep a request where we keep what an exemption is from.
  const until = isNever(end) ? (information === undefined && list !== "block" ? kept : undefined) : (timeOf(end) ?? end);
  const since = timeOf(first(row, SINCE));
  const text = first(row, name);
  const count = Number(row["count"]);
  const reason = String(first(row, REASON) ?? "");
  const { rule, strike, from } = information ?? {};
  if (list === "block" && until !== undefined && typeof rule === "string") {
    found.bans.push({ client: text, rule, since: since ?? 0, until, strike });
    return;
  }
  found.lists[list].push({
    name: String(text ?? ""),
    reason,
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    ...(count > 0 && { count }),
    ...(from !== undefined && { from }),
  } satisfies Partial<Record<keyof ListEntry, unknown>>);
}

const first = (row: Row, columns: readonly string[]): unknown =>
  columns.map((column) => row[column]).find((value) => value !== undefined && value !== null && value !== "");

/** Nothing for what is no object in JSON. */
function informationOf(value: unknown): Row | undefined {
  if (value === undefined) return {};
  if (typeof value !== "string" || value.length > 65_536) return undefined;
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? (parsed as Row) : undefined;
  } catch {
    return undefined;
  }
}

/** How databases and scripts write that something has no end. */
const isNever = (end: unknown): boolean => !end || /^(?:0|none|null|never)$/i.test(String(end));

/** Below this a number counts seconds, as Python does. */
const SECONDS_BELOW = 100_000_000_000;

/** A time in any of the spellings found: seconds or milliseconds since the epoch, ISO 8601, or as Django stores it, in UTC without saying so. */
export function timeOf(value: unknown): number | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  const number = typeof value === "number" ? value : /^\d{9,16}(?:\.\d+)?$/.test(String(value)) ? Number(value) : undefined;
  if (number !== undefined) {
    if (!(number > 0)) return undefined;
    return Math.round(number < SECONDS_BELOW ? number * 1_000 : number);
  }
  const text = String(value).trim().replace(" ", "T");
  const time = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/i.test(text) || !text.includes("T") ? text : `${text}Z`);
  return Number.isFinite(time) && time > 0 ? time : undefined;
}

/** A ban's rule and end, in the column that other implementations keep such things in. */
export const banRow = ({ client, rule, since, until, strike }: ListedBan): Row => ({
  ip: client,
  reason: rule,
  added_date: new Date(since).toISOString(),
  extended_request_info: JSON.stringify({ rule, until, strike }),
});

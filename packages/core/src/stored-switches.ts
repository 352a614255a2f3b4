/**
 * What operators switch while the firewall runs: the mode, single rules, and narrow exceptions. One value each in the store, `switch:…`, for all processes
 * that share it.
 *
 * @module
 */
import { chain } from "./awaitable.ts";
import { WafError } from "./errors.ts";
import { changed, readEntries } from "./snapshots.ts";
import type { Awaitable, RuleId, Store } from "./types.ts";

/** A mode that somebody switched to. */
export interface ModeSwitch {
  readonly mode: "report" | "enforce";
  /** Who did, for people. */
  readonly by: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** What an exception leaves out: one rule, at one path, and at one parameter of it. */
export interface NewException {
  readonly rule: RuleId;
  /** A pattern as in `paths`: `/search`, `/users/:id`, `/files/**`. */
  readonly path: string;
  /** As `where` of findings has it, `query:q`, compared whole. Absent: wherever on that path. */
  readonly parameter?: string;
  /** Why, for people; at most 200 characters are kept. */
  readonly reason?: string;
  /** Milliseconds since the epoch. Default: until it is removed. */
  readonly until?: number;
}

/** An exception as it is stored. */
export interface StoredException extends NewException {
  readonly id: string;
  readonly reason: string;
  readonly by: string;
  readonly since: number;
}

/** All that is switched. */
export interface Switches {
  readonly mode: ModeSwitch | undefined;
  /** Rules that only report. */
  readonly rules: ReadonlyMap<RuleId, ModeSwitch>;
  readonly exceptions: readonly StoredException[];
}

/** One stored value. */
export type SwitchEntry =
  | { readonly kind: "mode"; readonly value: ModeSwitch }
  | { readonly kind: "rule"; readonly rule: RuleId; readonly value: ModeSwitch }
  | { readonly kind: "exception"; readonly value: StoredException };

/** Where switches begin, for `storeSnapshot`. */
export const SWITCH_PREFIX = "switch:";
/** Most switches that are heeded. */
export const SWITCH_LIMIT = 2_000;
const EXCEPTIONS_MAX = 500;
const TEXT_MAX = 200;
const RULE = /^[a-z\d-]{1,40}\/[\w.-]{1,60}$/;
const ID = /^[0-9a-f]{16}$/;
/** They judge clients and failures, or whole requests: nothing of one parameter is behind them. */
const NOT_EXCEPTED = /^(?:blocklist|rate-limit|geo|engine|body|score\/threshold)(?:\/|$)/;

/** Whether an exception can do anything about that rule: not about limits, bans, countries, failures and sums. */
export const canBeExcepted = (rule: string): boolean => RULE.test(rule) && !NOT_EXCEPTED.test(rule);

/** Reads a stored switch; `undefined` for what is none. Fits `storeSnapshot`. */
export function readSwitch(name: string, text: string): SwitchEntry | undefined {
  const stored: unknown = JSON.parse(text);
  if (typeof stored !== "object" || stored === null) return undefined;
  const { mode, by, since } = stored as Partial<ModeSwitch>;
  const colon = name.indexOf(":");
  const [kind, rest] = colon < 0 ? [name, ""] : [name.slice(0, colon), name.slice(colon + 1)];
  if (kind === "except") {
    const value = readException({ ...stored, id: rest });
    return value === undefined ? undefined : { kind: "exception", value };
  }
  if (mode !== "report" && mode !== "enforce") return undefined;
  const value: ModeSwitch = { mode, by: tidy(by), since: isTime(since) ? since : 0 };
  if (kind === "mode" && rest === "") return { kind, value };
  return kind === "rule" && RULE.test(rest) && mode === "report" ? { kind, rule: rest as RuleId, value } : undefined;
}

function readException(stored: Partial<Record<keyof StoredException, unknown>>): StoredException | undefined {
  const { id, rule, path, parameter, reason, by, since, until } = stored;
  if (typeof id !== "string" || !ID.test(id) || typeof rule !== "string" || !canBeExcepted(rule)) return undefined;
  if (!isPath(path) || (parameter !== undefined && !isParameter(parameter)) || (until !== undefined && !isTime(until))) return undefined;
  return {
    id,
    rule: rule as RuleId,
    path,
    ...(parameter !== undefined && { parameter }),
    reason: tidy(reason),
    by: tidy(by),
    since: isTime(since) ? since : 0,
    ...(until !== undefined && { until }),
  };
}

const isTime = (value: unknown): value is number => typeof value === "number" && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
const isPath = (value: unknown): value is string =>
  typeof value === "string" && value.startsWith("/") && value.length <= 500 && !/[\p{Cc}\p{Cs}?#]/u.test(value);
const isParameter = (value: unknown): value is string => typeof value === "string" && value !== "" && value.length <= 300;
const tidy = (text: unknown): string => (typeof text === "string" ? text.slice(0, TEXT_MAX).replace(/[\p{Cc}\p{Cs}]/gu, " ") : "");

/** All that is switched now. What cannot be read is left out. */
export function readSwitches(store: Store, now: number): Awaitable<Switches> {
  return chain(readEntries(store, SWITCH_PREFIX, SWITCH_LIMIT, now), (pairs) =>
    gather(
      pairs
        .map(([key, text]) => {
          try {
            return readSwitch(key.slice(SWITCH_PREFIX.length), text);
          } catch {
            return undefined;
          }
        })
        .filter((entry) => entry !== undefined),
    ),
  );
}

/** Puts single switches together. */
export function gather(entries: Iterable<SwitchEntry>): Switches {
  let mode: ModeSwitch | undefined;
  const rules = new Map<RuleId, ModeSwitch>();
  const exceptions: StoredException[] = [];
  for (const entry of entries) {
    if (entry.kind === "mode") mode = entry.value;
    else if (entry.kind === "rule") rules.set(entry.rule, entry.value);
    else exceptions.push(entry.value);
  }
  exceptions.sort((one, other) => other.since - one.since || (one.id < other.id ? -1 : 1));
  return { mode, rules, exceptions };
}

/** Switches the mode for all paths whose rules name none; `undefined`: as configured. Every process heeds it within a second. */
export function switchMode(store: Store, mode: "report" | "enforce" | undefined, by: string, now: number): Awaitable<void> {
  const key = `${SWITCH_PREFIX}mode`;
  const value: ModeSwitch | undefined = mode === undefined ? undefined : { mode, by: tidy(by), since: now };
  return chain(value === undefined ? store.delete(key) : store.set(key, JSON.stringify(value), undefined, now), () =>
    changed(store, SWITCH_PREFIX, now),
  );
}

/**
 * Has a rule only report, or enforce again. Every process heeds it within a second.
 *
 * @throws WafError `AIWAF_LIST_ENTRY` for what is no rule.
 */
export function switchRule(store: Store, rule: string, mode: "report" | "enforce", by: string, now: number): Awaitable<void> {
  if (!RULE.test(rule)) throw new WafError("AIWAF_LIST_ENTRY", `${JSON.stringify(rule.slice(0, 60))} is no rule.`);
  const key = `${SWITCH_PREFIX}rule:${rule}`;
  const value: ModeSwitch = { mode, by: tidy(by), since: now };
  return chain(mode === "enforce" ? store.delete(key) : store.set(key, JSON.stringify(value), undefined, now), () =>
    changed(store, SWITCH_PREFIX, now),
  );
}

/**
 * Adds an exception. Every process heeds it within a second.
 *
 * @throws (rejects with) WafError `AIWAF_LIST_ENTRY` when it is none, or there are 500 already.
 */
export async function addException(store: Store, exception: NewException, by: string, now: number): Promise<StoredException> {
  const id = Array.from(globalThis.crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const ready = readException({ ...exception, id, by, since: now });
  if (ready === undefined || (ready.until !== undefined && ready.until <= now))
    throw new WafError(
      "AIWAF_LIST_ENTRY",
      "An exception needs a rule that can be excepted, a path that starts with a slash, and an end to come.",
    );
  const running = await store.list(`${SWITCH_PREFIX}except:`, EXCEPTIONS_MAX, now);
  if (running.length >= EXCEPTIONS_MAX)
    throw new WafError("AIWAF_LIST_ENTRY", `There are ${EXCEPTIONS_MAX} exceptions already; a path rule does for more.`);
  await restoreException(store, ready, now);
  return ready;
}

/** Writes an exception as it was. */
export function restoreException(store: Store, { id, ...rest }: StoredException, now: number): Awaitable<void> {
  const ttlMs = rest.until === undefined ? undefined : Math.max(1, rest.until - now);
  return chain(store.set(`${SWITCH_PREFIX}except:${id}`, JSON.stringify(rest), ttlMs, now), () => changed(store, SWITCH_PREFIX, now));
}

/** Removes an exception. @returns It, or `undefined` when it was not there. */
export async function removeException(store: Store, id: string, now: number): Promise<StoredException | undefined> {
  const { exceptions } = await readSwitches(store, now);
  const found = exceptions.find((one) => one.id === id);
  if (found === undefined) return undefined;
  await store.delete(`${SWITCH_PREFIX}except:${id}`);
  await changed(store, SWITCH_PREFIX, now);
  return found;
}

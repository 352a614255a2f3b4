/**
 * What a replay adds up: requests and blocks by file and class, the rules that blocked what they should not have, latencies. Memory does not grow
 * with the number of records, nor with what they call themselves.
 *
 * @module
 */
import type { Finding } from "@aiwaf/core";
import { redactTarget } from "@aiwaf/core/records";
import { type LatencyHistogram, latencyHistogram } from "./latency-histogram.ts";
import type { Measured } from "./replay-engine.ts";
import type { ReplayItem } from "./replay-source.ts";
import type { Label } from "./request-record.ts";

/** Requests and how many of them were blocked. */
export interface Count {
  requests: number;
  blocked: number;
}

/** One line below a file: what its records say they are. */
export interface ClassCount extends Count {
  readonly label: Label;
  readonly name: string;
}

/** What one file came to. */
export interface FileTally extends Count {
  readonly path: string;
  readonly classes: Map<string, ClassCount>;
  badLines: number;
  /** Logged lines that hold no HTTP request. */
  skipped: number;
  /** Why reading ended before the file did. */
  problem: string | undefined;
}

/** A rule that blocked requests which look honest, and the first of them. */
export interface RuleTally {
  count: number;
  readonly example: { readonly id: string; readonly request: string; readonly finding: Finding | undefined };
}

/** Everything a replay adds up. */
export interface Tally {
  readonly files: FileTally[];
  readonly labels: Readonly<Record<Label, Count>>;
  readonly tiers: Map<string, Count>;
  /** Rules that blocked records labelled benign. */
  readonly benignRules: Map<string, RuleTally>;
  /** Failures of detectors, by `name: message`. */
  readonly failures: Map<string, number>;
  readonly latency: LatencyHistogram;
}

const CLASSES_MAX = 200;
const NAME_MAX = 100;
const RULES_MAX = 500;
const FAILURES_MAX = 20;

/** A tally of nothing. */
export function createTally(): Tally {
  return {
    files: [],
    labels: { attack: { requests: 0, blocked: 0 }, benign: { requests: 0, blocked: 0 }, unknown: { requests: 0, blocked: 0 } },
    tiers: new Map(),
    benignRules: new Map(),
    failures: new Map(),
    latency: latencyHistogram(),
  };
}

/** Begins the count of one file. */
export function openFile(tally: Tally, path: string): FileTally {
  const file: FileTally = { path, requests: 0, blocked: 0, classes: new Map(), badLines: 0, skipped: 0, problem: undefined };
  tally.files.push(file);
  return file;
}

/** Counts one decision. */
export function count(tally: Tally, file: FileTally, item: ReplayItem, { decision, verdict, microseconds }: Measured): void {
  const isBlocked = verdict !== undefined;
  tally.latency.add(microseconds);
  const counts = [file, tally.labels[item.label], classOf(file, item)];
  if (item.tier !== undefined)
    counts.push(entryOf(tally.tiers, item.tier.slice(0, NAME_MAX), CLASSES_MAX, () => ({ requests: 0, blocked: 0 })));
  for (const one of counts) {
    one.requests++;
    if (isBlocked) one.blocked++;
  }
  for (const { detector, message } of decision.failures) {
    const key = `${detector}: ${message}`;
    if (tally.failures.has(key) || tally.failures.size < FAILURES_MAX) tally.failures.set(key, (tally.failures.get(key) ?? 0) + 1);
  }
  if (!isBlocked || item.label !== "benign") return;
  // A sum over the threshold was nobody's doing alone: everyone who added to it is named.
  const rules = verdict.rule === "score/threshold" ? [...new Set(decision.findings.map(({ rule }) => rule))] : [verdict.rule];
  for (const rule of rules) {
    const known = entryOf(tally.benignRules, rule, RULES_MAX, () => {
      const request = `${item.raw.method} ${redactTarget(item.raw.target.slice(0, 2_000))}`.slice(0, 200);
      return { count: 0, example: { id: item.id, request, finding: decision.findings.find((one) => one.rule === rule) } };
    });
    known.count++;
  }
}

function classOf(file: FileTally, { label, class: name }: ReplayItem): ClassCount {
  const known = file.classes.get(`${label} ${name}`);
  if (known !== undefined) return known;
  const shown = name.slice(0, NAME_MAX);
  return entryOf(file.classes, `${label} ${shown}`, CLASSES_MAX, (isRest) => ({
    label,
    name: isRest ? "(further classes)" : shown,
    requests: 0,
    blocked: 0,
  }));
}

/** The entry of `key`, made when there is none; once `most` are there, further keys share one. */
function entryOf<T>(map: Map<string, T>, key: string, most: number, make: (isRest: boolean) => T): T {
  const wanted = map.has(key) || map.size < most ? key : "";
  let entry = map.get(wanted);
  if (entry === undefined) {
    entry = make(wanted !== key);
    map.set(wanted, entry);
  }
  return entry;
}

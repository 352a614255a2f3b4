/**
 * What happened over time, counted as it happens: a day in minutes, in bounded memory, without asking any store.
 *
 * @module
 */
import type { Decision, Listener, Outcome } from "@aiwaf/core";
import { addDistinct, createDistinct, type Distinct, joinDistinct } from "./distinct.ts";
import { addHistogram, addLength, createHistogram, type Histogram } from "./histogram.ts";
import { TopCounts } from "./top-counts.ts";

/** Figures of a stretch of time. */
export interface Figures {
  requests: number;
  blocked: number;
  wouldBlock: number;
  score: number;
  bansMade: number;
  bansUndone: number;
  readonly lengths: Histogram;
}

/** The names that stand out in a stretch of time. */
export interface Names {
  readonly rules: TopCounts;
  readonly clients: TopCounts;
  readonly paths: TopCounts;
  readonly countries: TopCounts;
  /** Numbers of autonomous systems. */
  readonly networks: TopCounts;
  /** Which rule stopped which client, named by `stopName`. */
  readonly stops: TopCounts;
  /** By rule: how often it was found, stopped or not. */
  readonly found: TopCounts;
  readonly stopped: Distinct;
}

/** The counts of one firewall since it was watched. */
export interface Tallies {
  /** Give it to `waf.subscribe`. */
  readonly listener: Listener;
  /** Counts a ban that was made then. */
  banned(at: number): void;
  /** Counts bans that were undone before their end. */
  undone(count: number, now: number): void;
  /** Since when it counts, in milliseconds since the epoch. */
  readonly since: number;
  /** Figures of each stretch of `stepMs`, a multiple of a minute, from `from` on; `count` of them. */
  figures(from: number, stepMs: number, count: number): readonly Figures[];
  /** Figures of the minute that begins then. */
  minute(at: number): Figures | undefined;
  /** Names of the ten-minute stretches that lie, at least in part, between the two. */
  names(from: number, to: number): Names;
}

/** A stop as one name: who, by what, and whether it was let through because the mode only reports. */
export const stopName = (isBlocked: boolean, rule: string, client: string): string => `${isBlocked ? "b" : "w"} ${rule} ${client}`;

/** The least stretch that is told apart. */
export const MINUTE_MS = 60_000;
const MINUTES = 1_440;
const NAMES_MS = 600_000;
const NAME_SLICES = 145;
/** Names of each kind in ten minutes: 145 slices of all kinds are at most some 12 MB. */
const NAMES_KEPT = 100;
const STOPS_KEPT = 200;
const RULES_KEPT = 400;
const PATH_LIMIT = 120;

/** Figures of nothing. */
export const noFigures = (): Figures => ({
  requests: 0,
  blocked: 0,
  wouldBlock: 0,
  score: 0,
  bansMade: 0,
  bansUndone: 0,
  lengths: createHistogram(),
});

/** Names of nothing. */
export const noNames = (limit = NAMES_KEPT): Names => ({
  rules: new TopCounts(Math.max(limit, RULES_KEPT)),
  clients: new TopCounts(limit),
  paths: new TopCounts(limit),
  countries: new TopCounts(limit),
  networks: new TopCounts(limit),
  stops: new TopCounts(Math.max(limit, STOPS_KEPT)),
  found: new TopCounts(RULES_KEPT),
  stopped: createDistinct(),
});

/** Adds one stretch's names to another's. */
export function addNames(sum: Names, names: Names): void {
  for (const kind of ["rules", "clients", "paths", "countries", "networks", "stops", "found"] as const) sum[kind].addAll(names[kind]);
  joinDistinct(sum.stopped, names.stopped);
}

/** Adds one stretch's figures to another's. */
export function addFigures(sum: Figures, { requests, blocked, wouldBlock, score, bansMade, bansUndone, lengths }: Figures): void {
  sum.requests += requests;
  sum.blocked += blocked;
  sum.wouldBlock += wouldBlock;
  sum.score += score;
  sum.bansMade += bansMade;
  sum.bansUndone += bansUndone;
  addHistogram(sum.lengths, lengths);
}

/** Starts to count at `now`. */
export function createTallies(now: number): Tallies {
  const minutes: (({ readonly minute: number } & Figures) | undefined)[] = new Array(MINUTES).fill(undefined);
  const slices: (({ readonly slice: number } & Names) | undefined)[] = new Array(NAME_SLICES).fill(undefined);

  const minuteAt = (at: number): Figures => {
    const minute = Math.floor(at / MINUTE_MS);
    const found = minutes[minute % MINUTES];
    if (found?.minute === minute) return found;
    // A clock that was set back must not empty what is newer.
    if (found !== undefined && found.minute > minute) return found;
    const fresh = { minute, ...noFigures() };
    minutes[minute % MINUTES] = fresh;
    return fresh;
  };
  const namesAt = (at: number): Names => {
    const slice = Math.floor(at / NAMES_MS);
    const found = slices[slice % NAME_SLICES];
    if (found !== undefined && found.slice >= slice) return found;
    const fresh = { slice, ...noNames() };
    slices[slice % NAME_SLICES] = fresh;
    return fresh;
  };

  const listener = (decision: Decision, outcome: Outcome | undefined): void => {
    const { request, findings, score } = decision;
    const at = request.receivedAt;
    const figures = minuteAt(at);
    figures.requests++;
    figures.score += score;
    if (outcome !== undefined) addLength(figures.lengths, outcome.durationMs);
    const verdict = decision.action === "block" ? decision : decision.wouldBlock;
    if (verdict === undefined && findings.length === 0) return;
    const names = namesAt(at);
    for (const { rule } of findings) names.found.add(rule);
    if (verdict === undefined) return;
    const isBlocked = decision.action === "block";
    if (isBlocked) figures.blocked++;
    else figures.wouldBlock++;
    names.rules.add(verdict.rule);
    if (request.client.key !== "") {
      names.clients.add(request.client.key);
      addDistinct(names.stopped, request.client.key);
      names.stops.add(stopName(isBlocked, verdict.rule, request.client.address));
    }
    names.paths.add((request.route?.pattern ?? request.path).slice(0, PATH_LIMIT));
    if (request.place?.country !== undefined) names.countries.add(request.place.country);
    if (request.place?.asn !== undefined) names.networks.add(String(request.place.asn));
  };

  return {
    listener,
    banned(at) {
      minuteAt(at).bansMade++;
    },
    undone(count, at) {
      minuteAt(at).bansUndone += count;
    },
    since: now,
    figures(from, stepMs, count) {
      const sums = Array.from({ length: count }, noFigures);
      for (const one of minutes) {
        if (one === undefined) continue;
        const index = Math.floor((one.minute * MINUTE_MS - from) / stepMs);
        if (index >= 0 && index < count) addFigures(sums[index]!, one);
      }
      return sums;
    },
    minute(at) {
      const minute = Math.floor(at / MINUTE_MS);
      const found = minutes[minute % MINUTES];
      return found?.minute === minute ? found : undefined;
    },
    names(from, to) {
      const sum = noNames(NAMES_KEPT * 10);
      for (const one of slices) {
        if (one === undefined || (one.slice + 1) * NAMES_MS <= from || one.slice * NAMES_MS >= to) continue;
        addNames(sum, one);
      }
      return sum;
    },
  };
}

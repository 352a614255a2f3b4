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
  /** By rule: how often it was found, stopped or not. */
  readonly found: TopCounts;
  readonly stopped: Distinct;
}

/** The counts of one firewall since it was watched. */
export interface Tallies {
  /** Give it to `waf.subscribe`. */
  readonly listener: Listener;
  /** Counts bans that were undone by hand. */
  undone(count: number, now: number): void;
  /** Since when it counts, in milliseconds since the epoch. */
  readonly since: number;
  /** Figures of each stretch of `stepMs`, a multiple of a minute, from `from` on; `count` of them. */
  figures(from: number, stepMs: number, count: number): readonly Figures[];
  /** Names of the ten-minute stretches that lie, at least in part, between the two. */
  names(from: number, to: number): Names;
}

/** The least stretch that is told apart. */
export const MINUTE_MS = 60_000;
const MINUTES = 1_440;
const NAMES_MS = 600_000;
const NAME_SLICES = 145;
/** Names of each kind in ten minutes: 145 slices of five kinds are at most some 8 MB. */
const NAMES_KEPT = 100;
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
  found: new TopCounts(RULES_KEPT),
  stopped: createDistinct(),
});

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
    if (decision.action === "block") {
      figures.blocked++;
      if (findings.some(({ rule, block }) => rule === verdict.rule && block?.banMs !== undefined)) figures.bansMade++;
    } else figures.wouldBlock++;
    names.rules.add(verdict.rule);
    if (request.client.key !== "") {
      names.clients.add(request.client.key);
      addDistinct(names.stopped, request.client.key);
    }
    names.paths.add((request.route?.pattern ?? request.path).slice(0, PATH_LIMIT));
    if (request.place?.country !== undefined) names.countries.add(request.place.country);
  };

  return {
    listener,
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
    names(from, to) {
      const sum = noNames(NAMES_KEPT * 10);
      for (const one of slices) {
        if (one === undefined || (one.slice + 1) * NAMES_MS <= from || one.slice * NAMES_MS >= to) continue;
        for (const kind of ["rules", "clients", "paths", "countries", "found"] as const) sum[kind].addAll(one[kind]);
        joinDistinct(sum.stopped, one.stopped);
      }
      return sum;
    },
  };
}

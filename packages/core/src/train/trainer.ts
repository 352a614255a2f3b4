/**
 * Training in one pass over a log of any length: constant memory, the features of serving, and a report that proposes and changes nothing.
 *
 * @module
 */
import { addressKey, parseAddress } from "../addresses.ts";
import { isAnswered } from "../behaviour/known-paths.ts";
import { evidenceOf } from "../model/evidence.ts";
import { BEHAVIOUR_FEATURES, createExtractor, REQUEST_FEATURES, type SeenRequest } from "../model/features.ts";
import { scannedWords } from "../model/request-shape.ts";
import type { ModelContents } from "../models/model-text.ts";
import { any, integer, isFunction, isText, listOf, type OptionTable, readOptions } from "../options.ts";
import { readTarget } from "../request.ts";
import { hashText } from "../stores/keyed-hash.ts";
import { type ClientSum, createClientSums } from "./client-sums.ts";
import { type Fitted, fitModel } from "./fit.ts";
import { detached, type LoggedRequest } from "./logged-request.ts";
import { createReservoir } from "./reservoir.ts";
import { isAttack } from "./suspicion.ts";
import { createWordCounts, type ProposedWord } from "./word-counts.ts";

/** What `createTrainer` takes. */
export interface TrainerOptions {
  /** Parsed requests below which training stops after the clean-up. Default 50. */
  readonly minTrainLines?: number;
  /** Parsed requests below which no model is fitted. Default 10,000. */
  readonly minModelLines?: number;
  /** Fit a model below `minModelLines` too. Default false. */
  readonly force?: boolean;
  /** False: report and words only, no model. Default true. */
  readonly model?: boolean;
  /** Share of the training rows above the thresholds, above 0 to 0.5; by default one in a thousand: an absolute share of anomalies must not be made up (D-39). */
  readonly contamination?: number;
  /** Largest share of held-out requests above the threshold with which a model may be used, by default one in two hundred; chance is allowed for (95 %). */
  readonly maxFlagged?: number;
  /** Trees of each forest, 10 to 1,000. Default 100. */
  readonly trees?: number;
  /** The same seed and requests give the same model. Default 42. */
  readonly seed?: number;
  /** Words proposed at most. Default 10. */
  readonly topWords?: number;
  /** Paths, as prefixes at a slash, that nothing is learned from. */
  readonly exemptPaths?: readonly string[];
  /** Words that are never proposed. */
  readonly exemptWords?: readonly string[];
  /** Addresses that nothing is proposed against. */
  readonly isExempt?: (address: string) => boolean;
  /** Two letters of the country of an address; for the summary. */
  readonly countryOf?: (address: string) => string | undefined;
}

const share = (fallback: number) =>
  any<number, number>(fallback, "a number above 0 and at most 0.5", (value) => typeof value === "number" && value > 0 && value <= 0.5);
const flag = (fallback: boolean) => any<boolean, boolean>(fallback, "true or false", (value) => typeof value === "boolean");

export const TRAINER_OPTIONS = {
  minTrainLines: integer(50, 0, 1_000_000_000),
  minModelLines: integer(10_000, 0, 1_000_000_000),
  force: flag(false),
  model: flag(true),
  contamination: share(0.001),
  maxFlagged: share(0.005),
  trees: integer(100, 10, 1_000),
  seed: integer(42, 0, Number.MAX_SAFE_INTEGER),
  topWords: integer(10, 0, 1_000),
  exemptPaths: listOf<string, readonly string[]>([], "paths", isText),
  exemptWords: listOf<string, readonly string[]>([], "words", isText),
  isExempt: any<(address: string) => boolean>(undefined, "a function of an address", isFunction),
  countryOf: any<(address: string) => string | undefined>(undefined, "a function of an address", isFunction),
} as const satisfies OptionTable;

/** A client that training would ban. */
export interface ProposedBan extends Omit<ClientSum, "samples"> {
  readonly reason: "missing" | "attacks";
  readonly country: string | undefined;
  readonly samples: readonly string[];
}

/** What one forest came to. */
export interface ForestReport extends Omit<Fitted, "forest" | "ranges"> {}

/** Everything training found out. Proposals change nothing by themselves. */
export interface TrainingReport {
  readonly requests: number;
  /** Requests that were left out because the firewall had blocked them. */
  readonly blocked: number;
  /** Requests that were left out because they are attacks. */
  readonly attacks: number;
  readonly exempt: number;
  readonly clients: number;
  /** Milliseconds since the epoch; 0 without requests. */
  readonly from: number;
  readonly to: number;
  readonly bans: readonly ProposedBan[];
  readonly words: readonly ProposedWord[];
  readonly countries: readonly { readonly country: string; readonly requests: number; readonly proposedBans: number }[];
  readonly request: ForestReport | undefined;
  readonly behaviour: ForestReport | undefined;
  /** Why there is no model; `undefined` when there is one. */
  readonly withoutModel: string | undefined;
  /** Why the model may not be used; `undefined` when it may. */
  readonly withheld: string | undefined;
}

/** What training came to. */
export interface Training {
  readonly report: TrainingReport;
  readonly model: ModelContents | undefined;
}

/** Training under way: requests go in one by one. */
export interface Trainer {
  /** Takes one request, in the order of the log. */
  add(logged: LoggedRequest): void;
  /** Fits and reports. */
  finish(source: string, now: number): Training;
}

/** Rows that forests are fitted on, and rows held out. */
const SAMPLE = 50_000;
const HOLDOUT_SAMPLE = 20_000;
/** One client in so many is held out: rows of one client resemble each other, so a split by rows would check a model on what it learned. */
const HOLDOUT_PART = 5;
const HOLDOUT_LEAST = 200;
const HOLDOUT_KEYS = [0x686f6c64, 0x2d6f7574] as const;
/** S3 and BEHAVIOUR 4.3: six 404s outside of exempt paths, more than inside. */
const MISSING_LEAST = 6;
const BANS_MAX = 1_000;
const SAMPLES_MAX = 3;
const COUNTRIES_MAX = 10;

/**
 * A trainer. Requests go in one by one and nothing is kept of them but bounded sums and samples, so 10 million lines take no more memory than ten
 * thousand. The same requests, options and seed give the same model.
 *
 * @throws WafError for options that are unknown or out of range.
 */
export function createTrainer(options?: TrainerOptions): Trainer {
  const settings = readOptions("train", TRAINER_OPTIONS, options);
  const extractor = createExtractor();
  const sums = createClientSums();
  const words = createWordCounts();
  const hash = new Int32Array(2);
  const samples = {
    request: createReservoir(REQUEST_FEATURES.length, SAMPLE, settings.seed),
    behaviour: createReservoir(BEHAVIOUR_FEATURES.length, SAMPLE, settings.seed + 1),
    heldRequest: createReservoir(REQUEST_FEATURES.length, HOLDOUT_SAMPLE, settings.seed + 2),
    heldBehaviour: createReservoir(BEHAVIOUR_FEATURES.length, HOLDOUT_SAMPLE, settings.seed + 3),
  };
  const keyOf = keyBook();
  const isExemptPath = prefixTest(settings.exemptPaths);
  const counts = { requests: 0, blocked: 0, attacks: 0, exempt: 0, from: Infinity, to: 0 };
  return {
    add(logged) {
      counts.requests++;
      counts.from = Math.min(counts.from, logged.at);
      counts.to = Math.max(counts.to, logged.at);
      if (logged.isBlocked === true) {
        counts.blocked++;
        return;
      }
      const target = readTarget(logged.target);
      const client = keyOf(logged.client);
      const sum = sums.of(client);
      sum.requests++;
      const { status = 0 } = logged;
      if (isExemptPath(target.path)) {
        counts.exempt++;
        if (status === 404) sum.exemptMissing++;
        return;
      }
      const seen: SeenRequest = {
        client,
        at: logged.at,
        method: logged.method.toUpperCase(),
        target: logged.target,
        path: target.path,
        userAgent: logged.userAgent ?? headerOf(logged, "user-agent"),
        hasReferer: (logged.referer ?? headerOf(logged, "referer") ?? "") !== "",
      };
      const isBad = isAttack(logged, target);
      const isScanned = status === 404 && scannedWords(target.path) > 0;
      if (status >= 200 && status < 400) sum.answered++;
      if (status === 404) sum.missing++;
      if (isScanned) sum.scanned++;
      if (isBad) sum.attacks++;
      if (isBad || status === 404) sample(sum, target.path);
      if (isBad) counts.attacks++;
      else if (isAnswered(status)) words.answered(target.path);
      // Only what scanners tried: dead links and icons that browsers guess are missing, too.
      if (status === 404 && (isBad || isScanned)) words.missing(target.path, client, logged.at);

      hashText(client, HOLDOUT_KEYS[0], HOLDOUT_KEYS[1], hash);
      const isHeld = (hash[0]! >>> 0) % HOLDOUT_PART === 0;
      // Attacks, what the application refused and what scanners tried are not what usual traffic looks like.
      const isUsual = isSampled(sum.requests) && !isBad && !isScanned && (status < 400 || status === 404);
      const vector = extractor.arrive(seen);
      if (isUsual) (isHeld ? samples.heldRequest : samples.request).offer(vector, client);
      const after = extractor.answer(seen, { status, durationMs: logged.durationMs }, isBad);
      if (isUsual) (isHeld ? samples.heldBehaviour : samples.behaviour).offer(after, client);
      if (status >= 400 || isBad) sum.evidence = Math.max(sum.evidence, evidenceOf(extractor.activity));
    },
    finish(source, now) {
      const all = [...sums.values()];
      const isHostile = (one: ClientSum): boolean => one.attacks >= 3 || one.scanned >= 3 || one.evidence >= 0.6;
      const hostile = new Set(all.filter(isHostile).map(({ client }) => client));
      const base = {
        ...counts,
        from: counts.requests === 0 ? 0 : counts.from,
        clients: all.length,
        request: undefined,
        behaviour: undefined,
        withheld: undefined,
      };
      if (counts.requests < settings.minTrainLines) {
        const why = `${counts.requests} requests are fewer than the ${settings.minTrainLines} that training needs`;
        return { report: { ...base, bans: [], words: [], countries: [], withoutModel: why }, model: undefined };
      }
      const bans = proposeBans(all, settings.isExempt, settings.countryOf);
      const exemptWords = new Set(settings.exemptWords.map((word) => word.toLowerCase()));
      const proposed = words.top(settings.topWords, (word) => exemptWords.has(word));
      const found = { bans, words: proposed, countries: countriesOf(all, bans, settings.countryOf) };
      const why = whyNoModel(settings, counts.requests);
      if (why !== undefined) return { report: { ...base, ...found, withoutModel: why }, model: undefined };
      const fit = (features: readonly string[], training: typeof samples.request, holdout: typeof samples.request): Fitted | undefined =>
        fitModel({ ...settings, features, training, holdout, keeps: (client) => !hostile.has(client) });
      const request = fit(REQUEST_FEATURES, samples.request, samples.heldRequest);
      const behaviour = fit(BEHAVIOUR_FEATURES, samples.behaviour, samples.heldBehaviour);
      if (request === undefined || behaviour === undefined)
        return { report: { ...base, ...found, withoutModel: "all requests that may be learned from look the same" }, model: undefined };
      return {
        report: {
          ...base,
          ...found,
          request: reportOf(request),
          behaviour: reportOf(behaviour),
          withoutModel: undefined,
          withheld: whyWithheld(request, behaviour, settings.maxFlagged),
        },
        model: {
          kind: "forest",
          features: request.features,
          createdAt: now,
          trainedOn: { lines: counts.requests, from: base.from, to: counts.to, source: source.slice(0, 300) },
          thresholds: { request: request.threshold, behaviour: behaviour.threshold },
          holdout: { requests: request.holdout.rows, flagged: request.holdout.flagged },
          keywords: proposed.map(({ word }) => word),
          ranges: request.ranges,
          behaviour: { features: behaviour.features, ranges: behaviour.ranges, state: behaviour.forest.toJSON() },
          state: request.forest.toJSON(),
        },
      };
    },
  };
}

/** Requests of a client that are all sampled; of later ones, ever fewer: a client that sends half the log must not make half the model. */
const FULLY_SAMPLED = 100;
const isSampled = (request: number): boolean => request <= FULLY_SAMPLED || request % Math.ceil(request / FULLY_SAMPLED) === 0;

function sample({ samples }: ClientSum, path: string): void {
  if (samples.length >= SAMPLES_MAX) return;
  const shown = detached(path.slice(0, 120));
  if (!samples.includes(shown)) samples.push(shown);
}

const headerOf = ({ fields }: LoggedRequest, wanted: string): string | undefined => fields?.find(([name]) => name === wanted)?.[1];

const reportOf = ({ forest: _1, ranges: _2, ...rest }: Fitted): ForestReport => rest;

function whyNoModel(
  { model, force, minModelLines }: { model: boolean; force: boolean; minModelLines: number },
  lines: number,
): string | undefined {
  if (!model) return "models are turned off";
  if (!force && lines < minModelLines)
    return `${lines} requests are fewer than the ${minModelLines} that a model needs; words and clients are judged without`;
  return undefined;
}

/** The promotion gate: rows of clients that the forests never saw, held against the thresholds. */
function whyWithheld(request: Fitted, behaviour: Fitted, maxFlagged: number): string | undefined {
  if (request.holdout.rows < HOLDOUT_LEAST)
    return `only ${request.holdout.rows} held-out requests: fewer than ${HOLDOUT_LEAST} say nothing about false positives`;
  for (const [name, { holdout }] of [
    ["requests", request],
    ["clients' behaviour", behaviour],
  ] as const) {
    if (isAbove(maxFlagged, holdout))
      return `${holdout.flagged} of ${holdout.rows} held-out ${name} would be called odd, more than ${(maxFlagged * 100).toFixed(2)} %`;
  }
  return undefined;
}

/** The 97.5th percentile of the standard normal distribution. */
const Z = 1.96;

/**
 * True when the held-out rows show that the share lies above `limit`: five of a thousand where four are allowed show nothing. Wilson's score test of a
 * share (E. B. Wilson, J. Am. Stat. Assoc. 22, 1927): the lower end of its interval lies above the limit exactly when this holds.
 */
const isAbove = (limit: number, { rows, flagged }: Fitted["holdout"]): boolean =>
  flagged > limit * rows + Z * Math.sqrt(rows * limit * (1 - limit));

/** Clients that missed much or attacked. A client whose requests were mostly answered is nobody's enemy for a few dead links (D-39). */
function proposeBans(
  all: readonly ClientSum[],
  isExempt: ((address: string) => boolean) | undefined,
  countryOf: ((address: string) => string | undefined) | undefined,
): readonly ProposedBan[] {
  const reasonFor = (one: ClientSum): ProposedBan["reason"] | undefined => {
    if (one.attacks >= 3) return "attacks";
    const isHeavy = one.missing >= MISSING_LEAST && one.missing > one.exemptMissing;
    // A program that asks for one dead link all day is no scanner.
    const isBroad = one.samples.length >= SAMPLES_MAX;
    return isHeavy && (one.scanned >= 3 || (isBroad && one.missing > one.answered)) ? "missing" : undefined;
  };
  return all
    .filter(({ client }) => client !== "" && !(isExempt?.(client) ?? false))
    .map((one) => ({ one, reason: reasonFor(one) }))
    .filter(({ reason }) => reason !== undefined)
    .sort(({ one: left }, { one: right }) => right.attacks + right.missing - (left.attacks + left.missing))
    .slice(0, BANS_MAX)
    .map(({ one, reason }) => ({ ...one, reason: reason!, country: countryOf?.(one.client) }));
}

function countriesOf(
  all: readonly ClientSum[],
  bans: readonly ProposedBan[],
  countryOf: ((address: string) => string | undefined) | undefined,
): TrainingReport["countries"] {
  if (countryOf === undefined) return [];
  const sums = new Map<string, { requests: number; proposedBans: number }>();
  const at = (country = "UNKNOWN"): { requests: number; proposedBans: number } => {
    const known = sums.get(country) ?? { requests: 0, proposedBans: 0 };
    sums.set(country, known);
    return known;
  };
  for (const { client, requests } of all) at(countryOf(client)).requests += requests;
  for (const { country } of bans) at(country).proposedBans++;
  const sorted = [...sums].sort(([, left], [, right]) => right.requests - left.requests);
  const top = sorted.filter(([country]) => country !== "UNKNOWN").slice(0, COUNTRIES_MAX);
  return [...top, ...sorted.filter(([country]) => country === "UNKNOWN")].map(([country, sum]) => ({ country, ...sum }));
}

const KEYS_MAX = 20_000;

/** Keys of clients as serving makes them: the IPv4 address or the IPv6 /64. */
function keyBook(): (address: string | undefined) => string {
  const keys = new Map<string, string>();
  return (address) => {
    if (address === undefined) return "";
    let key = keys.get(address);
    if (key === undefined) {
      const parsed = parseAddress(address);
      key = parsed === undefined ? "" : addressKey(parsed);
      if (keys.size >= KEYS_MAX) keys.clear();
      keys.set(address, key);
    }
    return key;
  };
}

/** True for a path that equals one of the prefixes or goes on after it with a slash; `/` is the root alone (BEHAVIOUR 2.18). */
function prefixTest(prefixes: readonly string[]): (path: string) => boolean {
  const list = prefixes.map((one) => `/${one.toLowerCase().replace(/^\/+|\/+$/g, "")}`);
  if (list.length === 0) return () => false;
  return (path) => {
    const lower = path.toLowerCase();
    return list.some(
      (prefix) =>
        (lower.startsWith(prefix) && (lower.length === prefix.length || lower[prefix.length] === "/") && prefix !== "/") ||
        lower === prefix,
    );
  };
}

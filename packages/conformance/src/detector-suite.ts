import type { Decision, Detector, Finding, Logger, RuleId, Store, WafOptions } from "@aiwaf/core";
import { createWaf } from "@aiwaf/core";
import { memoryStore } from "@aiwaf/core/stores/memory";
import { behindPromises } from "./behind-promises.ts";
import { hostileRequests, PLACES, SIZES } from "./hostile-sizes.ts";
import { randomRequests } from "./random-requests.ts";
import { fromRecord, type RequestRecord } from "./request-record.ts";
import { ConformanceError, must, mustEqual, readSkips, registerSkip, type Skip, type TestFunction, UNHURRIED } from "./suite.ts";
import { createStopwatch, nonlinearity, type WorkTime } from "./work-time.ts";

/** A request for a detector's suite. */
export interface DetectorRecord extends RequestRecord {
  /** How often it is sent in a row, 1 to 100,000; the last one counts. For detectors that count. Default 1. */
  readonly repeat?: number;
  /** What the application answers when the request passes. For detectors that learn from answers. Default 200. */
  readonly status?: number;
}

/** A request in which the detector must find `rule`. */
export interface Hit extends DetectorRecord {
  readonly rule: RuleId;
}

/** A request that the detector must let pass. */
export interface Pass extends DetectorRecord {
  /** How much its findings may add up to, 0 to 99. Default 0: it finds nothing. */
  readonly maxScore?: number;
}

/** What `detectorSuite` takes. */
export interface DetectorSuiteOptions {
  /** Begins every title. */
  readonly name: string;
  readonly test: TestFunction;
  readonly detector: Detector;
  readonly hits: readonly Hit[];
  /** At least as many as `hits`: a detector is worth what it leaves alone. */
  readonly passes: readonly Pass[];
  /** What the detector finds in its services. */
  readonly services?: {
    /** Gives the store of one case, filled as the detector needs it. Default: an empty memory store. */
    readonly makeStore?: () => Store;
    readonly log?: Logger;
  };
  /** Path rules, client source and so on, as `createWaf` takes them. */
  readonly waf?: Omit<WafOptions, "detectors" | "store" | "log" | "clock">;
  /** A rule that no finding names (it is only banned for), a place of the timing cases, or `fuzz`; each with its reason. */
  readonly skips?: readonly Skip[];
  /** Generated requests, 1 to 100,000,000. Default 4,000. */
  readonly fuzzCount?: number;
  /** Default 1. */
  readonly fuzzSeed?: number;
}

/** Each case runs at this moment unless its record says `at`. */
const NOON = 1_700_000_000_000;
const SILENT: Logger = { warn() {}, error() {} };

/**
 * Registers every case a detector must pass, driven through the real engine: each hit is found and each pass left alone, on a store that
 * answers at once and on one that answers later; no generated request makes it throw; time grows no faster than hostile input does, up to
 * 1 MiB; what it says is well formed, and only says rules it has declared.
 *
 * @throws TypeError for a detector without rules, fewer passes than hits, an unknown skip or one without a reason.
 * @example
 * detectorSuite({ name: "probes", test, detector: probes(), hits: [{ id: "env", method: "GET", url: "/.env", headers: {}, body: null, rule: "probes/dotfile" }], passes });
 */
export function detectorSuite(options: DetectorSuiteOptions): void {
  const { name, test, detector, hits, passes, skips = [], fuzzCount = 4_000, fuzzSeed = 1 } = options;
  if (!Array.isArray(detector.rules) || detector.rules.length === 0) throw new TypeError(`detectorSuite: ${name} declares no rules`);
  if (passes.length < hits.length)
    throw new TypeError(`detectorSuite: ${name} has ${hits.length} hits but only ${passes.length} passes; it needs at least as many`);
  const undeclared = hits.filter(({ rule }) => !detector.rules.includes(rule));
  if (undeclared.length > 0)
    throw new TypeError(`detectorSuite: ${name} does not declare ${undeclared.map(({ rule }) => rule).join(", ")}`);
  const reasons = readSkips("detectorSuite", skips, [...detector.rules, ...PLACES, "fuzz"]);

  const register = (id: string, title: string, run: () => void | Promise<void>): void => {
    const reason = reasons.get(id);
    if (reason === undefined) test(`${name}: ${title}`, run);
    else registerSkip(test, `${name}: ${title}`, reason);
  };

  for (const rule of detector.rules) {
    register(rule, `${rule} is found in at least one record`, () =>
      must(
        hits.some((hit) => hit.rule === rule),
        `no hit for ${rule}`,
      ),
    );
  }
  for (const record of hits) {
    test(`${name}: finds ${record.rule} in ${record.id}`, () =>
      onBothStores(options, record, (decision) => {
        const found = decision.findings.map(({ rule }) => rule);
        must(found.includes(record.rule), `${record.id}: expected ${record.rule}, found ${found.join(", ") || "nothing"}`);
      }));
  }
  for (const record of passes) {
    test(`${name}: leaves ${record.id} alone`, () =>
      onBothStores(options, record, (decision) => {
        const found = JSON.stringify(decision.findings);
        must(decision.action === "allow", `${record.id} was blocked: ${found}`);
        must(
          decision.score <= (record.maxScore ?? 0),
          `${record.id} scored ${decision.score}, at most ${record.maxScore ?? 0} allowed: ${found}`,
        );
        must((record.maxScore ?? 0) > 0 || decision.findings.length === 0, `${record.id}: expected no finding, got ${found}`);
      }));
  }
  register("fuzz", `${fuzzCount} generated requests never make it throw (seed ${fuzzSeed})`, () => fuzz(options, fuzzSeed, fuzzCount));
  for (const place of PLACES) {
    register(place, `time grows with the size of hostile input, not faster: ${place}`, () => staysLinear(options, place));
  }
}

/** The firewall of one case: this detector alone. `now` is what its clock says. */
function firewall({ services, waf }: DetectorSuiteOptions, detector: Detector, store: Store, now: () => number) {
  return createWaf({ ...UNHURRIED, ...waf, detectors: [detector], store, log: services?.log ?? SILENT, clock: now });
}

const makeStore = ({ services }: DetectorSuiteOptions): Store => services?.makeStore?.() ?? memoryStore();

async function onBothStores(options: DetectorSuiteOptions, record: DetectorRecord, check: (decision: Decision) => void): Promise<void> {
  const atOnce = await send(options, record, makeStore(options));
  check(atOnce);
  const later = await send(options, record, behindPromises(makeStore(options)));
  check(later);
  mustEqual(later.findings, atOnce.findings, `${record.id}: findings on a store that answers later`);
}

async function send(options: DetectorSuiteOptions, record: DetectorRecord, store: Store): Promise<Decision> {
  const { repeat = 1, status = 200 } = record;
  if (!Number.isInteger(repeat) || repeat < 1 || repeat > 100_000) throw new TypeError(`${record.id}: repeat must be 1 to 100,000`);
  const waf = firewall(options, options.detector, store, () => record.at ?? NOON);
  for (let sent = 1; ; sent++) {
    const decision = await waf.inspect(fromRecord(record));
    mustEqual(decision.failures, [], `${record.id}: failures`);
    mustBeWellFormed(options.detector, decision.findings, record.id);
    if (sent === repeat) return decision;
    waf.observe(decision, { status: decision.action === "block" ? decision.status : status, durationMs: 1 });
  }
}

async function fuzz(options: DetectorSuiteOptions, seed: number, count: number): Promise<void> {
  let now = NOON;
  const waf = firewall(options, options.detector, makeStore(options), () => now);
  let at = 0;
  for (const request of randomRequests(seed, count)) {
    now += at % 7;
    const where = `request ${at} of seed ${seed} (${JSON.stringify(request.target.slice(0, 200))})`;
    const answer = waf.inspect(request);
    const decision = "then" in answer ? await answer : (answer as Decision);
    for (const failure of decision.failures) {
      const excused = request.brokenHeaders || (request.brokenBody && failure.detector === "body");
      must(excused, `${where}: ${failure.detector} failed (${failure.kind}): ${failure.message}`);
    }
    mustBeWellFormed(options.detector, decision.findings, where);
    at += 1;
  }
}

/** What a page, a log and a dashboard rely on when they show a finding. */
function mustBeWellFormed(detector: Detector, findings: readonly Finding[], where: string): void {
  for (const { rule, score, note, match, block } of findings) {
    // The engine's own rule for a body that never came.
    if (rule === "body/stalled") continue;
    must(detector.rules.includes(rule), `${where}: ${rule} is not among the rules that ${detector.name} declares`);
    must(Number.isFinite(score) && score >= 0 && score <= 100, `${where}: ${rule} scores ${score}, outside 0 to 100`);
    must(
      note === undefined || (note.length <= 120 && !CONTROL.test(note)),
      `${where}: the note of ${rule} is too long or cannot be logged as it is`,
    );
    must(
      match === undefined || (match.start >= 0 && match.end >= match.start),
      `${where}: ${rule} matches from ${match?.start} to ${match?.end}`,
    );
    must(block?.banMs === undefined || block.banMs > 0, `${where}: ${rule} bans for ${block?.banMs} ms`);
  }
}

const CONTROL = /[\0-\x1f\x7f]/;

/** Only the detector is timed, not the engine around it. */
async function staysLinear(options: DetectorSuiteOptions, place: (typeof PLACES)[number]): Promise<void> {
  const watch = createStopwatch(options.detector);
  const waf = firewall(
    { ...options, waf: { threshold: 1_000, bodyLimitBytes: 2 * SIZES[2], ...options.waf } },
    watch.detector,
    makeStore(options),
    () => NOON,
  );
  for (const { shape, request } of hostileRequests(place)) {
    const time = async (bytes: number): Promise<WorkTime> => {
      const sent = request(bytes);
      watch.reset();
      await waf.inspect(sent);
      return watch.elapsed();
    };
    const complaint = await nonlinearity(time, SIZES);
    if (complaint !== undefined) throw new ConformanceError(`${place} of ${JSON.stringify(shape)} repeated: ${complaint}`);
  }
}

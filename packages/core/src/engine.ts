/**
 * The hot path: runs the detectors of each phase, waits once when something has to be waited for, and folds their findings into a decision.
 *
 * @module
 */
import { isThenable } from "./awaitable.ts";
import { peek, type Slot, settle } from "./deadlines.ts";
import { DecidedRequest, ReceivedRequest } from "./lasting.ts";
import type { PolicyLookup } from "./paths.ts";
import { readTarget } from "./request.ts";
import type {
  Allowed,
  Awaitable,
  Blocked,
  Body,
  Client,
  Decision,
  Detector,
  Failure,
  Finding,
  Findings,
  HeaderReader,
  PathPolicy,
  Phase,
  RawRequest,
  Route,
  RuleId,
  Services,
  Verdict,
  WafRequest,
} from "./types.ts";

/** Rules that the engine itself emits. */
export const RULES = {
  /** The findings together reached the threshold; none of them did alone. */
  "score/threshold": 0,
  /** A detector, a store or the peek failed or was late, and this path answers failures with 503 (`onFailure: "deny"`). */
  "engine/failure": 0,
  /** The inspected part of the body did not arrive within `bodyDeadlineMs`. Letting it pass would let a slow sender skip inspection. */
  "body/stalled": 0,
} as const satisfies Record<RuleId, number>;

export interface EngineConfig {
  readonly detectors: readonly Detector[];
  readonly policyOf: PolicyLookup;
  readonly routeOf: ((path: string) => Route | undefined) | undefined;
  readonly clientOf: (peer: string | undefined, headers: HeaderReader) => Client;
  readonly deadlineMs: number;
  readonly bodyDeadlineMs: number;
  /** `undefined`: as the adapter says, else the system's. */
  readonly clock: (() => number) | undefined;
  readonly services: Services;
  /** Holds for what cannot be read at all. */
  readonly base: PathPolicy;
}

/** The detectors that a policy leaves. */
interface Plan {
  readonly head: readonly Detector[];
  readonly body: readonly Detector[];
  /** True when the policy also skips single rules. */
  readonly skipsRules: boolean;
}

type Writable<T> = { -readonly [Field in keyof T]: T[Field] };

/** One inspection under way. */
interface Run {
  readonly config: EngineConfig;
  readonly raw: RawRequest;
  plan: Plan;
  readonly request: Writable<WafRequest>;
  /** `NONE` until there is one: most requests have neither, and an array each would be the collector's. */
  findings: readonly Finding[];
  failures: readonly Failure[];
  score: number;
  /** The first finding that blocks whatever the score. */
  blocking: Finding | undefined;
}

const NONE: readonly never[] = Object.freeze([]);

const createRun = (config: EngineConfig, raw: RawRequest, request: WafRequest, plan: Plan): Run => ({
  config,
  raw,
  plan,
  request,
  findings: NONE,
  failures: NONE,
  score: 0,
  blocking: undefined,
});

/** Makes the `inspect` of a firewall: total, and synchronous until the first promise appears. */
export function createEngine(config: EngineConfig): (raw: RawRequest) => Awaitable<Decision> {
  const plans = new WeakMap<PathPolicy, Plan>();
  // Most requests have the policy of the one before, and comparing is cheaper than looking it up.
  let lastPolicy = config.base;
  let lastPlan = createPlan(config.detectors, lastPolicy);
  const planOf = (policy: PathPolicy): Plan => {
    if (policy === lastPolicy) return lastPlan;
    let plan = plans.get(policy);
    if (plan === undefined) {
      plan = createPlan(config.detectors, policy);
      plans.set(policy, plan);
    }
    lastPolicy = policy;
    lastPlan = plan;
    return plan;
  };
  const exempting = config.detectors.filter(({ exempt }) => exempt !== undefined);
  return (raw) => {
    try {
      const request = readRequest(config, raw);
      const run = createRun(config, raw, request, planOf(request.policy));
      if (exempting.length > 0 && relax(run, exempting)) run.plan = planOf(request.policy);
      if (request.policy.mode === "off") return decide(run);
      const waiting = runPhase(run, run.plan.head);
      const decision = waiting === undefined ? bodyPhase(run) : waiting.then(() => bodyPhase(run));
      return isThenable(decision) ? decision.then(undefined, (error) => undecidable(config, raw, error)) : decision;
    } catch (error) {
      return undecidable(config, raw, error);
    }
  };
}

function createPlan(detectors: readonly Detector[], { skip }: PathPolicy): Plan {
  const of = (phase: Phase): readonly Detector[] =>
    detectors.filter((detector) => detector.phase === phase && !skip.includes(detector.name));
  return { head: of("head"), body: of("body"), skipsRules: skip.some((name) => name.includes("/")) };
}

/** Lets detectors exempt this request; true when one did. One that throws is a failure, and exempts nothing. */
function relax(run: Run, exempting: readonly Detector[]): boolean {
  const { request, config } = run;
  const before = request.policy;
  for (const detector of exempting) {
    if (before.skip.includes(detector.name)) continue;
    try {
      const names = detector.exempt!(request, config.services);
      if (names === "all") request.policy = { ...request.policy, mode: "off" };
      else if (names !== undefined && names.length > 0) request.policy = { ...request.policy, skip: [...request.policy.skip, ...names] };
    } catch (error) {
      fail(run, detector.name, "error", error);
    }
  }
  return request.policy !== before;
}

function readRequest(config: EngineConfig, raw: RawRequest): ReceivedRequest {
  const target = readTarget(raw.target);
  const now = config.clock === undefined ? (raw.receivedAt ?? Date.now()) : config.clock();
  return new ReceivedRequest(
    raw,
    // A clock of the user's own that says NaN would make every counter end at once.
    Number.isFinite(now) ? now : Date.now(),
    target,
    config.clientOf(raw.peer, raw.headers),
    // Known routes are given more room: never on a path that only looks like one.
    target.canonical ? config.routeOf?.(target.path) : undefined,
    config.policyOf(target),
  );
}

/** Reads the body only when a detector wants it and the head has not decided yet. */
function bodyPhase(run: Run): Awaitable<Decision> {
  const { raw, request, plan, config } = run;
  const { bodyLimitBytes, threshold } = request.policy;
  if (
    plan.body.length === 0 ||
    bodyLimitBytes === 0 ||
    raw.readBody === undefined ||
    run.blocking !== undefined ||
    run.score >= threshold ||
    // Most requests have no body, and the signal for reading one costs as much as several detectors.
    raw.hasBody?.() === false
  )
    return decide(run);
  let body: Awaitable<Body | undefined>;
  const abort = new AbortController();
  try {
    body = raw.readBody(bodyLimitBytes, abort.signal);
  } catch (error) {
    fail(run, "body", "error", error);
    return decide(run);
  }
  if (!isThenable(body)) return inspectBody(run, body, false);
  return peek(body, abort, config.bodyDeadlineMs).then(
    ({ value, late }) => inspectBody(run, value, late),
    (error) => {
      fail(run, "body", "error", error);
      return decide(run);
    },
  );
}

function inspectBody(run: Run, body: Body | undefined, stalled: boolean): Awaitable<Decision> {
  const end = (): Decision => {
    if (stalled) take(run, { rule: "body/stalled", score: RULES["body/stalled"], where: "body", block: { status: 400 } });
    return decide(run);
  };
  if (body === undefined) return end();
  run.request.body = body;
  const waiting = runPhase(run, run.plan.body);
  return waiting === undefined ? end() : waiting.then(end);
}

/** Runs the detectors in order. `undefined` means that nothing has to be waited for. */
function runPhase(run: Run, detectors: readonly Detector[]): Promise<void> | undefined {
  const { request, config } = run;
  for (let index = 0; index < detectors.length; index++) {
    const detector = detectors[index]!;
    try {
      const result = detector.inspect(request, config.services);
      if (result === undefined) continue;
      if (isThenable(result)) return runWaiting(run, detectors, index, result);
      take(run, result);
    } catch (error) {
      fail(run, detector.name, "error", error);
    }
    if (run.blocking !== undefined) return undefined;
  }
  return undefined;
}

/**
 * The rest of a phase from the first promise on: starts the remaining detectors at once, waits for all together, and takes the results in the
 * order of the detectors, so that the decision does not depend on who answered first.
 */
function runWaiting(run: Run, detectors: readonly Detector[], from: number, first: PromiseLike<Findings>): Promise<void> {
  const { request, config } = run;
  const slots: Slot[] = [];
  const pending: { readonly slot: number; readonly result: PromiseLike<Findings> }[] = [{ slot: from, result: first }];
  for (let index = from + 1; index < detectors.length; index++) {
    try {
      const result = detectors[index]!.inspect(request, config.services);
      if (isThenable(result)) pending.push({ slot: index, result });
      else {
        slots[index] = { found: result };
        if (blocks(run, result)) break;
      }
    } catch (error) {
      slots[index] = { error, kind: "error" };
    }
  }
  return settle(pending, slots, config.deadlineMs).then(() => {
    for (let index = from; index < detectors.length; index++) {
      const slot = slots[index];
      if (slot === undefined) continue;
      const { name } = detectors[index]!;
      if ("error" in slot) fail(run, name, slot.kind, slot.error);
      else {
        try {
          take(run, slot.found);
        } catch (error) {
          fail(run, name, "error", error);
        }
      }
    }
  });
}

const listed = (findings: Findings): readonly Finding[] =>
  findings === undefined ? NONE : Array.isArray(findings) ? (findings as readonly Finding[]) : [findings as Finding];

const skips = (run: Run, rule: RuleId): boolean => run.plan.skipsRules && run.request.policy.skip.includes(rule);

const blocks = (run: Run, findings: Findings): boolean =>
  listed(findings).some((finding) => finding.block !== undefined && !skips(run, finding.rule));

function take(run: Run, findings: Findings): void {
  for (const finding of listed(findings)) {
    if (skips(run, finding.rule)) continue;
    run.findings = [...run.findings, finding];
    // A detector of the user's own may say NaN, which would keep every sum below the threshold.
    run.score += Math.min(100, Math.max(0, finding.score)) || 0;
    if (finding.block !== undefined) run.blocking ??= finding;
  }
}

const MAX_MESSAGE = 200;

function fail(run: Run, detector: string, kind: Failure["kind"], error: unknown): void {
  const failure: Failure = { detector, kind, message: messageOf(error) };
  run.failures = [...run.failures, failure];
  run.config.services.warnOnce(`AIWAF_FAILURE:${detector}:${kind}`, `${detector} failed (${kind}): ${failure.message}`);
}

export function messageOf(error: unknown): string {
  try {
    return (error instanceof Error ? error.message : String(error)).slice(0, MAX_MESSAGE);
  } catch {
    return "an unreadable error";
  }
}

/** Folds findings and failures: the first block, else the sum against the threshold, else failures where the policy denies on them. */
function verdictOf(run: Run): Verdict | undefined {
  const { policy } = run.request;
  if (run.blocking?.block !== undefined) {
    const { status, retryAfterMs, headers } = run.blocking.block;
    return { status, rule: run.blocking.rule, retryAfterMs, headers };
  }
  if (run.score >= policy.threshold) {
    const alone = run.findings.find((finding) => finding.score >= policy.threshold);
    return { status: 403, rule: alone?.rule ?? "score/threshold", retryAfterMs: undefined, headers: undefined };
  }
  if (run.failures.length > 0 && policy.onFailure === "deny")
    return { status: 503, rule: "engine/failure", retryAfterMs: undefined, headers: undefined };
  return undefined;
}

function decide(run: Run): Decision {
  const verdict = verdictOf(run);
  if (verdict === undefined || run.request.policy.mode !== "enforce") {
    const allowed = new DecidedRequest("allow", run);
    allowed.wouldBlock = verdict;
    return allowed as Allowed;
  }
  ban(run);
  return Object.assign(new DecidedRequest("block", run), verdict) as Blocked;
}

/** Has the ban written that the deciding finding asks for. The answer does not wait for the store. */
function ban(run: Run): void {
  const { request, blocking, config } = run;
  if (blocking?.block?.banMs === undefined) return;
  try {
    const written = config.services.ban(request, blocking.rule, blocking.block.banMs);
    if (isThenable(written))
      written.then(undefined, (error) => config.services.log.error("A ban was not stored", { message: messageOf(error) }));
  } catch (error) {
    fail(run, "ban", "error", error);
  }
}

/** The decision about something that is no readable request: a reader that throws, a target that is no string. */
function undecidable(config: EngineConfig, raw: RawRequest, error: unknown): Decision {
  const unreadable: RawRequest = { method: "", target: "", headers: new Headers(), peer: undefined };
  const request = new ReceivedRequest(unreadable, Date.now(), readTarget(""), { address: "", key: "" }, undefined, config.base);
  const run = createRun(config, raw, request, createPlan(NONE, config.base));
  fail(run, "engine", "error", error);
  return decide(run);
}

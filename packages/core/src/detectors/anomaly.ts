import { knownPathsOf } from "../behaviour/known-paths.ts";
import { perFirewall } from "../behaviour/per-firewall.ts";
import { createQuiet } from "../behaviour/quiet.ts";
import type { Activity } from "../model/client-history.ts";
import { evidenceOf } from "../model/evidence.ts";
import { BEHAVIOUR_FEATURES, columnPicker, createExtractor, REQUEST_FEATURES, type SeenRequest } from "../model/features.ts";
import { novelty } from "../model/ranges.ts";
import { isOddMethod, isPlain, targetSigns } from "../model/target-signs.ts";
import type { TrainedModel } from "../models/model-text.ts";
import { type FollowedModel, followModel, isModelSource, type ModelSource } from "../models/source.ts";
import { any, hasMethods, integer, isRecord, type OptionTable, readOptions } from "../options.ts";
import type { AnomalyModel, Detector, Finding, RuleId, Services, WafRequest } from "../types.ts";

/** What `anomaly` takes. */
export interface AnomalyOptions {
  /**
   * Where the trained model is, a model that was read already, or a model of your own over features of `REQUEST_FEATURES`. Default: none, and fixed
   * rules judge instead.
   */
  readonly model?: ModelSource | TrainedModel | AnomalyModel;
  /** Asked when `model` has none or cannot be read. */
  readonly fallback?: ModelSource;
  /** How old the last look for a newer model may be, in milliseconds, 100 to 3,600,000. Default 5,000. */
  readonly refreshMs?: number;
  /** Requests that a model must have been trained on; 0 takes any. Default 10,000. */
  readonly minLines?: number;
  /** Clients whose last minutes are remembered, 1,000 to 1,000,000; 76 bytes each. Default 131,072. */
  readonly maxClients?: number;
}

const isTrained = (value: unknown): value is TrainedModel =>
  isRecord(value) && hasMethods(value["request"], "score") && hasMethods(value["client"], "score") && isRecord(value["thresholds"]);
const isModel = (value: unknown): value is AnomalyModel => hasMethods(value, "score") && Array.isArray((value as AnomalyModel).features);

export const ANOMALY_OPTIONS = {
  model: any<ModelSource | TrainedModel | AnomalyModel>(
    undefined,
    "a model source such as fileModel(path), or a model",
    (value) => isModelSource(value) || isTrained(value) || isModel(value),
  ),
  fallback: any<ModelSource>(undefined, "a model source such as fileModel(path)", isModelSource),
  refreshMs: integer(5_000, 100, 3_600_000),
  minLines: integer(10_000, 0, 1_000_000_000),
  maxClients: integer(131_072, 1_000, 1_000_000),
} as const satisfies OptionTable;

export const RULES = {
  /** The trained model finds the request odd: 10 points at its threshold, more the odder. Never blocks alone. */
  "anomaly/request": 35,
  /** The trained model finds odd what the client did lately, and there is evidence of its own: misses, scanners' paths, attacks. Never blocks alone. */
  "anomaly/behaviour": 60,
  /** No model is trained, and the request's text is far from what links and forms make. Never blocks alone. */
  "anomaly/heuristic-request": 20,
  /** No model is trained, and the client collected misses on scanners' paths or attacks. Never blocks alone. */
  "anomaly/heuristic-behaviour": 50,
} as const satisfies Record<RuleId, number>;

/** Findings of other detectors from which on a request is held against its client. A weaker one, such as a dead link's name, is counted as a miss already. */
const CERTAIN = 60;
/** Points at the threshold. */
const LEAST = 10;
/** A score so far above the threshold gets all points. */
const SPAN = 0.12;

/**
 * Scores how unlike the site's usual traffic a request and its client are. With a trained model the model decides what is usual, and a client's
 * behaviour counts only where there is evidence of its own; without one, fixed rules with ids of their own judge more carefully, and misses of paths that
 * were answered before do not count. All findings of this
 * detector together stay below the threshold, so it never blocks alone. A client's last minutes are remembered by each process for itself.
 *
 * @example
 * anomaly({ model: fileModel(".aiwaf/model.json") })
 */
export function anomaly(options?: AnomalyOptions): Detector {
  const { model, fallback, refreshMs, minLines, maxClients } = readOptions("anomaly", ANOMALY_OPTIONS, options);
  const sources = [model, fallback].filter(isModelSource);
  const judge = isModelSource(model) || model === undefined ? followed(sources, refreshMs, minLines) : fixed(model, minLines);
  // What each firewall remembers: a detector may serve two, and their clients are not the same.
  const memoryOf = perFirewall((services) => ({ extractor: createExtractor(maxClients), known: knownPathsOf(services) }));
  const signsOf = targetSigns();
  /** Requests whose answer says nothing without a model: their path was answered before, and a miss there is a dead link and nobody's guess. */
  const quiet = createQuiet();
  return {
    name: "anomaly",
    phase: "head",
    rules: Object.keys(RULES) as RuleId[],
    inspect(request, services) {
      const { extractor, known } = memoryOf(services);
      const current = judge(services, request.receivedAt);
      if (current !== undefined) {
        const vector = extractor.arrive(seenOf(request));
        return belowThreshold(modelFindings(current, vector, extractor.activity), request.policy.threshold);
      }
      const { client, receivedAt, target, path, method } = request;
      const evidence = extractor.arriveUnread(client.key, receivedAt, method, path) ? evidenceOf(extractor.activity) : 0;
      const isOdd = isOddMethod(method);
      // One sign is too few, and most targets are told quickly not to have two.
      const signs = !isOdd && isPlain(target) ? 0 : signsOf(target, path) + (isOdd ? 1 : 0);
      if (signs < SIGNS && evidence < HEURISTIC_EVIDENCE) {
        if (known.isAnsweredPath(request)) quiet.note(request);
        return undefined;
      }
      return belowThreshold(heuristics(signs, evidence, extractor.activity), request.policy.threshold);
    },
    wantsOutcome: quiet.wantsOutcome,
    observe(decision, outcome, services) {
      const { action, request, findings } = decision;
      const { extractor, known } = memoryOf(services);
      // The start page and routes of the manifest are known to the others before they were ever answered, and taught by nobody else: without this, the
      // outcome of each request for them would be waited for, for ever.
      known.learn(decision, outcome);
      const isSuspicious = findings.some(
        ({ rule, score }) => score >= CERTAIN && !rule.startsWith("anomaly/") && !rule.startsWith("rate-limit/"),
      );
      // What the firewall answered is not how the application behaves: it must not count as a refusal of the application's.
      const answer = action === "block" ? { status: 0, durationMs: 0 } : outcome;
      const current = judge(services, request.receivedAt);
      // Not by `quiet`, which others may have taken meanwhile: what counts must not hang on who else wants to know the outcome.
      if (current === undefined && !isSuspicious && known.isAnsweredPath(request)) return;
      if (current?.client === undefined || action === "block") {
        extractor.answerUnread(request.client.key, request.receivedAt, request.path, answer.status, isSuspicious);
        return;
      }
      const vector = extractor.answer(countedOf(request), answer, isSuspicious);
      const oddness = Math.max(excess(current.client(vector), current.behaviourThreshold), current.clientNovelty(vector));
      if (oddness > 0) extractor.history.note(request.client.key, oddness);
    },
  };
}

/** A model made ready for full vectors. */
interface Ready {
  readonly request: (vector: Float64Array) => number;
  readonly client: ((vector: Float64Array) => number) | undefined;
  /** How far outside of all of training, 0 to 1. */
  readonly requestNovelty: (vector: Float64Array) => number;
  readonly clientNovelty: (vector: Float64Array) => number;
  readonly requestThreshold: number;
  readonly behaviourThreshold: number;
}

type Judge = (services: Services, now: number) => Ready | undefined;

const noModel: Judge = () => undefined;

const tooYoung = ({ trainedOn }: TrainedModel, minLines: number): string | undefined =>
  trainedOn.lines >= minLines
    ? undefined
    : `It was trained on ${trainedOn.lines} requests, and anomaly.minLines asks for ${minLines}: fixed rules judge until then.`;

function followed(sources: readonly ModelSource[], refreshMs: number, minLines: number): Judge {
  if (sources.length === 0) return noModel;
  const models: FollowedModel = followModel(sources, refreshMs, (model) => tooYoung(model, minLines));
  let last: TrainedModel | undefined;
  let ready: Ready | undefined;
  return (services, now) => {
    const model = models.current(services, now);
    if (model !== last) {
      last = model;
      ready = model === undefined ? undefined : readyOf(model);
    }
    return ready;
  };
}

const scorerOf = (model: AnomalyModel, all: readonly string[]): ((vector: Float64Array) => number) => {
  const pick = columnPicker(model.features, all);
  return (vector) => model.score(pick(vector));
};

const readyOf = (model: TrainedModel): Ready => ({
  request: scorerOf(model.request, REQUEST_FEATURES),
  client: scorerOf(model.client, BEHAVIOUR_FEATURES),
  requestNovelty: novelty(model.ranges, REQUEST_FEATURES),
  clientNovelty: novelty(model.behaviour.ranges, BEHAVIOUR_FEATURES),
  requestThreshold: model.thresholds.request,
  behaviourThreshold: model.thresholds.behaviour,
});

/** A model that does not change. One of the user's own says 0 for ordinary and 1 for odd; from where it counts is the middle between both. */
function fixed(model: TrainedModel | AnomalyModel | undefined, minLines: number): Judge {
  if (model === undefined) return () => undefined;
  if (!isTrained(model)) {
    const ready: Ready = {
      request: scorerOf(model, REQUEST_FEATURES),
      client: undefined,
      requestNovelty: () => 0,
      clientNovelty: () => 0,
      requestThreshold: 0.5,
      behaviourThreshold: 1,
    };
    return () => ready;
  }
  const problem = tooYoung(model, minLines);
  const ready = problem === undefined ? readyOf(model) : undefined;
  return ({ warnOnce }) => {
    if (problem !== undefined) warnOnce("AIWAF_MODEL_UNUSED", `A model is not used. ${problem}`);
    return ready;
  };
}

function seenOf(request: WafRequest): SeenRequest {
  const { headers } = request;
  return { ...countedOf(request), userAgent: headers.get("user-agent") ?? "", hasReferer: (headers.get("referer") ?? "") !== "" };
}

/** Without the fields of the header, which only a request's own vector shows. */
const countedOf = ({ client, receivedAt, method, target, path }: WafRequest): SeenRequest => ({
  client: client.key,
  at: receivedAt,
  method,
  target,
  path,
  userAgent: undefined,
  hasReferer: false,
});

/** How far above the threshold a score is, 0 to 1. What is no number is nothing. */
const excess = (score: number, threshold: number): number => (score > threshold ? Math.min(1, (score - threshold) / SPAN) : 0);

const points = (most: number, share: number): number => Math.round(LEAST + (most - LEAST) * Math.min(1, share));

function modelFindings(model: Ready, vector: Float64Array, activity: Activity): Finding[] {
  const found: Finding[] = [];
  const score = model.request(vector);
  const outside = model.requestNovelty(vector);
  const over = Math.max(excess(score, model.requestThreshold), outside);
  if (over > 0) {
    found.push({
      rule: "anomaly/request",
      score: points(RULES["anomaly/request"], over),
      note: `score ${score.toFixed(3)}, threshold ${model.requestThreshold.toFixed(3)}${outside > 0 ? ", beyond all of training" : ""}`,
    });
  }
  const evidence = evidenceOf(activity);
  if (activity.oddness > 0 && evidence >= 0.2) {
    found.push({
      rule: "anomaly/behaviour",
      score: points(RULES["anomaly/behaviour"], (activity.oddness + evidence) / 2),
      note: summary(activity),
    });
  }
  return found;
}

const whole = (value: number): string => String(Math.round(value));

const summary = ({ requests, missing, scanned, suspicious, distinctPaths }: Activity): string =>
  `in 5 minutes: ${whole(requests)} requests, ${whole(distinctPaths)} paths, ${whole(missing)} missing, ${whole(scanned)} of scanners, ${whole(suspicious)} with findings`;

/** Signs that it takes, and how much must speak against a client. */
const SIGNS = 2;
const HEURISTIC_EVIDENCE = 0.3;

/** Without a model: only what no usual link or form makes. */
function heuristics(signs: number, evidence: number, activity: Activity): Finding[] {
  const found: Finding[] = [];
  if (signs >= SIGNS) found.push({ rule: "anomaly/heuristic-request", score: Math.min(RULES["anomaly/heuristic-request"], signs * 8) });
  if (evidence >= HEURISTIC_EVIDENCE)
    found.push({
      rule: "anomaly/heuristic-behaviour",
      score: points(RULES["anomaly/heuristic-behaviour"], evidence),
      note: summary(activity),
    });
  return found;
}

/** Lowers the findings until their sum stays below the threshold: this detector adds to others and decides nothing by itself. */
function belowThreshold(found: readonly Finding[], threshold: number): readonly Finding[] | undefined {
  if (found.length === 0) return undefined;
  const sum = found.reduce((total, { score }) => total + score, 0);
  if (sum < threshold) return found;
  return found.map((finding) => ({ ...finding, score: Math.floor((finding.score * (threshold - 1)) / sum) }));
}

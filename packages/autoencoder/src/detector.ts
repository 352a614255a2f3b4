/**
 * The model as a detector: a second opinion on requests that are worth one.
 *
 * @module
 */
import type { Detector, Finding, RuleId, Services, WafRequest } from "@aiwaf/core";
import { any, integer, type OptionTable, readOptions } from "@aiwaf/core/detectors";
import { followModel, isModelSource, type ModelSource } from "@aiwaf/core/models";
import { createDrift, type Drift } from "./drift.ts";
import { readAutoencoder, type TrainedAutoencoder } from "./model/model-text.ts";
import type { Reading } from "./model/reader.ts";
import { toLine } from "./normalize/marks.ts";
import { normalizeParts, type ReadableRequest } from "./normalize/request.ts";
import { isSuspicious } from "./prefilter.ts";

/** What `autoencoder` takes. */
export interface AutoencoderOptions {
  /** Where the trained model is, or a model that was read already. */
  readonly model: ModelSource | TrainedAutoencoder;
  /** Asked when `model` has none or cannot be read. */
  readonly fallback?: ModelSource;
  /**
   * Which requests are scored before they are answered: `suspicious` ones, whose text has what injections are made of, or `all`. What other detectors
   * found suspicious is scored after the answer, and counts for the client's next requests. Default `suspicious`.
   */
  readonly when?: "suspicious" | "all";
  /** Share of the other requests that are scored after their answer, to see whether the model still knows the site, 0 to 1; by default one in a hundred. */
  readonly sample?: number;
  /**
   * The deadline, in tokens: more of a request are not read, and such a request is odd. 64 to 8,192; a token costs about half a microsecond.
   * Default 1,024.
   */
  readonly maxTokens?: number;
  /** How old the last look for a newer model may be, in milliseconds, 100 to 3,600,000. Default 5,000. */
  readonly refreshMs?: number;
  /** Requests that a model must have been trained on; 0 takes any. Default 1,000. */
  readonly minLines?: number;
}

const isTrained = (value: unknown): value is TrainedAutoencoder =>
  typeof value === "object" && value !== null && "readRequest" in value && typeof value.readRequest === "function";

export const AUTOENCODER_OPTIONS = {
  model: any<ModelSource | TrainedAutoencoder>(
    undefined,
    "a model source such as fileModel(path), or a model",
    (value) => isModelSource(value) || isTrained(value),
  ),
  fallback: any<ModelSource>(undefined, "a model source such as fileModel(path)", isModelSource),
  when: any<"suspicious" | "all", "suspicious">(
    "suspicious",
    '"suspicious" or "all"',
    (value) => value === "suspicious" || value === "all",
  ),
  sample: any<number, number>(0.01, "a number from 0 to 1", (value) => typeof value === "number" && value >= 0 && value <= 1),
  maxTokens: integer(1_024, 64, 8_192),
  refreshMs: integer(5_000, 100, 3_600_000),
  minLines: integer(1_000, 0, 1_000_000_000),
} as const satisfies OptionTable;

export const RULES = {
  /** A run of tokens in the request is unlike the site's own requests: 10 points at the model's threshold, more the odder. Never blocks alone. */
  "autoencoder/request": 35,
  /** An earlier request of the client, within five minutes, was odd to the model and suspicious to another detector. Never blocks alone. */
  "autoencoder/client": 15,
} as const satisfies Record<RuleId, number>;

/** Points at the threshold. */
const LEAST = 10;
const REMEMBERED_MS = 300_000;
const CLIENTS_MAX = 10_000;

/**
 * Scores how unlike the site's own language of requests a request is. Only what is suspicious is scored before its answer, and all findings together
 * stay below the threshold, so the model never blocks alone. Give it to the recommended set as `detectors: [...autoencoder({ model })]`.
 *
 * @example
 * protect({ detectors: [...autoencoder({ model: fileModel(".aiwaf/autoencoder.json") })] });
 */
export function autoencoder(options: AutoencoderOptions): readonly [Detector, Detector] {
  const settings = readOptions("autoencoder", AUTOENCODER_OPTIONS, options);
  const { model, fallback, when, sample, maxTokens, refreshMs, minLines } = settings;
  const accepts = ({ trainedOn }: TrainedAutoencoder): string | undefined =>
    trainedOn.lines >= minLines
      ? undefined
      : `It was trained on ${trainedOn.lines} requests, and autoencoder.minLines asks for ${minLines}: nothing is scored until then.`;
  const sources = [model, fallback].filter(isModelSource);
  const followed = followModel(sources, refreshMs, accepts, (text) => readAutoencoder(text, maxTokens));
  const fixed = isTrained(model) && accepts(model) === undefined ? model : undefined;
  const current = (services: Services, now: number): TrainedAutoencoder | undefined =>
    isTrained(model) ? fixed : followed.current(services, now);

  const odd = new Map<string, number>();
  let drift: Drift | undefined;
  const driftOf = (used: TrainedAutoencoder): Drift => {
    if (drift?.modelId !== used.id) drift = createDrift(used.id, used.holdout);
    return drift;
  };

  const look = (request: WafRequest, services: Services, form: string | undefined): Finding | undefined => {
    const isWorth = when === "all" || isSuspicious(request.canonical, request.target, form);
    const used = isWorth ? current(services, request.receivedAt) : undefined;
    if (used === undefined) return undefined;
    const line = normalizeParts(partsOf(request, used.readsForms ? form : undefined));
    const reading = used.read(line);
    return reading.isOdd ? findingOf(reading, line, used.thresholds.request) : undefined;
  };

  const head: Detector = {
    name: "autoencoder",
    phase: "head",
    rules: Object.keys(RULES) as RuleId[],
    inspect(request, services) {
      const found = [clientFinding(odd, request), hasForm(request) ? undefined : look(request, services, undefined)];
      return belowThreshold(
        found.filter((one) => one !== undefined),
        request.policy.threshold,
      );
    },
    observe({ action, request, findings }, { status }, services) {
      const others = findings.filter(({ rule }) => !rule.startsWith("autoencoder/"));
      const isSampled = others.length === 0 && action === "allow" && status < 400 && Math.random() < sample;
      if (others.length === 0 && !isSampled) return;
      const used = current(services, request.receivedAt);
      if (used === undefined) return;
      const reading = used.readRequest(partsOf(request, undefined));
      if (isSampled) {
        const drifted = driftOf(used).note(reading.isOdd);
        if (drifted !== undefined)
          services.warnOnce(
            "AIWAF_MODEL_DRIFT",
            `The autoencoder calls ${drifted.now} % of usual requests odd, and called ${drifted.trained} % so when it was trained: the site has changed, train it again.`,
          );
      } else if (reading.isOdd && request.client.key !== "") remember(odd, request.client.key, request.receivedAt);
    },
    wantsOutcome: ({ findings }) => findings.length > 0 || sample > 0,
  };
  const body: Detector = {
    name: "autoencoder",
    phase: "body",
    rules: Object.keys(RULES) as RuleId[],
    inspect(request, services) {
      if (request.body === undefined || !hasForm(request)) return undefined;
      const found = look(request, services, latin(request.body.bytes));
      return found === undefined ? undefined : belowThreshold([found], request.policy.threshold);
    },
  };
  return [head, body];
}

const partsOf = ({ method, target }: WafRequest, form: string | undefined): ReadableRequest => ({ method, target, form });

/** A request whose form will be read is judged whole, once. */
const hasForm = ({ method, headers, policy }: WafRequest): boolean =>
  method !== "GET" &&
  method !== "HEAD" &&
  policy.bodyLimitBytes > 0 &&
  /^application\/x-www-form-urlencoded\b/i.test(headers.get("content-type") ?? "");

const FORM_LIMIT = 8_192;

/** One character a byte, as the normaliser reads it. */
function latin(bytes: Uint8Array): string {
  let out = "";
  const end = Math.min(bytes.length, FORM_LIMIT + 1);
  for (let at = 0; at < end; at += 4_096) out += String.fromCharCode(...bytes.subarray(at, Math.min(end, at + 4_096)));
  return out;
}

function findingOf({ nats, start, end, peak, isWhole }: Reading, line: string, threshold: number): Finding {
  const share = isWhole || nats > threshold ? Math.min(1, (nats - threshold) / threshold) : 1;
  const shown = toLine(line.slice(start, Math.min(end, start + 40)));
  const what = isWhole ? `at ${JSON.stringify(shown)}` : "more tokens than are read";
  return {
    rule: "autoencoder/request",
    score: Math.round(LEAST + (RULES["autoencoder/request"] - LEAST) * share),
    where: placeOf(line, peak),
    note: `${nats.toFixed(1)} nats, threshold ${threshold.toFixed(1)}: ${what}`.slice(0, 120),
  };
}

/** `path`, `query:name` or `body:name` of a place in a line. */
function placeOf(line: string, at: number): string {
  // Up to the end of ` body?`, should it be that itself.
  const before = line.startsWith(" body?", at) ? line.slice(0, at + 6) : line.slice(0, at + 1);
  const body = before.lastIndexOf(" body?");
  const query = before.indexOf("?");
  if (body < 0 && query < 0) return "path";
  const from = Math.max(before.lastIndexOf("&"), body < 0 ? query : body + 5);
  const name = /^[^=&]{0,60}/.exec(line.slice(from + 1))?.[0] ?? "";
  return `${body < 0 ? "query" : "body"}:${toLine(name)}`;
}

function clientFinding(odd: ReadonlyMap<string, number>, { client, receivedAt }: WafRequest): Finding | undefined {
  const at = odd.get(client.key);
  if (at === undefined || Math.abs(receivedAt - at) > REMEMBERED_MS) return undefined;
  return { rule: "autoencoder/client", score: RULES["autoencoder/client"] };
}

/** The longest remembered one makes room. */
function remember(odd: Map<string, number>, key: string, now: number): void {
  odd.delete(key);
  odd.set(key, now);
  if (odd.size <= CLIENTS_MAX) return;
  const [first] = odd.keys();
  if (first !== undefined) odd.delete(first);
}

/** Lowers the findings until their sum stays below the threshold: this detector adds to others and decides nothing by itself. */
function belowThreshold(found: readonly Finding[], threshold: number): readonly Finding[] | undefined {
  if (found.length === 0) return undefined;
  const sum = found.reduce((total, { score }) => total + score, 0);
  // Head and body together: each gets less than half.
  const most = Math.max(0, Math.floor((threshold - 1) / 2));
  return sum <= most ? found : found.map((finding) => ({ ...finding, score: Math.floor((finding.score * most) / sum) }));
}

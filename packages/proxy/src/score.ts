/**
 * Scores of requests that somebody sends as text: what the firewall would decide, and why. Bans nobody and counts nothing.
 *
 * @module
 */
import { type Signature, type TrainedAutoencoder, toSignature } from "@aiwaf/autoencoder";
import { type Awaitable, createWaf, type Decision, isThenable } from "@aiwaf/core";
import { type RecommendedOptions, recommended } from "@aiwaf/core/recommended";
import { memoryStore } from "@aiwaf/core/stores/memory";
import { readableOf, toScoredRequest } from "./scored-request.ts";

/** One rule that was found to apply. */
export type ScoredRule = Signature;

/** What became of one text. */
export interface Score {
  /** Sum of the findings' scores. */
  readonly score: number;
  readonly rules: readonly ScoredRule[];
  /** Whether it is unlike what is usual: by the autoencoder, the forest, or the fixed rules in its place. */
  readonly anomaly: boolean;
  /** The score from which requests are blocked. */
  readonly threshold: number;
  /** `block`: enforcement would answer it. `alert`: something weighs at least 6 of 10, or it is an anomaly. */
  readonly action: "allow" | "alert" | "block";
  /** What the oddest tokens cost the autoencoder, in nats. Absent without one, as the next. */
  readonly loss?: number;
  /** The loss above which a request is an anomaly. */
  readonly loss_threshold?: number;
}

/** Scores texts. */
export interface Scorer {
  /** In the same tick unless a detector has to wait. Never throws and never rejects. */
  score(raw: string): Awaitable<Score>;
  close(): Promise<void>;
}

/** What `createScorer` takes: options of the recommended set, and a second opinion. */
export interface ScorerOptions extends RecommendedOptions {
  /** A model of `@aiwaf/autoencoder`, or what returns the newest one; a call without one leaves `loss` empty. */
  readonly autoencoder?: Pick<TrainedAutoencoder, "readRequest" | "thresholds"> | (() => TrainedAutoencoder | undefined);
}

/** What looks at one request alone, and not at its client's earlier ones, has a say. */
const OF_CLIENTS = { rateLimit: false, waves: false, breaker: false, blocklist: false, loginLimit: false } as const;

/**
 * Scores requests given as text with the recommended firewall, each by itself: no client is counted, nothing is banned.
 *
 * @throws WafError when an option is wrong.
 */
export function createScorer(options: ScorerOptions = {}): Scorer {
  const { client: _, autoencoder, ...rest } = options;
  const waf = createWaf(recommended({ ...rest, ...OF_CLIENTS, mode: "enforce", store: memoryStore() }));
  return {
    score(raw) {
      const request = toScoredRequest(raw);
      const model = typeof autoencoder === "function" ? autoencoder() : autoencoder;
      const reading = model?.readRequest(readableOf(request));
      const opinion = reading && model && { nats: reading.nats, isOdd: reading.isOdd, threshold: model.thresholds.request };
      const decision = waf.inspect(request);
      return isThenable(decision) ? decision.then((one) => scoreOf(one, opinion)) : scoreOf(decision, opinion);
    },
    close: () => waf.close(),
  };
}

/** What the autoencoder made of it. */
interface Opinion {
  readonly nats: number;
  readonly isOdd: boolean;
  readonly threshold: number;
}

function scoreOf(decision: Decision, opinion: Opinion | undefined): Score {
  const { findings, request, score } = decision;
  const rules = findings.map(toSignature);
  const anomaly = opinion?.isOdd === true || findings.some(({ rule }) => rule.startsWith("anomaly/"));
  const isAlert = anomaly || rules.some(({ severity }) => severity >= 6);
  return {
    score,
    rules,
    anomaly,
    threshold: request.policy.threshold,
    action: decision.action === "block" ? "block" : isAlert ? "alert" : "allow",
    ...(opinion !== undefined && { loss: rounded(opinion.nats), loss_threshold: rounded(opinion.threshold) }),
  };
}

const rounded = (nats: number): number => Math.round(nats * 1_000) / 1_000;

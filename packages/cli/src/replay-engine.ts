/**
 * The firewall of a configuration, taken out of its surroundings: state in memory only, a clock that replay sets, the client's address as given.
 *
 * @module
 */
import {
  type Awaitable,
  createWaf,
  type Decision,
  isThenable,
  type RawRequest,
  type Verdict,
  type Waf,
  type WafOptions,
} from "@aiwaf/core";
import { anomaly } from "@aiwaf/core/detectors";
import type { TrainedModel } from "@aiwaf/core/models";
import { type RecommendedOptions, recommended } from "@aiwaf/core/recommended";
import { memoryStore } from "@aiwaf/core/stores/memory";
import type { LoadedConfig } from "./config-file.ts";
import { messageOf, UsageError } from "./usage-error.ts";

/** A decision and what it cost. */
export interface Measured {
  readonly decision: Decision;
  /** What was decided, or would have been where a path only reports. */
  readonly verdict: Verdict | undefined;
  readonly microseconds: number;
}

/** A firewall that can be asked about any moment. */
export interface ReplayEngine {
  readonly waf: Waf;
  readonly detectors: readonly string[];
  readonly threshold: number;
  /** Asks about one request received at `now`, in milliseconds since the epoch. */
  inspect(raw: RawRequest, now: number): Awaitable<Measured>;
}

/**
 * Builds the firewall of `config`, the recommended one without. Three things are not as they would be live, so that a replay neither changes nor
 * depends on the running site: the store is always a fresh memory store, the client is always the given address, and `mode: "report"` enforces.
 *
 * @param model - Judges in the place of the configuration's own.
 * @throws UsageError naming the file and the wrong option.
 */
export function createReplayEngine(config: LoadedConfig | undefined, model?: TrainedModel): ReplayEngine {
  let now = 0;
  const silent = { warn: () => {}, error: () => {} };
  try {
    const live = { ...config?.options } as Partial<WafOptions>;
    // Checks what is left out below, too: building a firewall has no effects.
    createWaf(isComplete(live) ? live : recommended(live as RecommendedOptions));
    const { client: _, ...given } = live;
    const isolated = { store: memoryStore(), clock: () => now, log: silent, ...(given.mode === "report" && { mode: "enforce" as const }) };
    const options = withModel(
      isComplete(given) ? { ...given, ...isolated } : recommended({ ...(given as RecommendedOptions), ...isolated }),
      model,
    );
    const waf = createWaf(options);
    return {
      waf,
      detectors: [...new Set(options.detectors.map(({ name }) => name))],
      threshold: options.threshold ?? 100,
      inspect(raw, at) {
        now = at;
        const startedAt = performance.now();
        const decision = waf.inspect(raw);
        return isThenable(decision) ? decision.then((value) => measured(value, startedAt)) : measured(decision, startedAt);
      },
    };
  } catch (error) {
    throw new UsageError(`${config === undefined ? "" : `--config ${config.name}: `}${messageOf(error)}`);
  }
}

/** The firewall with that model, in the place of whatever anomaly detector it has. */
function withModel(options: WafOptions, model: TrainedModel | undefined): WafOptions {
  if (model === undefined) return options;
  const others = options.detectors.filter(({ name }) => name !== "anomaly");
  return { ...options, detectors: [...others, anomaly({ model, minLines: 0 })] };
}

const measured = (decision: Decision, startedAt: number): Measured => ({
  decision,
  verdict: decision.action === "block" ? decision : decision.wouldBlock,
  microseconds: (performance.now() - startedAt) * 1000,
});

/** `WafOptions` have to name both; options over the recommended set need neither. */
export const isComplete = (options: Partial<WafOptions>): options is WafOptions =>
  options.detectors !== undefined && options.store !== undefined && !RECOMMENDED_ONLY.some((name) => name in options);

const RECOMMENDED_ONLY = [
  "blocklist",
  "rateLimit",
  "repeats",
  "internals",
  "methods",
  "probes",
  "headers",
  "content",
  "waves",
  "identifiers",
  "keywords",
  "anomaly",
  "breaker",
  "exemptions",
  "honeypot",
  "logins",
  "loginLimit",
];

import { createWaf, type Decision, type Detector, type Outcome, renderBlocked, type Waf } from "@aiwaf/core";
import { type RecommendedOptions, recommended } from "@aiwaf/core/recommended";
import { memoryStore } from "@aiwaf/core/stores/memory";
import { behindPromises } from "./behind-promises.ts";
import { UNHURRIED } from "./suite.ts";
import { SUITE_DETECTORS } from "./suite-detectors.ts";

/** A request with this field is an order of the suite to its firewall. */
export const CONTROL_FIELD = "x-suite-control";
/** The answer to an order: percent-encoded JSON. */
export const ANSWER_FIELD = "x-suite-answer";
/** Ties what the firewall decided to the request the suite sent. */
export const ID_FIELD = "x-suite-id";

/** Options over the recommended firewall, as JSON; `detectors` names detectors of the suite. */
export type SuiteConfig = Omit<RecommendedOptions, "detectors" | "store" | "log" | "clock"> & { readonly detectors?: readonly string[] };

export type StoreKind = "sync" | "async";

export type Order = { readonly configure: SuiteConfig; readonly store: StoreKind } | { readonly record: string };

/** What the firewall knows about one request of the suite. */
export interface SuiteRecord {
  readonly id: string;
  readonly action: Decision["action"];
  readonly rule: string | undefined;
  readonly wouldBlock: string | undefined;
  readonly failures: readonly string[];
  readonly target: string;
  readonly client: string;
  readonly outcome: Outcome | undefined;
  /** What every adapter must answer to a block. */
  readonly rendering: { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string } | undefined;
}

export interface RecordAnswer {
  readonly record: SuiteRecord | undefined;
  /** Requests inspected since the last `configure`. */
  readonly inspected: number;
}

/**
 * The firewall that an application under test puts behind its adapter: `protect(suiteWaf())`.
 *
 * Every case wants another configuration and a clean memory, and some servers take seconds to start. So this one is rebuilt by a request: orders come
 * and answers go as header fields of a blocked request, through the adapter itself, whatever process or runtime it lives in.
 */
export function suiteWaf(): Waf {
  let current = build({}, "sync");
  let inspected = 0;
  const records = new Map<string, SuiteRecord>();
  const owners = new WeakMap<Decision, Waf>();

  const obey = (text: string): unknown => {
    const order = JSON.parse(decodeURIComponent(text)) as Order;
    if ("record" in order) return { record: records.get(order.record), inspected } satisfies RecordAnswer;
    current = build(order.configure, order.store);
    inspected = 0;
    records.clear();
    return "configured";
  };
  const control = createWaf({ store: memoryStore(), detectors: [controlDetector(obey)] });

  const own = (decision: Decision, waf: Waf): Decision => {
    owners.set(decision, waf);
    return decision;
  };
  return {
    get services() {
      return current.services;
    },
    inspect(raw) {
      if (raw.headers.get(CONTROL_FIELD) != null) return control.inspect(raw);
      inspected++;
      const waf = current;
      const decision = waf.inspect(raw);
      // Not through `chain`: an adapter must be handed exactly what the engine gives, now or later.
      return "then" in decision ? decision.then((value) => own(value, waf)) : own(decision, waf);
    },
    observe(decision, outcome) {
      const waf = owners.get(decision);
      if (waf === undefined) return;
      waf.observe(decision, outcome);
      const id = decision.request.headers.get(ID_FIELD);
      if (id != null) records.set(id, describe(decision, outcome));
    },
    // The suite keeps a record of every response.
    wantsOutcome: () => true,
    subscribe: (listener) => current.subscribe(listener),
    close: () => current.close(),
  };
}

function build({ detectors = [], ...options }: SuiteConfig, kind: StoreKind): Waf {
  const store = kind === "sync" ? memoryStore() : behindPromises(memoryStore(), 1);
  const chosen = detectors.map((name) => {
    const detector = SUITE_DETECTORS[name];
    if (detector === undefined) throw new TypeError(`adapterSuite: no detector is called "${name}"`);
    return detector;
  });
  return createWaf(recommended({ ...UNHURRIED, ...options, store, detectors: chosen, log: { warn() {}, error() {} } }));
}

function controlDetector(obey: (text: string) => unknown): Detector {
  return {
    name: "suite-control",
    phase: "head",
    rules: ["suite-control/answer"],
    inspect({ headers }) {
      let answer: unknown;
      try {
        answer = obey(headers.get(CONTROL_FIELD) ?? "");
      } catch (error) {
        answer = { error: String(error) };
      }
      return {
        rule: "suite-control/answer",
        score: 100,
        block: { status: 403, headers: { [ANSWER_FIELD]: encodeURIComponent(JSON.stringify(answer)) } },
      };
    },
  };
}

function describe(decision: Decision, outcome: Outcome | undefined): SuiteRecord {
  const { id, action, failures, request } = decision;
  return {
    id,
    action,
    rule: decision.action === "block" ? decision.rule : undefined,
    wouldBlock: decision.action === "allow" ? decision.wouldBlock?.rule : undefined,
    failures: failures.map(({ detector, kind }) => `${detector}:${kind}`),
    target: request.target,
    client: request.client.address,
    outcome,
    rendering: decision.action === "block" ? renderBlocked(decision) : undefined,
  };
}

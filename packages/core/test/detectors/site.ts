import { memoryStore } from "../../src/stores/memory.ts";
import type { Decision, Detector, RawRequest, Store, Waf, WafOptions } from "../../src/types.ts";
import { createWaf } from "../../src/waf.ts";

export interface Site {
  readonly waf: Waf;
  readonly store: Store;
  /** Sends a request through the firewall and the application; the answer is the rule that blocked, or the application's status. */
  visit(target: string, fields?: Partial<RawRequest>): string | number;
  decide(target: string, fields?: Partial<RawRequest>): Decision;
  /** Ends a request. */
  answer(decision: Decision, status: number): void;
  wait(ms: number): void;
  now(): number;
}

/** An application that has the paths `app` says, behind these detectors, in virtual time. */
export function site(
  detectors: readonly Detector[],
  app: (path: string) => number,
  options: Partial<WafOptions> = {},
  start = 1_700_000_000_000,
): Site {
  let now = start;
  const store = options.store ?? memoryStore();
  const waf = createWaf({ detectors, clock: () => now, log: { warn() {}, error() {} }, ...options, store });
  const decide = (target: string, fields: Partial<RawRequest> = {}): Decision =>
    waf.inspect({ method: "GET", target, headers: new Headers(), peer: "192.0.2.1", ...fields }) as Decision;
  return {
    waf,
    store,
    decide,
    answer: (decision, status) => waf.observe(decision, { status, durationMs: 1 }),
    visit(target, fields) {
      const decision = decide(target, fields);
      const status = decision.action === "block" ? decision.status : app(decision.request.path);
      waf.observe(decision, { status, durationMs: 1 });
      return decision.action === "block" ? decision.rule : status;
    },
    wait: (ms) => {
      now += ms;
    },
    now: () => now,
  };
}

export const range = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index));

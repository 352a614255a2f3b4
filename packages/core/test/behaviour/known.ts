import { type KnownPaths, knownPathsOf } from "../../src/behaviour/known-paths.ts";
import type { Decision, Services, WafRequest } from "../../src/types.ts";

/** Knowledge of an application without a firewall around it. */
export function createKnownPathsForTest(): {
  readonly known: KnownPaths;
  readonly request: (path: string, change?: Partial<WafRequest>) => WafRequest;
  readonly answer: (path: string, status: number, decision?: Partial<Decision>, change?: Partial<WafRequest>) => void;
} {
  const known = knownPathsOf({} as Services);
  const request = (path: string, change: Partial<WafRequest> = {}): WafRequest =>
    ({ path, canonical: true, route: undefined, ...change }) as WafRequest;
  return {
    known,
    request,
    answer: (path, status, decision = {}, change = {}) =>
      void known.learn({ action: "allow", request: request(path, change), ...decision } as Decision, { status, durationMs: 1 }),
  };
}

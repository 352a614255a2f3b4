import { type DecisionRecord, recordOf } from "../src/records.ts";
import type { Decision, Finding, HeaderReader, PathPolicy, WafRequest } from "../src/types.ts";

/** The same for the same seed: a 32-bit xorshift (Marsaglia, 2003). */
export function createRandom(seed: number) {
  let state = seed | 1;
  const below = (end: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.floor((state >>> 0) * 2 ** -32 * end);
  };
  return { below, oneIn: (count: number) => below(count) === 0, pick: <T>(choices: readonly T[]): T => choices[below(choices.length)]! };
}

export const policy: PathPolicy = {
  mode: "enforce",
  threshold: 100,
  skip: [],
  bodyLimitBytes: 65_536,
  onFailure: "allow",
  rateLimit: undefined,
  methods: undefined,
  profile: undefined,
};

export interface Given {
  readonly target?: string;
  readonly headers?: HeaderReader | Record<string, string>;
  readonly request?: Partial<WafRequest>;
  readonly decision?: Partial<Decision>;
}

const lines = (fields: Record<string, string>): HeaderReader => ({
  get: (name) => fields[name],
  [Symbol.iterator]: () => Object.entries(fields)[Symbol.iterator](),
});

export function decisionOf({ target = "/", headers = {}, request, decision }: Given): Decision {
  const reader = typeof (headers as HeaderReader).get === "function" ? (headers as HeaderReader) : lines(headers as Record<string, string>);
  return {
    id: "id1",
    action: "allow",
    wouldBlock: undefined,
    score: 0,
    findings: [],
    failures: [],
    request: {
      receivedAt: 1_700_000_000_000,
      method: "GET",
      target,
      path: "/",
      query: "",
      canonical: true,
      httpVersion: "1.1",
      headers: reader,
      client: { address: "192.0.2.7", key: "192.0.2.7" },
      route: undefined,
      policy,
      body: undefined,
      ...request,
    },
    ...decision,
  } as Decision;
}

export const record = (given: Given): DecisionRecord => recordOf(decisionOf(given));
export const finding = (where: string, text: string, note?: string): Finding => ({
  rule: "test/found",
  score: 10,
  where,
  match: { text, start: 0, end: text.length, decoded: [] },
  ...(note !== undefined && { note }),
});

import type { Decision, HeaderReader, PathPolicy } from "../../src/types.ts";

const policy: PathPolicy = {
  mode: "enforce",
  threshold: 100,
  skip: [],
  bodyLimitBytes: 65_536,
  onFailure: "allow",
  rateLimit: undefined,
  methods: undefined,
  profile: undefined,
};

/** A decision with some fields of its own, for what only reads decisions. */
export function decisionWith(
  fields: Partial<Decision> = {},
  request: Partial<Decision["request"]> = {},
  headers: Readonly<Record<string, string>> = {},
): Decision {
  const reader: HeaderReader = { get: (name) => headers[name], [Symbol.iterator]: () => Object.entries(headers)[Symbol.iterator]() };
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
      target: "/",
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
    ...fields,
  } as Decision;
}

export const blockedBy = (rule: `${string}/${string}`, status = 403, banMs?: number): Decision =>
  decisionWith({
    action: "block",
    status,
    rule,
    retryAfterMs: undefined,
    headers: undefined,
    score: 100,
    findings: [{ rule, score: 100, ...(banMs !== undefined && { block: { status: 403, banMs } }) }],
  } as Partial<Decision>);

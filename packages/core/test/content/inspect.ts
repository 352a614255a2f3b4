import { inspectBody, inspectHead, settingOf } from "../../src/content/request-parts.ts";
import type { Finding, WafRequest } from "../../src/types.ts";

const POLICY = {
  mode: "enforce",
  threshold: 100,
  skip: [],
  bodyLimitBytes: 65_536,
  onFailure: "allow",
  rateLimit: undefined,
  methods: undefined,
  profile: undefined,
} as const;

/** What to send; everything else is ordinary. */
export interface Sent {
  readonly target?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly type?: string | undefined;
  readonly body?: string | Uint8Array;
  /** Default 192.0.2.1. */
  readonly from?: string;
}

/** A request as the engine hands it to a detector. */
export function request(sent: Sent): WafRequest {
  const target = sent.target ?? "/";
  const mark = target.indexOf("?");
  const given = sent.headers ?? [];
  const fields: (readonly [string, string])[] = given.some(([name]) => name === "host")
    ? [...given]
    : [["host", "www.example.com"], ...given];
  if (sent.type !== undefined) fields.push(["content-type", sent.type]);
  const bytes = typeof sent.body === "string" ? new TextEncoder().encode(sent.body) : sent.body;
  return {
    receivedAt: 0,
    method: bytes === undefined ? "GET" : "POST",
    target,
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? "" : target.slice(mark + 1),
    canonical: true,
    httpVersion: "1.1",
    headers: { get: (name) => fields.find(([field]) => field === name)?.[1], [Symbol.iterator]: () => fields[Symbol.iterator]() },
    client: { address: sent.from ?? "192.0.2.1", key: sent.from ?? "192.0.2.1" },
    route: undefined,
    policy: POLICY,
    body: bytes === undefined ? undefined : { bytes, complete: true },
  };
}

/** Findings of both phases. */
export function inspect(sent: Sent, sensitivity = 1): readonly Finding[] {
  const made = request(sent);
  const setting = settingOf(made, sensitivity);
  return [...(inspectHead(made, () => setting) ?? []), ...(made.body === undefined ? [] : (inspectBody(made, made.body, setting) ?? []))];
}

export function score(findings: readonly Finding[]): number {
  return findings.reduce((sum, finding) => sum + finding.score, 0);
}

/** Findings for one query value. */
export function inspectValue(value: string): readonly Finding[] {
  return inspect({ target: `/search?q=${encodeURIComponent(value)}` });
}

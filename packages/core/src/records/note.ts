/**
 * Decisions noted down to become records later, or never: most are pushed out of what is kept before anybody reads them.
 *
 * @module
 */
import { type DecisionRecord, type RecordOptions, recordOf } from "../record.ts";
import type { Decision, HeaderReader, Mode, Outcome } from "../types.ts";

/**
 * What the record of a decision will be made of: text and numbers, nothing of the server's. Its fields hold what was sent, secrets and all, so a note never
 * leaves the process, and whoever keeps notes makes records of them, or drops them, within seconds.
 */
export interface DecisionNote {
  readonly id: string;
  readonly at: number;
  readonly method: string;
  readonly target: string;
  /** The header's lines, names and values in turns. */
  readonly lines: readonly string[];
  readonly client: string;
  readonly mode: Mode;
  readonly threshold: number;
  readonly status: number | undefined;
  readonly durationMs: number | undefined;
  readonly route: string | undefined;
  readonly country: string | undefined;
  readonly asn: number | undefined;
  /** About what it takes. */
  readonly bytes: number;
}

/** Larger requests are redacted and cut at once: whoever keeps notes by number would keep this much of each. */
const TEXT_LIMIT = 4_096;
/** The note itself, and what V8 adds to each text. */
const NOTE_BYTES = 250;
const LINE_BYTES = 24;

/**
 * A note of a decision that found nothing.
 *
 * Costs a request a tenth of what its record would, and holds neither its body nor its socket. Never throws.
 *
 * @returns `undefined` where `recordOf` has to be called at once: after a block, a finding or a failure, whose record shows what was sent; for requests
 * beyond 4,096 characters; and where the reader of the header has no lines.
 */
export function noteOf(decision: Decision, outcome: Outcome | undefined): DecisionNote | undefined {
  const { request, findings, failures } = decision;
  if (decision.action === "block" || decision.wouldBlock !== undefined || findings.length > 0 || failures.length > 0) return undefined;
  const lines = linesOf(request.headers);
  if (lines === undefined) return undefined;
  let length = request.target.length;
  for (let index = 0; index < lines.length; index++) length += lines[index]!.length;
  if (length > TEXT_LIMIT) return undefined;
  return {
    id: decision.id,
    at: request.receivedAt,
    method: request.method,
    target: request.target,
    lines,
    client: request.client.address,
    mode: request.policy.mode,
    threshold: request.policy.threshold,
    status: outcome?.status,
    durationMs: outcome?.durationMs,
    route: request.route?.pattern,
    country: request.place?.country,
    asn: request.place?.asn,
    bytes: NOTE_BYTES + length + LINE_BYTES * lines.length,
  };
}

/** A reader of the user's own may throw. */
function linesOf(headers: HeaderReader): readonly string[] | undefined {
  try {
    return headers.lines;
  } catch {
    return undefined;
  }
}

/** The record that `recordOf` would have made of the decision. Never throws. */
export function recordOfNote(note: DecisionNote, options?: RecordOptions): DecisionRecord {
  const { id, at, method, target, lines, client, mode, threshold, status, durationMs, route, country, asn } = note;
  const decision: Decision = {
    action: "allow",
    wouldBlock: undefined,
    id,
    score: 0,
    findings: [],
    failures: [],
    request: {
      receivedAt: at,
      method,
      target,
      path: "",
      query: "",
      canonical: true,
      httpVersion: undefined,
      headers: { lines, get: () => undefined, [Symbol.iterator]: () => [][Symbol.iterator]() },
      client: { address: client, key: "" },
      route: route === undefined ? undefined : { pattern: route, methods: undefined },
      place: { ...(country !== undefined && { country }), ...(asn !== undefined && { asn }) },
      policy: {
        mode,
        threshold,
        skip: [],
        bodyLimitBytes: 0,
        onFailure: "allow",
        rateLimit: undefined,
        methods: undefined,
        profile: undefined,
      },
      body: undefined,
    },
  };
  return recordOf(decision, status === undefined || durationMs === undefined ? undefined : { status, durationMs }, options);
}

/** Whether it is a note, and no record, or whatever else a note waits to become. */
export const isNote = (one: object): one is DecisionNote => "lines" in one;

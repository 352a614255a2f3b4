/**
 * What every generator of normal traffic builds on: one visitor with an address, a clock and a list of requests.
 *
 * @module
 */
import type { TrafficRecord } from "../../types.ts";

/** A record that has no id yet; ids follow the order in the file. */
export type HonestRecord = Omit<TrafficRecord, "id"> & { readonly at: number };

/** One honest request, before it has a place in time. */
export interface HonestRequest {
  readonly method: string;
  readonly url: string;
  /** In the order the client sends them. */
  readonly headers: Readonly<Record<string, string>>;
  /** Text is sent as UTF-8; bytes make the record `latin-1`. */
  readonly body?: string | Uint8Array;
  /** Replaces `headers` where the client repeats a field. */
  readonly rawHeaders?: readonly (readonly [string, string])[];
  /** What the unprotected shop answers when that is no success: an honest typing error, a page that does not exist. */
  readonly expectDirect?: number;
}

export interface VisitOptions {
  /** Unique in all normal traffic. */
  readonly scenario: string;
  readonly class: string;
  readonly client: string;
  /** Milliseconds after the start of the minute at which the first request is sent, before its own gap. */
  readonly startMs: number;
  /** The visitor keeps cookies, so that a login lasts. */
  readonly cookies?: boolean;
}

/** One visitor's requests in order. */
export interface Visit {
  /** Adds a request `gapMs` milliseconds after the one before. */
  send(gapMs: number, request: HonestRequest): void;
  /** What has been added so far. */
  readonly records: readonly HonestRecord[];
}

/** A Monday morning: the start of the minute that all normal traffic takes. */
export const minuteStart = Date.UTC(2025, 10, 17, 9, 0, 0);

/** Starts a visit. */
export function startVisit(options: VisitOptions): Visit {
  const records: HonestRecord[] = [];
  let nowMs = options.startMs;
  return {
    records,
    send(gapMs, request) {
      nowMs += gapMs;
      const binary = typeof request.body === "object";
      records.push({
        label: "benign",
        class: options.class,
        scenario: options.scenario,
        client: options.client,
        at: minuteStart + nowMs,
        method: request.method,
        url: request.url,
        headers: request.headers,
        ...(request.rawHeaders === undefined ? {} : { raw_headers: request.rawHeaders }),
        body: typeof request.body === "object" ? Buffer.from(request.body).toString("latin1") : (request.body ?? null),
        ...(binary ? { encoding: "latin-1" as const } : {}),
        ...(options.cookies === true ? { cookies: "keep" as const } : {}),
        ...(request.expectDirect === undefined ? {} : { expectDirect: request.expectDirect }),
      });
    },
  };
}

/** Numbers that look random and never change: the same seed always gives the same traffic. */
export interface Dice {
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number;
  pick<T>(items: readonly T[]): T;
}

/** A small generator of the xorshift family; quality does not matter here, repeatability does. */
export function createDice(seed: number): Dice {
  let state = seed >>> 0 || 1;
  const next = (): number => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
  const between = (low: number, high: number): number => low + (next() % (high - low + 1));
  return { between, pick: (items) => items[between(0, items.length - 1)]! };
}

/** A form body as browsers write it: spaces as `+`, everything else but `*-._` and letters percent-encoded. */
export function formBody(fields: Readonly<Record<string, string>>): string {
  return new URLSearchParams(fields).toString();
}

/** A query value as browsers write it into an address. */
export function queryValue(text: string): string {
  return new URLSearchParams({ q: text }).toString().slice(2);
}

/**
 * Sends the traffic to all targets, interleaved, and notes what came back.
 *
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Exchange, ExploitOracle, TrafficRecord, TrafficResponse } from "../types.ts";
import type { AddressOf, Unit } from "./plan.ts";
import { type CookieJar, createCookieJar, toWireRequest } from "./to-wire.ts";
import type { WireAnswer, WireClient } from "./wire-client.ts";

/** A target with the client that talks to it. */
export interface Lane {
  readonly target: string;
  readonly client: WireClient;
}

/** What one request to one target came to. */
export interface Outcome {
  readonly record: TrafficRecord;
  readonly unit: Unit;
  /** 0: no answer. */
  readonly status: number;
  readonly durationMs: number;
  /** `x-aiwaf-id` of the answer. */
  readonly decisionId: string | undefined;
  /** The HTTP server turned it away before any application code ran. */
  readonly refused: boolean;
  /** The oracle saw the attack's effect in the answer. */
  readonly exploited: boolean;
  readonly error: string | undefined;
}

export interface DriveOptions {
  readonly units: readonly Unit[];
  readonly lanes: readonly Lane[];
  readonly addressOf: AddressOf;
  readonly oracle: ExploitOracle;
  /** `driveInTurn`: how many targets are asked at the same time; 1 unless said otherwise. */
  readonly lanesAtOnce?: number;
  /** Told after each request, with how many answers all targets have given so far. */
  readonly onAnswer?: (answers: number) => void;
}

/** Outcomes by target, in the order of the records; one for each record and target. */
export type Outcomes = ReadonlyMap<string, readonly Outcome[]>;

/** Earlier answers that an oracle may look at; more than any scenario with an effect has. */
const historyLimit = 64;

/**
 * Sends units one after another, as fast as the targets answer. Each request goes to every target before the next one does, and the order of
 * the targets rotates: noise of the machine and the warmth of its caches fall on all alike. With a concurrency of k, k requests go to one
 * target at once, then the same k to the next. With several lanes at once, the next target is asked as soon as one has answered.
 */
export async function driveInTurn(options: DriveOptions): Promise<Outcomes> {
  const recorder = createRecorder(options);
  for (const unit of options.units) {
    const session = recorder.open(unit);
    for (let start = 0; start < unit.records.length; start += unit.concurrency) {
      const batch = Array.from({ length: Math.min(unit.concurrency, unit.records.length - start) }, (_, index) => start + index);
      const waitMs = Math.max(...batch.map((index) => unit.records[index]?.waitMs ?? 0));
      if (waitMs > 0) await sleep(waitMs);
      const waiting = [...recorder.nextOrder()];
      const askInTurn = async (): Promise<void> => {
        for (let lane = waiting.shift(); lane !== undefined; lane = waiting.shift()) {
          const target = lane;
          await Promise.all(batch.map((index) => session.send(target, index)));
        }
      };
      await Promise.all(Array.from({ length: options.lanesAtOnce ?? 1 }, askInTurn));
    }
  }
  return recorder.outcomes();
}

/**
 * Sends each unit at its own times (`at` of its records, relative to the earliest), all units side by side, the way a shop sees its visitors:
 * squeezing a minute of an office into a second would make a flood of honest people. `speed` 2 takes half the time.
 */
export async function driveInTime(options: DriveOptions, speed = 1): Promise<Outcomes> {
  const recorder = createRecorder(options);
  const earliest = options.units.reduce(
    (low, unit) => unit.records.reduce((inner, { at }) => Math.min(inner, at ?? inner), low),
    Number.POSITIVE_INFINITY,
  );
  const startedAt = performance.now();
  await Promise.all(
    options.units.map(async (unit) => {
      const session = recorder.open(unit);
      for (const [index, record] of unit.records.entries()) {
        const dueMs = ((record.at ?? earliest) - earliest) / speed;
        const waitMs = startedAt + dueMs - performance.now();
        if (waitMs > 0) await sleep(waitMs);
        for (const lane of recorder.nextOrder()) await session.send(lane, index);
      }
    }),
  );
  return recorder.outcomes();
}

interface Session {
  /** Sends the unit's record at this index. */
  send(lane: Lane, index: number): Promise<void>;
}

interface Recorder {
  open(unit: Unit): Session;
  /** The lanes in this request's order. */
  nextOrder(): readonly Lane[];
  outcomes(): Outcomes;
}

function createRecorder({ units, lanes, addressOf, oracle, onAnswer }: DriveOptions): Recorder {
  /** Where each unit's outcomes start. */
  const offsets = new Map<Unit, number>();
  let total = 0;
  for (const unit of units) {
    offsets.set(unit, total);
    total += unit.records.length;
  }
  const found = new Map(lanes.map((lane) => [lane.target, new Array<Outcome>(total)]));
  let turns = 0;
  let answers = 0;

  return {
    nextOrder() {
      const first = turns++ % lanes.length;
      return [...lanes.slice(first), ...lanes.slice(0, first)];
    },
    open(unit) {
      const keepsCookies = unit.records.some((record) => record.cookies === "keep");
      const keepsHistory = unit.records.some((record) => record.oracle !== undefined);
      const jars = new Map<Lane, CookieJar>(lanes.map((lane) => [lane, createCookieJar()]));
      const histories = new Map<Lane, Exchange[]>(lanes.map((lane) => [lane, []]));
      return {
        async send(lane, index) {
          const record = unit.records[index]!;
          const jar = jars.get(lane)!;
          const history = histories.get(lane)!;
          const request = toWireRequest(record, addressOf(unit, record), record.cookies === "keep" ? jar.text : undefined);
          const answer = await lane.client.send(request);
          if (keepsCookies) jar.store(answer.headers);
          const decisionId = answer.headers.find(([name]) => name === "x-aiwaf-id")?.[1];
          const response = toResponse(answer, keepsHistory, decisionId);
          const exploited = record.oracle !== undefined && answer.status !== 0 && oracle(record, response, history);
          if (keepsHistory) {
            history.push({ record, response });
            if (history.length > historyLimit) history.shift();
          }
          found.get(lane.target)![offsets.get(unit)! + index] = {
            record,
            unit,
            status: answer.status,
            durationMs: answer.durationMs,
            decisionId,
            refused: isBareRefusal(answer),
            exploited,
            error: answer.error,
          };
          answers += 1;
          onAnswer?.(answers);
        },
      };
    },
    outcomes: () => found,
  };
}

function toResponse(answer: WireAnswer, withBody: boolean, decisionId: string | undefined): TrafficResponse {
  const body = withBody ? new TextDecoder().decode(answer.body) : "";
  // The id of a block is random text: now and then it holds the 49 that a template would have computed.
  return { status: answer.status, headers: answer.headers, body: decisionId === undefined ? body : body.replaceAll(decisionId, "") };
}

/**
 * Whether this is what Node's HTTP parser answers to bytes that it cannot read, before any application sees a request: an error status with
 * `connection: close`, no other field and no body.
 */
function isBareRefusal({ status, headers, body }: WireAnswer): boolean {
  return (
    status >= 400 &&
    body.length === 0 &&
    headers.length === 1 &&
    headers[0]![0] === "connection" &&
    headers[0]![1].toLowerCase() === "close"
  );
}

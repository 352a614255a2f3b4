/**
 * Training from a log of any length in bounded memory, with the forest's rules about who may be learned from and the forest's gate.
 *
 * @module
 */
import { any, integer, type OptionTable, readOptions } from "@aiwaf/core/detectors";
import { drawBelow, isAttack, type LoggedRequest, readTarget, type StreamKey, streamKey } from "@aiwaf/core/train";
import type { AutoencoderContents } from "../model/model-text.ts";
import { normalizeParts } from "../normalize/request.ts";
import type { Planted } from "./planted.ts";
import { AUTOENCODER_TRAINING_OPTIONS, type AutoencoderTrainingOptions, originOf, trainParts } from "./train-model.ts";

/** What `createAutoencoderTrainer` takes beside what training takes. */
export interface AutoencoderTrainerOptions {
  /** Requests below which no model is trained, 10 to 1,000,000,000. Default 1,000. */
  readonly minLines?: number;
  /** Lines that are kept of a longer log, a fair sample; 100 to 1,000,000, some hundred bytes each. Default 100,000. */
  readonly maxLines?: number;
  /** Largest share of held-out requests above the threshold with which a model may be used, above 0 to 0.5; by default three in a hundred. */
  readonly maxFlagged?: number;
}

export const AUTOENCODER_TRAINER_OPTIONS = {
  minLines: integer(1_000, 10, 1_000_000_000),
  maxLines: integer(100_000, 100, 1_000_000),
  maxFlagged: any<number, number>(
    0.03,
    "a number above 0 and at most 0.5",
    (value) => typeof value === "number" && value > 0 && value <= 0.5,
  ),
} as const satisfies OptionTable;

/** A logged request, with its form where the log has it. */
export type LearnableRequest = Pick<
  LoggedRequest,
  "method" | "target" | "client" | "status" | "isBlocked" | "userAgent" | "referer" | "at"
> & {
  readonly form?: string | undefined;
};

/** What training came to. */
export interface AutoencoderTraining {
  readonly requests: number;
  /** Left out: blocked by the firewall, recognised as attacks, answered with an error, or sent by a client that attacked. */
  readonly leftOut: number;
  readonly lines: number;
  readonly heldOut: number;
  readonly model: AutoencoderContents | undefined;
  /** Why there is no model; `undefined` when there is one. */
  readonly withoutModel: string | undefined;
  /** Why the model may not be used; `undefined` when it may. */
  readonly withheld: string | undefined;
}

/** Training under way: requests go in one by one. */
export interface AutoencoderTrainer {
  add(request: LearnableRequest): void;
  finish(source: string, now: number): AutoencoderTraining;
}

/** One client in so many is held out: requests of one client resemble each other. */
const HOLDOUT_PART = 5;
const HOLDOUT_LEAST = 200;
/** Requests of a client that are all kept; of later ones ever fewer, so that a client that sends half the log does not make half the model. */
const FULLY_KEPT = 100;
const CLIENTS_MAX = 200_000;
const HOSTILE_ATTACKS = 3;
const LINE_MAX = 32_768;
const STREAM = 201;

interface Kept {
  readonly line: string;
  readonly client: string;
}

/**
 * A trainer. The same requests, options and seed give the same model.
 *
 * @throws WafError for options that are unknown or out of range.
 */
export function createAutoencoderTrainer(options: AutoencoderTrainerOptions & AutoencoderTrainingOptions = {}): AutoencoderTrainer {
  const own = Object.entries(options).filter(([name]) => Object.hasOwn(AUTOENCODER_TRAINER_OPTIONS, name));
  const others = Object.entries(options).filter(([name]) => !Object.hasOwn(AUTOENCODER_TRAINER_OPTIONS, name));
  const { minLines, maxLines, maxFlagged } = readOptions("train", AUTOENCODER_TRAINER_OPTIONS, Object.fromEntries(own));
  const training = readOptions("train", AUTOENCODER_TRAINING_OPTIONS, Object.fromEntries(others));
  const seen = { requests: 0, leftOut: 0, from: Infinity, to: 0, alone: 0 };
  const clients = new Map<string, { requests: number; attacks: number }>();
  const kept = createSample(maxLines, streamKey(training.seed, 0, STREAM));
  const held = createSample(Math.ceil(maxLines / HOLDOUT_PART), streamKey(training.seed, 1, STREAM));

  const sumOf = (client: string): { requests: number; attacks: number } => {
    let sum = clients.get(client);
    if (sum === undefined) {
      if (clients.size >= CLIENTS_MAX) clients.clear();
      sum = { requests: 0, attacks: 0 };
      clients.set(client, sum);
    }
    return sum;
  };

  return {
    add(request) {
      seen.requests++;
      seen.from = Math.min(seen.from, request.at);
      seen.to = Math.max(seen.to, request.at);
      const { client = "", status, isBlocked } = request;
      const sum = sumOf(client);
      sum.requests++;
      const isBad =
        isBlocked === true ||
        isAttack({ httpVersion: undefined, durationMs: 0, fields: undefined, ...request }, readTarget(request.target));
      if (isBad) sum.attacks++;
      const isRepeated = client !== "" && sum.requests > FULLY_KEPT && sum.requests % Math.ceil(sum.requests / FULLY_KEPT) !== 0;
      if (isBad || (status !== undefined && status >= 400)) {
        seen.leftOut++;
        return;
      }
      if (isRepeated) return;
      const line = normalizeParts({ ...request, userAgent: undefined }).slice(0, LINE_MAX);
      // Without clients, requests are held out one by one.
      const lot = client === "" ? seen.alone++ : hashOf(client);
      (lot % HOLDOUT_PART === 0 ? held : kept).offer({ line, client });
    },
    finish(source, now) {
      const isHostile = ({ client }: Kept): boolean => client !== "" && (clients.get(client)?.attacks ?? 0) >= HOSTILE_ATTACKS;
      const linesOf = (sample: Sample): string[] => sample.all.filter((one) => !isHostile(one)).map(({ line }) => line);
      const lines = linesOf(kept);
      const heldOut = linesOf(held);
      const facts = { requests: seen.requests, leftOut: seen.leftOut, lines: lines.length, heldOut: heldOut.length };
      if (lines.length + heldOut.length < minLines || lines.length === 0) {
        const withoutModel = `${lines.length + heldOut.length} requests that may be learned from are fewer than the ${minLines} that a model needs`;
        return { ...facts, model: undefined, withoutModel, withheld: undefined };
      }
      const { onEpoch, ...numbers } = training;
      const { planted, ...parts } = trainParts(lines, heldOut, { ...numbers, ...(onEpoch !== undefined && { onEpoch }) });
      const from = Number.isFinite(seen.from) ? seen.from : 0;
      return {
        ...facts,
        model: { ...parts, createdAt: now, trainedOn: originOf(seen.requests, source, from, seen.to) },
        withoutModel: undefined,
        withheld: whyWithheld(parts.holdout, planted, maxFlagged),
      };
    },
  };
}

/** The promotion gate: requests of clients that the model never saw, held against its threshold, with and without an attack in them. */
export function whyWithheld(
  { requests, flagged }: AutoencoderContents["holdout"],
  { attacks, found }: Planted,
  maxFlagged: number,
): string | undefined {
  if (requests < HOLDOUT_LEAST / 2)
    return `only ${requests} held-out requests: fewer than ${HOLDOUT_LEAST / 2} say nothing about false positives`;
  if (flagged > maxFlagged * requests)
    return `${flagged} of ${requests} held-out requests would be called odd, more than ${(maxFlagged * 100).toFixed(2)} %`;
  if (found < FOUND_LEAST * attacks)
    return `of ${attacks} attacks planted in held-out requests it finds ${found}, fewer than ${FOUND_LEAST * 100} %: the clients it learned from are too unlike the others, train on more of them`;
  return undefined;
}

/** Models that know their site find all, or all but one or two. */
const FOUND_LEAST = 0.8;

interface Sample {
  readonly all: readonly Kept[];
  offer(one: Kept): void;
}

/** A fair sample of what comes one by one. Algorithm R (Vitter, 1985). */
function createSample(capacity: number, key: StreamKey): Sample {
  const all: Kept[] = [];
  let offered = 0;
  return {
    all,
    offer(one) {
      const place = offered < capacity ? offered : drawBelow(key, offered, offered + 1);
      offered++;
      if (place < capacity) all[place] = one;
    },
  };
}

/** FNV-1a. Who is held out need not be unforeseeable: whoever can choose addresses can send as much from the others. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}

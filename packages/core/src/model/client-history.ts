/**
 * What the anomaly stage remembers of each client: counts of two windows, in 76 bytes. Bounded in clients and in bytes, constant time a request.
 *
 * @module
 */
import { createSlotTable, type SlotTable } from "../behaviour/slot-table.ts";
import { hashed, hashOf } from "../behaviour/text-hash.ts";

/** What one client did lately. Reused from call to call. */
export interface Activity {
  /** Requests of the last ten seconds, with this one; what pages load by themselves is left out. */
  burst: number;
  /** Requests of the last five minutes, with this one, of every kind. */
  requests: number;
  /** Different paths among them, assets left out; an estimate within a tenth up to 200 and at most 400. */
  distinctPaths: number;
  /** Answers with 404. */
  missing: number;
  /** Answers with 400 or more. */
  refused: number;
  /** Missing paths that scanners ask for. */
  scanned: number;
  /** Requests other than GET and HEAD. */
  writing: number;
  /** Requests in which another detector found something. */
  suspicious: number;
  /** Milliseconds between requests, a running average; 0 for a client's first request. */
  gapMs: number;
  /** How odd a model found the client after its last responses, 0 to 1: the most of this window and half of the one before. */
  oddness: number;
}

export const emptyActivity = (): Activity => ({
  burst: 0,
  requests: 0,
  distinctPaths: 0,
  missing: 0,
  refused: 0,
  scanned: 0,
  writing: 0,
  suspicious: 0,
  gapMs: 0,
  oddness: 0,
});

/** Clients remembered at most; about 12 MB. */
export const CLIENTS_MAX = 131_072;

const BURST_MS = 10_000;
const WINDOW_MS = 300_000;

/** Fields of a slot. Pairs hold the running window in the low and the one before in the high half. */
const FIELD = {
  burstSlot: 0,
  burst: 1,
  slot: 2,
  requests: 3,
  missing: 4,
  refused: 5,
  scanned: 6,
  writing: 7,
  suspicious: 8,
  last: 9,
  gap: 10,
  distinct: 11,
  odd: 12,
  bits: 13,
};
const BITS_WORDS = 4;
const BITS = BITS_WORDS * 32;
const FIELDS = FIELD.bits + BITS_WORDS;
const PAIRS = [FIELD.requests, FIELD.missing, FIELD.refused, FIELD.scanned, FIELD.writing, FIELD.suspicious];
const HALF = 0xffff;
const ODD_UNIT = 10_000;
/** Share of a new gap in the running average. */
const GAP_WEIGHT = 0.2;
const GAP_MAX_MS = 3_600_000;

/** What happened in a request, as far as it is remembered. */
export interface Visit {
  readonly client: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly path: string;
  readonly isAsset: boolean;
  readonly isWriting: boolean;
}

/** How a request was answered, as far as it is remembered. */
export interface Answer {
  readonly status: number;
  readonly isScanned: boolean;
  readonly isSuspicious: boolean;
}

/** The memory of all clients. */
export interface ClientHistory {
  /** Counts an arriving request and writes what is now known of its client into `activity`. */
  arrive(visit: Visit, activity: Activity): void;
  /** The same, but writes into `activity` only for a client that something is held against: true then. Nothing is made for the others. */
  arriveUnread(client: string, at: number, path: string, isAsset: boolean, isWriting: boolean, activity: Activity): boolean;
  /** Counts how the request was answered, and writes what is now known. False when the client was forgotten meanwhile. */
  answer(client: string, at: number, answer: Answer, activity: Activity): boolean;
  /** Counts how the request was answered. */
  answerUnread(client: string, at: number, answer: Answer): void;
  /** Notes how odd a model finds a client, 0 to 1. Does nothing for a client that was forgotten. */
  note(client: string, oddness: number): void;
  clients(): number;
  bytes(): number;
}

/** An empty memory. A full one forgets whom it has least against. */
export function createClientHistory(maxClients = CLIENTS_MAX): ClientHistory {
  const table = createSlotTable({ fields: FIELDS, maxSlots: maxClients, weigh });
  const enter = (client: string, at: number, path: string, isAsset: boolean, isWriting: boolean): void => {
    table.claim(client, at);
    roll(table, at);
    count(table, at, path, isAsset, isWriting);
  };
  const countAnswer = (client: string, at: number, { status, isScanned, isSuspicious }: Answer): boolean => {
    if (!table.find(client)) return false;
    roll(table, at);
    if (status >= 400) add(table, FIELD.refused);
    if (status === 404) add(table, FIELD.missing);
    if (status === 404 && isScanned) add(table, FIELD.scanned);
    if (isSuspicious) add(table, FIELD.suspicious);
    return true;
  };
  return {
    arrive({ client, at, path, isAsset, isWriting }, activity) {
      enter(client, at, path, isAsset, isWriting);
      read(table, at, activity);
    },
    arriveUnread(client, now, path, isAsset, isWriting, activity) {
      enter(client, now, path, isAsset, isWriting);
      const { words, at } = table;
      if ((words[at + FIELD.missing]! | words[at + FIELD.scanned]! | words[at + FIELD.suspicious]!) === 0) return false;
      read(table, now, activity);
      return true;
    },
    answer(client, at, answer, activity) {
      if (!countAnswer(client, at, answer)) return false;
      read(table, at, activity);
      return true;
    },
    answerUnread: countAnswer,
    note(client, oddness) {
      if (!table.find(client)) return;
      const { words, at } = table;
      words[at + FIELD.odd] = Math.max(words[at + FIELD.odd]!, Math.round(oddness * ODD_UNIT));
    },
    clients: () => table.usedSlots(),
    bytes: () => table.allocatedBytes(),
  };
}

/** 0 once nothing in the slot counts any more; what was held against a client weighs more than what it merely asked for. */
function weigh(words: Int32Array, at: number, now: number): number {
  const age = Math.floor(now / WINDOW_MS) - words[at + FIELD.slot]!;
  if (age > 1) return 0;
  const held = both(words[at + FIELD.refused]!) + 4 * both(words[at + FIELD.suspicious]!) + 4 * both(words[at + FIELD.scanned]!);
  return 1 + both(words[at + FIELD.requests]!) / 1_024 + held;
}

const both = (pair: number): number => (pair & HALF) + (pair >>> 16);

/** Moves the windows on. Time that runs backwards stays in the running window. */
function roll({ words, at }: SlotTable, now: number): void {
  const burstSlot = Math.floor(now / BURST_MS);
  const burstAge = burstSlot - words[at + FIELD.burstSlot]!;
  if (burstAge > 0) {
    words[at + FIELD.burst] = burstAge === 1 ? (words[at + FIELD.burst]! & HALF) << 16 : 0;
    words[at + FIELD.burstSlot] = burstSlot;
  }
  const slot = Math.floor(now / WINDOW_MS);
  const age = slot - words[at + FIELD.slot]!;
  if (age <= 0) return;
  words[at + FIELD.distinct] = age === 1 ? distinctNow(words, at) : 0;
  for (const field of PAIRS) words[at + field] = age === 1 ? (words[at + field]! & HALF) << 16 : 0;
  for (let word = 0; word < BITS_WORDS; word++) words[at + FIELD.bits + word] = 0;
  words[at + FIELD.odd] = age === 1 ? words[at + FIELD.odd]! >> 1 : 0;
  words[at + FIELD.slot] = slot;
}

function add({ words, at }: SlotTable, field: number): void {
  if ((words[at + field]! & HALF) < HALF) words[at + field]!++;
}

function count(table: SlotTable, now: number, path: string, isAsset: boolean, isWriting: boolean): void {
  const { words, at } = table;
  const isFirst = words[at + FIELD.requests] === 0 && words[at + FIELD.last] === 0;
  add(table, FIELD.requests);
  if (isWriting) add(table, FIELD.writing);
  // Milliseconds modulo 2^32: a gap is right unless it is longer than 49 days, and then it is cut anyway.
  const gap = Math.min(GAP_MAX_MS, ((now | 0) - words[at + FIELD.last]!) >>> 0);
  if (!isAsset) {
    add(table, FIELD.burst);
    if (!isFirst) {
      const known = words[at + FIELD.gap]!;
      words[at + FIELD.gap] = known === 0 ? gap + 1 : Math.round(known + GAP_WEIGHT * (gap + 1 - known));
    }
    words[at + FIELD.last] = now | 0;
    hashOf(path);
    const bit = hashed[1]! & (BITS - 1);
    words[at + FIELD.bits + (bit >>> 5)]! |= 1 << (bit & 31);
  }
}

/** Linear counting (Whang, Vander-Zanden and Taylor, 1990): how many different paths set so many bits. */
const DISTINCT = Float64Array.from({ length: BITS + 1 }, (_, set) => (set >= BITS ? 400 : Math.min(400, -BITS * Math.log(1 - set / BITS))));

function distinctNow(words: Int32Array, at: number): number {
  let set = 0;
  for (let word = 0; word < BITS_WORDS; word++) set += ones(words[at + FIELD.bits + word]!);
  return Math.round(DISTINCT[set]!);
}

function ones(word: number): number {
  let rest = word - ((word >>> 1) & 0x55555555);
  rest = (rest & 0x33333333) + ((rest >>> 2) & 0x33333333);
  return (((rest + (rest >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}

function read({ words, at }: SlotTable, now: number, activity: Activity): void {
  const burstRest = 1 - Math.max(0, now / BURST_MS - words[at + FIELD.burstSlot]!);
  const rest = 1 - Math.max(0, now / WINDOW_MS - words[at + FIELD.slot]!);
  const sum = (field: number, share: number): number => (words[at + field]! & HALF) + (words[at + field]! >>> 16) * share;
  activity.burst = sum(FIELD.burst, burstRest);
  activity.requests = sum(FIELD.requests, rest);
  activity.missing = sum(FIELD.missing, rest);
  activity.refused = sum(FIELD.refused, rest);
  activity.scanned = sum(FIELD.scanned, rest);
  activity.writing = sum(FIELD.writing, rest);
  activity.suspicious = sum(FIELD.suspicious, rest);
  // Pages are visited again: the larger of both windows, not their sum.
  activity.distinctPaths = Math.max(distinctNow(words, at), words[at + FIELD.distinct]! * rest);
  activity.oddness = words[at + FIELD.odd]! / ODD_UNIT;
  activity.gapMs = Math.max(0, words[at + FIELD.gap]! - 1);
}

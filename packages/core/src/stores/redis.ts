import { any, integer, invalid, isFunction, type OptionTable, readOptions } from "../options.ts";
import type { Awaitable, Counter, Store } from "../types.ts";
import { endOf } from "./ends.ts";
import { textOfStored, unexpected } from "./redis-answers.ts";
import { createRedisKeys, type RedisKeys } from "./redis-keys.ts";
import { createAnnounce, createRedisLists, createWatch, type RedisLists } from "./redis-lists.ts";
import { listEntries, listKeys, type RedisScan } from "./redis-scan.ts";
import { INCREMENT_SCRIPT, INCREMENT_SHA } from "./redis-script.ts";
import { createRedisSender, type RedisCommand, type RedisSend, type RedisSendMany, type RedisSubscribe } from "./redis-sender.ts";

export type { RedisCommand, RedisSend, RedisSendMany, RedisSubscribe };

const SEND = "a function that sends a command";
const PREFIX = /^[^{}]{1,64}$/;

/** How each option is checked, and what holds without it. */
export const REDIS_STORE_OPTIONS = {
  send: any<RedisSend>(undefined, SEND, isFunction),
  sendMany: any<RedisSendMany>(undefined, "a function that sends several commands", isFunction),
  nodes: any<() => Awaitable<readonly RedisSend[]>>(undefined, "a function that gives one `send` for each node", isFunction),
  prefix: any<string, "aiwaf">(
    "aiwaf",
    "1 to 64 characters, none of them a brace",
    (value) => typeof value === "string" && PREFIX.test(value),
  ),
  maxPending: integer(10_000, 1, 1_000_000),
  subscribe: any<RedisSubscribe>(undefined, "a function that subscribes to a channel", isFunction),
  close: any<() => Awaitable<void>>(undefined, "a function", isFunction),
} as const satisfies OptionTable;

/** What `redisStore` takes. */
export interface RedisStoreOptions {
  /**
   * Sends one command, for example `["GET", "aiwaf:v{192.0.2.1}ban:192.0.2.1"]`, and gives the server's answer as strings, numbers, lists and null;
   * rejects with the server's error. Connecting, TLS, authentication, timeouts and reconnecting are the client's.
   */
  readonly send: RedisSend;
  /** Sends two or more commands of one tick in one round trip, for clients that do not do so on their own, such as REST. Default: `send` for each. */
  readonly sendMany?: RedisSendMany;
  /** Of a cluster: one `send` for each primary. Only `list` asks, because a node only lists its own keys. Default: `send` reaches all. */
  readonly nodes?: () => Awaitable<readonly RedisSend[]>;
  /** Begins every key, 1 to 64 characters without braces: apart for each application and for each stage of it. Default `aiwaf`. */
  readonly prefix?: string;
  /** Commands without an answer at most, 1 to 1,000,000; more are refused at once, so that a server that is away costs no memory. Default 10,000. */
  readonly maxPending?: number;
  /**
   * Subscribes to a channel on a second connection: changes of stored lists then reach this process at once and not with its next look, half a second
   * later at most. Called once, by the first request that reads a list. Default: no subscription.
   */
  readonly subscribe?: RedisSubscribe;
  /** Called by the firewall's `close`, for a client that nobody else uses. Default: the client stays open. */
  readonly close?: () => Awaitable<void>;
}

/**
 * Keeps all state in Redis 6 or newer, or Valkey, through a client of your choice: processes and machines share limits and bans.
 *
 * Nothing is sent before the first call. A call is one command; the calls that a request makes leave in one tick, so with a client that pipelines
 * (or with `sendMany`) they cost one round trip. Adding is a script, sent once and then named by its hash; a server that lost it gets it again.
 *
 * - Expiry is exact by the `now` of each call. The server's clock decides nothing: it forgets a key a minute after it ended. Only where clocks
 *   differ by more, or were set back by more, does something end early.
 * - Every answer is checked: of the wrong type, or for a key that holds something else, the call rejects and never gives a wrong count.
 * - Where the server evicts keys (`maxmemory-policy` not `noeviction`), it may evict bans. A full server refuses writes, and the calls reject.
 * - A command that a client sends again after a lost connection counts twice: too strict for one window, never too lax.
 * - `list` walks over all keys of the server (SCAN) in steps of 1,000; after 10,000 steps it rejects. It is for tools, not for requests.
 * - Hostile numbers do what they do in `memoryStore`. Half surrogates in keys and values become U+FFFD.
 *
 * Calls reject with the client's error, with `AIWAF_STORE_ANSWER` or with `AIWAF_STORE_BUSY`.
 *
 * @throws WafError for an option that is unknown or out of range.
 * @example
 * const store = redisStore({ send: ([name, ...args]) => client.call(name, ...args) });   // ioredis; others: docs/stores.md
 */
export function redisStore(options: RedisStoreOptions): Store {
  const { send, sendMany, nodes, prefix, maxPending, subscribe, close } = readOptions("redisStore", REDIS_STORE_OPTIONS, options);
  if (send === undefined) throw invalid("redisStore.send", send, SEND);
  const sender = createRedisSender(send, sendMany, maxPending);
  const keys = createRedisKeys(prefix);
  const lists = createRedisLists(sender, keys.lists);
  const scan: RedisScan = { send: sender, nodes, keys, lists };
  const channel = `${prefix}:changes`;
  return {
    name: "redis",
    ...createCounters(sender, keys),
    ...createValues(sender, keys, lists, createAnnounce(subscribe === undefined ? undefined : sender, channel)),
    async delete(key) {
      const listed = lists.of(key);
      const [value, counter] = [keys.value(key), keys.counter(key)];
      const gone = sender(listed === undefined ? ["DEL", value, counter] : ["DEL", counter], value);
      const [answer] = await Promise.all([gone, listed === undefined ? undefined : sender(["HDEL", listed, key], listed)]);
      if (typeof answer !== "number") throw unexpected("DEL", "a number", answer);
    },
    async list(start, limit, now) {
      const listed = lists.within(start);
      if (listed !== undefined) return (await lists.entries(listed, start, limit, now)).map(([key]) => key);
      return listKeys(scan, start, limit, now);
    },
    async entries(start, limit, now) {
      const listed = lists.within(start);
      if (listed !== undefined) return lists.entries(listed, start, limit, now);
      return listEntries(scan, start, limit, now);
    },
    ...(subscribe !== undefined && { watch: createWatch(subscribe, channel) }),
    ...(close === undefined ? undefined : { close }),
  };
}

/** How long after its end a key stays: for clocks that differ and clocks that are set back. */
const SLACK_MS = 60_000;

const MISSING: Counter = Object.freeze({ value: 0, expiresAt: 0 });

function createCounters(send: RedisSend, keys: RedisKeys): Pick<Store, "increment"> {
  const read = (key: string, now: number): PromiseLike<Counter> =>
    send(["GET", key], key).then((answer) => {
      const counter = toCounter("GET", answer);
      return now < counter.expiresAt ? counter : MISSING;
    });
  const add = (key: string, by: number, ttlMs: number, now: number): PromiseLike<Counter> => {
    const end = endOf(now, ttlMs);
    const amount = Math.min(by, Number.MAX_SAFE_INTEGER);
    const args = ["1", key, `${amount}`, `${now}`, end === undefined ? "" : `${end}`, forgetAfterMs(end ?? now, now)];
    return send(["EVALSHA", INCREMENT_SHA, ...args], key).then(
      (answer) => toCounter("EVALSHA", answer),
      (error) => {
        // By its message: clients disagree about the error's class. The server was restarted, or is a new node of the cluster.
        if (!(error instanceof Error && error.message.includes("NOSCRIPT"))) throw error;
        return send(["EVAL", INCREMENT_SCRIPT, ...args], key).then((answer) => toCounter("EVAL", answer));
      },
    );
  };
  return {
    increment(key, by, ttlMs, now) {
      if (!Number.isFinite(now)) return MISSING;
      return by > 0 && by < Infinity ? add(keys.counter(key), by, ttlMs, now) : read(keys.counter(key), now);
    },
  };
}

/** A length, not a time: the server counts it with its own clock from the moment it gets it. */
const forgetAfterMs = (end: number, now: number): string => `${Math.ceil(end - now) + SLACK_MS}`;

function toCounter(command: string, answer: unknown): Counter {
  if (answer === null || answer === undefined || answer === "") return MISSING;
  const [value, expiresAt, rest] = typeof answer === "string" ? answer.split(" ").map(Number) : [];
  if (
    value === undefined ||
    expiresAt === undefined ||
    rest !== undefined ||
    !(value > 0 && Math.max(value, expiresAt) <= Number.MAX_SAFE_INTEGER)
  )
    throw unexpected(command, "a counter", answer);
  return { value, expiresAt };
}

/**
 * A value is stored as `<end>|<text>`, or `|<text>` without an end. Never JSON as a whole, so that clients that parse JSON on their own give it
 * back as it is.
 */
function createValues(send: RedisSend, keys: RedisKeys, lists: RedisLists, announce: (key: string) => void): Pick<Store, "get" | "set"> {
  return {
    async get(key, now) {
      if (!Number.isFinite(now)) return undefined;
      const redisKey = keys.value(key);
      const listed = lists.of(key);
      const command: RedisCommand = listed === undefined ? ["GET", redisKey] : ["HGET", listed, key];
      const answer = await send(command, command[1]);
      return answer === null || answer === undefined ? undefined : textOfStored(command[0], answer, now);
    },
    async set(key, value, ttlMs, now) {
      if (!Number.isFinite(now)) return;
      const redisKey = keys.value(key);
      const listed = lists.of(key);
      const end = ttlMs === undefined ? undefined : endOf(now, ttlMs);
      if (ttlMs !== undefined && end === undefined) {
        await (listed === undefined ? send(["DEL", redisKey], redisKey) : send(["HDEL", listed, key], listed));
        return;
      }
      if (listed !== undefined) return lists.set(listed, key, `${end ?? ""}|${value}`);
      const expiry = end === undefined ? [] : ["PX", forgetAfterMs(end, now)];
      const answer = await send(["SET", redisKey, `${end ?? ""}|${value}`, ...expiry], redisKey);
      if (answer !== "OK") throw unexpected("SET", "OK", answer);
      announce(key);
    },
  };
}

import { changedPrefix } from "../snapshots.ts";
import { endOfStored, readPage, textOfStored, unexpected } from "./redis-answers.ts";
import type { RedisSend, RedisSubscribe } from "./redis-sender.ts";

/**
 * Stored lists: all entries of one stand in one hash, so that reading a list takes a few round trips however many keys the server holds. A field is
 * the entry's key, and holds what a value's key would hold.
 */
export interface RedisLists {
  /** The hash of an entry's key; `undefined` for a key that is of no list. */
  of(key: string): string | undefined;
  /** The hash that holds every key which starts so; `undefined` when there is no one such. */
  within(start: string): string | undefined;
  /** Whether keys of several lists may start so. */
  mayStartWith(start: string): boolean;
  /** A glob for the hashes of all lists. */
  readonly pattern: string;
  set(hash: string, key: string, stored: string): Promise<void>;
  entries(hash: string, start: string, limit: number, now: number): Promise<(readonly [string, string])[]>;
}

const LIST_KEY = /^list:([^:{}]{1,64}):/;
const PART_OF_LIST_KEY = /^(?:l|li|lis|list|list:[^:{}]{0,64})?$/;
const STEP = "1000";
/** More steps than a list of 1,000,000 takes. */
const MAX_STEPS = 10_000;
/** How long after its end an entry stays, as for other values. */
const SLACK_MS = 60_000;
const MAX_PURGED = 100;

/** Hash fields do not end by themselves. Compared first, because the entry may have been written anew since it was read. */
const PURGE = "if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then return redis.call('HDEL', KEYS[1], ARGV[1]) end return 0";

/** Makes the lists of one store. */
export function createRedisLists(send: RedisSend, hashes: { readonly start: string; readonly pattern: string }): RedisLists {
  const of = (key: string): string | undefined => {
    if (!key.startsWith("list:")) return undefined;
    const [, name] = LIST_KEY.exec(key) ?? [];
    return name === undefined ? undefined : `${hashes.start}${name}}`;
  };
  return {
    of,
    within: of,
    mayStartWith: (start) => PART_OF_LIST_KEY.test(start),
    pattern: hashes.pattern,
    async set(hash, key, stored) {
      const answer = await send(["HSET", hash, key, stored], hash);
      if (typeof answer !== "number") throw unexpected("HSET", "a number", answer);
    },
    async entries(hash, start, limit, now) {
      const found = new Map<string, string>();
      const ended: (readonly [string, string])[] = [];
      if (!Number.isFinite(now)) return [];
      let cursor = "0";
      for (let step = 0; step < MAX_STEPS && found.size < limit; step++) {
        const page = readPage("HSCAN", await send(["HSCAN", hash, cursor, "COUNT", STEP], hash));
        for (let at = 0; at + 1 < page.keys.length && found.size < limit; at += 2) {
          const [key, stored] = [page.keys[at]!, page.keys[at + 1]!];
          if (!key.startsWith(start)) continue;
          const text = textOfStored("HSCAN", stored, now);
          if (text !== undefined) found.set(key, text);
          else if (endOfStored("HSCAN", stored) + SLACK_MS <= now) ended.push([key, stored]);
        }
        cursor = page.cursor;
        if (cursor === "0") break;
      }
      await Promise.all(ended.slice(0, MAX_PURGED).map(([key, stored]) => send(["EVAL", PURGE, "1", hash, key, stored], hash)));
      return [...found];
    },
  };
}

/** Tells other processes, where they listen, that a key of the kind `version:<list>` was set. What is lost is found by looking. */
export function createAnnounce(send: RedisSend | undefined, channel: string): (key: string) => void {
  return (key) => {
    const prefix = changedPrefix(key);
    if (send === undefined || prefix === undefined) return;
    send(["PUBLISH", channel, prefix], undefined).then(undefined, () => {});
  };
}

const MAX_MESSAGE = 200;

/** `watch` of a store: one subscription, however many listen. One that fails leaves the looks, which need none. */
export function createWatch(subscribe: RedisSubscribe, channel: string): (listener: (prefix: string) => void) => void {
  const listeners: ((prefix: string) => void)[] = [];
  return (listener) => {
    if (listeners.push(listener) > 1) return;
    const told = (message: string): void => {
      if (typeof message === "string" && message.length <= MAX_MESSAGE) for (const one of listeners) one(message);
    };
    try {
      Promise.resolve(subscribe(channel, told)).catch(() => {});
    } catch {
      // As when it rejects.
    }
  };
}

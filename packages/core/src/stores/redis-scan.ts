import { WafError } from "../errors.ts";
import type { Awaitable } from "../types.ts";
import { endOfStored, readPage, textOfStored } from "./redis-answers.ts";
import type { RedisKeys } from "./redis-keys.ts";
import type { RedisLists } from "./redis-lists.ts";
import type { RedisSend } from "./redis-sender.ts";

/** What a walk over the keys needs. */
export interface RedisScan {
  readonly send: RedisSend;
  readonly nodes: (() => Awaitable<readonly RedisSend[]>) | undefined;
  readonly keys: RedisKeys;
  readonly lists: RedisLists;
}

const SCAN_COUNT = "1000";
const MAX_SCAN_STEPS = 10_000;
/** Longest beginning of a stored value that names its end. */
const HEAD_BYTES = "24";
const READS_AT_ONCE = 100;

/** The keys of live values that start so, found by walking over all keys of the server. */
export async function listKeys(scan: RedisScan, start: string, limit: number, now: number): Promise<readonly string[]> {
  const { send, keys, lists } = scan;
  const found = new Set<string>();
  if (!Number.isFinite(now)) return [];
  const add = (key: string): void => {
    if (found.size < limit) found.add(key);
  };
  if (lists.mayStartWith(start)) {
    for await (const hashes of pagesOf(scan, lists.pattern, () => found.size < limit)) {
      for (const hash of hashes) for (const [key] of await lists.entries(hash, start, limit, now)) add(key);
    }
  }
  for await (const page of pagesOf(scan, keys.valuePattern(start), () => found.size < limit)) {
    // The pattern may match in the tag.
    const candidates = page.filter((redisKey) => keys.keyOf(redisKey)?.startsWith(start));
    for (const redisKey of await liveOf(send, candidates, now)) add(keys.keyOf(redisKey)!);
  }
  return [...found];
}

/** Keys as SCAN gives them: some twice, until `wanted` says that it is enough. */
async function* pagesOf({ send, nodes }: RedisScan, pattern: string, wanted: () => boolean): AsyncGenerator<readonly string[]> {
  let steps = 0;
  for (const node of nodes === undefined ? [send] : await nodes()) {
    let cursor = "0";
    do {
      if (!wanted()) return;
      if (++steps > MAX_SCAN_STEPS)
        throw new WafError("AIWAF_STORE_BUSY", `The Redis store looked through ${MAX_SCAN_STEPS} steps of SCAN and there is more.`);
      const page = readPage("SCAN", await node(["SCAN", cursor, "MATCH", pattern, "COUNT", SCAN_COUNT], undefined));
      cursor = page.cursor;
      yield page.keys;
    } while (cursor !== "0");
  }
}

async function liveOf(send: RedisSend, redisKeys: readonly string[], now: number): Promise<readonly string[]> {
  const live: string[] = [];
  for (let at = 0; at < redisKeys.length; at += READS_AT_ONCE) {
    const some = redisKeys.slice(at, at + READS_AT_ONCE);
    const heads = await Promise.all(some.map((redisKey) => send(["GETRANGE", redisKey, "0", HEAD_BYTES], redisKey)));
    // An empty head: deleted since SCAN named it.
    live.push(...some.filter((_, index) => heads[index] !== "" && now < endOfStored("GETRANGE", heads[index])));
  }
  return live;
}

/** Keys and values that start so. */
export async function listEntries(scan: RedisScan, start: string, limit: number, now: number): Promise<(readonly [string, string])[]> {
  const { send, keys, lists } = scan;
  const names = await listKeys(scan, start, limit, now);
  const entries: (readonly [string, string])[] = [];
  for (let at = 0; at < names.length; at += READS_AT_ONCE) {
    const some = names.slice(at, at + READS_AT_ONCE);
    const stored = await Promise.all(
      some.map((key) => {
        const hash = lists.of(key);
        return hash === undefined ? send(["GET", keys.value(key)], keys.value(key)) : send(["HGET", hash, key], hash);
      }),
    );
    for (const [index, one] of stored.entries()) {
      const text = one === null || one === undefined ? undefined : textOfStored("GET", one, now);
      if (text !== undefined) entries.push([some[index]!, text]);
    }
  }
  return entries;
}

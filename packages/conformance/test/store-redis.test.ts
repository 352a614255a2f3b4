import type { Store } from "@aiwaf/core";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RawRead } from "../src/store-case.ts";
import { storeSuite } from "../src/store-suite.ts";
import { recipes } from "./redis-recipes.ts";
import { type RestServer, startRedisRest } from "./redis-rest.ts";
import { ENABLE_REDIS, provisionRedis, type RedisServer, startRedis } from "./redis-server.ts";
import { connectResp, type RespClient } from "./resp.ts";

const hasRedis = provisionRedis();
const title = hasRedis ? "Redis store" : `Redis store (${ENABLE_REDIS})`;

describe.skipIf(!hasRedis)(title, () => {
  let server: RedisServer;
  let raw: RespClient;
  let ioredis: Redis;
  let nodeRedis: ReturnType<typeof createClient>;
  let rest: RestServer;

  beforeAll(async () => {
    server = await startRedis();
    raw = await connectResp(server.port);
    ioredis = new Redis({ port: server.port, host: "127.0.0.1" });
    nodeRedis = createClient({ url: `redis://127.0.0.1:${server.port}` });
    await nodeRedis.connect();
    rest = await startRedisRest(raw, "secret");
  }, 180_000);

  afterAll(async () => {
    ioredis?.disconnect();
    nodeRedis?.destroy();
    await rest?.close();
    raw?.close();
    await server?.kill();
  });

  let made = 0;
  const prefixes = new WeakMap<Store, string>();
  const make = (from: (prefix: string) => Store) => async (): Promise<Store> => {
    await raw.send(["FLUSHALL"]);
    await raw.send(["SCRIPT", "FLUSH"]);
    // Prefixes that a pattern would take for wildcards.
    const prefix = `case*[${made++}]?`;
    const store = from(prefix);
    prefixes.set(store, prefix);
    return store;
  };

  /** Finds the one key that ends with `key`, by the names alone: how the store names keys is its own business. */
  const rawRead: RawRead = async (store, space, key) => {
    const start = `${prefixes.get(store)}:${space === "counter" ? "c" : "v"}{`;
    const names = (await raw.send(["KEYS", "*"])) as string[];
    const name = names.find((one) => one.startsWith(start) && one.slice(one.indexOf("}") + 1) === key);
    if (name === undefined) return undefined;
    const stored = (await raw.send(["GET", name])) as string;
    const lifeMs = (await raw.send(["PTTL", name])) as number;
    if (space === "counter") {
      const [value, expiresAt] = stored.split(" ").map(Number);
      expect(lifeMs).toBeGreaterThan(0);
      return { value: value!, expiresAt };
    }
    const bar = stored.indexOf("|");
    expect(lifeMs > 0).toBe(bar > 0);
    return { value: stored.slice(bar + 1), expiresAt: bar === 0 ? undefined : Number(stored.slice(0, bar)) };
  };

  storeSuite({ name: "through ioredis", test, make: make((prefix) => recipes.ioredis(ioredis, prefix)), rawRead, steps: 1_000 });
  storeSuite({ name: "through node-redis", test, make: make((prefix) => recipes.nodeRedis(nodeRedis, prefix)), rawRead, steps: 300 });
  test.each([0, 1_000_000_000_000, 4_102_444_800_000])(
    "at the time %d, whatever the server's clock says, counters and values end exactly",
    async (now) => {
      const store = await make((prefix) => recipes.ioredis(ioredis, prefix))();
      await store.set("k", "1", 50, now);
      expect(await store.increment("c", 1, 50, now)).toEqual({ value: 1, expiresAt: now + 50 });
      expect(await store.increment("c", 1, 50, now + 49)).toEqual({ value: 2, expiresAt: now + 50 });
      // Longer than both live: a server that went by its own clock would have dropped them.
      await new Promise((resolve) => setTimeout(resolve, 80));
      expect([await store.get("k", now + 49), await store.get("k", now + 50)]).toEqual(["1", undefined]);
      expect(await store.increment("c", 0, 1, now + 49)).toEqual({ value: 2, expiresAt: now + 50 });
      expect(await store.increment("c", 1, 50, now + 50)).toEqual({ value: 1, expiresAt: now + 100 });
    },
  );

  test("the server forgets a counter a minute after its end, however often and with whatever time to live it is added to", async () => {
    const store = await make((prefix) => recipes.ioredis(ioredis, prefix))();
    const now = Date.now();
    await store.increment("c", 1, 1_000, now);
    await store.increment("c", 1, 3_600_000, now);
    const [name] = (await raw.send(["KEYS", "*"])) as string[];
    const lifeMs = (await raw.send(["PTTL", name!])) as number;
    expect(lifeMs).toBeGreaterThan(55_000);
    expect(lifeMs).toBeLessThanOrEqual(61_000);
  });

  test("halves add up, and a time to live that is none makes no counter but adds to one that runs", async () => {
    const store = await make((prefix) => recipes.ioredis(ioredis, prefix))();
    const now = Date.now();
    await store.increment("half", 0.5, 60_000, now);
    expect(await store.increment("half", 0.25, 60_000, now + 0.5)).toEqual({ value: 0.75, expiresAt: now + 60_000 });
    for (const ttlMs of [0, -1, Number.NaN]) {
      expect(await store.increment("none", 1, ttlMs, now)).toEqual({ value: 0, expiresAt: 0 });
      expect(await raw.send(["EXISTS", `${prefixes.get(store)}:c{none}none`])).toBe(0);
    }
    expect(await store.increment("half", 0.25, 0, now)).toEqual({ value: 1, expiresAt: now + 60_000 });
  });

  storeSuite({ name: "through HTTP", test, make: make((prefix) => recipes.rest(rest.url, "secret", prefix)), rawRead, steps: 300 });
});

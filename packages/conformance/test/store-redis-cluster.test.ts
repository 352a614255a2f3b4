import type { Store } from "@aiwaf/core";
import { Cluster } from "ioredis";
import { createCluster } from "redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RawRead } from "../src/store-case.ts";
import { storeSuite } from "../src/store-suite.ts";
import { type RedisCluster, startRedisCluster } from "./redis-cluster.ts";
import { recipes } from "./redis-recipes.ts";
import { ENABLE_REDIS, provisionRedis } from "./redis-server.ts";

const hasRedis = provisionRedis();

describe.skipIf(!hasRedis)(hasRedis ? "Redis Cluster of three nodes" : `Redis Cluster (${ENABLE_REDIS})`, () => {
  let servers: RedisCluster;
  let ioredis: Cluster;
  let nodeRedis: ReturnType<typeof createCluster>;

  beforeAll(async () => {
    servers = await startRedisCluster(3);
    ioredis = new Cluster(servers.ports.map((port) => ({ host: "127.0.0.1", port })));
    nodeRedis = createCluster({ rootNodes: servers.ports.map((port) => ({ url: `redis://127.0.0.1:${port}` })) });
    await nodeRedis.connect();
  }, 180_000);

  afterAll(async () => {
    ioredis?.disconnect();
    nodeRedis?.destroy();
    await servers?.kill();
  });

  let made = 0;
  const prefixes = new WeakMap<Store, string>();
  const make = (from: (prefix: string) => Store) => async (): Promise<Store> => {
    for (const node of servers.nodes) {
      await node.send(["FLUSHALL"]);
      await node.send(["SCRIPT", "FLUSH"]);
    }
    const prefix = `case${made++}`;
    const store = from(prefix);
    prefixes.set(store, prefix);
    return store;
  };

  /** Asks every node for its own keys, past the clients' routing. */
  const rawRead: RawRead = async (store, space, key) => {
    const start = `${prefixes.get(store)}:${space === "counter" ? "c" : "v"}{`;
    for (const node of servers.nodes) {
      const names = (await node.send(["KEYS", "*"])) as string[];
      const name = names.find((one) => one.startsWith(start) && one.slice(one.indexOf("}") + 1) === key);
      if (name === undefined) continue;
      const stored = (await node.send(["GET", name])) as string;
      if (space === "counter") return { value: Number(stored.split(" ")[0]), expiresAt: Number(stored.split(" ")[1]) };
      const bar = stored.indexOf("|");
      return { value: stored.slice(bar + 1), expiresAt: bar === 0 ? undefined : Number(stored.slice(0, bar)) };
    }
    return undefined;
  };

  storeSuite({ name: "through ioredis", test, make: make((prefix) => recipes.ioredisCluster(ioredis, prefix)), rawRead, steps: 300 });
  storeSuite({
    name: "through node-redis",
    test,
    make: make((prefix) => recipes.nodeRedisCluster(nodeRedis, prefix)),
    rawRead,
    steps: 100,
  });

  test("a client's ban and its counters of the general limit are on one node, and clients spread over all of them", async () => {
    const store = await make((prefix) => recipes.ioredisCluster(ioredis, prefix))();
    const now = Date.now();
    const clients = Array.from({ length: 60 }, (_, index) => (index % 2 === 0 ? `192.0.2.${index}` : `2001:db8:0:${index}::/64`));
    for (const client of clients) {
      await store.set(`ban:${client}`, "1", 60_000, now);
      await store.increment(`strike:${client}`, 1, 60_000, now);
      await store.increment(`rate::28471234:${client}`, 1, 60_000, now);
      await store.increment(`rate::28471233:${client}`, 1, 60_000, now);
    }
    const keys = await Promise.all(servers.nodes.map(async (node) => (await node.send(["KEYS", "*"])) as string[]));
    expect(keys.flat()).toHaveLength(4 * clients.length);
    for (const some of keys) expect(some.length).toBeGreaterThan(10);
    for (const client of clients) {
      const holding = keys.filter((some) => some.some((name) => name.includes(`{${client}}`)));
      expect(holding).toHaveLength(1);
      expect(holding[0]!.filter((name) => name.includes(`{${client}}`))).toHaveLength(4);
    }
  });
});

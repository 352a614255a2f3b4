/**
 * The recipes of docs/stores.md, as they stand there: each makes a store from one client. A test compares the texts.
 *
 * @module
 */
import type { Store } from "@aiwaf/core";
import { redisStore } from "@aiwaf/core/stores/redis";
import { type Cluster, Redis } from "ioredis";
import { createClient, type createCluster } from "redis";

type NodeRedis = ReturnType<typeof createClient>;
type NodeRedisCluster = ReturnType<typeof createCluster>;
type BunRedis = { send(command: string, args: string[]): Promise<unknown> };

export const connectIoredis = (host: string, port: number): Redis => {
  // recipe: ioredis client
  const client = new Redis({
    host,
    port,
    enableAutoPipelining: true, // the commands of one tick leave in one write
    enableOfflineQueue: false, // no connection: fail at once, do not collect commands in memory
    autoResendUnfulfilledCommands: false, // do not count twice what may have been counted before the connection broke
    maxRetriesPerRequest: 0,
    commandTimeout: 1_000,
    retryStrategy: () => 100,
  });
  client.on("error", () => {}); // the firewall reports what failed, once
  // end
  return client;
};

export const connectNodeRedis = (host: string, port: number): NodeRedis => {
  // recipe: node-redis client
  const client = createClient({
    socket: { host, port, reconnectStrategy: () => 100 },
    disableOfflineQueue: true, // no connection: fail at once, do not collect commands in memory
  });
  client.on("error", () => {}); // without a listener this client ends the process; the firewall reports what failed, once
  client.connect().catch(() => {}); // not awaited: the server may come later
  // end
  return client as NodeRedis;
};

export const recipes = {
  ioredis: (client: Redis, prefix: string): Store =>
    // recipe: ioredis
    redisStore({
      prefix,
      send: ([name, ...args]) => client.call(name, ...args),
    }),
  // end

  ioredisCluster: (cluster: Cluster, prefix: string): Store =>
    // recipe: ioredis cluster
    redisStore({
      prefix,
      send: ([name, ...args]) => cluster.call(name, ...args),
      nodes: () =>
        cluster.nodes("master").map(
          (node) =>
            ([name, ...args]) =>
              node.call(name, ...args),
        ),
    }),
  // end

  nodeRedis: (client: NodeRedis, prefix: string): Store =>
    // recipe: node-redis
    redisStore({
      prefix,
      send: (command) => client.sendCommand(command),
    }),
  // end

  nodeRedisCluster: (cluster: NodeRedisCluster, prefix: string): Store =>
    // recipe: node-redis cluster
    redisStore({
      prefix,
      send: (command, key) => cluster.sendCommand(key, false, [...command]),
      nodes: () => cluster.masters.map((master) => async (command) => (await cluster.nodeClient(master)).sendCommand(command)),
    }),
  // end

  bun: (redis: BunRedis, prefix: string): Store =>
    // recipe: Bun
    redisStore({
      prefix,
      send: ([name, ...args]) => redis.send(name, args),
    }),
  // end

  rest: (url: string, token: string, prefix: string): Store => {
    // recipe: REST
    const post = async (path: string, body: unknown): Promise<unknown> => {
      const response = await fetch(`${url}${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(5_000),
      });
      return response.json();
    };
    type Answer = { result?: unknown; error?: string };
    const resultOf = ({ result, error }: Answer): unknown => (error === undefined ? result : new Error(error));
    return redisStore({
      prefix,
      send: async (command) => {
        const result = resultOf((await post("/", command)) as Answer);
        if (result instanceof Error) throw result;
        return result;
      },
      sendMany: async (commands) => ((await post("/pipeline", commands)) as Answer[]).map(resultOf),
    });
    // end
  },
};

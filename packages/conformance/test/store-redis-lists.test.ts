import { createWaf, type Store, type Waf } from "@aiwaf/core";
import { blocklist, rateLimit } from "@aiwaf/core/detectors";
import { addEntries, removeEntries } from "@aiwaf/core/lists";
import { redisStore } from "@aiwaf/core/stores/redis";
import { Redis } from "ioredis";
import { afterEach, describe, expect, test } from "vitest";
import { ENABLE_REDIS, provisionRedis, type RedisServer, startRedis } from "./redis-server.ts";

const hasRedis = provisionRedis();
const PATIENCE_MS = 60_000;
const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

const connect = ({ port }: RedisServer): Redis => {
  const client = new Redis({ port, host: "127.0.0.1", enableAutoPipelining: true });
  endings.push(() => client.disconnect());
  return client;
};

interface Instance {
  readonly waf: Waf;
  readonly store: Store;
  /** Commands sent. */
  readonly sent: string[];
  /** Commands answered. */
  readonly answered: string[];
}

/** What a process has of its own: a connection, a store, a firewall; and where wished a connection that listens. */
function instance(server: RedisServer, listens = false): Instance {
  const client = connect(server);
  const sent: string[] = [];
  const answered: string[] = [];
  const listener = listens ? connect(server) : undefined;
  const store = redisStore({
    send: async ([name, ...args]) => {
      sent.push(name);
      const answer = await client.call(name, ...args);
      answered.push(name);
      return answer;
    },
    ...(listener !== undefined && {
      subscribe: async (channel: string, told: (message: string) => void) => {
        listener.on("message", (_channel: string, message: string) => told(message));
        await listener.subscribe(channel);
      },
    }),
  });
  const waf = createWaf({
    detectors: [blocklist(), rateLimit({ max: 1_000_000 })],
    store,
    deadlineMs: PATIENCE_MS,
    log: { warn() {}, error() {} },
  });
  return { waf, store, sent, answered };
}

const headers = new Headers();
const isBlocked = async ({ waf }: Instance, peer: string): Promise<boolean> =>
  (await waf.inspect({ method: "GET", target: "/", headers, peer })).action === "block";

const until = async (what: () => Promise<boolean>, everyMs: number): Promise<number> => {
  const since = performance.now();
  while (!(await what())) {
    if (performance.now() - since > PATIENCE_MS) throw new Error("did not happen");
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  return performance.now() - since;
};

describe.skipIf(!hasRedis)(hasRedis ? "stored lists on Redis" : `stored lists on Redis (${ENABLE_REDIS})`, () => {
  test("S2-227 D-33: what one instance adds or removes holds on all within a second, and requests read no list from the server", async () => {
    const server = await startRedis();
    endings.push(() => server.kill());
    const instances = [instance(server), instance(server), instance(server)];
    for (const one of instances) expect(await isBlocked(one, "203.0.113.5")).toBe(false);
    // A machine that stalls may make one round late, but not each.
    const inTime = { added: 0, removed: 0 };
    for (let round = 0; round < 20 && Math.min(inTime.added, inTime.removed) < 3; round++) {
      const [writer] = instances;
      await addEntries(writer!.store, "block", [{ name: "203.0.113.0/24" }], Date.now());
      const added = await Promise.all(instances.map((one) => until(() => isBlocked(one, "203.0.113.5"), 20)));
      if (Math.max(...added) < 1_000) inTime.added += 1;
      await removeEntries(writer!.store, "block", ["203.0.113.0/24"], Date.now());
      const removed = await Promise.all(instances.map((one) => until(async () => !(await isBlocked(one, "203.0.113.5")), 20)));
      if (Math.max(...removed) < 1_000) inTime.removed += 1;
    }
    expect(Math.min(inTime.added, inTime.removed)).toBeGreaterThanOrEqual(3);
    // Steady state: the ban and the counters of each request, and twice a second one look at the list's state.
    const [one] = instances;
    for (let index = 0; index < 3; index++) await isBlocked(one!, "203.0.113.6");
    one!.sent.length = 0;
    const since = performance.now();
    for (let index = 0; index < 200; index++) await isBlocked(one!, "203.0.113.6");
    const looks = 1 + Math.ceil((performance.now() - since) / 500);
    expect(one!.sent.filter((name) => name === "EVALSHA")).toHaveLength(200);
    expect(one!.sent.filter((name) => name === "GET").length).toBeLessThanOrEqual(200 + looks + 1);
    expect(one!.sent.filter((name) => name !== "GET" && name !== "EVALSHA")).toEqual([]);
  });

  test("an idle instance that listens knows a change before its next request", async () => {
    const server = await startRedis();
    endings.push(() => server.kill());
    const [writer, idle] = [instance(server, true), instance(server, true)];
    expect(await isBlocked(idle, "203.0.113.5")).toBe(false);
    const admin = connect(server);
    await until(async () => ((await admin.call("PUBSUB", "CHANNELS")) as string[]).length > 0, 5);
    idle.answered.length = 0;
    await addEntries(writer.store, "block", [{ name: "203.0.113.5" }], Date.now());
    await until(async () => idle.answered.includes("HSCAN"), 5);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await isBlocked(idle, "203.0.113.5")).toBe(true);
  });

  test("a list of 20,000 entries on a server with 100,000 other keys is there in time", async () => {
    const server = await startRedis(["--enable-debug-command", "yes"]);
    endings.push(() => server.kill());
    const client = connect(server);
    await client.call("DEBUG", "POPULATE", "100000", "other");
    const [writer, reader] = [instance(server), instance(server)];
    const names = Array.from({ length: 20_000 }, (_, index) => ({ name: `10.${index >> 8}.${index & 255}.0/24` }));
    expect(await addEntries(writer.store, "block", names, Date.now())).toBe(20_000);
    expect(await isBlocked(reader, "10.78.31.9")).toBe(true);
    expect(await isBlocked(reader, "11.0.0.1")).toBe(false);
    expect(reader.sent.filter((name) => name === "SCAN")).toEqual([]);
  });
});

import { createWaf, type Decision, type Store, type Waf } from "@aiwaf/core";
import { blocklist, rateLimit } from "@aiwaf/core/detectors";
import { tieredStore } from "@aiwaf/core/stores/tiered";
import { afterEach, describe, expect, test } from "vitest";
import { connectIoredis, connectNodeRedis, recipes } from "./redis-recipes.ts";
import { startRedisRest } from "./redis-rest.ts";
import { ENABLE_REDIS, freePort, provisionRedis, type RedisServer, startRedis } from "./redis-server.ts";
import { connectResp } from "./resp.ts";

const hasRedis = provisionRedis();
const DEADLINE_MS = 100;
const PATIENCE_MS = 60_000;
const MINUTE = 60_000;
const headers = new Headers();

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

const serve = async (settings: readonly string[] = [], port?: number): Promise<RedisServer> => {
  const server = await startRedis(settings, port);
  endings.push(() => server.kill());
  return server;
};

const clients: Readonly<Record<string, (port: number) => Store>> = {
  ioredis(port) {
    const client = connectIoredis("127.0.0.1", port);
    endings.push(() => client.disconnect());
    return recipes.ioredis(client, "fault");
  },
  "node-redis"(port) {
    const client = connectNodeRedis("127.0.0.1", port);
    endings.push(() => client.destroy());
    return recipes.nodeRedis(client, "fault");
  },
};

const protectedBy = (store: Store, onFailure: "allow" | "deny" = "allow", max = 1_000, deadlineMs = DEADLINE_MS, clock = Date.now): Waf =>
  createWaf({
    detectors: [blocklist(), rateLimit({ max, windowMs: MINUTE })],
    store,
    deadlineMs,
    clock,
    onFailure,
    log: { warn: () => {}, error: () => {} },
  });

/** `overMs`: beyond the deadline and what a timer of the same length was late by. This machine has other work too. */
async function decide(waf: Waf): Promise<{ readonly decision: Decision; readonly tookMs: number; readonly overMs: number }> {
  const since = performance.now();
  const control = new Promise<number>((resolve) => setTimeout(() => resolve(performance.now() - since), DEADLINE_MS));
  const decision = await waf.inspect({ method: "GET", target: "/", headers, peer: "192.0.2.1" });
  const tookMs = performance.now() - since;
  return { decision, tookMs, overMs: tookMs > DEADLINE_MS ? tookMs - (await control) : 0 };
}

async function untilHealthy(waf: Waf): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const { decision } = await decide(waf);
    if (decision.failures.length === 0) return;
    if (performance.now() > until) throw new Error(`still failing: ${JSON.stringify(decision.failures)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

describe.skipIf(!hasRedis)(hasRedis ? "a Redis that fails" : `a Redis that fails (${ENABLE_REDIS})`, () => {
  describe.each(Object.entries(clients))("through %s", (_name, connect) => {
    test("away from the start: every decision comes at once, says what failed and follows onFailure; all is well when it arrives", async () => {
      const port = await freePort();
      const store = connect(port);
      const [open, closed] = [protectedBy(store), protectedBy(store, "deny")];
      const overMs: number[] = [];
      for (let i = 0; i < 30; i++) {
        const allowed = await decide(open);
        overMs.push(allowed.overMs);
        expect(allowed.decision.action).toBe("allow");
        expect(allowed.decision.failures.map(({ detector }) => detector)).toEqual(["blocklist", "rate-limit"]);
        expect((await decide(closed)).decision).toMatchObject({ action: "block", status: 503, rule: "engine/failure" });
      }
      expect(median(overMs)).toBeLessThan(5);
      await serve([], port);
      await untilHealthy(open);
      await expect.poll(async () => (await decide(closed)).decision.action).toBe("allow");
    });

    test("frozen: no decision waits more than 5 ms beyond the deadline; what was under way is counted once it thaws", async () => {
      const server = await serve();
      const store = connect(server.port);
      const waf = protectedBy(store);
      await untilHealthy(waf);
      const now = Date.now();
      const before = (await store.increment("kept", 5, MINUTE, now)).value;
      process.kill(server.pid, "SIGSTOP");
      // Its client may give up waiting before the thaw; the server counts it all the same.
      Promise.resolve(store.increment("kept", 1, MINUTE, now)).catch(() => {});
      let lateMs = Number.POSITIVE_INFINITY;
      for (let attempt = 0; attempt < 5 && lateMs >= 5; attempt++) {
        const overMs: number[] = [];
        for (let i = 0; i < 7; i++) {
          const frozen = await decide(waf);
          overMs.push(frozen.overMs);
          expect(frozen.decision).toMatchObject({ action: "allow", failures: [{ kind: "deadline" }, { kind: "deadline" }] });
        }
        lateMs = median(overMs);
      }
      expect(lateMs).toBeLessThan(5);
      process.kill(server.pid, "SIGCONT");
      await untilHealthy(waf);
      expect(before).toBe(5);
      expect((await store.increment("kept", 0, MINUTE, now)).value).toBe(6);
    });

    test("coming and going: every call ends, nothing goes unhandled, and each time it is back counting starts at what it holds", async () => {
      const port = await freePort();
      const store = connect(port);
      const waf = protectedBy(store);
      let ended = 0;
      let asked = 0;
      for (let round = 0; round < 4; round++) {
        // Also a server that has lost the script.
        const server = await serve([], port);
        await untilHealthy(waf);
        expect(await store.increment("round", 1, MINUTE, Date.now())).toMatchObject({ value: 1 });
        const load: PromiseLike<unknown>[] = [];
        for (let i = 0; i < 200; i++) {
          asked += 1;
          load.push(decide(waf).then(() => ended++));
          if (i === 100) void server.kill();
          if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
        }
        await Promise.all(load);
        await server.kill();
      }
      expect(ended).toBe(asked);
    });
  });

  test("behind tiers: without it this process limits and bans on its own and nothing fails; back again, it holds the bans made meanwhile", async () => {
    const port = await freePort();
    const first = await serve([], port);
    const told: string[] = [];
    const shared = clients["ioredis"]!(port);
    const store = tieredStore({ shared, pauseMs: 50, slowMs: 50, onChange: (tier) => told.push(tier) });
    const waf = protectedBy(store, "deny", 5, PATIENCE_MS);
    await untilHealthy(protectedBy(shared));
    await first.kill();
    const actions: string[] = [];
    const took: number[] = [];
    for (let i = 0; i < 10; i++) {
      const { decision, tookMs } = await decide(waf);
      expect(decision.failures).toEqual([]);
      took.push(tookMs);
      actions.push(decision.action);
    }
    expect(median(took)).toBeLessThan(DEADLINE_MS);
    expect(actions).toEqual([...Array(5).fill("allow"), ...Array(5).fill("block")]);
    await store.set("ban:192.0.2.77", "1", MINUTE, Date.now());
    await serve([], port);
    await expect.poll(() => decide(waf).then(() => told)).toEqual(["local", "shared"]);
    await expect.poll(() => shared.get("ban:192.0.2.77", Date.now())).toBe("1");
  });

  test("full: writes reject, reads go on, and room lets writes go on too", async () => {
    const server = await serve(["--maxmemory-policy", "noeviction"]);
    const redis = await connectResp(server.port);
    endings.push(() => redis.close());
    const store = clients["ioredis"]!(server.port);
    await untilHealthy(protectedBy(store));
    const now = Date.now();
    await store.set("ban:192.0.2.9", "1", MINUTE, now);
    await redis.send(["CONFIG", "SET", "maxmemory", "1"]);
    await expect(store.increment("k", 1, MINUTE, now)).rejects.toThrow(/OOM/);
    await expect(store.set("k", "1", MINUTE, now)).rejects.toThrow(/OOM/);
    expect(await store.get("ban:192.0.2.9", now)).toBe("1");
    await redis.send(["CONFIG", "SET", "maxmemory", "0"]);
    expect(await store.increment("k", 1, MINUTE, now)).toEqual({ value: 1, expiresAt: now + MINUTE });
  });

  test("read-only, as a replica is: writes reject, and go on when it is promoted", async () => {
    const [primary, replica] = [await serve(), await serve()];
    const redis = await connectResp(replica.port);
    endings.push(() => redis.close());
    const store = clients["ioredis"]!(replica.port);
    await untilHealthy(protectedBy(store));
    await redis.send(["REPLICAOF", "127.0.0.1", `${primary.port}`]);
    await expect(store.increment("k", 1, MINUTE, Date.now())).rejects.toThrow(/READONLY/);
    await expect(store.set("k", "1", undefined, Date.now())).rejects.toThrow(/READONLY/);
    await redis.send(["REPLICAOF", "NO", "ONE"]);
    expect((await store.increment("k", 1, MINUTE, Date.now())).value).toBe(1);
  });

  test("another program's data under the store's keys: calls reject, nothing is overwritten, and delete heals", async () => {
    const server = await serve();
    const redis = await connectResp(server.port);
    endings.push(() => redis.close());
    const store = clients["ioredis"]!(server.port);
    await untilHealthy(protectedBy(store));
    const now = Date.now();
    for (const [write, kept] of [
      [["RPUSH", "fault:c{k}k", "a"], "list"],
      [["SET", "fault:c{k}k", "seven"], "string"],
      [["SET", "fault:c{k}k", "7"], "string"],
      [["SET", "fault:c{k}k", "7 soon"], "string"],
    ] as const) {
      await redis.send(["DEL", "fault:c{k}k"]);
      await redis.send(write);
      for (const by of [0, 1]) await expect(store.increment("k", by, MINUTE, now)).rejects.toThrow(/WRONGTYPE|AIWAF/);
      expect(await redis.send(["TYPE", "fault:c{k}k"])).toBe(kept);
      await store.delete("k");
      expect((await store.increment("k", 1, MINUTE, now)).value).toBe(1);
    }
    await redis.send(["SET", "fault:v{k}k", '{"rule":"x"}']);
    await expect(store.get("k", now)).rejects.toThrow(/AIWAF_STORE_ANSWER/);
    await expect(store.list("k", 10, now)).rejects.toThrow(/AIWAF_STORE_ANSWER/);
  });

  test("through HTTP a request costs one round trip, and an answer that is an error page is a failure", async () => {
    const server = await serve();
    const redis = await connectResp(server.port);
    const rest = await startRedisRest(redis, "secret");
    endings.push(
      () => redis.close(),
      () => rest.close(),
    );
    // Twice a second one request also looks whether the list has changed; at this clock none does.
    const now = Date.now();
    const waf = protectedBy(recipes.rest(rest.url, "secret", "fault"), "allow", 3, PATIENCE_MS, () => now);
    // The first request also brings the script; the stored list comes with it.
    expect((await decide(waf)).decision.failures).toEqual([]);
    expect(rest.requests()).toBe(2);
    for (let i = 2; i <= 3; i++) {
      expect((await decide(waf)).decision).toMatchObject({ action: "allow", failures: [] });
      expect(rest.requests()).toBe(i + 1);
    }
    expect((await decide(waf)).decision).toMatchObject({ action: "block", status: 429 });
    const refused = await decide(protectedBy(recipes.rest(rest.url, "wrong", "fault")));
    expect(refused.decision.failures.map(({ kind }) => kind)).toEqual(["error", "error"]);
  });
});

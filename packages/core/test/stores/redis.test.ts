import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { rateLimit } from "../../src/detectors/rate-limit.ts";
import { WafError } from "../../src/errors.ts";
import { type RedisStoreOptions, redisStore } from "../../src/stores/redis.ts";
import { createRedisKeys } from "../../src/stores/redis-keys.ts";
import { INCREMENT_SCRIPT, INCREMENT_SHA } from "../../src/stores/redis-script.ts";
import { createWaf } from "../../src/waf.ts";

const t0 = 1_700_000_000_000;

function errorOf(run: () => unknown): WafError {
  try {
    run();
  } catch (error) {
    if (error instanceof WafError) return error;
    throw error;
  }
  throw new Error("did not throw");
}

const rejectionOf = async (answer: unknown): Promise<Error> =>
  Promise.resolve(answer).then(
    (value) => {
      throw new Error(`answered ${JSON.stringify(value)}`);
    },
    (error: Error) => error,
  );

/** A store whose server answers everything in the same way. */
const answering = (answer: unknown, options: Partial<RedisStoreOptions> = {}): ReturnType<typeof redisStore> =>
  redisStore({ send: () => Promise.resolve(answer), ...options });

describe("options", () => {
  test.each([
    [undefined, "redisStore.send"],
    [{}, "redisStore.send"],
    [{ send: "redis://127.0.0.1" }, "redisStore.send"],
    [{ send: () => {}, prefix: "" }, "redisStore.prefix"],
    [{ send: () => {}, prefix: "a{b" }, "redisStore.prefix"],
    [{ send: () => {}, prefix: "x".repeat(65) }, "redisStore.prefix"],
    [{ send: () => {}, maxPending: 0 }, "redisStore.maxPending"],
    [{ send: () => {}, sendMany: [] }, "redisStore.sendMany"],
    [{ send: () => {}, nodes: [] }, "redisStore.nodes"],
  ])("%j is refused with the option's name", (options, name) => {
    const error = errorOf(() => redisStore(options as unknown as RedisStoreOptions));
    expect(error.code).toBe("AIWAF_OPTION_INVALID");
    expect(error.message).toContain(`"${name}"`);
  });

  test("an unknown option is refused with the nearest known name", () => {
    const error = errorOf(() => redisStore({ send: () => {}, prefx: "a" } as unknown as RedisStoreOptions));
    expect(error.message).toContain('"prefix"');
  });

  test("making a store sends nothing; close is the client's own where one is given", async () => {
    let closed = 0;
    const send = (): never => {
      throw new Error("not yet");
    };
    expect(redisStore({ send }).close).toBeUndefined();
    await redisStore({ send, close: () => void closed++ }).close?.();
    expect(closed).toBe(1);
  });
});

test("the script's hash is the one a server gives it", () => {
  expect(createHash("sha1").update(INCREMENT_SCRIPT).digest("hex")).toBe(INCREMENT_SHA);
});

describe("keys", () => {
  /** What Redis Cluster hashes: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags */
  const hashed = (redisKey: string): string => {
    const from = redisKey.indexOf("{");
    const to = redisKey.indexOf("}", from);
    return from >= 0 && to > from + 1 ? redisKey.slice(from + 1, to) : redisKey;
  };
  const ODD = ["", "}", "{", "{}", "}{", ":", "::", "a}b", "ban:}", "ban:{x}y", "rate:", "rate::", "rate:::", "x:\n", "y".repeat(9_000)];

  test("the value and the counter of a key share a slot, whatever the key", () => {
    const keys = createRedisKeys("app");
    for (const key of ODD) {
      expect(hashed(keys.value(key))).toBe(hashed(keys.counter(key)));
      expect(hashed(keys.value(key)).length).toBeLessThanOrEqual(64);
      expect(keys.keyOf(keys.value(key))).toBe(key);
      expect(keys.keyOf(keys.counter(key))).toBeUndefined();
    }
  });

  test("what the firewall keeps about one client shares a slot, and other clients have others", () => {
    const keys = createRedisKeys("aiwaf");
    for (const client of ["192.0.2.1", "2001:db8:1:2::/64"]) {
      const about = [
        keys.value(`ban:${client}`),
        keys.counter(`ban-open:${client}`),
        keys.counter(`strike:${client}`),
        keys.counter(`probes:${client}`),
        keys.counter(`rate::28471234:${client}`),
        keys.counter(`rate:/login/:step:28471233:${client}`),
      ];
      expect(new Set(about.map(hashed))).toEqual(new Set([client]));
    }
  });

  test("what a limiter counts about a client shares a slot with its ban", async () => {
    const asked: string[] = [];
    const store = redisStore({
      async send([name, ...args]) {
        asked.push(name === "GET" ? args[0]! : args[2]!);
        return "1 9000000000000";
      },
    });
    const waf = createWaf({ store, detectors: [rateLimit()], clock: () => t0 });
    const { failures, request } = await waf.inspect({ method: "GET", target: "/", headers: new Headers(), peer: "2001:db8::1" });
    expect(failures).toEqual([]);
    const ban = createRedisKeys("aiwaf").value(`ban:${request.client.key}`);
    expect(asked.map(hashed)).toEqual([hashed(ban), hashed(ban)]);
  });

  test("names that another prefix or another program made are not taken for the store's", () => {
    const keys = createRedisKeys("app");
    for (const name of ["", "app", "app:v", "app:v{", "app:v{x", "app2:v{x}x", "xapp:v{x}x", "app:c{x}x"])
      expect(keys.keyOf(name)).toBeUndefined();
  });
});

describe("answers of the wrong type reject and never give a wrong count", () => {
  test.each([
    5,
    "5",
    "5 x",
    "x 5",
    "5 6 7",
    "-5 1700000000000",
    "0 1700000000000",
    "NaN NaN",
    "5 Infinity",
    "Infinity 1700000000000",
    "1e309 1700000000000",
    "OK",
    true,
    {},
    [],
    ["5", "1700000060000"],
    new Uint8Array([53]),
  ])("a counter: %j", async (answer) => {
    const store = answering(answer);
    for (const by of [0, 1]) {
      const error = await rejectionOf(store.increment("k", by, 60_000, t0));
      expect(error).toBeInstanceOf(WafError);
      expect((error as WafError).code).toBe("AIWAF_STORE_ANSWER");
      expect(error.message).toMatch(/asked for a counter \((?:GET|EVALSHA)\) and got /);
    }
  });

  test.each([5, "", "text", "x|1", "-1|1", '{"a":1}', `${"9".repeat(30)}|1`, ["|1"], { "|": 1 }, true])("a value: %j", async (answer) => {
    expect((await rejectionOf(answering(answer).get("k", t0))).message).toMatch(/^AIWAF_STORE_ANSWER: /);
  });

  test("a write that is not confirmed, and a list that is none", async () => {
    for (const answer of [undefined, null, 1, "QUEUED", []]) {
      expect((await rejectionOf(answering(answer).set("k", "1", 60_000, t0))).message).toMatch(/^AIWAF_STORE_ANSWER: .*SET/);
    }
    expect((await rejectionOf(answering("OK").delete("k"))).message).toMatch(/^AIWAF_STORE_ANSWER: .*DEL/);
    for (const answer of [null, "0", [], ["0"], ["0", "k"], ["0", [1]], [null, []]]) {
      expect((await rejectionOf(answering(answer).list("", 5, t0))).message).toMatch(/^AIWAF_STORE_ANSWER: .*SCAN/);
    }
  });

  test("what the server shows of itself is cut short in the message", async () => {
    const error = await rejectionOf(answering("<html>".repeat(10_000)).get("k", t0));
    expect(error.message.length).toBeLessThan(200);
  });
});

describe("a client that fails", () => {
  test("its error reaches the caller as it is, thrown or rejected", async () => {
    const gone = new Error("Connection is closed.");
    for (const send of [
      () => Promise.reject(gone),
      () => {
        throw gone;
      },
    ]) {
      const store = redisStore({ send });
      for (const answer of [
        () => store.increment("k", 1, 1_000, t0),
        () => store.get("k", t0),
        () => store.set("k", "1", 1, t0),
        () => store.list("", 1, t0),
      ]) {
        expect(await rejectionOf(answer())).toBe(gone);
      }
    }
  });

  test("a server that says NOSCRIPT to everything is asked twice and not for ever", async () => {
    const commands: string[] = [];
    const send = ([name]: readonly string[]): Promise<unknown> => {
      commands.push(name!);
      return Promise.reject(new Error("NOSCRIPT No matching script. Please use EVAL."));
    };
    await rejectionOf(redisStore({ send }).increment("k", 1, 1_000, t0));
    expect(commands).toEqual(["EVALSHA", "EVAL"]);
  });

  test("with maxPending commands unanswered, further ones are refused at once, and answers make room again", async () => {
    const answers: ((answer: unknown) => void)[] = [];
    const store = redisStore({ send: () => new Promise((resolve) => answers.push(resolve)), maxPending: 3 });
    const calls = [1, 2, 3].map(() => store.get("k", t0));
    const error = await rejectionOf(store.get("k", t0));
    expect((error as WafError).code).toBe("AIWAF_STORE_BUSY");
    expect(answers).toHaveLength(3);
    answers[0]!(null);
    expect(await calls[0]).toBeUndefined();
    const next = store.get("k", t0);
    await Promise.resolve();
    expect(answers).toHaveLength(4);
    for (const answer of answers) answer(null);
    await Promise.all([...calls, next]);
  });

  test("a list that never ends is given up", async () => {
    let steps = 0;
    const send = (): Promise<unknown> => {
      steps += 1;
      return Promise.resolve(["7", []]);
    };
    expect(((await rejectionOf(redisStore({ send }).list("", 5, t0))) as WafError).code).toBe("AIWAF_STORE_BUSY");
    expect(steps).toBe(10_000);
  });
});

describe("sendMany", () => {
  const counted = (batches: (readonly (readonly string[])[])[], answer: (command: readonly string[]) => unknown) => ({
    send: (): never => {
      throw new Error("not one by one");
    },
    sendMany: (commands: readonly (readonly string[])[]) => {
      batches.push(commands);
      return Promise.resolve(commands.map(answer));
    },
  });

  test("all commands of a tick leave together, in their order, and each gets its own answer", async () => {
    const batches: (readonly (readonly string[])[])[] = [];
    const store = redisStore(counted(batches, ([name]) => (name === "GET" ? null : `1 ${t0 + 5}`)));
    const answers = await Promise.all([store.get("ban", t0), store.increment("a", 1, 5, t0), store.increment("b", 0, 5, t0)]);
    expect(answers).toEqual([undefined, { value: 1, expiresAt: t0 + 5 }, { value: 0, expiresAt: 0 }]);
    expect(batches.map((batch) => batch.map(([name]) => name))).toEqual([["GET", "EVALSHA", "GET"]]);
  });

  test("a command that is alone in its tick goes through send", async () => {
    const sent: unknown[] = [];
    const send = (...call: readonly unknown[]): Promise<null> => {
      sent.push(call);
      return Promise.resolve(null);
    };
    const sendMany = (): never => {
      throw new Error("not together");
    };
    expect(await redisStore({ send, sendMany }).get("k", t0)).toBeUndefined();
    expect(sent).toEqual([[["GET", "aiwaf:v{k}k"], "aiwaf:v{k}k"]]);
  });

  test("an error in the place of an answer fails that command alone; NOSCRIPT is answered with the script", async () => {
    const answer = ([name]: readonly string[]): unknown => {
      if (name === "EVALSHA") return new Error("NOSCRIPT");
      if (name === "EVAL") return `2 ${t0 + 5}`;
      return name === "SET" ? new Error("OOM") : null;
    };
    const store = redisStore({ ...counted([], answer), send: (command) => Promise.resolve(answer(command)) });
    const [read, counter, written] = await Promise.allSettled([
      store.get("k", t0),
      store.increment("k", 1, 5, t0),
      store.set("k", "1", 5, t0),
    ]);
    expect(read).toEqual({ status: "fulfilled", value: undefined });
    expect(counter).toEqual({ status: "fulfilled", value: { value: 2, expiresAt: t0 + 5 } });
    expect(written.status).toBe("rejected");
  });

  test.each([[[]], [[null, null, null]], ["OK"], [undefined]])(
    "with %j as the answer to two commands both reject: none gets the other's",
    async (answers) => {
      const store = redisStore({ send: () => Promise.resolve(null), sendMany: () => Promise.resolve(answers as never) });
      for (const { status, reason } of (await Promise.allSettled([store.get("a", t0), store.get("b", t0)])) as PromiseRejectedResult[]) {
        expect(status).toBe("rejected");
        expect((reason as WafError).code).toBe("AIWAF_STORE_ANSWER");
      }
    },
  );

  test("a rejected round trip rejects each of its commands", async () => {
    const store = redisStore({ send: () => Promise.resolve(null), sendMany: () => Promise.reject(new Error("fetch failed")) });
    const answers = await Promise.allSettled([store.get("a", t0), store.increment("b", 1, 5, t0)]);
    expect(answers.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  });
});

describe("hostile numbers", () => {
  const sent: (readonly string[])[] = [];
  const store = redisStore({
    send: (command) => {
      sent.push(command);
      return Promise.resolve(command[0] === "EVALSHA" ? "" : command[0] === "DEL" ? 1 : null);
    },
  });

  test.each([Number.NaN, Infinity, -Infinity])("at the time %d nothing is sent", async (now) => {
    sent.length = 0;
    expect(await store.increment("k", 1, 60_000, now)).toEqual({ value: 0, expiresAt: 0 });
    await store.set("k", "1", 60_000, now);
    expect([await store.get("k", now), await store.list("", 5, now), sent]).toEqual([undefined, [], []]);
  });

  test.each([0, -1, Number.NaN])("a time to live of %d makes no counter and deletes the value", async (ttlMs) => {
    sent.length = 0;
    expect(await store.increment("k", 1, ttlMs, t0)).toEqual({ value: 0, expiresAt: 0 });
    await store.set("k", "1", ttlMs, t0);
    expect(sent.map(([name]) => name)).toEqual(["EVALSHA", "DEL"]);
    expect(sent[0]![6]).toBe("");
  });

  test("no number is sent in a form that Redis does not read as a whole number of milliseconds", async () => {
    sent.length = 0;
    await store.increment("k", Number.MAX_VALUE, Infinity, t0 + 0.5);
    const [, , , , by, , end, forget] = sent[0]!;
    expect([by, end]).toEqual(["9007199254740991", "9007199254740991"]);
    expect(forget).toMatch(/^\d{16}$/);
  });

  test.each([0, -1, Number.NaN])("a limit of %d lists nothing and asks nobody", async (limit) => {
    sent.length = 0;
    expect([await store.list("", limit, t0), sent]).toEqual([[], []]);
  });
});

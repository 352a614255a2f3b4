import { describe, expect, test } from "vitest";
import { type GoodBotsOptions, goodBots } from "../../src/detectors/good-bots.ts";
import { systemResolver } from "../../src/dns/node.ts";
import type { NameResolver } from "../../src/dns/proofs.ts";
import { publishedRanges } from "../../src/published-ranges.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import type { Decision, Detector } from "../../src/types.ts";
import { createWaf } from "../../src/waf.ts";

const GOOGLE = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
const strict: Detector = { name: "headers", phase: "head", rules: ["headers/any"], inspect: () => ({ rule: "headers/any", score: 100 }) };

/** A small world of names, and what was asked of it. */
function world(names: Readonly<Record<string, readonly string[]>>, addresses: Readonly<Record<string, readonly string[]>>) {
  const asked: string[] = [];
  const resolver: NameResolver = {
    reverse(address) {
      asked.push(address);
      return Promise.resolve(names[address] ?? []);
    },
    forward(name) {
      asked.push(name);
      return Promise.resolve(addresses[name] ?? []);
    },
  };
  return { asked, resolver };
}

function build(options: GoodBotsOptions) {
  let now = 1_700_000_000_000;
  const waf = createWaf({ store: memoryStore(), log: { warn() {}, error() {} }, clock: () => now, detectors: [strict, goodBots(options)] });
  return {
    send: (peer: string, agent = GOOGLE) =>
      waf.inspect({ method: "GET", target: "/", headers: new Headers({ "user-agent": agent }), peer }) as Decision,
    pass: (ms: number) => {
      now += ms;
    },
  };
}
const answered = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
const rules = ({ findings }: Decision): string[] => findings.map(({ rule }) => rule);

const REAL = "66.249.66.1";
const google = () =>
  world(
    {
      [REAL]: ["crawl-66-249-66-1.googlebot.com."],
      "203.0.113.9": ["crawl-66-249-66-1.googlebot.com"],
      "203.0.113.10": ["x.googlebot.com.evil.example"],
      "203.0.113.11": ["notgoogle.com"],
      "2001:4860:4801:10::1": ["crawl-v6.googlebot.com"],
    },
    {
      "crawl-66-249-66-1.googlebot.com": [REAL],
      "crawl-v6.googlebot.com": ["2001:4860:4801:0010:0:0:0:1"],
      "notgoogle.com": ["203.0.113.11"],
      "x.googlebot.com.evil.example": ["203.0.113.10"],
    },
  );

describe("S2-030 a crawler that proves itself by reverse DNS", () => {
  test("passes once the names are known, and until then is treated like anybody", async () => {
    const { send } = build({ resolver: google().resolver });
    for (const address of [REAL, "2001:4860:4801:10::1"]) {
      expect(send(address)).toMatchObject({ action: "block", rule: "headers/any" });
      await answered();
      expect(send(address)).toMatchObject({ action: "allow", findings: [] });
    }
  });

  test("is asked about once a day and not on the way of a request: the answer comes in the same tick", async () => {
    const guard = google();
    const { send, pass } = build({ resolver: guard.resolver });
    const decision = send(REAL);
    expect(guard.asked).toEqual([]);
    expect(decision.action).toBe("block");
    await answered();
    for (let count = 0; count < 50; count++) send(REAL);
    expect(guard.asked).toEqual([REAL, "crawl-66-249-66-1.googlebot.com"]);
    pass(86_400_000);
    expect(send(REAL)).toMatchObject({ action: "block" });
    await answered();
    expect(guard.asked).toHaveLength(4);
  });
});

describe("an impostor", () => {
  test.each([
    ["has an address without a name", "203.0.113.8"],
    ["named its address after a real crawler's", "203.0.113.9"],
    ["put the domain before its own", "203.0.113.10"],
    ["has a domain that only ends alike", "203.0.113.11"],
  ])("%s: it is scored, never banned", async (_, address) => {
    const { send } = build({ resolver: google().resolver });
    send(address);
    await answered();
    const decision = send(address);
    expect(rules(decision)).toEqual(["headers/any", "good-bots/impostor"]);
    expect(decision.findings[1]).toEqual({
      rule: "good-bots/impostor",
      score: 40,
      where: "header:user-agent",
      note: "claims to be googlebot",
    });
  });

  test("is asked about again sooner than a real one: names may have been slow to appear", async () => {
    const guard = google();
    const { send, pass } = build({ resolver: guard.resolver });
    send("203.0.113.8");
    await answered();
    pass(8_640_000);
    send("203.0.113.8");
    await answered();
    expect(guard.asked).toEqual(["203.0.113.8", "203.0.113.8"]);
  });
});

describe("published ranges", () => {
  test("prove a crawler at once, without a question, and expose an impostor where nothing else could prove it", () => {
    const { send } = build({ ranges: { duckduckbot: ["20.191.45.212"], googlebot: ["66.249.64.0/19"] } });
    const duck = "DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)";
    expect(send("20.191.45.212", duck)).toMatchObject({ action: "allow" });
    expect(rules(send("203.0.113.1", duck))).toContain("good-bots/impostor");
    expect(send(REAL)).toMatchObject({ action: "allow" });
    expect(rules(send("203.0.113.1"))).toContain("good-bots/impostor");
    expect(rules(send(REAL, "bingbot/2.0"))).toEqual(["headers/any"]);
  });

  test("are read from what operators publish, and nothing else in it is", () => {
    const json = {
      creationTime: "2026-11-21T00:00:00",
      prefixes: [{ ipv6Prefix: "2001:4860:4801:10::/64" }, { ipv4Prefix: "66.249.64.0/27" }],
    };
    expect(publishedRanges(json)).toEqual(["2001:4860:4801:10::/64", "66.249.64.0/27"]);
    expect(publishedRanges(JSON.stringify(json))).toEqual(["2001:4860:4801:10::/64", "66.249.64.0/27"]);
    expect(publishedRanges("# bots\n20.191.45.212\r\n40.88.21.235 # second\n\n0.0.0.0/0\nhello\n")).toEqual([
      "20.191.45.212",
      "40.88.21.235",
    ]);
    expect(publishedRanges('["20.191.45.212"]')).toEqual(["20.191.45.212"]);
    for (const odd of [undefined, null, 7, "", "{", {}, [[["1.1.1.1"]]], { prefixes: 3 }, ["::/0"]])
      expect(publishedRanges(odd)).toEqual([]);
  });

  test("do not stand alone where names can prove as well", async () => {
    const { send } = build({ resolver: google().resolver, ranges: { googlebot: ["192.0.2.0/24"] } });
    send(REAL);
    await answered();
    expect(send(REAL)).toMatchObject({ action: "allow" });
  });
});

describe("nothing is held against anybody", () => {
  test("who claims nothing, or only has a bot's name inside a word", async () => {
    const guard = google();
    const { send } = build({ resolver: guard.resolver });
    for (const agent of ["Mozilla/5.0 (X11; Linux) Firefox/130", "curl/8", "notgooglebot/1", "googlebots/1", ""])
      send("203.0.113.8", agent);
    await answered();
    expect(guard.asked).toEqual([]);
  });

  test("when names cannot be asked: a failure, a throw and silence prove nothing", async () => {
    const failing: NameResolver[] = [
      { reverse: () => Promise.reject(new Error("timeout")), forward: () => [] },
      {
        reverse: () => {
          throw new Error("broken");
        },
        forward: () => [],
      },
      { reverse: () => new Promise(() => {}), forward: () => [] },
    ];
    for (const resolver of failing) {
      const { send } = build({ resolver });
      send("203.0.113.8");
      await answered();
      expect(rules(send("203.0.113.8"))).toEqual(["headers/any"]);
    }
  });
});

describe("a flood of claims", () => {
  test("asks at most 20 questions a second, and at most 16 at a time, which are given up after ten seconds", async () => {
    const guard = world({}, {});
    const { send, pass } = build({ resolver: guard.resolver });
    for (let host = 0; host < 250; host++) {
      send(`203.0.113.${host}`);
      if (host % 5 === 0) await answered();
    }
    expect(guard.asked).toHaveLength(20);
    const silent: string[] = [];
    const never = build({
      resolver: {
        reverse(address) {
          silent.push(address);
          return new Promise(() => {});
        },
        forward: () => [],
      },
    });
    for (let host = 0; host < 100; host++) never.send(`203.0.113.${host}`);
    await answered();
    expect(silent).toHaveLength(16);
    never.pass(10_000);
    never.send("203.0.113.200");
    await answered();
    expect(silent).toHaveLength(17);
    pass(1_000);
    send("203.0.113.251");
    await answered();
    expect(guard.asked).toHaveLength(21);
  });

  test("does not push a proven crawler out", async () => {
    const { send, pass } = build({ resolver: google().resolver });
    send(REAL);
    await answered();
    for (let count = 0; count < 800; count++) {
      for (let host = 0; host < 16; host++) send(`198.18.${count % 256}.${Math.floor(count / 256) * 16 + host}`);
      await new Promise(setImmediate);
      pass(1_000);
    }
    await answered();
    expect(send(REAL)).toMatchObject({ action: "allow" });
  });
});

test("wrong bots and ranges are refused at the start, by name", () => {
  expect(() => goodBots({ ranges: { gogglebot: [] } })).toThrow("goodBots.ranges.gogglebot");
  expect(() => goodBots({ ranges: { googlebot: ["x"] } })).toThrow("goodBots.ranges.googlebot");
  expect(() => goodBots({ bots: [{ name: "a", agents: ["abot"] }] })).toThrow("goodBots.bots.a");
  expect(() => goodBots({ bots: [{ name: "a", agents: ["A"], domains: ["x.example"] }] })).toThrow("goodBots.bots");
});

test("the resolver of the system is made without asking anybody", () => {
  expect(Object.keys(systemResolver())).toEqual(["reverse", "forward"]);
});

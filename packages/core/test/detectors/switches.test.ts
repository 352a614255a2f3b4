import { createWaf, type Decision, type Waf, type WafOptions } from "@aiwaf/core";
import { listBans } from "@aiwaf/core/lists";
import { recommended } from "@aiwaf/core/recommended";
import { memoryStore } from "@aiwaf/core/stores/memory";
import {
  addException,
  isReportedOnly,
  partsOf,
  readSwitches,
  removeException,
  switchable,
  switchMode,
  switchRule,
} from "@aiwaf/core/switches";
import { describe, expect, it } from "vitest";

const NOW = 1_800_000_000_000;
const SQL = "1'%20UNION%20SELECT%20password%20FROM%20users--%20";
const SCRIPT = "%3Cscript%3Ealert(document.cookie)%3C/script%3E";

interface Site {
  readonly waf: Waf;
  ask(target: string, peer?: string): Decision;
}

function site(options: Parameters<typeof recommended>[0] = {}, store = memoryStore()): Site {
  let now = NOW;
  const waf = createWaf(recommended({ store, clock: () => now, log: { warn() {}, error() {} }, ...options }));
  const headers = new Headers({ host: "a", "user-agent": "Mozilla/5.0 Firefox/140.0", accept: "text/html", "accept-language": "en" });
  return {
    waf,
    ask(target, peer = "192.0.2.1") {
      // Snapshots look again after half a second.
      now += 1_000;
      const decision = waf.inspect({ method: "GET", target, headers, peer, httpVersion: "1.1" });
      if ("then" in decision) throw new Error("a memory store does not wait");
      waf.observe(decision, { status: decision.action === "block" ? decision.status : 200, durationMs: 1 });
      return decision;
    },
  };
}

const ruleOf = (decision: Decision): string | undefined => (decision.action === "block" ? decision.rule : decision.wouldBlock?.rule);

describe("a rule that only reports", () => {
  it("shows what it found, scores nothing and blocks nothing, until it enforces again", async () => {
    const { waf, ask } = site();
    const blocked = ask(`/search?q=${SQL}`);
    expect(blocked.action).toBe("block");
    for (const { rule } of blocked.findings) await switchRule(waf.services.store, rule, "report", "eve", NOW);
    const passed = ask(`/search?q=${SQL}`);
    expect(passed.action).toBe("allow");
    const reported = passed.findings.filter(isReportedOnly);
    expect(reported.map(({ rule }) => rule)).toEqual(blocked.findings.map(({ rule }) => rule));
    expect(reported.every(({ score, block }) => score === 0 && block === undefined)).toBe(true);
    for (const { rule } of blocked.findings) await switchRule(waf.services.store, rule, "enforce", "eve", NOW);
    expect(ask(`/search?q=${SQL}`).action).toBe("block");
  });

  it("hides no other rule: an attack beside what is only reported still blocks, however often the other is repeated", async () => {
    const { waf, ask } = site();
    const rules = new Set(ask(`/search?q=${SCRIPT}`).findings.map(({ rule }) => rule));
    for (const rule of rules) await switchRule(waf.services.store, rule, "report", "eve", NOW);
    expect(ask(`/search?q=${SCRIPT}`).action).toBe("allow");
    const many = Array.from({ length: 8 }, (_, index) => `a${index}=${SCRIPT}`).join("&");
    expect(ruleOf(ask(`/search?${many}&z=${SQL}`))).toMatch(/^sql/);
    expect(ruleOf(ask(`/search?q=${SCRIPT}${SQL}`))).toBeDefined();
  });

  it("bans nobody, and the bans it made do not hold meanwhile", async () => {
    const { waf, ask } = site({ rateLimit: { max: 3, windowMs: 10_000, floodMax: 3 } });
    for (let count = 0; count < 6; count++) ask("/");
    const [ban] = await listBans(waf.services.store, {}, NOW);
    expect(ban).toBeDefined();
    expect(ruleOf(ask("/"))).toBe("blocklist/banned");
    await switchRule(waf.services.store, ban!.rule, "report", "eve", NOW);
    expect(
      ask("/")
        .findings.filter(isReportedOnly)
        .map(({ rule }) => rule),
    ).toContain("blocklist/banned");
    expect(ask("/").action).toBe("allow");
    await switchRule(waf.services.store, ban!.rule, "enforce", "eve", NOW);
    expect(ruleOf(ask("/"))).toBe("blocklist/banned");
  });
});

describe("an exception", () => {
  it("holds for its rule, path and parameter, and for nothing beside them", async () => {
    const { waf, ask } = site();
    const rules = new Set(ask(`/search?q=${SQL}`).findings.map(({ rule }) => rule));
    const made = await Promise.all(
      [...rules].map((rule) => addException(waf.services.store, { rule, path: "/search", parameter: "query:q" }, "eve", NOW)),
    );
    expect(ask(`/search?q=${SQL}`)).toMatchObject({ action: "allow", findings: [] });
    expect(ask(`/search?id=${SQL}`).action).toBe("block");
    expect(ask(`/other?q=${SQL}`).action).toBe("block");
    expect(ask(`/search?q=${SCRIPT}`).action).toBe("block");
    expect(ask(`/search?q=${SQL}&id=${SQL}`).action).toBe("block");
    // Five excepted values before it would be more than inspection looks at, if they counted.
    expect(ask(`/search?${`q=${SQL}&`.repeat(6)}id=${SQL}`).action).toBe("block");
    for (const { id } of made) await removeException(waf.services.store, id, NOW);
    expect(ask(`/search?q=${SQL}`).action).toBe("block");
  });

  it("needs every reading of a path, and ends when it was to end", async () => {
    const { waf, ask } = site();
    const rules = new Set(ask(`/search?q=${SQL}`).findings.map(({ rule }) => rule));
    for (const rule of rules) await addException(waf.services.store, { rule, path: "/search", until: NOW + 10_000 }, "eve", NOW);
    expect(ask(`/search?q=${SQL}`).action).toBe("allow");
    for (const path of ["/admin/..%2fsearch", "/admin/%2e%2e%2fsearch", "/admin\\..\\search"])
      expect(ask(`${path}?q=${SQL}`).action).toBe("block");
    for (let count = 0; count < 10; count++) ask("/");
    expect(ask(`/search?q=${SQL}`).action).toBe("block");
  });

  it("refuses rules that judge clients, and what is no path", async () => {
    const { store } = site().waf.services;
    for (const [rule, path] of [
      ["rate-limit/exceeded", "/"],
      ["blocklist/banned", "/"],
      ["score/threshold", "/"],
      ["no rule", "/"],
      ["sql/union", "search"],
      ["sql/union", "/a?b"],
    ] as const)
      await expect(addException(store, { rule: rule as "a/b", path }, "eve", NOW)).rejects.toMatchObject({ code: "AIWAF_LIST_ENTRY" });
  });

  it("is left out when it was written by a stranger in another form", async () => {
    const { waf, ask } = site();
    for (const [name, value] of [
      ["rule:sql/union", '{"mode":"off"}'],
      ["mode", '{"mode":"off"}'],
      ["except:0000000000000000", '{"rule":"rate-limit/exceeded","path":"/"}'],
      ["except:zz", '{"rule":"sql/union","path":"/**"}'],
      ["mode", "null"],
      ["rule:__proto__/x", "[]"],
    ] as const)
      waf.services.store.set(`switch:${name}`, value, undefined, NOW);
    expect(await readSwitches(waf.services.store, NOW)).toMatchObject({ mode: undefined, exceptions: [] });
    expect(ask(`/search?q=${SQL}`).action).toBe("block");
  });
});

describe("the switched mode", () => {
  it("turns reporting into enforcing and back, on every firewall over the store", async () => {
    const store = memoryStore();
    const [one, other] = [site({ mode: "report" }, store), site({ mode: "report" }, store)];
    expect(one.ask(`/?q=${SQL}`)).toMatchObject({ action: "allow", wouldBlock: { status: 403 } });
    await switchMode(store, "enforce", "eve", NOW);
    for (const { ask } of [one, other]) expect(ask(`/?q=${SQL}`).action).toBe("block");
    await switchMode(store, undefined, "eve", NOW);
    for (const { ask } of [one, other]) expect(ask(`/?q=${SQL}`).action).toBe("allow");
  });

  it("leaves alone what path rules name, and lets no spelling of a path slip out of it", async () => {
    const { waf, ask } = site({ mode: "report", paths: { "/lab/**": { mode: "report" }, "/off": { mode: "off" } } });
    await switchMode(waf.services.store, "enforce", "eve", NOW);
    expect(ask(`/x?q=${SQL}`).action).toBe("block");
    expect(ask(`/lab/x?q=${SQL}`).action).toBe("allow");
    expect(ask(`/off?q=${SQL}`)).toMatchObject({ action: "allow", wouldBlock: undefined });
    expect(ask(`/x/..%2flab/y?q=${SQL}`).action).toBe("block");
    const strict = site({ paths: { "/pay/**": { mode: "enforce" } } });
    await switchMode(strict.waf.services.store, "report", "eve", NOW);
    expect(strict.ask(`/x?q=${SQL}`).action).toBe("allow");
    expect(strict.ask(`/pay/x?q=${SQL}`).action).toBe("block");
    expect(strict.ask(`/x/..%2fpay/y?q=${SQL}`).action).toBe("block");
  });
});

describe("switchable", () => {
  it("tells consoles what the firewall consists of, and leaves wrong options to createWaf", () => {
    const store = memoryStore();
    const options = recommended({ store, mode: "report", threshold: 80 });
    expect(partsOf(store)).toMatchObject({ mode: "report", threshold: 80 });
    expect(partsOf(store)!.detectors.map(({ name }) => name)).toContain("content");
    expect(switchable(options)).toBe(options);
    expect(() => createWaf(switchable({ store } as unknown as WafOptions))).toThrow(/detectors/);
  });
});

import { afterEach, describe, expect, test } from "vitest";
import { listBans, undoBans } from "../src/ban-list.ts";
import { readBan, writeBan } from "../src/bans.ts";
import { blocklist } from "../src/detectors/blocklist.ts";
import { addEntries, LIST_NAMES, type ListName, listEntries, readEntry, removeEntries, spellEntry } from "../src/stored-lists.ts";
import { memoryStore } from "../src/stores/memory.ts";
import type { Store, Waf } from "../src/types.ts";
import { createWaf } from "../src/waf.ts";

/** Every call answered later, as over a network. */
function behindPromises(store: Store): Store {
  return {
    name: "later",
    increment: async (...given) => store.increment(...given),
    get: async (...given) => store.get(...given),
    set: async (...given) => store.set(...given),
    delete: async (...given) => store.delete(...given),
    list: async (...given) => store.list(...given),
  };
}

const T0 = Date.UTC(2026, 0, 1);
const quiet = { warn: () => {}, error: () => {} };
let now = T0;
afterEach(() => {
  now = T0;
});

const firewall = (store: Store, onFailure: "allow" | "deny" = "allow"): Waf =>
  createWaf({ detectors: [blocklist({ allow: ["198.51.100.9"] })], store, clock: () => now, log: quiet, onFailure });
const statusOf = async (waf: Waf, peer: string): Promise<number | "allow"> => {
  const decision = await waf.inspect({ method: "GET", target: "/", headers: new Headers(), peer });
  return decision.action === "allow" ? "allow" : decision.status;
};

describe("a stored list", () => {
  test("keeps each entry in one spelling, and gives it back with its reason and end", async () => {
    const store = memoryStore();
    await addEntries(
      store,
      "block",
      [
        { name: " 2001:DB8:0:0::1 ", reason: "loud\r\nneighbour" },
        { name: "203.0.113.0/24", until: T0 + 60_000 },
      ],
      T0,
    );
    expect(await listEntries(store, "block", T0)).toEqual([
      { name: "2001:db8::1", reason: "loud  neighbour", since: T0 },
      { name: "203.0.113.0/24", reason: "", since: T0, until: T0 + 60_000 },
    ]);
    expect(await listEntries(store, "block", T0 + 60_000)).toHaveLength(1);
    expect(await removeEntries(store, "block", ["2001:db8:0::1", "192.0.2.1"], T0)).toBe(1);
  });

  test.each<[ListName, string]>([
    ["block", "0x7f.1"],
    ["block", "10.0.0.1/8"],
    ["exempt", "*"],
    ["exempt-path", "admin"],
    ["keyword", "  "],
    ["keyword", "a\0b"],
    ["country", "DEU"],
  ])("%s refuses %j and stores nothing of that call", async (list, name) => {
    const store = memoryStore();
    const good: Record<ListName, string> = {
      block: "192.0.2.1",
      exempt: "192.0.2.1",
      "exempt-path": "/health",
      keyword: "shell",
      "exempt-keyword": "api",
      country: "de",
    };
    await expect(addEntries(store, list, [{ name: good[list] }, { name }], T0)).rejects.toMatchObject({ code: "AIWAF_LIST_ENTRY" });
    expect(await listEntries(store, list, T0)).toEqual([]);
  });

  test("takes nothing that others stored for more than it is", () => {
    for (const list of LIST_NAMES) {
      for (const value of [
        "",
        "x",
        "null",
        "[]",
        "1",
        '{"reason":{}}',
        '{"since":-1,"until":"never"}',
        `{"reason":"${"x".repeat(9_999)}"}`,
      ]) {
        const entry = readEntry(list, spellEntry(list, "192.0.2.1") ?? spellEntry(list, "/p") ?? "DE", value);
        if (entry !== undefined) expect(JSON.stringify(entry).length).toBeLessThan(400);
      }
      expect(readEntry(list, "\u0000", "{}")).toBeUndefined();
      const name = spellEntry(list, "192.0.2.1") ?? spellEntry(list, "/p") ?? "DE";
      for (const until of ["never", "2027-01-01", -1, {}]) expect(readEntry(list, name, JSON.stringify({ until }))).toBeUndefined();
    }
  });
});

describe.each([
  ["memory", () => memoryStore()],
  ["memory behind promises", () => behindPromises(memoryStore())],
])("the blocklist with the stored list in %s", (_, make) => {
  test("stops stored addresses and ranges from the first request on, spares the allowlist, and ends with the entry", async () => {
    const store = make();
    await addEntries(
      store,
      "block",
      [{ name: "203.0.113.0/24", until: T0 + 10_000 }, { name: "198.51.100.0/24" }, { name: "192.0.2.7", until: T0 + 5_000 }],
      T0,
    );
    const waf = firewall(store);
    expect(await statusOf(waf, "203.0.113.5")).toBe(403);
    expect(await statusOf(waf, "192.0.2.7")).toBe(403);
    expect(await statusOf(waf, "192.0.2.8")).toBe("allow");
    expect(await statusOf(waf, "198.51.100.9")).toBe("allow");
    now += 5_000;
    expect(await statusOf(waf, "192.0.2.7")).toBe("allow");
    expect(await statusOf(waf, "203.0.113.5")).toBe(403);
    now += 5_000;
    expect(await statusOf(waf, "203.0.113.5")).toBe("allow");
    expect(await statusOf(waf, "198.51.100.8")).toBe(403);
  });

  test("S2-227: what one instance adds or removes holds on all within a second", async () => {
    const store = make();
    const [here, there] = [firewall({ ...store }), firewall({ ...store })];
    for (const waf of [here, there]) expect(await statusOf(waf, "203.0.113.5")).toBe("allow");
    await addEntries(here.services.store, "block", [{ name: "203.0.113.5" }], now);
    now += 1_000;
    for (const waf of [here, there]) expect(await statusOf(waf, "203.0.113.5")).toBe(403);
    await removeEntries(there.services.store, "block", ["203.0.113.5"], now);
    now += 1_000;
    for (const waf of [here, there]) expect(await statusOf(waf, "203.0.113.5")).toBe("allow");
  });
});

describe("a list that cannot be read", () => {
  const broken = (store: Store): Store => ({
    ...store,
    get: (key, at) => {
      if (key.startsWith("version:")) throw new Error("wrong type");
      return store.get(key, at);
    },
  });

  test.each(["allow", "deny"] as const)("fails the detector (%s decides), but banned clients stay out", async (onFailure) => {
    const store = broken(memoryStore());
    await writeBan(store, "192.0.2.1", "rate-limit/flood", 60_000, T0);
    const waf = firewall(store, onFailure);
    expect(await statusOf(waf, "192.0.2.1")).toBe(403);
    expect(await statusOf(waf, "192.0.2.2")).toBe(onFailure === "allow" ? "allow" : 503);
  });
});

describe("a store behind a network that fails in part", () => {
  const failing = (part: (key: string) => boolean): Store => {
    const inner = memoryStore();
    writeBan(inner, "192.0.2.1", "rate-limit/flood", 60_000, T0);
    const later = behindPromises(inner);
    return { ...later, get: async (key, at) => (part(key) ? Promise.reject(new Error("away")) : inner.get(key, at)) };
  };

  test.each([
    ["the list", (key: string) => key.startsWith("version:"), 403, 503],
    ["the ban", (key: string) => key.startsWith("ban:"), 503, 503],
    ["both", () => true, 503, 503],
  ] as const)("%s: a banned client gets %d, another one %d, and no error goes unhandled", async (_, part, banned, other) => {
    // A firewall each: the first request is the one that waits for both at once.
    expect(await statusOf(firewall(failing(part), "deny"), "192.0.2.1")).toBe(part("ban:") ? 503 : banned);
    expect(await statusOf(firewall(failing(part), "deny"), "192.0.2.2")).toBe(other);
    await new Promise((resolve) => setTimeout(resolve, 5));
  });

  test("a ban that throws at once while the list is under way leaves no error behind", async () => {
    const inner = memoryStore();
    const store: Store = {
      ...inner,
      get(key) {
        if (key.startsWith("version:")) return Promise.reject(new Error("away"));
        throw new Error("broken");
      },
    };
    expect(await statusOf(firewall(store, "deny"), "192.0.2.1")).toBe(503);
    await new Promise((resolve) => setTimeout(resolve, 5));
  });

  test("a listed client is stopped though its ban cannot be read", async () => {
    const store = failing((key) => key.startsWith("ban:"));
    await addEntries(store, "block", [{ name: "192.0.2.7" }], T0);
    expect(await statusOf(firewall(store), "192.0.2.7")).toBe(403);
    await new Promise((resolve) => setTimeout(resolve, 5));
  });
});

describe("bans", () => {
  test("S2-234 D-27: are listed newest first and undone by rule and time, as if they had never been", async () => {
    const store = memoryStore();
    for (const [index, rule] of ["probes/path", "probes/path", "rate-limit/flood"].entries())
      await writeBan(store, `192.0.2.${index}`, rule as "probes/path", 60_000, T0 + index);
    store.set("ban:192.0.2.9", "not JSON", undefined, T0);
    expect((await listBans(store, {}, T0 + 10)).map(({ client }) => client)).toEqual(["192.0.2.2", "192.0.2.1", "192.0.2.0", "192.0.2.9"]);
    const undone = await undoBans(store, { rule: "probes/path", from: T0 + 1, to: T0 + 5 }, T0 + 10);
    expect(undone.map(({ client }) => client)).toEqual(["192.0.2.1"]);
    expect(await statusOf(firewall(store), "192.0.2.1")).toBe("allow");
    expect(await statusOf(firewall(store), "192.0.2.0")).toBe(403);
    await writeBan(store, "192.0.2.1", "probes/path", 60_000, T0 + 20);
    expect(readBan(store.get("ban:192.0.2.1", T0 + 20) as string)).toMatchObject({ strike: 1, until: T0 + 60_020 });
  });

  test("that are undone take back their own strike and no earlier one", async () => {
    const store = memoryStore();
    await writeBan(store, "192.0.2.1", "probes/path", 1_000, T0);
    await writeBan(store, "192.0.2.1", "probes/path", 1_000, T0 + 2_000);
    await undoBans(store, { client: "192.0.2.1" }, T0 + 2_001);
    await writeBan(store, "192.0.2.1", "probes/path", 1_000, T0 + 4_000);
    expect(readBan(store.get("ban:192.0.2.1", T0 + 4_000) as string)).toMatchObject({ strike: 2 });
  });
});

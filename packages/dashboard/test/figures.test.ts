import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createWaf } from "@aiwaf/core";
import { geo } from "@aiwaf/core/detectors";
import { addEntries, undoBans } from "@aiwaf/core/lists";
import { recommended } from "@aiwaf/core/recommended";
import { type DecisionRecord, recordOf } from "@aiwaf/core/records";
import { type RecordTable, recordTable } from "@aiwaf/core/records/sqlite";
import { sqliteStore } from "@aiwaf/core/stores/sqlite";
import { switchRule } from "@aiwaf/core/switches";
import { afterEach, describe, expect, it } from "vitest";
import type { ChangeEvent, DecisionPage, Overview } from "../src/api.ts";
import { bodyOf, type Console, endAll, SQL, send, start } from "./console.ts";

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  await endAll();
  for (const end of ends.splice(0).reverse()) await end();
});

const HOUR = 3_600_000;
const PLACES: Readonly<Record<string, { readonly country: string; readonly asn: number }>> = {
  "192.0.2.1": { country: "DE", asn: 64_496 },
  "192.0.2.2": { country: "FR", asn: 64_497 },
};
const FIREWALL = {
  detectors: [geo({ database: { lookup: (address) => PLACES[address] } })],
  routes: (path: string) => (path.startsWith("/api/") ? { pattern: "/api/:name", methods: undefined } : undefined),
};

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "aiwaf-figures-"));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function newRecords(path = join(newFolder(), "records.db"), deployment?: string): RecordTable {
  const records = recordTable(path, deployment === undefined ? {} : { record: { deployment } });
  ends.push(() => records.close());
  return records;
}

/** A console that the application lets everybody into. */
async function open(options: Parameters<typeof start>[0], firewall: Parameters<typeof start>[1] = FIREWALL): Promise<Console> {
  const console = await start({ auth: () => "eve", ...options }, firewall);
  console.session = { cookie: "none=none", csrf: "same-origin" };
  return console;
}

/** The overview once all of it was read. */
async function overview(console: Console, query = ""): Promise<Overview> {
  for (let tries = 0; ; tries++) {
    const answer = await bodyOf<Overview>(console.ask(`api/overview${query}`));
    if ((!answer.partial && !answer.rates.partial) || tries > 3_000) return answer;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Requests of another time, as a process that ended since had decided them. */
function writePast(records: RecordTable, at: number, fields: Partial<DecisionRecord>, target = "/"): void {
  const waf = createWaf(recommended({ rateLimit: false, log: { warn() {}, error() {} } }));
  const headers = new Headers({ host: "a", "user-agent": "Mozilla/5.0 Firefox/140.0", accept: "text/html", "accept-language": "en" });
  const decision = waf.inspect({ method: "GET", target, headers, peer: "192.0.2.9", httpVersion: "1.1" });
  if ("then" in decision) throw new Error("a memory store does not wait");
  records.write({ ...recordOf(decision, { status: 200, durationMs: 1 }), id: Math.random().toString(36).slice(2), at, ...fields });
}

describe("figures of parts of the traffic", () => {
  it("are cut by family of endpoints, country, network and deployment, with and without a record store (S2-237, S2-238)", async () => {
    for (const records of [undefined, newRecords()]) {
      const console = await open(records === undefined ? {} : { records });
      if (records !== undefined) console.waf.subscribe(records.listener);
      for (let count = 0; count < 6; count++) console.decide("/api/orders", { client: "192.0.2.1", durationMs: 100 });
      for (let count = 0; count < 4; count++) console.decide("/shop", { client: "192.0.2.2", durationMs: 5 });
      console.decide(`/api/orders?q=${SQL}`, { client: "192.0.2.1" });
      await records?.flush();
      const from = Date.now() - 60_000;
      const of = (cut: string): Promise<Overview> => overview(console, `?from=${from}&to=${Date.now() + 1_000}&${cut}`);
      for (const [cut, requests, blocked] of [
        ["path=/api/", 7, 1],
        ["route=/api/:name", 7, 1],
        ["country=de", 7, 1],
        ["asn=64497", 4, 0],
        ["country=FR&path=/api/", 0, 0],
        ["country=DE&asn=64496&path=/api/orders", 7, 1],
        ["deployment=other", 0, 0],
      ] as const) {
        const { totals, source } = await of(cut);
        expect([cut, totals.requests, totals.blocked]).toEqual([cut, requests, blocked]);
        expect(source).toBe(records === undefined ? "kept" : "records");
      }
      const family = await of("path=/api/");
      expect(family.latencyMs!.p99).toBeGreaterThan(80);
      expect((await of("path=/shop")).latencyMs!.p99).toBeLessThan(10);
      expect(family.top.networks).toEqual([{ name: "64496", blocked: 1 }]);
      expect(family.top.paths).toEqual([{ name: "/api/:name", blocked: 1 }]);
      const page = await bodyOf<DecisionPage>(console.ask("api/decisions?asn=64497"));
      expect(page.decisions.map(({ url }) => url)).toEqual(["/shop", "/shop", "/shop", "/shop"]);
      for (const wrong of ["asn=x", `path=${"a".repeat(600)}`]) expect((await console.ask(`api/overview?${wrong}`)).status).toBe(400);
      await endAll();
    }
  });

  it("tell response times, bans and scores of the time before the start (S2-233, S2-234)", async () => {
    const records = newRecords();
    const now = Date.now();
    // Well inside a bucket: one that begins between these requests would know of the quick ones alone.
    const then = Math.floor((now - 3 * HOUR) / HOUR) * HOUR + 60_000;
    for (let index = 0; index < 200; index++) writePast(records, then + index, { durationMs: index < 100 ? 10 : 200 });
    for (let index = 0; index < 6; index++)
      writePast(records, then + index * 1_000, {
        action: "block",
        rule: "blocklist/banned",
        client: `192.0.2.${index % 3}`,
        findings: [{ rule: "blocklist/banned", score: 100, note: "banned by probes/scan" }],
        score: 100,
      });
    await records.flush();
    const console = await open({ records });
    const figures = await overview(console, `?from=${now - 6 * HOUR}&to=${now}`);
    expect(figures).toMatchObject({ source: "records", totals: { requests: 206 }, bans: { active: 0, made: 3, undone: 0 } });
    expect(Math.abs(figures.latencyMs!.p50 - 10)).toBeLessThan(2);
    expect(Math.abs(figures.latencyMs!.p99 - 200)).toBeLessThan(30);
    const bucket = figures.buckets.find(({ requests }) => requests > 0)!;
    expect(bucket.p95Ms).toBeGreaterThan(150);
    expect(figures.totals.meanScore).toBeCloseTo(600 / 206, 1);
    // A ban that went on is one ban, although the next ten minutes know of it, too.
    expect(figures.buckets.reduce((sum, { bansMade }) => sum + bansMade, 0)).toBe(3);
  });

  it("are of all processes that write the same records, each told apart by its deployment (S2-240)", async () => {
    const path = join(newFolder(), "records.db");
    const [blueRecords, greenRecords] = [newRecords(path, "blue"), newRecords(path, "green")];
    const blue = await open({ records: blueRecords, deployment: "blue" });
    const green = await open({ records: greenRecords, deployment: "green" });
    blue.waf.subscribe(blueRecords.listener);
    green.waf.subscribe(greenRecords.listener);
    for (let count = 0; count < 3; count++) blue.decide("/");
    for (let count = 0; count < 7; count++) green.decide("/");
    green.decide(`/?q=${SQL}`);
    await blueRecords.flush();
    await greenRecords.flush();
    const range = `from=${Date.now() - 60_000}&to=${Date.now() + 1_000}`;
    for (const console of [blue, green])
      for (const [deployment, requests, blocked] of [
        ["blue", 3, 0],
        ["green", 8, 1],
      ] as const) {
        const { totals } = await overview(console, `?${range}&deployment=${deployment}`);
        expect([deployment, totals.requests, totals.blocked]).toEqual([deployment, requests, blocked]);
      }
    for (const console of [blue, green]) {
      await expect.poll(async () => (await overview(console, `?${range}`)).totals.requests, { timeout: 60_000 }).toBe(11);
      expect((await overview(console)).deployments).toEqual(console === blue ? ["blue", "green"] : ["green", "blue"]);
    }
  });
});

describe("the rates", () => {
  it("take for mistakes what one rule stopped of clients that are let through otherwise, and all else for attacks (S2-231, S2-232)", async () => {
    for (const records of [undefined, newRecords()]) {
      const console = await open(records === undefined ? {} : { records }, { rateLimit: { max: 1_000, windowMs: 60_000 } });
      if (records !== undefined) console.waf.subscribe(records.listener);
      // A visitor who writes of SQL once, and reads on.
      for (let count = 0; count < 20; count++) console.decide("/", { client: "192.0.2.20" });
      console.decide(`/search?q=${SQL}`, { client: "192.0.2.20" });
      // Attackers: by two rules, by one with nothing else, and by one again and again.
      for (const target of ["/", "/", "/", "/", "/", "/", `/search?q=${SQL}`, "/.env"]) console.decide(target, { client: "192.0.2.30" });
      console.decide(`/search?q=${SQL}`, { client: "192.0.2.31" });
      for (let count = 0; count < 100; count++) console.decide(count % 5 === 0 ? `/search?q=${SQL}` : "/", { client: "192.0.2.32" });
      await records?.flush();
      const { rates, totals } = await overview(console, `?from=${Date.now() - 60_000}&to=${Date.now() + 1_000}`);
      expect(rates.suspects).toEqual([{ client: "192.0.2.20", rule: "sql/union", stopped: 1 }]);
      expect(rates).toMatchObject({ mistakes: 1, attacks: totals.blocked - 1, blockedShare: 1, partial: false });
      expect(rates.mistakeShare).toBeCloseTo(1 / (totals.requests - totals.blocked + 1), 6);
      await endAll();
    }
  });

  it("say how many attacks report mode lets through, and nothing of nothing", async () => {
    const console = await open({}, { mode: "report" });
    expect((await overview(console)).rates).toEqual({ mistakes: 0, attacks: 0, suspects: [], partial: false });
    console.decide(`/search?q=${SQL}`, { client: "192.0.2.40" });
    console.decide("/.env", { client: "192.0.2.40" });
    expect((await overview(console)).rates).toMatchObject({ mistakes: 0, attacks: 2, blockedShare: 0 });
  });
});

/** What a page is told of changes. */
async function changesOf(console: Console): Promise<ChangeEvent[]> {
  const seen: ChangeEvent[] = [];
  const abort = new AbortController();
  const response = await console.ask("api/events?only=changes", { signal: abort.signal });
  ends.push(() => abort.abort());
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  void (async () => {
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += value;
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        const event = text.slice(0, end);
        text = text.slice(end + 2);
        expect(event).not.toMatch(/^event: decision$/m);
        const data = /^event: change\ndata: (.*)$/m.exec(event)?.[1];
        if (data !== undefined) seen.push(JSON.parse(data) as ChangeEvent);
      }
    }
  })().catch(() => {});
  return seen;
}

describe("changes", () => {
  it("of another console, of the command line and of the firewall itself reach the pages of all consoles over the store", async () => {
    const path = join(newFolder(), "waf.db");
    const [one, other] = [await open({}, { store: sqliteStore({ path }) }), await open({}, { store: sqliteStore({ path }) })];
    ends.push(async () => {
      await one.waf.close();
      await other.waf.close();
    });
    const [ofOne, ofOther] = [await changesOf(one), await changesOf(other)];
    const eventually = (of: readonly ChangeEvent[], change: ChangeEvent): Promise<void> =>
      expect.poll(() => of, { timeout: 60_000 }).toContainEqual(change);
    // The first look only learns what there is.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    await send(one, "PUT", "api/rules/probes/dotfile", { mode: "report" });
    await eventually(ofOne, { what: "rules", user: "eve" });
    await eventually(ofOther, { what: "rules", user: "eve" });
    const { store } = other.waf.services;
    await switchRule(store, "probes/dotfile", "enforce", "a shell", Date.now());
    await eventually(ofOne, { what: "exceptions", user: "" });
    await addEntries(store, "exempt", [{ name: "192.0.2.200", reason: "" }], Date.now());
    await eventually(ofOne, { what: "exemptions", user: "" });
    // The firewall bans by itself; the console counts it, and that it was undone elsewhere.
    for (const file of ["/.git/config", "/.env", "/.aws/credentials", "/.npmrc", "/.ssh/id_rsa", "/.svn/entries"])
      other.decide(file, { client: "192.0.2.77", status: 404 });
    await eventually(ofOne, { what: "bans", user: "" });
    expect((await overview(one)).bans).toMatchObject({ active: 1, made: 1, undone: 0 });
    await undoBans(store, { client: "192.0.2.77" }, Date.now());
    await expect.poll(async () => (await overview(one)).bans, { timeout: 60_000 }).toMatchObject({ active: 0, made: 1, undone: 1 });
  });
});

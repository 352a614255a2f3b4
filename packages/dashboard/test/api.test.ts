import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { geo } from "@aiwaf/core/detectors";
import { addBans } from "@aiwaf/core/lists";
import { modelFolder } from "@aiwaf/core/models/file";
import { recordTable } from "@aiwaf/core/records/sqlite";
import { afterEach, describe, expect, it } from "vitest";
import type {
  BanList,
  DecisionDetail,
  DecisionPage,
  ExceptionList,
  ExemptionList,
  ModelDiff,
  ModelList,
  ModeState,
  Overview,
  Preview,
  RuleList,
  TrainingList,
  Undoable,
} from "../src/api.ts";
import type { DashboardOptions } from "../src/index.ts";
import { bodyOf, type Console, endAll, SQL, send, start } from "./console.ts";
import { addDemoModels } from "./demo-models.ts";

afterEach(endAll);

const SCRIPT = "%3Cscript%3Ealert(document.cookie)%3C/script%3E";
const get = <T>(console: Console, path: string): Promise<T> => bodyOf<T>(console.ask(path));
const change = async <T>(console: Console, method: string, path: string, body: unknown, status = 200): Promise<T & Undoable> => {
  const response = await send(console, method, path, body);
  expect([path, response.status]).toEqual([path, status]);
  return bodyOf<T & Undoable>(response);
};
const undo = (console: Console, { undo: id }: Undoable): Promise<Response> => send(console, "POST", "api/undo", { undo: id });

/** A console that eve is let into by the application. */
async function open(options: Partial<DashboardOptions> = {}, firewall: Parameters<typeof start>[1] = {}): Promise<Console> {
  const console = await start({ auth: () => "eve", ...options }, firewall);
  console.session = { cookie: "none=none", csrf: "same-origin" };
  return console;
}

describe("the overview", () => {
  it("counts requests, blocks, names, percentiles and bans of the stretch that is asked for (S2-231, S2-233, S2-234, S2-235, S2-238, S5-009)", async () => {
    const console = await open(
      {},
      {
        detectors: [geo({ database: { lookup: () => ({ country: "DE" }) } })],
        routes: (path) => (path === "/search" ? { pattern: "/search", methods: undefined } : undefined),
      },
    );
    for (let count = 1; count <= 100; count++) console.decide("/", { durationMs: count });
    for (let count = 0; count < 4; count++) console.decide(`/search?q=${SQL}`, { client: "192.0.2.50" });
    console.decide("/.env", { client: "192.0.2.51" });
    const overview = await get<Overview>(console, "api/overview");
    expect(overview.totals).toMatchObject({ requests: 105, blocked: 5, wouldBlock: 0, clientsStopped: 2 });
    expect(overview.buckets.reduce((sum, { requests }) => sum + requests, 0)).toBe(105);
    expect(overview.buckets.length).toBeGreaterThanOrEqual(30);
    for (const [index, { at }] of overview.buckets.entries()) expect(at).toBe(overview.from + index * overview.bucketMs);
    expect(overview.top.clients[0]).toEqual({ name: "192.0.2.50", blocked: 4 });
    expect(overview.top.paths[0]).toEqual({ name: "/search", blocked: 4 });
    expect(overview.top.countries).toEqual([{ name: "DE", blocked: 5 }]);
    expect(overview.top.rules.map(({ name }) => name)).toContain("probes/dotfile");
    // Within an eighth, as the histogram promises.
    expect(Math.abs(overview.latencyMs!.p50 - 48)).toBeLessThan(48 / 6);
    expect(Math.abs(overview.latencyMs!.p99 - 99)).toBeLessThan(99 / 6);
    expect(await get<Overview>(console, `api/overview?from=1&to=${86_400_000}`)).toMatchObject({ totals: { requests: 0 }, source: "live" });
    expect((await get<Overview>(console, "api/overview?deployment=other")).totals.requests).toBe(0);
  });

  it("tells deployments in one store apart (S2-240)", async () => {
    const blue = await open({ deployment: "blue" });
    blue.decide(`/?q=${SQL}`);
    blue.decide("/");
    expect(await get<Overview>(blue, "api/overview?deployment=blue")).toMatchObject({ totals: { requests: 2 }, deployments: ["blue"] });
    expect(await get<Overview>(blue, "api/overview?deployment=green")).toMatchObject({ totals: { requests: 0 } });
    for (const [deployment, count] of [
      ["blue", 2],
      ["green", 0],
    ] as const)
      expect((await get<DecisionPage>(blue, `api/decisions?deployment=${deployment}`)).decisions).toHaveLength(count);
  });

  it("reads the hours before its start from the records, a bit at a time", async () => {
    const folder = mkdtempSync(join(tmpdir(), "aiwaf-records-"));
    const records = recordTable(join(folder, "records.db"));
    const console = await open({ records });
    // What this process counts itself is in the records too, and counted once.
    console.waf.subscribe(records.listener);
    const record = JSON.parse(JSON.stringify(await recorded(console, `/x?q=${SQL}`)));
    const now = Date.now();
    for (let hour = 3; hour <= 6; hour++) for (let count = 0; count < 10; count++) records.write({ ...record, at: now - hour * 3_600_000 });
    await records.flush();
    let overview = await get<Overview>(console, `api/overview?from=${now - 8 * 3_600_000}&to=${now}`);
    expect(overview).toMatchObject({ source: "records" });
    for (let tries = 0; overview.partial && tries < 3_000; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      overview = await get<Overview>(console, `api/overview?from=${now - 8 * 3_600_000}&to=${now}`);
    }
    expect(overview).toMatchObject({ partial: false, totals: { blocked: 41 } });
    expect(overview.top.rules[0]?.blocked).toBeGreaterThanOrEqual(40);
    expect(overview.buckets.filter(({ blocked }) => blocked > 0).length).toBeGreaterThanOrEqual(4);
    const day = await get<Overview>(console, `api/overview?from=${now - 24 * 3_600_000}&to=${now}`);
    // The past is known by the minute: each of the four stands where it was, and not at the beginning of its hour.
    const stopped = day.buckets.filter(({ at, blocked }) => blocked > 0 && at + day.bucketMs < now - 600_000);
    expect(stopped.map(({ at, blocked }) => [Math.floor((now - at) / 3_600_000), blocked])).toEqual([
      [6, 10],
      [5, 10],
      [4, 10],
      [3, 10],
    ]);
    for (const [index, { at }] of stopped.entries()) {
      const happened = now - (6 - index) * 3_600_000;
      expect(at <= happened && happened < at + day.bucketMs).toBe(true);
    }
    await records.close();
    rmSync(folder, { recursive: true });
  });
});

async function recorded(console: Console, target: string): Promise<DecisionPage["decisions"][number]> {
  const { id } = console.decide(target);
  return (await get<DecisionDetail>(console, `api/decisions/${id}`)).record;
}

describe("decisions", () => {
  it("of the last moments stand on top of the first page, though no record of them is written yet", async () => {
    const folder = mkdtempSync(join(tmpdir(), "aiwaf-records-"));
    const records = recordTable(join(folder, "records.db"));
    const console = await open({ records });
    const stop = console.waf.subscribe(records.listener);
    const { id: written } = console.decide("/written");
    await records.flush();
    stop();
    const { id: latest } = console.decide("/.env", { client: "192.0.2.3" });
    const page: DecisionPage = await get(console, "api/decisions?limit=1");
    expect(page.decisions.map(({ id }) => id)).toEqual([latest, written]);
    await endAll();
    await records.close();
    rmSync(folder, { recursive: true });
  });

  it("are filtered and paged, from memory and from records alike, and none is shown twice or left out (S5-010, S5-034)", async () => {
    const folder = mkdtempSync(join(tmpdir(), "aiwaf-records-"));
    const records = recordTable(join(folder, "records.db"));
    for (const given of [{}, { records }]) {
      const console = await open(given);
      if ("records" in given) console.waf.subscribe(records.listener);
      for (let count = 0; count < 25; count++) console.decide(`/page-${count}`, { status: count % 5 === 0 ? 404 : 200 });
      for (let count = 0; count < 5; count++) console.decide("/.env", { client: `192.0.2.${count}` });
      await records.flush();
      const source = "records" in given ? "records" : "memory";
      for (const [query, expected] of [
        ["", 30],
        ["action=block", 5],
        ["rule=probes", 5],
        ["status=404", 5],
        ["path=/page-1", 11],
        ["client=192.0.2.3", 1],
        [`from=${Date.now() + 60_000}`, 0],
      ] as const) {
        const seen = new Set<string>();
        let next: string | undefined;
        let pages = 0;
        do {
          const page: DecisionPage = await get(console, `api/decisions?limit=7&${query}${next === undefined ? "" : `&before=${next}`}`);
          expect(page.source).toBe(source);
          for (const { id } of page.decisions) {
            expect(seen.has(id)).toBe(false);
            seen.add(id);
          }
          next = page.next;
        } while (next !== undefined && pages++ < 20);
        expect([source, query, seen.size]).toEqual([source, query, expected]);
      }
      await endAll();
    }
    await records.close();
    rmSync(folder, { recursive: true });
  });

  it("say why: what matched where, through which decoding, what would have let it pass, and the narrowest exception", async () => {
    const console = await open();
    const { id } = console.decide(`/search?q=%2531%2527%2520UNION%2520SELECT%2520password%2520FROM%2520users--%2520`);
    const { explanation } = await get<DecisionDetail>(console, `api/decisions/${id}`);
    expect(explanation).toMatchObject({ outcome: "blocked", threshold: 100 });
    const finding = explanation.findings.find(({ decisive }) => decisive)!;
    expect(finding.where).toBe("query:q");
    expect(finding.match!.sent!.value).toMatch(/^%2531%2527/);
    expect(finding.match!.steps.length).toBeGreaterThan(0);
    expect(finding.match!.steps.at(-1)!.text).toBe(finding.match!.text);
    expect(explanation.counterfactual.without).toContain(finding.rule);
    expect(explanation.counterfactual.scoreThen).toBeLessThan(100);
    expect(explanation.exceptions[0]).toEqual({ rule: finding.rule, path: "/search", parameter: "query:q" });
    const limited = await open({}, { rateLimit: { max: 1, windowMs: 60_000 } });
    limited.decide("/");
    const { id: second } = limited.decide("/");
    const { explanation: about } = await get<DecisionDetail>(limited, `api/decisions/${second}`);
    expect(about).toMatchObject({ outcome: "blocked", exceptions: [], counterfactual: { without: [] } });
    expect((await console.ask("api/decisions/00000000000000000000")).status).toBe(404);
  });
});

describe("an exception", () => {
  it("is previewed on what happened, applied, holds, and is taken back", async () => {
    const console = await open();
    const { id } = console.decide(`/search?q=${SQL}`, { client: "192.0.2.10" });
    for (const client of ["192.0.2.11", "192.0.2.12"]) console.decide(`/search?q=${SQL}`, { client });
    // Excepted at one parameter, it is stopped at the other.
    console.decide(`/search?q=${SQL}&id=${SQL}`, { client: "192.0.2.13" });
    // This one tries other things, too.
    for (const target of [`/search?q=${SQL}`, `/search?q=${SCRIPT}`, "/.env"]) console.decide(target, { client: "192.0.2.66" });
    const { explanation } = await get<DecisionDetail>(console, `api/decisions/${id}`);
    const drafts = explanation.exceptions.filter(({ parameter }) => parameter !== undefined);
    expect(drafts).toHaveLength(explanation.counterfactual.without.length);
    const preview = await bodyOf<Preview>(send(console, "POST", "api/exceptions/preview", { ...drafts[0], decision: id }));
    expect(preview).toMatchObject({ wouldPass: 4, stillStopped: 1, attacks: 1, hostileClients: 1, letsDecisionPass: true });
    expect(preview.clients[0]).toMatchObject({ client: "192.0.2.66", hostile: true, wouldPass: 1 });
    expect(preview.clients[0]!.reasons[0]).toMatch(/^Also stopped by .*probes\/dotfile/);
    expect(await get<ExceptionList>(console, "api/exceptions")).toEqual({ exceptions: [] });
    const added = await change<{ id: string }>(console, "POST", "api/exceptions", { ...drafts[0], reason: "Recipes" }, 201);
    expect((await get<ExceptionList>(console, "api/exceptions")).exceptions).toMatchObject([
      { id: added.id, reason: "Recipes", by: "eve" },
    ]);
    expect(console.decide(`/search?q=${SQL}`).action).toBe("allow");
    expect(console.decide(`/search?id=${SQL}`).action).toBe("block");
    expect((await undo(console, added)).status).toBe(200);
    expect((await undo(console, added)).status).toBe(404);
    expect(console.decide(`/search?q=${SQL}`).action).toBe("block");
    const again = await change<{ id: string }>(console, "POST", "api/exceptions", drafts[0], 201);
    const removed = await change(console, "DELETE", `api/exceptions/${again.id}`, {});
    expect(console.decide(`/search?q=${SQL}`).action).toBe("block");
    await undo(console, removed);
    expect(console.decide(`/search?q=${SQL}`).action).toBe("allow");
  });

  it("is refused for rules that judge clients, and for what is no place", async () => {
    const console = await open();
    for (const draft of [
      { rule: "rate-limit/exceeded", path: "/" },
      { rule: "score/threshold", path: "/" },
      { rule: "sql/union", path: "search" },
      { rule: "sql/union", path: "/a/**/b" },
      { rule: "sql/union" },
      { rule: "", path: "/" },
      { rule: "sql/union", path: "/", until: 5 },
    ])
      for (const path of ["api/exceptions/preview", "api/exceptions"]) {
        if (path.endsWith("preview") && "until" in draft) continue;
        expect([draft, path, (await send(console, "POST", path, draft)).status]).toEqual([draft, path, 400]);
      }
  });
});

describe("bans and exemptions", () => {
  it("are made, listed, ended, and each is taken back", async () => {
    const console = await open();
    const ban = await change(console, "POST", "api/bans", { client: "2001:db8:1:2::7", lengthMs: 60_000 }, 201);
    expect(await get<BanList>(console, "api/bans")).toMatchObject({ bans: [{ client: "2001:db8:1:2::/64" }], truncated: false });
    expect(console.decide("/", { client: "2001:db8:1:2::9" }).action).toBe("block");
    const ended = await change(console, "DELETE", "api/bans", { client: "2001:db8:1:2::/64" });
    expect(console.decide("/", { client: "2001:db8:1:2::9" }).action).toBe("allow");
    expect((await get<Overview>(console, "api/overview")).bans).toMatchObject({ active: 0, undone: 1 });
    await undo(console, ended);
    expect(console.decide("/", { client: "2001:db8:1:2::9" }).action).toBe("block");
    await undo(console, ban);
    expect(await get<BanList>(console, "api/bans")).toEqual({ bans: [], truncated: false });
    expect((await send(console, "DELETE", "api/bans", { client: "192.0.2.1" })).status).toBe(404);

    const exempt = await change(console, "POST", "api/exemptions", { list: "exempt", name: "192.0.2.0/24", reason: "Office" }, 201);
    expect(await get<ExemptionList>(console, "api/exemptions")).toMatchObject({
      exemptions: [{ list: "exempt", name: "192.0.2.0/24", reason: "Office" }],
    });
    const narrowed = await change(console, "POST", "api/exemptions", { list: "exempt", name: "192.0.2.0/24", from: ["headers"] }, 201);
    await undo(console, narrowed);
    expect((await get<ExemptionList>(console, "api/exemptions")).exemptions[0]).toMatchObject({ reason: "Office" });
    await undo(console, exempt);
    expect(await get<ExemptionList>(console, "api/exemptions")).toEqual({ exemptions: [] });
    expect(console.logged.filter((line) => line.startsWith("Console: "))).not.toHaveLength(0);
  });

  it("of one rule are ended together, others stay, and all hold again when that is taken back (D-27)", async () => {
    const console = await open();
    const now = Date.now();
    const ban = (client: string, rule: `${string}/${string}`, strike = 1) => ({ client, rule, since: now, until: now + 600_000, strike });
    const bans = [ban("192.0.2.1", "probes/scan", 2), ban("192.0.2.2", "probes/scan"), ban("192.0.2.3", "rate-limit/flood")];
    await addBans(console.waf.services.store, bans, now);
    const ended = await change<{ ended: number }>(console, "DELETE", "api/bans", { rule: "probes/scan" });
    expect(ended.ended).toBe(2);
    expect((await get<BanList>(console, "api/bans")).bans.map(({ client }) => client)).toEqual(["192.0.2.3"]);
    expect((await send(console, "DELETE", "api/bans", { rule: "probes/scan" })).status).toBe(404);
    await undo(console, ended);
    const list = (await get<BanList>(console, "api/bans")).bans;
    expect([...list].sort((one, other) => (one.client < other.client ? -1 : 1))).toEqual(bans);
  });

  it("are not changed by who may only look", async () => {
    const console = await open({ auth: () => ({ name: "bob", readOnly: true }) });
    for (const [method, path, body] of [
      ["POST", "api/bans", { client: "192.0.2.1", lengthMs: 60_000 }],
      ["PUT", "api/mode", { mode: "report" }],
      ["POST", "api/undo", { undo: "AAAAAAAAAAAAAAAA" }],
    ] as const)
      expect((await send(console, method, path, body)).status).toBe(403);
    expect((await send(console, "POST", "api/exceptions/preview", { rule: "sql/union", path: "/" })).status).toBe(200);
    expect(await get(console, "api/session")).toMatchObject({ readOnly: true, user: "bob", kind: "outer" });
  });
});

describe("rules and the mode", () => {
  it("are switched, hold at once, and are taken back", async () => {
    const console = await open();
    const { id } = console.decide("/.env");
    const { explanation } = await get<DecisionDetail>(console, `api/decisions/${id}`);
    expect(explanation.rule).toBe("probes/dotfile");
    const switched = await change(console, "PUT", "api/rules/probes/dotfile", { mode: "report" });
    expect(console.decide("/.env", { client: "192.0.2.70" }).action).toBe("allow");
    const { rules } = await get<RuleList>(console, "api/rules");
    expect(rules.length).toBeGreaterThan(100);
    expect(rules.find(({ rule }) => rule === "probes/dotfile")).toMatchObject({ mode: "report", by: "eve", found: 2, blocked: 1 });
    expect(rules.filter(({ about }) => about === undefined)).toEqual([]);
    await undo(console, switched);
    expect(console.decide("/.env", { client: "192.0.2.71" }).action).toBe("block");
    expect((await send(console, "PUT", "api/rules/no/such", { mode: "report" })).status).toBe(404);
    expect((await send(console, "PUT", "api/rules/probes/dotfile", { mode: "off" })).status).toBe(400);
  });

  it("lead from reporting to enforcing", async () => {
    const console = await open({}, { mode: "report" });
    for (let count = 0; count < 3; count++) console.decide(`/?q=${SQL}`, { client: `192.0.2.${count}` });
    expect(await get<ModeState>(console, "api/mode")).toMatchObject({
      mode: "report",
      configured: "report",
      guide: { requests: 3, wouldBlock: 3, clientsWouldBlock: 3 },
    });
    const enforced = await change<ModeState>(console, "PUT", "api/mode", { mode: "enforce" });
    expect(enforced).toMatchObject({ mode: "enforce", configured: "report", by: "eve" });
    expect(console.decide(`/?q=${SQL}`).action).toBe("block");
    await undo(console, enforced);
    expect(console.decide(`/?q=${SQL}`).action).toBe("allow");
    expect((await send(await open({}, { mode: "off" }), "PUT", "api/mode", { mode: "enforce" })).status).toBe(409);
  });
});

describe("models", () => {
  it("are listed, compared, rolled back, promoted, and put back, with the trainings that failed (S2-236)", async () => {
    const folder = mkdtempSync(join(tmpdir(), "aiwaf-models-"));
    const models = modelFolder(join(folder, "model.json"));
    await addDemoModels(models);
    const console = await open({ models });
    const list = async (): Promise<ModelList["models"]> => (await get<ModelList>(console, "api/models")).models;
    const [newest, older] = await list();
    expect(newest).toMatchObject({ isCurrent: true });
    expect((await get<TrainingList>(console, "api/training")).trainings.map(({ outcome }) => outcome)).toEqual(["saved", "saved", "saved"]);
    const now = Date.now();
    await models.note({ at: now, outcome: "failed", requests: 0, durationMs: 10, reason: "the log is gone" });
    await models.note({ at: now - 1, outcome: "used", requests: 1_600, durationMs: 700, version: newest!.version });
    // A training and its model are one entry, and one that left none is there, too.
    const { trainings } = await get<TrainingList>(console, "api/training");
    expect(trainings.map(({ outcome }) => outcome)).toEqual(["failed", "used", "saved", "saved"]);
    expect(trainings[0]).toMatchObject({ reason: "the log is gone" });
    expect(trainings[1]).toMatchObject({ version: newest!.version, trainedOn: newest!.trainedOn, durationMs: 700 });
    const diff = await get<ModelDiff>(console, `api/models/diff?a=${older!.version}&b=${newest!.version}`);
    expect(diff.lines.join("\n")).toMatch(/\+ word: phpmyadmin/);
    const rolled = await change(console, "POST", "api/models/rollback", {});
    expect((await list()).map(({ isCurrent }) => isCurrent)).toEqual([false, true, false]);
    await undo(console, rolled);
    expect((await list())[0]).toMatchObject({ isCurrent: true });
    await change(console, "POST", `api/models/${older!.version}/promote`, {});
    expect((await list())[1]).toMatchObject({ isCurrent: true });
    expect((await send(console, "POST", "api/models/20200101T000000-000000000000/promote", {})).status).toBe(404);
    expect(await get(await open(), "api/models")).toMatchObject({ status: 404, code: "unavailable" });
    rmSync(folder, { recursive: true });
  });
});

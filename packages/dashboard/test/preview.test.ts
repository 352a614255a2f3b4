import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createWaf, type Decision, type Waf } from "@aiwaf/core";
import { recommended } from "@aiwaf/core/recommended";
import { recordTable } from "@aiwaf/core/records/sqlite";
import { memoryStore } from "@aiwaf/core/stores/memory";
import { addException } from "@aiwaf/core/switches";
import { afterEach, describe, expect, it } from "vitest";
import type { DecisionDetail, ExceptionDraft, Preview } from "../src/api.ts";
import { bodyOf, type Console, endAll, SQL, send, start } from "./console.ts";

afterEach(endAll);

interface Sent {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

const FILES = ["normal-text", "attacks-sql", "attacks-markup", "attacks-files", "attacks-execution"];
const traffic = FILES.flatMap((file) =>
  readFileSync(new URL(`../../../sandbox/traffic/${file}.jsonl`, import.meta.url), "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line) as Sent),
);

/** Every request from a client of its own, so that each is decided by itself alone. */
async function decideAll(waf: Waf, requests: readonly Sent[]): Promise<readonly Decision[]> {
  const decisions: Decision[] = [];
  for (const [index, { method, url, headers, body }] of requests.entries()) {
    const fields: Readonly<Record<string, string>> = { host: "shop.example", ...headers };
    const bytes = body === null ? undefined : Buffer.from(body);
    const decision = await waf.inspect({
      method,
      target: url,
      headers: { get: (name) => fields[name], [Symbol.iterator]: () => Object.entries(fields)[Symbol.iterator]() },
      peer: `10.0.${index >> 8}.${index & 255}`,
      httpVersion: "1.1",
      ...(bytes !== undefined && { readBody: (limit) => ({ bytes: bytes.subarray(0, limit), complete: bytes.length <= limit }) }),
    });
    waf.observe(decision, { status: decision.action === "block" ? decision.status : 200, durationMs: 3 });
    decisions.push(decision);
  }
  return decisions;
}

const firewall = () => {
  const store = memoryStore();
  return { store, waf: createWaf(recommended({ store, rateLimit: false, log: { warn() {}, error() {} } })) };
};

const previewOf = (console: Console, draft: ExceptionDraft): Promise<Preview> =>
  bodyOf<Preview>(send(console, "POST", "api/exceptions/preview", draft));
const detailOf = (console: Console, id: string): Promise<DecisionDetail> => bodyOf<DecisionDetail>(console.ask(`api/decisions/${id}`));

/** A console that the application lets everybody into. */
async function open(options: Parameters<typeof start>[0], settings: Parameters<typeof start>[1] = {}): Promise<Console> {
  const console = await start({ auth: () => "eve", ...options }, settings);
  console.session = { cookie: "none=none", csrf: "same-origin" };
  return console;
}

describe("the preview of an exception", () => {
  it("says of a day of real attacks what they come to with the exception, to the request, where records keep what was found", async () => {
    const folder = mkdtempSync(join(tmpdir(), "aiwaf-preview-"));
    const records = recordTable(join(folder, "records.db"), { maxWaiting: 100_000 });
    const { waf } = firewall();
    waf.subscribe(records.listener);
    const console = await open({ waf, records });
    const before = await decideAll(waf, traffic);
    await records.flush();
    const drafts = new Map<string, ExceptionDraft>();
    for (const { action, id } of before) {
      if (action === "allow") continue;
      for (const draft of (await detailOf(console, id)).explanation.exceptions) drafts.set(JSON.stringify(draft), draft);
    }
    expect(drafts.size).toBeGreaterThan(100);
    const compared = [...drafts.values()].filter((_, index) => index % Math.ceil(drafts.size / 14) === 0);
    // An exception makes nothing stricter: what passed is not asked again.
    const stopped = traffic.filter((_, index) => before[index]!.action === "block");
    let hidden = 0;
    let passed = 0;
    for (const draft of compared) {
      const preview = await previewOf(console, draft);
      const other = firewall();
      await addException(other.store, { ...draft, rule: draft.rule as `${string}/${string}` }, "eve", Date.now());
      const changed = (await decideAll(other.waf, stopped)).filter(({ action }) => action === "allow").length;
      passed += changed;
      // Nothing passes that the preview did not tell; and where it told too much, it said that it could not know.
      if (preview.wouldPass === changed) continue;
      hidden++;
      expect([draft, preview.wouldPass > changed]).toEqual([draft, true]);
      expect(preview.warnings.join(" ")).toMatch(/not all is kept that was sent/);
    }
    expect(passed).toBeGreaterThan(0);
    expect(hidden).toBeLessThan(compared.length / 4);
    await records.close();
    rmSync(folder, { recursive: true });
  });

  it("does not hold against a client what only follows from the rule itself: its ban, and what the ban refused", async () => {
    const folder = mkdtempSync(join(tmpdir(), "aiwaf-preview-"));
    const records = recordTable(join(folder, "records.db"));
    const console = await open({ records });
    console.waf.subscribe(records.listener);
    // Three dot files ban a client; this one has an honest reason to ask for each.
    const files = ["/.npmrc", "/.DS_Store", "/.env"];
    const asksFor = (client: string): void => {
      for (const file of [...files, ...files]) console.decide(`/backup${file}`, { client, status: 404 });
      for (let count = 0; count < 5; count++) console.decide("/", { client });
    };
    asksFor("192.0.2.20");
    asksFor("192.0.2.21");
    console.decide(`/search?q=${SQL}`, { client: "192.0.2.21" });
    // Attacks before it asks for files.
    console.decide(`/search?q=${SQL}`, { client: "192.0.2.22" });
    asksFor("192.0.2.22");
    await records.flush();
    const stops = records.stops({}, 1_000);
    const refused = (client: string): number => stops.find((one) => one.client === client && one.rule === "blocklist/banned")?.blocked ?? 0;
    const direct = (client: string): number => stops.find((one) => one.client === client && one.rule === "probes/dotfile")?.blocked ?? 0;
    expect(refused("192.0.2.20")).toBeGreaterThan(0);
    const preview = await previewOf(console, { rule: "probes/dotfile", path: "/backup/**" });
    const of = (client: string) => preview.clients.find((one) => one.client === client);
    expect(of("192.0.2.20")).toMatchObject({
      hostile: false,
      reasons: [],
      otherBlocks: 0,
      wouldPass: direct("192.0.2.20") + refused("192.0.2.20"),
    });
    expect(of("192.0.2.22")).toMatchObject({ hostile: true, wouldPass: direct("192.0.2.22") });
    expect(of("192.0.2.22")!.reasons.join(" ")).toMatch(/Also stopped by sql\//);
    // Refused while it was banned: nobody looked at what it attacked with then.
    expect(of("192.0.2.21")).toMatchObject({ hostile: false });
    const sum = preview.clients.reduce((total, { wouldPass }) => total + wouldPass, 0);
    expect(preview).toMatchObject({ wouldPass: sum, hostileClients: 1, attacks: of("192.0.2.22")!.wouldPass });
    expect(preview.afterBan).toBe(refused("192.0.2.20") + refused("192.0.2.21"));
    await records.close();
    rmSync(folder, { recursive: true });
  });

  it("tries and adds at once what it takes where several rules stop a request, those that hide behind others among them", async () => {
    const console = await open({});
    const target = "/search?q=%3Cimg%20src=x%20onerror=alert(1)%3E%3Cscript%3Ealert(2)%3C/script%3E";
    const { id } = console.decide(target, { client: "192.0.2.40" });
    console.decide(target, { client: "192.0.2.41" });
    const { explanation } = await detailOf(console, id);
    const { without, scoreThen } = explanation.counterfactual;
    expect(without.length).toBeGreaterThan(1);
    expect(scoreThen).toBeLessThan(100);
    const [first, ...also] = explanation.exceptions.filter(({ parameter }) => parameter !== undefined);
    const alone = await previewOf(console, { ...first!, decision: id } as ExceptionDraft);
    expect(alone).toMatchObject({ wouldPass: 0, stillStopped: 2, letsDecisionPass: false });
    const drafts = { ...first!, also, decision: id };
    expect(await previewOf(console, drafts as ExceptionDraft)).toMatchObject({ wouldPass: 2, stillStopped: 0, letsDecisionPass: true });
    const added = await bodyOf<{ undo: string }>(send(console, "POST", "api/exceptions", drafts));
    // As the explanation said: it passes.
    expect(console.decide(target, { client: "192.0.2.42" }).action).toBe("allow");
    expect((await send(console, "POST", "api/undo", { undo: added.undo })).status).toBe(200);
    expect(console.decide(target, { client: "192.0.2.43" }).action).toBe("block");
    for (const wrong of [{ also: {} }, { also: [5] }, { also: [{ rule: "geo/blocked", path: "/" }] }, { also: Array(10).fill(first) }])
      expect((await send(console, "POST", "api/exceptions", { ...first, ...wrong })).status).toBe(400);
    expect(await bodyOf(console.ask("api/exceptions"))).toEqual({ exceptions: [] });
  });

  it("finds the hostile in report mode, too, and counts what others would still stop", async () => {
    const folder = mkdtempSync(join(tmpdir(), "aiwaf-preview-"));
    const records = recordTable(join(folder, "records.db"));
    const console = await open({ records }, { mode: "report" });
    console.waf.subscribe(records.listener);
    const { id } = console.decide(`/search?q=${SQL}`, { client: "192.0.2.30" });
    console.decide(`/search?q=${SQL}`, { client: "192.0.2.31" });
    console.decide("/.env", { client: "192.0.2.31" });
    for (let count = 0; count < 300; count++) console.decide("/", { client: "192.0.2.31" });
    console.decide(`/search?q=${SQL}&page=${SQL}`, { client: "192.0.2.32" });
    await records.flush();
    const [draft] = (await detailOf(console, id)).explanation.exceptions;
    const preview = await previewOf(console, draft!);
    expect(preview).toMatchObject({ replayed: 3, wouldPass: 2, attacks: 1, hostileClients: 1, stillStopped: 1, afterBan: 0 });
    expect(preview.clients[0]).toMatchObject({ client: "192.0.2.31", hostile: true, reasons: ["Also stopped by probes/dotfile."] });
    await records.close();
    rmSync(folder, { recursive: true });
  });
});

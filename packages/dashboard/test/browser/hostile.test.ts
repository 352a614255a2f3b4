import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addBans, addEntries } from "@aiwaf/core/lists";
import type { DecisionRecord } from "@aiwaf/core/records";
import { type RecordTable, recordTable } from "@aiwaf/core/records/sqlite";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Demo, startDemo } from "../demo.ts";
import { isMissing, launch, NEEDS, PAGES_FOLDER, PASSWORD, PATIENCE_MS, signIn, type Visit, visit } from "./harness.ts";

const MARKUP = `"'><img src=x onerror=alert(1)><script>alert(2)</script><a href="javascript:alert(3)">{{7*7}}\${7*7}`;
const BIDI = "\u202egnp.exe\u2066\u200b\u0000\u001b[31m\u0085\ufeff\ud800";
const LONG = `${"A".repeat(2_000)}${"שׁ".repeat(200)}${"e\u0301\u0301\u0301\u0301\u0301".repeat(50)}`;
const ALL = `${MARKUP}${BIDI}${LONG}`;
const TEXT = ALL as `${string}/${string}`;

/** A record that nobody's firewall writes: a crafted file, or a detector of the user's own that passes on what it got. */
const hostile = (id: string, fields: Partial<DecisionRecord>): DecisionRecord => ({
  id,
  at: Date.now(),
  label: "unknown",
  class: "live",
  method: `GET${BIDI}`,
  url: `/${ALL}?q=${ALL}`,
  headers: Object.assign(Object.create(null) as Record<string, string>, { "user-agent": ALL, [ALL]: ALL, __proto__: ALL }),
  body: null,
  client: `${MARKUP}${BIDI}`,
  action: "block",
  mode: `${BIDI}${MARKUP}` as "report",
  status: 403,
  rule: TEXT,
  score: 1e300,
  findings: [
    {
      rule: TEXT,
      score: -1e9,
      where: `header:${ALL}`,
      note: ALL,
      match: { text: ALL, start: -5, end: 1e9, decoded: ["__proto__", "constructor", ALL] },
    },
    { rule: TEXT, score: 100, where: "__proto__", match: { text: "", start: 5, end: 2, decoded: [] } },
  ],
  failures: [{ detector: ALL, kind: "error", message: ALL }],
  durationMs: 1e300,
  route: ALL,
  country: `${BIDI}<b>`,
  asn: -1e300,
  threshold: -1,
  deployment: ALL,
  ...fields,
});

const IDS = ["aaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbb", "cccccccccccccccccccc"] as const;

describe.skipIf(isMissing)(`records that attackers wrote, in Chromium ${NEEDS}`, () => {
  let browser: Browser;
  let demo: Demo;
  let records: RecordTable;
  const folder = mkdtempSync(join(tmpdir(), "aiwaf-hostile-"));
  beforeAll(async () => {
    browser = await launch();
    records = recordTable(join(folder, "records.db"));
    const now = Date.now();
    // First, because the newest record tells the store how old the others are.
    records.write(hostile(IDS[2], { at: 8.64e18, score: -0.5, findings: [] }));
    await records.flush();
    records.write(hostile(IDS[0], { at: now - 60_000 }));
    records.write(hostile(IDS[1], { at: now - 59_000, action: "allow", wouldBlock: { status: 403, rule: TEXT } }));
    await records.flush();
    demo = await startDemo({
      ratePerS: 0,
      historyHours: 0,
      password: PASSWORD,
      dashboard: { pages: PAGES_FOLDER, records, deployment: "<b>\u202e" },
    });
    const { store } = demo.waf.services;
    await addBans(store, [{ client: "192.0.2.9", rule: TEXT, since: 1e300, until: 8e300, strike: -1 }], now);
    await addEntries(store, "exempt-path", [{ name: `/${MARKUP}`, reason: ALL.slice(0, 190) }], now).catch(() => {});
    // The beginning of an id is its time: these are kept by nobody but the ring.
    Object.assign(demo.dashboard.events, {
      find: (id: string) => records.find({}, 10).records.find((record) => record.id === id),
    });
  }, PATIENCE_MS * 3);
  afterAll(async () => {
    await browser?.close();
    await demo?.close();
    await records?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Nothing ran, nothing was loaded, nothing is hidden or turned round, nothing reaches over the edge. */
  async function check({ page, wrongs }: Visit, name: string): Promise<void> {
    await page.locator(".skeleton").first().waitFor({ state: "detached" });
    expect([name, await page.locator("img, iframe, object, embed, main script, main style, main a[href^='javascript' i]").count()]).toEqual(
      [name, 0],
    );
    const shown = await page.evaluate(() => document.body.textContent + document.title);
    expect([
      name,
      /[\u0000-\u0008\u000e-\u001f\u0085\u200b\u202a-\u202e\u2066-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])/.exec(shown)?.[0],
    ]).toEqual([name, undefined]);
    expect([name, await isWithin(page)]).toEqual([name, true]);
    expect([name, wrongs]).toEqual([name, []]);
  }
  const isWithin = (page: Page): Promise<boolean> => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);

  for (const [kind, options] of [
    ["desk", {}],
    ["phone", { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }],
  ] as const)
    test(`run nothing, hide nothing and break no page (${kind})`, { timeout: PATIENCE_MS * 3 }, async () => {
      const session = await visit(browser, demo, options);
      await signIn(session);
      for (const [hash, heading] of [
        ["overview?range=1h", "Overview"],
        [
          `overview?path=${encodeURIComponent(MARKUP)}&country=%3Cb%3E&asn=x&deployment=${encodeURIComponent(`${MARKUP}\u202e`)}`,
          "Overview",
        ],
        ["live", "Live"],
        [`live?client=${encodeURIComponent(MARKUP)}&rule=${encodeURIComponent("\u202egnp\u0000")}`, "Live"],
        ["bans", "Bans"],
        ["exceptions", "Exceptions"],
        ["rules", "Rules"],
        ["models", "Models"],
        ["guide", "Start here"],
        [encodeURIComponent(MARKUP), "Not found"],
      ] as const) {
        await session.open(hash, heading);
        await check(session, hash);
      }
      for (const id of IDS) {
        await session.open(`decision/${id}`, /Blocked|Would block/);
        await session.page.getByText("Why", { exact: true }).waitFor();
        await check(session, id);
        // Each is gone once it was pressed.
        const buttons = session.page.getByRole("button", { name: /^Show all/ });
        while ((await buttons.count()) > 0) await buttons.first().click();
        await check(session, `${id} whole`);
      }
      await session.close();
    });
});

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Result } from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Demo, startDemo } from "../demo.ts";
import { isMissing, launch, NEEDS, PAGES_FOLDER, PASSWORD, PATIENCE_MS, signIn, type Visit, visit } from "./harness.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const VERY_LONG_MS = PATIENCE_MS * 3;
const PAGES = [
  ["overview?range=24h", "Overview"],
  ["live", "Live"],
  ["bans", "Bans"],
  ["exceptions", "Exceptions"],
  ["rules", "Rules"],
  ["models", "Models"],
  ["guide", "Start here"],
] as const;

/** What axe holds against the page as it stands, the serious and the critical. */
async function findings(page: Page): Promise<string[]> {
  await page.locator(".skeleton").first().waitFor({ state: "detached" });
  const violations = (await page.evaluate(
    `${AXE};axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations)`,
  )) as readonly Result[];
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(" | ")}`);
}

describe.skipIf(isMissing)(`axe in Chromium ${NEEDS}`, () => {
  let browser: Browser;
  let demo: Demo;
  beforeAll(async () => {
    browser = await launch();
    demo = await startDemo({ ratePerS: 0, historyHours: 2, mode: "enforce", password: PASSWORD, dashboard: { pages: PAGES_FOLDER } });
    await demo.send(40);
  }, VERY_LONG_MS);
  afterAll(async () => {
    await browser?.close();
    await demo?.close();
  });

  describe.each(["light", "dark"] as const)("has nothing serious against the %s pages", (colorScheme) => {
    let session: Visit;
    beforeAll(async () => {
      session = await visit(browser, demo, { colorScheme });
    }, VERY_LONG_MS);
    afterAll(() => session?.close());

    test("of the sign-in", { timeout: VERY_LONG_MS }, async () => {
      await session.page.getByRole("heading", { name: "Sign in" }).waitFor();
      expect(await findings(session.page)).toEqual([]);
      await signIn(session);
    });

    test.each(PAGES)("%s", { timeout: VERY_LONG_MS }, async (hash, heading) => {
      await session.open(hash, heading);
      if (hash === "live") await session.page.locator(".live-body tr").first().waitFor();
      expect(await findings(session.page)).toEqual([]);
    });

    test("of a decision with its preview, a question and a message", { timeout: VERY_LONG_MS }, async () => {
      const { page, open } = session;
      const blocked = await demo.ask("/search?q=%2527%2520OR%2520%25271%2527%253D%25271", "203.0.113.5");
      await open(`decision/${blocked.id}`, /Blocked/);
      await page.getByRole("button", { name: "Preview on the last day" }).click();
      await page.getByText(/would have been decided differently/).waitFor();
      expect(await findings(page)).toEqual([]);
      await open("bans", "Bans");
      await page.getByRole("button", { name: "Ban a client" }).click();
      expect(await findings(page)).toEqual([]);
      await page.getByLabel("Address").fill(colorScheme === "light" ? "192.0.2.40" : "192.0.2.41");
      await page.getByRole("dialog").getByRole("button", { name: "Ban", exact: true }).click();
      await page.locator(".notice").first().waitFor();
      expect(await findings(page)).toEqual([]);
    });
  });

  test("every page can be walked by keyboard, and the focus is always seen", { timeout: VERY_LONG_MS }, async () => {
    const { page, open, close } = await visit(browser, demo);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    for (const [hash, heading] of [...PAGES.slice(1), PAGES[0]]) {
      await open(hash, heading);
      await page.locator(".skeleton").first().waitFor({ state: "detached" });
      // As after following a link between documents, reading begins at the new page's heading.
      expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("H1");
      const unseen: string[] = [];
      for (let step = 0; step < 12; step++) {
        await page.keyboard.press("Tab");
        const problem = await page.evaluate(() => {
          const active = document.activeElement;
          if (active === null || active === document.body) return undefined;
          const styles = [getComputedStyle(active), getComputedStyle(active, "::after")];
          return styles.some(({ outlineStyle }) => outlineStyle !== "none") ? undefined : active.outerHTML.slice(0, 120);
        });
        if (problem !== undefined) unseen.push(problem);
      }
      expect(unseen, hash).toEqual([]);
    }
    await open("bans", "Bans");
    const opener = page.getByRole("button", { name: "Ban a client" });
    await opener.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await expect.poll(() => opener.evaluate((button) => button === document.activeElement)).toBe(true);
    await close();
  });
});

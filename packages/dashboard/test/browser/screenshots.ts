/**
 * Takes the pictures of `docs/dashboard`: `node packages/dashboard/test/browser/screenshots.ts`. Needs a build and Chromium.
 *
 * @module
 */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { BrowserContextOptions } from "playwright-core";
import { startDemo } from "../demo.ts";
import { launch, PAGES_FOLDER, PASSWORD, signIn, type Visit, visit } from "./harness.ts";

const FOLDER = fileURLToPath(new URL("../../../../docs/dashboard/", import.meta.url));
const DESK: BrowserContextOptions = { viewport: { width: 1280, height: 820 } };
const PHONE: BrowserContextOptions = { viewport: { width: 360, height: 760 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };
/** Encoded twice, as filters are tried. */
const ATTACK = "/search?q=%2527%2520UNION%2520SELECT%2520login%252Cpassword%2520FROM%2520users--&page=2";

mkdirSync(FOLDER, { recursive: true });
const pages = { pages: PAGES_FOLDER };
const demo = await startDemo({ ratePerS: 0, historyHours: 24, mode: "enforce", password: PASSWORD, dashboard: pages });
const fresh = await startDemo({ ratePerS: 0, historyHours: 0, mode: "report", password: PASSWORD, dashboard: pages });
const browser = await launch();

/** Opens a page, lets it settle, and keeps a picture of it. */
async function picture(session: Visit, name: string, hash: string, heading: string | RegExp, prepare?: () => Promise<void>): Promise<void> {
  await session.open(hash, heading);
  await session.page.locator(".skeleton").first().waitFor({ state: "detached" });
  await prepare?.();
  // What has the focus has a frame around it.
  await session.page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await session.page.mouse.move(0, 0);
  await session.page.waitForTimeout(400);
  await session.page.screenshot({ path: `${FOLDER}${name}.png` });
  console.log(`docs/dashboard/${name}.png`);
}

/** Traffic for as long as the live page is pictured. */
async function underTraffic(act: () => Promise<void>): Promise<void> {
  const timer = setInterval(() => void demo.send(1 + Math.round(Math.random() * 6)), 250);
  await act();
  clearInterval(timer);
}

try {
  await demo.send(50);
  await fresh.send(1_400);
  const attack = await demo.ask(ATTACK, "203.0.113.77");
  const light = await visit(browser, demo, { ...DESK, colorScheme: "light" });
  await signIn(light);
  const isRead = (): Promise<void> => light.page.getByText("still being read").waitFor({ state: "detached" });
  await picture(light, "overview-light", "overview?range=24h", "Overview", isRead);
  const dark = await visit(browser, demo, { ...DESK, colorScheme: "dark" });
  await signIn(dark);
  await picture(dark, "overview-dark", "overview?range=24h", "Overview");
  await picture(dark, "models-dark", "models", "Models", () => dark.page.locator(".diff li").first().waitFor());
  await picture(light, "decision-light", `decision/${attack.id}`, /Blocked/, async () => {
    await light.page.getByRole("button", { name: "Preview on the last day" }).click();
    await light.page.getByText(/would have been decided differently/).waitFor();
  });
  const phone = await visit(browser, demo, { ...PHONE, colorScheme: "light" });
  await signIn(phone);
  await picture(phone, "decision-phone", `decision/${attack.id}`, /Blocked/);
  await underTraffic(async () => {
    await picture(dark, "live-dark", "live", "Live", async () => {
      await dark.page.waitForTimeout(20_000);
      await dark.page.waitForFunction(() => document.querySelectorAll(".live-block").length > 3);
      await dark.page.getByRole("button", { name: "Pause" }).click();
    });
    await picture(phone, "live-phone", "live", "Live", () => phone.page.waitForTimeout(3_000));
  });
  await picture(light, "rules-light", "rules", "Rules", async () => {
    await light.page.getByLabel("Show").selectOption("busy");
  });
  const first = await visit(browser, fresh, { ...DESK, colorScheme: "light" });
  await signIn(first);
  await picture(first, "guide-light", "guide", "Start here");
} finally {
  await browser.close();
  await demo.close();
  await fresh.close();
}

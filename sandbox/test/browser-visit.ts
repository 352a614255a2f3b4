/**
 * What the browser tests share: a browser when there is one, and pages that note what goes wrong on them.
 *
 * @module
 */
import { existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page, type Response } from "playwright-core";
import { expect } from "vitest";

const executablePath = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";
/** Without a browser the tests are skipped by name; `apt-get install chromium` or CHROMIUM_PATH enables them. */
export const hasBrowser = existsSync(executablePath);
/** Screenshots are kept here, for people to look at. */
export const pictures = fileURLToPath(new URL("../results/browser/", import.meta.url));

/** A guard against hanging, for a browser on a busy machine. */
const PATIENCE_MS = 100_000;

export async function launchBrowser(): Promise<Browser> {
  mkdirSync(pictures, { recursive: true });
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"], timeout: PATIENCE_MS });
}

/** A page, and what happened while it was used. */
export interface Visit {
  readonly page: Page;
  /** Every answer of the firewall. */
  readonly blocked: string[];
  /** Every error of the page's own scripts. */
  readonly errors: string[];
  /** Everything that a content security policy refused. */
  readonly refused: string[];
  end(): Promise<void>;
}

/** A new visitor, with cookies of their own. */
export async function visit(browser: Browser, headers: Readonly<Record<string, string>> = {}): Promise<Visit> {
  const context = await browser.newContext({ extraHTTPHeaders: headers, viewport: { width: 900, height: 600 } });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const blocked: string[] = [];
  const errors: string[] = [];
  const refused: string[] = [];
  page.on("response", (response) => {
    if (response.headers()["x-aiwaf-id"] !== undefined) blocked.push(`${response.status()} ${response.url()}`);
  });
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (/Content.Security.Policy/i.test(message.text())) refused.push(message.text());
  });
  return { page, blocked, errors, refused, end: () => context.close() };
}

/** The firewall's page as a person sees it: the status, readable, in the middle, with the reference; and a picture of it. */
export async function expectBlockPage(
  { page, errors, refused }: Visit,
  response: Response | null,
  status: number,
  picture: string,
): Promise<void> {
  expect(response?.status()).toBe(status);
  expect(await page.getByRole("heading", { level: 1 }).isVisible()).toBe(true);
  expect(await page.locator("small").textContent()).toBe(`Reference: ${response?.headers()["x-aiwaf-id"]}`);
  // Where a policy had refused the style, the text would stand at the upper left.
  const box = await page.locator("main").boundingBox();
  const middle = { x: (box?.x ?? 0) + (box?.width ?? 0) / 2, y: (box?.y ?? 0) + (box?.height ?? 0) / 2 };
  expect([Math.abs(middle.x - 450) < 20, Math.abs(middle.y - 300) < 20]).toEqual([true, true]);
  expect([errors, refused]).toEqual([[], []]);
  await page.screenshot({ path: `${pictures}${picture}.png` });
}

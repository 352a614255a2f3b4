/**
 * A browser in front of the demo, and everything that must not happen while it is used.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from "playwright-core";
import type { Demo } from "../demo.ts";

const executablePath = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";

/** Without a browser these suites are skipped by name. */
export const isMissing = !existsSync(executablePath);
/** For the names of suites. */
export const NEEDS = "(apt-get install chromium enables this)";
/** What the build made of the pages. */
export const PAGES_FOLDER = fileURLToPath(new URL("../../dist/app/", import.meta.url));
export const PASSWORD = "a password for tests";
/** No page waits for anything this long; only a hanging one does. */
export const PATIENCE_MS = 60_000;

export const launch = (): Promise<Browser> => chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });

/** A page, and what went wrong in it. */
export interface Visit {
  readonly page: Page;
  /** Errors of scripts, refused by policy, dialogs, and requests to anywhere else. Has to stay empty. */
  readonly wrongs: string[];
  /** Goes to a page of the console and waits for its heading. */
  open(hash: string, heading: string | RegExp): Promise<void>;
  close(): Promise<void>;
}

/** Opens the console in a browser of its own cookies. */
export async function visit(browser: Browser, demo: Pick<Demo, "url">, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const wrongs: string[] = [];
  const { origin } = new URL(demo.url);
  page.on("pageerror", (error) => wrongs.push(`error: ${error.message}`));
  page.on("console", (message) => {
    // The browser reports every answer that is not 2xx; the page is expected to cope with those.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) wrongs.push(`console: ${message.text()}`);
  });
  page.on("dialog", (dialog) => {
    wrongs.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.origin !== origin && url.protocol !== "data:") wrongs.push(`request to ${request.url()}`);
  });
  await page.goto(demo.url);
  return {
    page,
    wrongs,
    async open(hash, heading) {
      await page.goto(`${demo.url}#/${hash}`);
      await page.getByRole("heading", { level: 1, name: heading }).waitFor();
    },
    close: () => context.close(),
  };
}

/** Signs in with the password. */
export async function signIn({ page }: Visit): Promise<void> {
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Sign out" }).waitFor();
}

/** The message that offers to take something back. */
export const notice = (page: Page, text: string | RegExp): Locator => page.locator(".notice").filter({ hasText: text });

/** Takes it back and waits until the server has said so. */
export async function undo(page: Page, text: string | RegExp): Promise<void> {
  await notice(page, text).getByRole("button", { name: "Undo" }).click();
  await notice(page, text).waitFor({ state: "detached" });
}

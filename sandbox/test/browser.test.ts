import { existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Framework, type LaunchedApp, launchApp } from "../src/hosts/launch.ts";

const executablePath = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";
const isMissing = !existsSync(executablePath);
const pictures = fileURLToPath(new URL("../results/browser/", import.meta.url));

/** Without a browser, skipped by name; `apt-get install chromium` or CHROMIUM_PATH enables it. */
describe.skipIf(isMissing)("a person with Chromium (apt-get install chromium enables this)", () => {
  let browser: Browser;
  beforeAll(async () => {
    mkdirSync(pictures, { recursive: true });
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  });
  afterAll(() => browser?.close());

  describe.each(["next", "sveltekit", "nuxt"] satisfies Framework[])("on the built %s example", (framework) => {
    let app: LaunchedApp;
    let origin = "";
    beforeAll(async () => {
      const folder = new URL(`../../examples/${framework}/`, import.meta.url);
      // SvelteKit takes itself for https unless it is told, and refuses forms of other origins.
      const env = framework === "sveltekit" ? { PROTOCOL_HEADER: "x-forwarded-proto" } : {};
      app = await launchApp(framework, undefined, env, folder);
      origin = `http://127.0.0.1:${app.port}`;
    });
    afterAll(() => app?.stop());

    /** A page, and every answer of the firewall and every error of the page's own scripts while it is used. */
    async function visit(): Promise<{ page: Page; blocked: string[]; errors: string[] }> {
      const headers: Record<string, string> = framework === "sveltekit" ? { "x-forwarded-proto": "http" } : {};
      const page = await (await browser.newContext({ extraHTTPHeaders: headers })).newPage();
      const blocked: string[] = [];
      const errors: string[] = [];
      page.on("response", (response) => {
        if (response.headers()["x-aiwaf-id"] !== undefined) blocked.push(`${response.status()} ${response.url()}`);
      });
      page.on("pageerror", (error) => errors.push(String(error)));
      return { page, blocked, errors };
    }

    test("reads, signs, follows links, goes back and forward, and is never blocked", async () => {
      const { page, blocked, errors } = await visit();
      await page.goto(origin);
      await page.waitForLoadState("networkidle");
      await page.getByLabel("Your entry").fill("O'Brien & Söhne: 1 < 2 -- really?");
      await page.getByRole("button", { name: "Sign" }).click();
      await page.getByText("O'Brien & Söhne: 1 < 2 -- really?").first().waitFor();
      await page.getByRole("link", { name: "About" }).hover();
      await page.getByRole("link", { name: "About" }).click();
      await page.getByRole("heading", { name: "About" }).waitFor();
      await page.goBack();
      await page.getByRole("heading", { name: "Guest book" }).waitFor();
      await page.goForward();
      await page.getByRole("heading", { name: "About" }).waitFor();
      await page.reload();
      expect([blocked, errors]).toEqual([[], []]);
      await page.screenshot({ path: `${pictures}${framework}-visited.png` });
      await page.context().close();
    });

    test("uploads a file from a script, whole", async () => {
      const { page, blocked } = await visit();
      await page.goto(`${origin}/about`);
      const told = await page.evaluate(async () => {
        const response = await fetch("/files/photo.jpg", {
          method: "PUT",
          body: new Blob([new Uint8Array(400_000)], { type: "image/jpeg" }),
        });
        return response.json();
      });
      expect([told, blocked]).toEqual([{ name: "photo.jpg", bytes: 400_000 }, []]);
      await page.context().close();
    });

    test("sees a readable page, with its reference, where something is blocked", async () => {
      const { page, blocked } = await visit();
      const response = await page.goto(`${origin}/.env`);
      expect([response?.status(), blocked.length]).toEqual([403, 1]);
      expect(await page.locator("body").textContent()).toContain(response?.headers()["x-aiwaf-id"]);
      await page.screenshot({ path: `${pictures}${framework}-blocked.png` });
      await page.context().close();
    });
  });
});

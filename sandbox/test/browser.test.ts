import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Framework, type LaunchedApp, launchApp } from "../src/hosts/launch.ts";
import { expectBlockPage, hasBrowser, launchBrowser, pictures, type Visit, visit } from "./browser-visit.ts";

describe.skipIf(!hasBrowser)("a person with Chromium (apt-get install chromium enables this)", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
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

    const come = (): Promise<Visit> => visit(browser, framework === "sveltekit" ? { "x-forwarded-proto": "http" } : {});

    test("reads, signs, follows links, goes back and forward, and is never blocked", async () => {
      const { page, blocked, errors } = await come();
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
      const { page, blocked } = await come();
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
      const one = await come();
      const response = await one.page.goto(`${origin}/.env`);
      await expectBlockPage(one, response, 403, `${framework}-blocked`);
      expect(one.blocked).toHaveLength(1);
      await one.end();
    });
  });
});

import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { formTokens } from "@aiwaf/core/forms";
import { protect } from "@aiwaf/express";
import express from "express";
import type { Browser, Response } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTarget } from "../src/targets/start.ts";
import type { TargetHandle, TargetName } from "../src/types.ts";
import { expectBlockPage, hasBrowser, launchBrowser, visit } from "./browser-visit.ts";

describe.skipIf(!hasBrowser)("a customer with Chromium (apt-get install chromium enables this)", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser?.close());

  describe.each(["protected_next", "protected_sveltekit", "protected_nuxt"] satisfies TargetName[])("in the shop on %s", (name) => {
    let target: TargetHandle;
    // SvelteKit takes itself for https unless it is told, and refuses forms of other origins.
    const headers = name === "protected_sveltekit" ? { "x-forwarded-proto": "http" } : {};
    beforeAll(async () => {
      process.env["PROTOCOL_HEADER"] = "x-forwarded-proto";
      target = await startTarget(name, { startTimeoutMs: 100_000 });
      delete process.env["PROTOCOL_HEADER"];
    });
    afterAll(() => target?.stop());

    test("searches, logs in, buys, reviews, uploads, prefetches, goes back and forward, and is never blocked", async () => {
      const one = await visit(browser, headers);
      const { page, blocked, errors } = one;
      await page.goto(target.url);
      await page.getByLabel("Search").fill("Drop everything & paddle -- 50% off?");
      await page.getByRole("button", { name: "Find" }).click();
      await page.waitForURL(/search/);
      await page.getByRole("link", { name: "Log in" }).click();
      const form = page.locator("form.card");
      await form.locator("[name=email]").fill("tom.oneill@mail.example");
      // A customer's real password, in the shop's own data.
      await form.locator("[name=password]").fill("select*from*Dublin");
      await form.getByRole("button", { name: "Log in" }).click();
      await page.waitForLoadState();
      expect(await page.locator("body").textContent()).toContain("O'Neill");
      // What Next's, SvelteKit's and Nuxt's links do as well: load the next page before it is asked for.
      await page.goto(`${target.url}/products`);
      await page.evaluate(
        (paths) =>
          Promise.all(
            paths.map(
              (href) =>
                new Promise((resolve) => {
                  const link = Object.assign(document.createElement("link"), {
                    rel: "prefetch",
                    href,
                    onload: resolve,
                    onerror: resolve,
                  });
                  document.head.append(link);
                }),
            ),
          ),
        ["/product/3", "/product/8", "/product/17", "/basket"],
      );
      await page.goto(`${target.url}/product/3`);
      await page.locator("form[action='/reviews'] [name=name]").fill("Tom O'Neill");
      await page.locator("form[action='/reviews'] textarea").fill("Bright & light; 5 < 6 stars -- I'd select it from any table again.");
      await page.locator("form[action='/reviews'] button").click();
      await page.waitForLoadState();
      await page.goto(`${target.url}/product/3`);
      await page.getByText("I'd select it from any table").first().waitFor();
      await page.locator("form[action='/basket'] button").click();
      await page.waitForLoadState();
      await page.goBack();
      await page.goForward();
      await page.goto(`${target.url}/upload`);
      await page.setInputFiles("[type=file]", {
        name: "Björn's photo (1).jpg",
        mimeType: "image/jpeg",
        buffer: Buffer.alloc(300_000, 0xd8),
      });
      await page.locator("form.card [name=title]").fill("My lantern & me");
      await page.locator("form.card button").click();
      await page.waitForLoadState();
      await page.getByText("Björn's photo (1).jpg").first().waitFor();
      const stored = await page.request.get(`${target.url}/uploads/${encodeURIComponent("Björn's photo (1).jpg")}`);
      expect((await stored.body()).length).toBe(300_000);
      expect([blocked, errors]).toEqual([[], []]);
      await one.end();
    });

    test("who mistypes a password too often reads a page that asks for patience", async () => {
      const one = await visit(browser, headers);
      let told: Response | null = null;
      for (let attempt = 1; attempt <= 8 && told?.status() !== 429; attempt++) {
        await one.page.goto(`${target.url}/login`);
        await one.page.locator("form.card [name=email]").fill("ana.kovac@mail.example");
        await one.page.locator("form.card [name=password]").fill(`green-Kayak-${attempt}`);
        const answered = one.page.waitForResponse((response) => response.request().method() === "POST");
        await one.page.locator("form.card button").click();
        told = await answered;
        await one.page.waitForLoadState();
      }
      expect(Number(told?.headers()["retry-after"])).toBeGreaterThan(0);
      await expectBlockPage(one, told, 429, `${name}-429`);
      await one.end();
    });
  });

  describe("with a form that is signed, under a strict content security policy", () => {
    const tokens = formTokens({ secret: "sixteen characters or more" });
    let server: Server;
    let origin = "";
    let shown = 0;
    let orders = 0;
    beforeAll(async () => {
      const app = express();
      // Its deadline is not what is tested, on machines that stall for a moment.
      app.use(protect({ honeypot: { tokens, minFormTimeMs: 0 }, deadlineMs: 60_000 }));
      app.get("/order", async (_, response) => {
        // The first page was left open for two hours.
        const issuedAt = Date.now() - (++shown === 1 ? 7_200_000 : 0);
        response.setHeader("content-security-policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'");
        const fields = await tokens.fields("/order", issuedAt);
        response.send(
          `<!doctype html><title>Order</title><form method="post" action="/order">${fields}<input name="note"><button>Order</button></form>`,
        );
      });
      app.post("/order", (_, response) => {
        response.send(`<!doctype html><h1>Order ${++orders}</h1>`);
      });
      server = app.listen(0, "127.0.0.1");
      await once(server, "listening");
      origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    afterAll(() => {
      server.closeAllConnections();
      server.close();
    });

    test("who left a form open too long is asked to reload it, does, and gets through", async () => {
      const one = await visit(browser);
      const { page } = one;
      const send = async (): Promise<Response> => {
        await page.locator("[name=note]").fill("Two, please");
        const answered = page.waitForResponse((response) => response.request().method() === "POST");
        await page.getByRole("button", { name: "Order" }).click();
        return answered;
      };
      await page.goto(`${origin}/order`);
      expect(await page.locator(`[name=${tokens.trapField}]`).isVisible()).toBe(false);
      const expired = await send();
      await page.getByText("Please reload it").waitFor();
      await expectBlockPage(one, expired, 409, "form-409");
      await page.goBack();
      await page.reload();
      expect((await send()).status()).toBe(200);
      await page.getByRole("heading", { name: "Order 1" }).waitFor();
      expect([one.errors, one.refused]).toEqual([[], []]);
      await one.end();
    });
  });
});

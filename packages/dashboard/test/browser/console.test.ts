import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Demo, startDemo } from "../demo.ts";
import { isMissing, launch, NEEDS, notice, PAGES_FOLDER, PASSWORD, PATIENCE_MS, signIn, undo, type Visit, visit } from "./harness.ts";

/** Encoded twice: what the rule sees is in neither of the first two readings. */
const DOUBLE_ENCODED = "/search?q=%2527%2520OR%2520%25271%2527%253D%25271&page=2";
/** Markup, quotes, a bidi override, a null byte and an escape sequence, raw and encoded. */
const HOSTILE = `/search?q=<img src=x onerror=alert(1)><script>alert(2)</script>"'{{7*7}}%E2%80%AEgnp.exe%00%1b[31m&long=${"A".repeat(900)}`;
const VERY_LONG_MS = PATIENCE_MS * 3;

/** Asks again and again: pages and processes take the time they take. */
const eventually: <T>(read: () => T) => ReturnType<typeof expect.poll<T>> = (read) =>
  expect.poll(read, { timeout: PATIENCE_MS, interval: 50 });

/** Nothing reaches over the right edge. */
const isWithin = (page: Page): Promise<boolean> => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);

describe.skipIf(isMissing)(`an operator in Chromium ${NEEDS}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  }, PATIENCE_MS);
  afterAll(() => browser?.close());

  describe("on the first day", () => {
    let demo: Demo;
    let first: Visit;
    beforeAll(async () => {
      demo = await startDemo({ ratePerS: 0, historyHours: 0, mode: "report", dashboard: { pages: PAGES_FOLDER } });
      first = await visit(browser, demo);
    }, VERY_LONG_MS);
    afterAll(async () => {
      await first?.close();
      await demo?.close();
    });

    test("signs in with the one-time token, once, and chooses a password", { timeout: VERY_LONG_MS }, async () => {
      const { page } = first;
      await page.getByRole("heading", { name: "First sign-in" }).waitFor();
      await page.getByLabel("One-time token").fill("not the token");
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByRole("alert").waitFor();
      await page.getByLabel("One-time token").fill(demo.token ?? "");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "Choose a password" }).waitFor();
      await page.getByLabel("Password").fill(PASSWORD);
      await page.getByLabel("The same again").fill(`${PASSWORD}!`);
      await page.getByRole("button", { name: "Set password" }).click();
      await page.getByText("The two passwords differ.").waitFor();
      await page.getByLabel("The same again").fill(PASSWORD);
      await page.getByRole("button", { name: "Set password" }).click();
      await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    });

    test("is told what an empty console is waiting for", { timeout: VERY_LONG_MS }, async () => {
      const { page, open } = first;
      await page.getByText("No requests in this time").waitFor();
      await open("live", "Live");
      await page.getByText("No decisions yet").waitFor();
      await open("bans", "Bans");
      await page.getByText("Nobody is banned").waitFor();
      await open("exceptions", "Exceptions");
      await page.getByText("No exceptions", { exact: true }).waitFor();
      await page.getByText("Nothing is exempt").waitFor();
      await open("decision/nothing-of-that-name", "Decision");
      await page.getByText("This decision is not kept any more").waitFor();
    });

    test("is led from reporting to enforcement, and back by undo", { timeout: VERY_LONG_MS }, async () => {
      const { page, open } = first;
      const attacked = await demo.ask("/search?q=1%27%20UNION%20SELECT%20password%20FROM%20users--", "203.0.113.9");
      expect(attacked.action).toBe("allow");
      await open("guide", "Start here");
      await page.getByText("would have been blocked").waitFor();
      expect(await page.getByRole("main").textContent()).toContain("1 of 1 requests");
      await page.getByRole("button", { name: "Enforce…" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Enforce", exact: true }).click();
      await page.getByText("The site is protected").waitFor();
      await eventually(async () => (await demo.ask("/search?q=1%27%20UNION%20SELECT%201--", "203.0.113.9")).action).toBe("block");
      await undo(page, "The firewall enforces");
      await eventually(async () => (await demo.ask("/search?q=1%27%20UNION%20SELECT%201--", "203.0.113.9")).action).toBe("allow");
      await page.getByRole("button", { name: "Enforce…" }).waitFor();
    });

    test("signs out, and needs the password from then on", { timeout: VERY_LONG_MS }, async () => {
      const { page, wrongs } = first;
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      await page.reload();
      await signIn(first);
      expect(wrongs).toEqual([]);
    });
  });

  describe("on every other day", () => {
    let demo: Demo;
    let session: Visit;
    beforeAll(async () => {
      demo = await startDemo({ ratePerS: 0, historyHours: 2, mode: "enforce", password: PASSWORD, dashboard: { pages: PAGES_FOLDER } });
      session = await visit(browser, demo);
      await signIn(session);
    }, VERY_LONG_MS);
    afterAll(async () => {
      await session?.close();
      await demo?.close();
    });

    test("S5-010 watches an attack arrive, filters it, pauses, and opens a decision by keyboard", { timeout: VERY_LONG_MS }, async () => {
      const { page, open } = session;
      await open("live", "Live");
      await page.getByText("Connected", { exact: true }).waitFor();
      await demo.send(60);
      const rows = page.locator(".live-body tr");
      await rows.first().waitFor();
      await page.getByLabel("Verdict").selectOption("block");
      await eventually(() => page.url()).toContain("action=block");
      await eventually(async () => [...new Set(await page.locator(".live-body .live-verdict").allTextContents())]).toEqual(["Blocked"]);
      await page.getByLabel("Rule").fill("probes");
      await eventually(async () =>
        (await page.locator(".live-body .live-rule").allTextContents()).every((rule) => rule.startsWith("probes/")),
      ).toBe(true);
      await page.getByRole("button", { name: "Clear" }).click();
      await eventually(() => page.url()).not.toContain("action");
      await page.getByText("Connected", { exact: true }).waitFor();
      await rows.first().waitFor();
      await page.getByRole("button", { name: "Pause" }).click();
      const newest = await rows.first().getAttribute("data-id");
      await demo.send(5);
      await page.getByRole("button", { name: /newer: show them/ }).waitFor();
      expect(await rows.first().getAttribute("data-id")).toBe(newest);
      await page.getByRole("button", { name: /newer: show them/ }).click();
      await eventually(() => rows.first().getAttribute("data-id")).not.toBe(newest);
      await rows.first().getByRole("link").focus();
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("ArrowDown");
      const wanted = await page.evaluate(() => document.activeElement?.closest("tr")?.getAttribute("data-id"));
      expect(wanted).toBe(await rows.nth(2).getAttribute("data-id"));
      await page.keyboard.press("Enter");
      await eventually(() => page.url()).toContain(`#/decision/${wanted}`);
    });

    test("S5-009 sees requests and blocks over time, as pictures and as tables", { timeout: VERY_LONG_MS }, async () => {
      const { page, open } = session;
      await open("overview?range=24h", "Overview");
      for (const title of ["Requests", "Stopped", "Response time", "Ban churn"]) {
        await page
          .getByRole("img", { name: `Chart of ${title}` })
          .locator("canvas")
          .waitFor();
      }
      await page.getByRole("button", { name: "Table of Stopped" }).click();
      const table = page.getByRole("region", { name: "Stopped as a table" });
      const cells = await table.locator("td:nth-child(2)").allTextContents();
      expect(cells.reduce((sum, cell) => sum + Number(cell.replaceAll(",", "")), 0)).toBeGreaterThan(0);
      for (const title of ["Rules", "Clients", "Paths", "Countries"]) {
        expect(await page.getByRole("region", { name: title, exact: true }).getByRole("link").count()).toBeGreaterThan(0);
      }
    });

    test("reads why a request was blocked, down to the characters that were sent", { timeout: VERY_LONG_MS }, async () => {
      const { page, open } = session;
      const decision = await demo.ask(DOUBLE_ENCODED, "203.0.113.21");
      expect(decision.action).toBe("block");
      await open(`decision/${decision.id}`, /Blocked/);
      const rule = decision.action === "block" ? decision.rule : "";
      const finding = page.getByRole("region", { name: new RegExp(`1\\..*${rule}`) });
      await finding.getByText("Decided").waitFor();
      const steps = finding.getByRole("list", { name: "From what was sent to what the rule saw" }).getByRole("listitem");
      expect(await steps.count()).toBeGreaterThanOrEqual(2);
      expect(await steps.first().textContent()).toContain("%2527");
      expect(await steps.first().locator("mark").textContent()).toContain("OR");
      expect(await steps.last().textContent()).not.toContain("%");
      await page.getByText(/^Without .* the request passes/).waitFor();
    });

    test("excepts one rule at one parameter after seeing what that would have done, and takes it back", {
      timeout: VERY_LONG_MS,
    }, async () => {
      const { page, open } = session;
      const blocked = await demo.ask(DOUBLE_ENCODED, "198.51.100.44");
      expect(blocked.action).toBe("block");
      await open(`decision/${blocked.id}`, /Blocked/);
      const card = page.getByRole("region", { name: "If this was a mistake" });
      expect(await card.getByRole("radio").first().isChecked()).toBe(true);
      expect(await card.locator(".draft").first().textContent()).toContain("query:q");
      expect(await card.getByRole("button", { name: /^Add/ }).count()).toBe(0);
      await card.getByRole("button", { name: "Preview on the last day" }).click();
      await card.getByText(/would have been decided differently/).waitFor();
      await card.getByLabel("Reason").fill("Somebody searches for it");
      await card.getByRole("button", { name: /^Add/ }).click();
      await notice(page, "Exception added").waitFor();
      await eventually(async () => (await demo.ask(DOUBLE_ENCODED, "198.51.100.44")).action).toBe("allow");
      expect((await demo.ask(DOUBLE_ENCODED.replace("?q=", "?r="), "198.51.100.44")).action).toBe("block");
      await undo(page, "Exception added");
      await eventually(async () => (await demo.ask(DOUBLE_ENCODED, "198.51.100.44")).action).toBe("block");
      await open("exceptions", "Exceptions");
      await page.getByText("No exceptions", { exact: true }).waitFor();
    });

    test("S3-086 bans, ends a ban, and has it back by undo", { timeout: VERY_LONG_MS }, async () => {
      const { page, open } = session;
      await open("bans", "Bans");
      await page.getByRole("button", { name: "Ban a client" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("Address").fill("not an address");
      await dialog.getByRole("button", { name: "Ban", exact: true }).click();
      await dialog.getByRole("alert").waitFor();
      await dialog.getByLabel("Address").fill("192.0.2.99");
      await dialog.getByRole("button", { name: "Ban", exact: true }).click();
      await dialog.waitFor({ state: "detached" });
      expect((await demo.ask("/", "192.0.2.99")).action).toBe("block");
      await page.getByRole("button", { name: "End the ban of 192.0.2.99" }).click();
      await notice(page, "The ban of 192.0.2.99 was ended").waitFor();
      expect((await demo.ask("/", "192.0.2.99")).action).toBe("allow");
      await undo(page, "The ban of 192.0.2.99 was ended");
      await page.getByRole("button", { name: "End the ban of 192.0.2.99" }).waitFor();
      expect((await demo.ask("/", "192.0.2.99")).action).toBe("block");
    });

    test("S3-086 exempts a client, and sees who said so", { timeout: VERY_LONG_MS }, async () => {
      const { page, open } = session;
      await open("exceptions", "Exceptions");
      await page.getByRole("button", { name: "Exempt a client or path" }).click();
      await page.getByLabel("Address or range").fill("192.0.2.200");
      await page.getByLabel("Reason").fill("The <b>monitor</b>");
      await page.getByRole("dialog").getByRole("button", { name: "Exempt", exact: true }).click();
      await page.getByRole("listitem").filter({ hasText: "192.0.2.200" }).getByText("The <b>monitor</b>").waitFor();
      await page.getByRole("button", { name: "Remove the exemption of 192.0.2.200" }).click();
      await notice(page, "is not exempt any more").waitFor();
      await undo(page, "is not exempt any more");
      await page.getByRole("button", { name: "Remove the exemption of 192.0.2.200" }).waitFor();
    });

    test("lets one rule only report, and enforces it again", { timeout: VERY_LONG_MS }, async () => {
      const { page, open } = session;
      const union = (): Promise<string> =>
        demo
          .ask("/search?q=1%27%20UNION%20SELECT%20a%2Cb%20FROM%20c--", "203.0.113.50")
          .then((decision) => (decision.action === "block" ? decision.rule : "passed"));
      const rule = await union();
      await open("rules", "Rules");
      await page.getByLabel("Find a rule").fill(rule);
      const control = page.getByRole("switch", { name: new RegExp(`^${rule}:`) });
      expect(await control.getAttribute("aria-checked")).toBe("true");
      await control.press("Space");
      await eventually(() => control.getAttribute("aria-checked")).toBe("false");
      await eventually(union).not.toBe(rule);
      await undo(page, "only reports");
      await eventually(() => control.getAttribute("aria-checked")).toBe("true");
      await eventually(union).toBe(rule);
    });

    test("sees what somebody else changes, without asking", { timeout: VERY_LONG_MS }, async () => {
      const other = await visit(browser, demo);
      await signIn(other);
      await session.open("rules", "Rules");
      await session.page.getByLabel("Find a rule").fill("probes/backup");
      const control = session.page.getByRole("switch", { name: /^probes\/backup:/ });
      expect(await control.getAttribute("aria-checked")).toBe("true");
      await other.open("rules", "Rules");
      await other.page.getByLabel("Find a rule").fill("probes/backup");
      await other.page.getByRole("switch", { name: /^probes\/backup:/ }).press("Space");
      await eventually(() => control.getAttribute("aria-checked")).toBe("false");
      await notice(session.page, "operator changed the rules").waitFor();
      await undo(other.page, "only reports");
      await eventually(() => control.getAttribute("aria-checked")).toBe("true");
      // Whoever changed it is not told of it.
      expect(await notice(other.page, "operator changed the rules").count()).toBe(0);
      expect(other.wrongs).toEqual([]);
      await other.close();
    });

    test("looks at the figures of one country, and from there at its decisions", { timeout: VERY_LONG_MS }, async () => {
      const { page, open } = session;
      await open("overview?range=24h", "Overview");
      const requests = (): Promise<string | null> => page.locator(".tile-value").first().textContent();
      const all = await requests();
      const countries = page.getByRole("region", { name: "Countries" });
      const name = await countries.getByRole("link").first().textContent();
      await page
        .getByRole("link", { name: /^Figures of [A-Z]{2} alone$/ })
        .first()
        .click();
      await eventually(requests).not.toBe(all);
      expect(await page.getByRole("textbox", { name: "Country" }).inputValue()).toMatch(/^[A-Z]{2}$/);
      await countries.getByRole("link", { name: name ?? "" }).click();
      await page.getByRole("heading", { level: 1, name: "Live" }).waitFor();
      expect(page.url()).toMatch(/country=[A-Z]{2}/);
    });

    test("compares models, rolls back, and returns", { timeout: VERY_LONG_MS }, async () => {
      const { page, open } = session;
      await open("models", "Models");
      const current = page.getByRole("region", { name: "Versions" }).getByRole("listitem").filter({ hasText: "In use" }).locator("code");
      const before = await current.textContent();
      await page.getByRole("region", { name: "Difference" }).getByRole("listitem").first().waitFor();
      await page.getByRole("button", { name: "Roll back" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Roll back" }).click();
      await eventually(() => current.textContent()).not.toBe(before);
      await undo(page, "The model before is in use again");
      await eventually(() => current.textContent()).toBe(before);
      expect(await page.getByRole("region", { name: "Training history" }).getByRole("row").count()).toBe(5);
      await page.getByText("/var/log/nginx/access.log: no such file").waitFor();
    });

    test("sees text of attackers as text, with what is invisible made visible, and all of it on demand", {
      timeout: VERY_LONG_MS,
    }, async () => {
      const { page, open, wrongs } = session;
      await open("live", "Live");
      await page.getByText("Connected", { exact: true }).waitFor();
      const hostile = await demo.ask(HOSTILE, "203.0.113.66");
      await page.locator(`.live-body tr[data-id="${hostile.id}"]`).waitFor();
      await open(`decision/${hostile.id}`, /Blocked/);
      await page.getByText("<img src=x onerror=alert(1)>").first().waitFor();
      expect(await page.locator("img, iframe, object, main script").count()).toBe(0);
      const address = page.locator(".request-line");
      expect(await address.textContent()).not.toContain("A".repeat(500));
      await address.getByRole("button", { name: /^Show all/ }).click();
      expect(await address.textContent()).toContain("A".repeat(900));
      const shown = await page.getByRole("main").textContent();
      expect(shown).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u202a-\u202e\u2066-\u2069]/);
      expect(wrongs).toEqual([]);
    });

    test("keeps a choice of colours, and follows the system without one", { timeout: VERY_LONG_MS }, async () => {
      const { page, open } = session;
      await open("rules", "Rules");
      const background = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const light = await background();
      await page.emulateMedia({ colorScheme: "dark" });
      const dark = await background();
      expect(dark).not.toBe(light);
      await page.getByRole("button", { name: /^Colours: as the system/ }).click();
      expect(await background()).toBe(light);
      await page.reload();
      await page.getByRole("button", { name: /^Colours: light/ }).click();
      expect(await background()).toBe(dark);
      await page.getByRole("button", { name: /^Colours: dark/ }).click();
      await page.emulateMedia({ colorScheme: "light" });
      expect(await background()).toBe(light);
    });

    test("S5-008 can use every page on a phone of 360 pixels", { timeout: VERY_LONG_MS }, async () => {
      const phone = await visit(browser, demo, { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
      await signIn(phone);
      const blocked = await demo.ask(HOSTILE, "203.0.113.67");
      for (const name of ["Live", "Bans", "Exceptions", "Rules", "Models", "Start here", "Overview"]) {
        await phone.page.getByRole("button", { name: "Menu" }).tap();
        await phone.page.getByRole("link", { name, exact: true }).tap();
        await phone.page.getByRole("heading", { level: 1, name }).waitFor();
        await phone.page.locator("[aria-busy=true], .skeleton").first().waitFor({ state: "detached" });
        expect(await isWithin(phone.page)).toBe(true);
      }
      await phone.open(`decision/${blocked.id}`, /Blocked/);
      expect(await isWithin(phone.page)).toBe(true);
      expect(phone.wrongs).toEqual([]);
      await phone.close();
    });

    test("is told when the server cannot be reached, and goes on when it can", { timeout: VERY_LONG_MS }, async () => {
      const { page, open } = session;
      await open("bans", "Bans");
      await page.context().setOffline(true);
      await page
        .getByRole("button", { name: /^End the ban/ })
        .first()
        .click();
      await page.getByText("The server cannot be reached. What is shown may be old").waitFor();
      await page.context().setOffline(false);
      await page.getByText("What is shown may be old").waitFor({ state: "detached" });
    });

    test("sees the sign-in page as soon as the session is over", { timeout: VERY_LONG_MS }, async () => {
      const { page, open, wrongs } = session;
      await open("rules", "Rules");
      await page.getByRole("switch").first().waitFor();
      await page.context().clearCookies();
      await page.evaluate(() => {
        location.hash = "#/bans";
      });
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      await signIn(session);
      expect(wrongs).toEqual([]);
    });
  });
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sqliteStore } from "@aiwaf/core/stores/sqlite";
import { afterEach, describe, expect, it } from "vitest";
import { bodyOf, type Console, endAll, SQL, send, start } from "./console.ts";

const ends: (() => void)[] = [];
afterEach(async () => {
  await endAll();
  for (const end of ends.splice(0)) end();
});

/** Two firewalls with a console each, as two processes have them, over one file. */
async function two(): Promise<readonly [Console, Console]> {
  const folder = mkdtempSync(join(tmpdir(), "aiwaf-shared-"));
  const path = join(folder, "waf.db");
  const [one, other] = [await start({}, { store: sqliteStore({ path }) }), await start({}, { store: sqliteStore({ path }) })];
  ends.push(() => {
    void one.waf.close();
    void other.waf.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return [one, other];
}

/** Asks in real time until it is so; the limit only keeps a failure from hanging. */
async function soon(isSo: () => boolean): Promise<boolean> {
  for (let tries = 0; tries < 1_500; tries++) {
    if (isSo()) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return false;
}

describe("two processes over one store", () => {
  it("share logins, switches, exceptions and what can be undone", async () => {
    const [one, other] = await two();
    // The token that was printed last is the one that holds.
    const entered = await send(one, "POST", "api/login", { token: other.token });
    one.session = { cookie: entered.headers.get("set-cookie")!.split(";")[0]!, csrf: (await bodyOf<{ csrf: string }>(entered)).csrf };
    const set = await send(
      other,
      "POST",
      "api/password",
      { password: "shared password 1" },
      { cookie: one.session.cookie, "x-aiwaf-csrf": one.session.csrf },
    );
    expect(set.status).toBe(200);
    const session = { cookie: set.headers.get("set-cookie")!.split(";")[0]!, csrf: (await bodyOf<{ csrf: string }>(set)).csrf };
    one.session = session;
    other.session = session;
    expect(other.decide(`/search?q=${SQL}`).action).toBe("block");
    const switched = await bodyOf<{ undo: string }>(send(one, "PUT", "api/mode", { mode: "report" }));
    expect(await soon(() => other.decide(`/search?q=${SQL}`, { client: "192.0.2.8" }).action === "allow")).toBe(true);
    // Undone elsewhere than it was done.
    expect((await send(other, "POST", "api/undo", switched)).status).toBe(200);
    expect(await soon(() => one.decide(`/search?q=${SQL}`, { client: "192.0.2.7" }).action === "block")).toBe(true);
    const rules = new Set(one.decide(`/search?q=${SQL}`, { client: "192.0.2.6" }).findings.map(({ rule }) => rule));
    for (const rule of rules) await send(one, "POST", "api/exceptions", { rule, path: "/search", parameter: "query:q" });
    expect(await soon(() => other.decide(`/search?q=${SQL}`, { client: "192.0.2.5" }).action === "allow")).toBe(true);
    await send(one, "POST", "api/logout", {});
    expect((await other.ask("api/mode")).status).toBe(401);
  });
});

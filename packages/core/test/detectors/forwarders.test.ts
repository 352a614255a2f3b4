/** A ban of a proxy that nobody named is a ban of everybody: one scanner would close the site. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { recommended } from "../../src/recommended.ts";
import { sqliteStore } from "../../src/stores/sqlite.ts";
import type { Decision, RawRequest, Store, WafOptions } from "../../src/types.ts";
import { site } from "./site.ts";

const sent = (lines: Record<string, string>): Partial<RawRequest> => ({ headers: new Headers({ host: "a", accept: "*/*", ...lines }) });
const through = (proxy: string, lines: Record<string, string>): Partial<RawRequest> => ({ peer: proxy, ...sent(lines) });
const behind = (options: Partial<WafOptions> = {}) =>
  site(recommended().detectors ?? [], (path) => (path === "/page" ? 200 : 404), options);
const folder = mkdtempSync(join(tmpdir(), "aiwaf-forwarders-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const SCAN = ["/.env", "/.git/config", "/wp-login.php", "/backup.zip"];

describe.each<readonly [string, () => Store | undefined]>([
  ["memory", () => undefined],
  ["SQLite", () => sqliteStore({ path: join(folder, `${files++}.db`) })],
])("with %s", (_, createStore) => {
  const start = (options: Partial<WafOptions> = {}) => {
    const store = createStore();
    return behind({ ...options, ...(store !== undefined && { store }) });
  };

  test.each(["10.1.2.3", "172.17.0.1", "192.168.0.2", "127.0.0.1", "::1", "100.64.0.4", "fd00::7", "::ffff:10.0.0.1"])(
    "a scanner behind %s, a proxy that nobody named, closes the site for nobody",
    (proxy) => {
      const { visit, decide } = start();
      visit("/page", through(proxy, { "x-forwarded-for": "198.51.100.7" }));
      for (const path of SCAN) expect(visit(path, through(proxy, { "x-forwarded-for": "203.0.113.66" }))).toMatch(/^(probes|waves)\//);
      for (const field of ["x-forwarded-for", "x-real-ip"]) expect(visit("/page", through(proxy, { [field]: "198.51.100.7" }))).toBe(200);
      expect(visit("/page", through(proxy, { forwarded: 'for="[2001:db8::9]:4711";proto=https' }))).toBe(200);
      const decision: Decision = decide("/page", through(proxy, { "x-forwarded-for": "198.51.100.7" }));
      expect(decision.findings).toContainEqual({ rule: "blocklist/forwarder", score: 0, note: "banned by probes/scan" });
      // What it is about stays refused, each time.
      expect(visit("/.env", through(proxy, { "x-forwarded-for": "203.0.113.66" }))).toMatch(/^(probes|waves)\//);
      // Who comes from there without naming anybody is that address itself.
      expect(visit("/page", through(proxy, {}))).toBe("blocklist/banned");
      expect(visit("/page", through(proxy, { "x-forwarded-for": "" }))).toBe("blocklist/banned");
    },
  );

  test("an address from outside is banned, whatever it names", () => {
    const { visit } = start();
    for (const path of SCAN) visit(path, through("203.0.113.66", { "x-forwarded-for": "10.0.0.1" }));
    for (const value of ["198.51.100.7", "10.0.0.1", "203.0.113.66", "x"])
      expect(visit("/page", through("203.0.113.66", { "x-forwarded-for": value }))).toBe("blocklist/banned");
  });

  test.each(["::ffff:127.0.0.1", "::1, 127.0.0.1", "127.0.0.1:4711"])(
    "a framework that adds who asks, in a spelling of its own, makes no proxy: %s",
    (value) => {
      const { visit } = start();
      for (const path of SCAN) visit(path, through("127.0.0.1", { "x-forwarded-for": value }));
      expect(visit("/page", through("127.0.0.1", { "x-forwarded-for": value }))).toBe("blocklist/banned");
      expect(visit("/page", through("127.0.0.1", { forwarded: 'for="127.0.0.1:80"' }))).toBe("blocklist/banned");
    },
  );

  test("behind a proxy that was named, each is banned alone, those of the house too", () => {
    const { visit } = start({ client: { proxies: ["10.0.0.0/8"] } });
    for (const scanner of ["203.0.113.66", "192.168.7.7"]) {
      const by = (address: string) => through("10.0.0.1", { "x-forwarded-for": `198.51.100.1, ${address}, 10.0.0.2` });
      for (const path of SCAN) visit(path, by(scanner));
      expect(visit("/page", by(scanner))).toBe("blocklist/banned");
      expect(visit("/page", by("192.168.7.8"))).toBe(200);
    }
  });
});

import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { patternOf } from "../src/traffic/suggestions.ts";
import { escapeMarkup, timeChart } from "../src/traffic/svg-chart.ts";
import { createTimeline } from "../src/traffic/timeline.ts";
import { aiwaf, random, testFolder } from "./command.ts";

const folder = testFolder();
afterAll(() => folder.remove());

const AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const line = (client: string, second: number, target: string, status = 200): string =>
  `${client} - - [10/Oct/2025:13:${String(Math.floor(second / 60)).padStart(2, "0")}:${String(second % 60).padStart(2, "0")} +0000] "GET ${target} HTTP/1.1" ${status} 12 "-" "${AGENT}"`;

/** An honest client that also opens a page called like a probe, and a scanner. */
const shop = [
  ...Array.from({ length: 12 }, (_, index) => line("203.0.113.7", index * 20, `/products/${index}`)),
  line("203.0.113.7", 241, "/docs/17/wp-login.php"),
  line("203.0.113.7", 250, "/products/9"),
  ...Array.from({ length: 40 }, (_, index) => line("198.51.100.66", 300 + index, `/.env.copy${index}`, 404)),
].join("\n");

describe("aiwaf replay of an access log", () => {
  test("S2-229 answers in one screen what would have been blocked, by which rule, whom, and what looks wrong", async () => {
    const { code, out } = await aiwaf(["replay", folder.write("shop.log", shop)]);
    expect(code).toBe(0);
    expect(out).toMatch(/would have been blocked +41 of 54 requests/);
    // A line to be copied is whole.
    expect(out.split("\n").filter((text) => [...text].length > 80 && !text.includes("paths: {"))).toEqual([]);
    expect(out).toMatch(/of them answered 2xx or 3xx +1 of 14 \(7\.14 %\)/);
    expect(out).toMatch(/clients with a block +2 of 2; 1 answered before their first block/);
    expect(out).toMatch(/their requests after the 20th +20 of 20 blocked/);
    expect(out).toMatch(/1 × probes\/foreign-script, 1 client with up to 13 other requests answered\n +GET \/docs\/17\/wp-login\.php/);
    expect(out).toContain('paths: { "/docs/*/wp-login.php": { skip: ["probes/foreign-script"] } }');
    expect(out.split("\n").length).toBeLessThanOrEqual(40);
  });

  test("the line that it prints lets exactly that request pass, and the scanner no further", async () => {
    const log = folder.write("again.log", shop);
    const printed = /to let it pass: (paths: .+)/.exec((await aiwaf(["replay", log])).out)![1]!;
    const config = folder.write("allow.mjs", `export default { ${printed} };`);
    const { out } = await aiwaf(["replay", log, "--config", config]);
    expect(out).toMatch(/would have been blocked +40 of 54 requests/);
    expect(out).toMatch(/of them answered 2xx or 3xx +0 of 14/);
  });

  test("the line that it prints is enough where several findings add up", async () => {
    const honest = Array.from({ length: 12 }, (_, index) => line("203.0.113.7", index * 20, `/products/${index}`));
    const log = folder.write("sum.log", [...honest, line("203.0.113.7", 241, "/d?q=<script>alert(document.cookie)</script>")].join("\n"));
    const printed = /to let it pass: (paths: .+)/.exec((await aiwaf(["replay", log])).out)![1]!;
    const config = folder.write("sum.mjs", `export default { ${printed} };`);
    expect((await aiwaf(["replay", log])).out).toMatch(/would have been blocked +1 of 13 requests/);
    expect((await aiwaf(["replay", log, "--config", config])).out).toMatch(/would have been blocked +0 of 13 requests/);
  });

  test("--since and --until cut the log by time", async () => {
    const log = folder.write("span.log", shop);
    const { out } = await aiwaf(["replay", log, "--since", "2025-10-10T13:05", "--until", "2025-10-10T13:05:10Z"]);
    expect(out).toMatch(/of 10 requests/);
    expect(await aiwaf(["replay", log, "--since", "yesterday"])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/must be a time such as/),
    });
  });

  test("--log-format reads a format of the site's own", async () => {
    const log = folder.write("own.log", "203.0.113.7|1760104536.5|GET /.env HTTP/1.1|404\n");
    const { out } = await aiwaf(["replay", log, "--log-format", "$remote_addr|$msec|$request|$status"]);
    expect(out).toMatch(/would have been blocked +1 of 1 requests/);
    expect((await aiwaf(["replay", log, "--log-format", "$msec"])).err).toMatch(/--log-format: .*names no request/);
  });

  test("a log is answered alike each time, however its times jump", async () => {
    const next = random(7);
    const lines = Array.from({ length: 3_000 }, () =>
      line("198.51.100.66", next(1_800), next(300) === 0 ? `/.env.copy${next(40)}` : `/search${next(500)}`, 500),
    );
    const log = folder.write("jumps.log", lines.join("\n"));
    const [first, ...others] = await Promise.all([1, 2, 3].map(() => aiwaf(["replay", log, "--json"])));
    const decided = ({ out }: { readonly out: string }): string => out.replaceAll(/"us":[\d.]+/g, "");
    for (const other of others) expect(decided(other)).toBe(decided(first!));
    expect(first!.out).toContain("blocklist/banned");
  });

  test("a model that cannot be used is refused before anything is replayed", async () => {
    const log = folder.write("model.log", shop);
    expect(await aiwaf(["replay", log, "--model", "nowhere.json"])).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringMatching(/there is no such file/),
    });
    const file = folder.write("foreign.json", '{"model":"pickle"}');
    expect(await aiwaf(["replay", log, "--model", file])).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringMatching(/not a file of this program/),
    });
  });
});

describe("the page with charts", () => {
  test("loads nothing, runs nothing and shows hostile lines as text", async () => {
    const hostile = "/wp-login.php/\"><script>alert(1)</script><img src=x onerror=alert(2)>'&lt;`";
    const log = folder.write(
      "hostile.log",
      [
        ...Array.from({ length: 8 }, (_, index) => line("203.0.113.7", index, `/p/${index}`)),
        `203.0.113.7 - - [10/Oct/2025:13:01:00 +0000] "GET ${hostile.replaceAll('"', '\\"')} HTTP/1.1" 200 12 "-" "${AGENT}"`,
        line("203.0.113.7", 70, "/.env\\x00\\x1b[31m\\xff"),
      ].join("\n"),
    );
    const page = join(folder.path, "report.html");
    await aiwaf(["replay", log, "--html", page]);
    const text = readFileSync(page, "utf8");
    expect(text).toContain("default-src 'none'");
    expect(text).toContain("probes/");
    // Every tag is one of ours: what the log holds never opens one.
    const tags = new Set([...text.matchAll(/<\/?([a-zA-Z!][\w-]*)/g)].map(([, name]) => name!.toLowerCase()));
    expect([...tags].filter((name) => !OWN_TAGS.has(name))).toEqual([]);
    expect(text).not.toMatch(/<[^>]*\son\w+\s*=/i);
    expect(text).not.toMatch(/\b(?:src|href)=/i);
    expect(text).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/);
  });

  test("holds no secrets of the log, and is for this user alone", async () => {
    const honest = Array.from({ length: 12 }, (_, index) => line("203.0.113.7", index * 20, `/products/${index}`));
    const attack = line("203.0.113.7", 241, "/search?q=1%27%20or%201=1--&password=hunter2SECRET");
    const log = folder.write("secret.log", [...honest, attack].join("\n"));
    const page = join(folder.path, "secret.html");
    const { out } = await aiwaf(["replay", log, "--html", page]);
    expect(out).toContain("GET /search?q=");
    expect(out + readFileSync(page, "utf8")).not.toContain("hunter2SECRET");
    expect(statSync(page).mode & 0o077).toBe(0);
  });

  test("names no secret in the path of a line to let it pass, and cuts none from what tells it", async () => {
    const honest = Array.from({ length: 12 }, (_, index) => line("203.0.113.7", index * 20, `/products/${index}`));
    const inPath = line("203.0.113.7", 241, "/reset/abcdefGHIJKLmnopqrs?q=1%27%20or%201=1--");
    const inLongPath = line("203.0.113.7", 261, `/${"long/".repeat(55)}reset/tuvwxyzABCDEFghijklm?q=1%27%20or%201=1--`);
    const { out } = await aiwaf(["replay", folder.write("path.log", [...honest, inPath, inLongPath].join("\n"))]);
    expect(out).toContain('to let it pass: paths: { "/reset/*"');
    expect(out).toContain("/long/");
    expect(out).not.toMatch(/abcdef|tuvwxy/);
  });

  test("text is escaped for content and attributes alike", () => {
    expect(escapeMarkup(`<a href="x" b='c'>&\u0000\ud800`)).toBe("&#60;a href&#61;&#34;x&#34; b&#61;&#39;c&#39;&#62;&#38;\ufffd\ufffd");
  });

  test("a year of requests is at most 240 columns, and none is lost", () => {
    const timeline = createTimeline();
    for (let hour = 0; hour < 365 * 24; hour++) timeline.add(1_700_000_000_000 + hour * 3_600_000, hour % 5 === 0);
    const { columns, widthMs } = timeline.columns();
    expect(columns.length).toBeLessThanOrEqual(242);
    expect(columns.reduce((sum, { passed, blocked }) => sum + passed + blocked, 0)).toBe(365 * 24);
    expect(timeChart(columns, widthMs)).toMatch(/^<svg viewBox/);
    expect(timeChart([], 60_000)).toMatch(/^<svg/);
  });
});

const OWN_TAGS = new Set("!doctype html head meta title style body h1 h2 p code table tr td th br svg rect line text".split(" "));

describe("patterns of suggested path rules", () => {
  test.each([
    ["/products/123?x=1", "/products/*"],
    ["/u/9f86d081884c7d65/edit", "/u/*/edit"],
    ["/blog/caf%C3%A9", "/blog/café"],
    ["/", "/"],
  ])("%s becomes %s", (target, pattern) => {
    expect(patternOf(target)).toBe(pattern);
  });

  test.each(["/a/../b", "//a", "/a%2fb", "/a;b", "*", "http://x/", "/a/:id", "/a*b", "/%zz", `/${"a".repeat(300)}`])(
    "%s gets none",
    (target) => {
      expect(patternOf(target)).toBeUndefined();
    },
  );
});

const logs = join(import.meta.dirname, "../../../../shared/corpora/logs");
describe.skipIf(!existsSync(logs))("the access logs of the development corpus (skipped where ../shared/corpora is absent)", () => {
  const answered = (out: string): number => Number(/answered 2xx or 3xx +[\d,]+ of [\d,]+ \(([\d.]+) %\)/.exec(out)![1]);

  test("trained on the blog's first two days, at most 0.1 % of the answered requests of the others would be blocked", async () => {
    const log = join(logs, "elastic_apache_logs.log");
    const model = join(folder.path, "blog.json");
    const border = "2015-05-19T10:05";
    expect((await aiwaf(["train", log, "--no-rotated", "--until", border, "--force", "--model", model])).code).toBe(0);
    const { out } = await aiwaf(["replay", log, "--since", border, "--model", model]);
    console.log(out.split("\n").slice(0, 9).join("\n"));
    expect(answered(out)).toBeLessThanOrEqual(0.1);
  });

  test.each(["ocatak_acunetix_scan", "ocatak_netsparker_scan", "ocatak_w3af_scan"])(
    "%s: at least 95 per cent of the requests after the twentieth would be blocked",
    async (name) => {
      const { out } = await aiwaf(["replay", join(logs, `${name}.log`)]);
      const [, share] = /after the 20th +[\d,]+ of [\d,]+ blocked \(([\d.]+) %\)/.exec(out)!;
      console.log(`${name}: ${share} %`);
      expect(Number(share)).toBeGreaterThanOrEqual(95);
    },
  );
});

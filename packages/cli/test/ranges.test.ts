import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import { join } from "node:path";
import { publishedRanges } from "@aiwaf/core/detectors";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aiwaf, aiwafHere, testFolder } from "./command.ts";

const folder = testFolder();
afterAll(() => folder.remove());

const GOOGLE = JSON.stringify({
  creationTime: "2026-11-21",
  prefixes: [{ ipv4Prefix: "66.249.64.0/19" }, { ipv6Prefix: "2001:4860:4801::/48" }],
});
const kept = join(folder.path, "kept");
const file = join(kept, "bot.json");
const take = (...args: readonly string[]) => aiwafHere(["ranges", ...args, "--folder", kept]);

describe("aiwaf ranges", () => {
  test("keeps what an operator publishes, as goodBots reads it, and tells what is new and gone", async () => {
    expect((await take("bot", folder.write("google.json", GOOGLE))).out).toMatch(/^bot: 2 ranges, 2 new, 0 gone\. Kept in /);
    expect(publishedRanges(readFileSync(file, "utf8"))).toEqual(["66.249.64.0/19", "2001:4860:4801::/48"]);
    const next = folder.write("next.txt", "66.249.64.0/19 # the old one\n2001:4860:4802::/48\n");
    expect((await take("bot", next, "--dry-run")).out).toMatch(/1 new, 1 gone\. Dry run/);
    expect(publishedRanges(readFileSync(file, "utf8"))).toContain("2001:4860:4801::/48");
    await take("bot", next);
    expect((await take()).out).toMatch(/Crawler +Ranges +Taken\nbot +2 +20\d\d-/);
  });

  test.each([
    ["a page of errors", "<html><body>Service unavailable</body></html>", /has no ranges/],
    ["an empty list", '{"prefixes":[]}', /has no ranges/],
    ["the whole internet", "0.0.0.0/0\n", /has no ranges/],
    ["half of the internet", "128.0.0.0/1\n", /128\.0\.0\.0\/1 is no crawler's range/],
    ["this machine", "66.249.64.0/19\n127.0.0.1\n", /127\.0\.0\.1 is no crawler's range/],
    ["somebody's office", '["66.249.64.0/19","10.0.0.0/8"]', /10\.0\.0\.0\/8 is no crawler's range/],
    ["the metadata of a cloud", "169.254.169.254\n", /is no crawler's range/],
    ["next to nothing", "66.249.0.0/24\n", /2 of 2 ranges are gone; if that is right, add --force/],
  ])("keeps what it had, when it is given %s", async (title, text, says) => {
    await take("bot", folder.write("before.txt", "66.249.64.0/19\n66.249.96.0/20\n"), "--force");
    const before = readFileSync(file, "utf8");
    const { code, out, err } = await take("bot", folder.write(`${title}.txt`, text));
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(says);
    expect(readFileSync(file, "utf8")).toBe(before);
    expect(readdirSync(kept)).toEqual(["bot.json"]);
  });

  test.each(["http://127.0.0.1/x.json", "ftp://127.0.0.1/x", "file:///etc/hosts"])("reads %s not at all", async (address) => {
    expect((await take("bot", address)).err).toMatch(/only https is read/);
  });

  test("never writes anywhere but into its folder", async () => {
    for (const name of ["../bot", "a/b", ".hidden", "", "CON:"]) expect((await take(name, "x.txt")).code).toBe(2);
  });
});

const hasOpenssl = ((): boolean => {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

describe.skipIf(!hasOpenssl)("aiwaf ranges from https (needs the openssl command)", () => {
  let server: Server;
  let origin = "";
  const [key, certificate] = [join(folder.path, "key.pem"), join(folder.path, "certificate.pem")];
  beforeAll(async () => {
    const name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
    const made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key];
    execFileSync("openssl", ["req", "-x509", "-days", "1", ...name, ...made, "-out", certificate], { stdio: "ignore" });
    server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (request, response) => {
      if (request.url === "/good.json") response.end(GOOGLE);
      else if (request.url === "/moved") response.writeHead(302, { location: "/good.json" }).end();
      else if (request.url === "/down") response.writeHead(302, { location: "http://127.0.0.1:9/" }).end();
      else if (request.url === "/around") response.writeHead(302, { location: "/around" }).end();
      else if (request.url === "/large") response.end("66.249.64.0/19\n".repeat(400_000));
      else response.writeHead(503).end(GOOGLE);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    origin = `https://127.0.0.1:${(server.address() as { port: number }).port}`;
  });
  afterAll(() => server?.close());
  const fetched = (path: string, env: Record<string, string> = { NODE_EXTRA_CA_CERTS: certificate }) =>
    aiwaf(["ranges", "web", `${origin}${path}`, "--folder", join(folder.path, "web")], "", env);

  test("takes them, also behind a redirect", async () => {
    for (const path of ["/good.json", "/moved"]) expect(await fetched(path)).toMatchObject({ code: 0, err: "" });
  });

  test.each([
    ["/down", /only https is read/],
    ["/around", /redirects more than 3 times/],
    ["/large", /is larger than 4 MiB/],
    ["/missing", /answers 503/],
  ])("refuses %s", async (path, says) => {
    const { code, err } = await fetched(path);
    expect(code).toBe(2);
    expect(err).toMatch(says);
  });

  test("refuses a server whose certificate nobody vouches for", async () => {
    expect(await fetched("/good.json", {})).toMatchObject({ code: 2, err: expect.stringMatching(/certificate/) as string });
  });
});

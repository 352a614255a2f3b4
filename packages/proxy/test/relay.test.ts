import { createWaf } from "@aiwaf/core";
import { recommended } from "@aiwaf/core/recommended";
import { type DecisionRecord, recordOf } from "@aiwaf/core/records";
import { describe, expect, test } from "vitest";
import { decidedOf } from "../src/relay.ts";

/** Records of requests that differ in everything that a record tells. */
async function records(): Promise<readonly DecisionRecord[]> {
  const made: DecisionRecord[] = [];
  for (const mode of ["enforce", "report"] as const) {
    const waf = createWaf(recommended({ mode, threshold: 80, rateLimit: { max: 4, windowMs: 60_000 } }));
    waf.subscribe((decision, outcome) => made.push(recordOf(decision, outcome, { deployment: "blue" })));
    for (const [index, target] of [
      "/a?token=hunter2-hunter2&b=1",
      "/.env",
      "/search?q=%27%20OR%201=1--&password=hunter2",
      `/${"x".repeat(3_000)}`,
      "/caf\u00e9?q=\u00ff",
      "/again",
      "/and/again",
    ].entries()) {
      const headers = new Headers({
        host: "shop.example",
        "user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
        accept: "*/*",
        cookie: "session=hunter2",
        "x-own": "hunter2",
        referer: "https://shop.example/?api_key=hunter2",
      });
      const decision = await waf.inspect({
        method: "GET",
        target,
        headers,
        peer: index < 6 ? "192.0.2.9" : "2001:db8::7",
        httpVersion: "1.1",
      });
      waf.observe(decision, index === 4 ? undefined : { status: 200, durationMs: 2.5 });
    }
  }
  return made;
}

describe("a decision that a worker told", () => {
  test("makes the same record in the process that hears of it, and holds nothing that was left out", async () => {
    const all = await records();
    expect(new Set(all.map(({ action }) => action))).toEqual(new Set(["allow", "block"]));
    expect(all.some(({ wouldBlock }) => wouldBlock !== undefined)).toBe(true);
    for (const record of all) {
      // As it comes out of the channel between processes.
      const { decision, outcome } = decidedOf(JSON.parse(JSON.stringify(record)));
      expect(recordOf(decision, outcome, { deployment: "blue" })).toEqual(record);
      expect(JSON.stringify(decision)).not.toContain("hunter2");
    }
  });
});

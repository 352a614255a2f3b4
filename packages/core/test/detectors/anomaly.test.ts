import { beforeAll, describe, expect, test } from "vitest";
import { type AnomalyOptions, anomaly } from "../../src/detectors/anomaly.ts";
import { evidenceOf } from "../../src/model/evidence.ts";
import { readModel, type TrainedModel } from "../../src/models/model-text.ts";
import type { ModelSource } from "../../src/models/source.ts";
import { storedModel, storeModel } from "../../src/models/store.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import type { Decision, Detector, Logger } from "../../src/types.ts";
import { createWaf } from "../../src/waf.ts";
import { modelText, START, usual } from "../models/trained.ts";
import { pause, waitUntil } from "../wait.ts";

let text = "";
let model: TrainedModel;
beforeAll(async () => {
  text = await modelText();
  model = await readModel(text);
});

/** Finds an attack in every target that says so: what content inspection does, told in one line. */
const marked: Detector = {
  name: "marked",
  phase: "head",
  rules: ["marked/attack"],
  inspect: ({ target }) => (target.includes("ATTACK") ? { rule: "marked/attack", score: 60 } : undefined),
};

function firewall(options?: AnomalyOptions, threshold = 100) {
  let now = START + 10_000_000;
  const warnings: string[] = [];
  const log: Logger = { warn: (message) => void warnings.push(message), error: (message) => void warnings.push(message) };
  const store = memoryStore();
  const waf = createWaf({ store, detectors: [marked, anomaly(options)], threshold, clock: () => now, log });
  const headers = new Headers({ "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:120.0)", referer: "https://shop.example/" });
  return {
    warnings,
    store,
    waf,
    send(target: string, { status = 200, peer = "192.0.2.7", afterMs = 900, method = "GET" } = {}): Decision {
      now += afterMs;
      const decision = waf.inspect({ method, target, headers, peer }) as Decision;
      waf.observe(decision, { status, durationMs: 4 });
      return decision;
    },
  };
}

const scoreOf = (decision: Decision, prefix = "anomaly/"): number =>
  decision.findings.filter(({ rule }) => rule.startsWith(prefix)).reduce((sum, { score }) => sum + score, 0);

const STRANGE = `/p${"/%7e".repeat(60)}?${"a;b=(%27)&".repeat(40)}`;

describe("the anomaly detector with a model", () => {
  test("S2-018 scores requests unlike the usual ones, and leaves usual ones alone", () => {
    const { send } = firewall({ model, minLines: 0 });
    const usualScores = Array.from({ length: 300 }, (_, index) => scoreOf(send(usual(index).target, { peer: usual(index).client! })));
    expect(usualScores.filter((score) => score > 0).length).toBeLessThanOrEqual(6);
    expect(scoreOf(send(STRANGE))).toBeGreaterThanOrEqual(10);
  });

  test("never blocks alone, however odd the request and however low the threshold", () => {
    for (const threshold of [1, 5, 20, 100]) {
      const { send } = firewall({ model, minLines: 0 }, threshold);
      for (let index = 0; index < 80; index++) send(`/wp-admin/${index}.php`, { status: 404, afterMs: 50 });
      const decision = send(STRANGE);
      expect(decision.action).toBe("allow");
      expect(decision.score).toBeLessThan(threshold);
    }
  });

  test("D-40 what a client did counts against its next requests, not against the response it was seen in", () => {
    const { send } = firewall({ model, minLines: 0 });
    const scores = Array.from({ length: 40 }, (_, index) =>
      scoreOf(send(`/wp-admin/${index}.php`, { status: 404, afterMs: 200 }), "anomaly/behaviour"),
    );
    expect(scores[0]).toBe(0);
    expect(Math.max(...scores)).toBeGreaterThanOrEqual(20);
    expect(scoreOf(send("/", { peer: "192.0.2.8" }), "anomaly/behaviour")).toBe(0);
  });

  test("D-41 speed alone is nothing: 600 answered requests in a minute are no behaviour", () => {
    const { send } = firewall({ model, minLines: 0 });
    for (let index = 0; index < 600; index++)
      expect(scoreOf(send(`/products/${index % 90}`, { afterMs: 100 }), "anomaly/behaviour")).toBe(0);
  });

  test("an odd client without any miss or attack is nobody's enemy: a batch job that only writes", () => {
    const { send } = firewall({ model, minLines: 0 });
    for (let index = 0; index < 80; index++)
      expect(scoreOf(send(`/jobs/${index}`, { method: "PUT", afterMs: 20 }), "anomaly/behaviour")).toBe(0);
    const speed = {
      burst: 500,
      requests: 500,
      distinctPaths: 400,
      missing: 0,
      refused: 0,
      scanned: 0,
      writing: 500,
      suspicious: 0,
      gapMs: 1,
      oddness: 1,
    };
    expect(evidenceOf(speed)).toBe(0);
    expect(evidenceOf({ ...speed, scanned: 8, missing: 8 })).toBeGreaterThan(0.6);
    expect(evidenceOf({ ...speed, missing: 6 })).toBe(0);
  });

  test("blocked requests count as attacks, and the firewall's answer never as the application's", () => {
    const { send, waf } = firewall({ model, minLines: 0 }, 50);
    for (let index = 0; index < 12; index++) expect(send(`/?q=ATTACK${index}`).action).toBe("block");
    expect(waf.services.store.name).toBe("memory");
    expect(scoreOf(send("/products"))).toBeGreaterThanOrEqual(0);
  });

  test("S2-066 a model of too few requests is not used, and the log says why", () => {
    const { send, warnings } = firewall({ model });
    const decision = send(STRANGE);
    expect(decision.findings.every(({ rule }) => rule.startsWith("anomaly/heuristic"))).toBe(true);
    expect(warnings.join()).toMatch(/trained on 3000 requests, and anomaly.minLines asks for 10000/);
  });

  test("takes a model of the user's own over the same features", () => {
    const own = { id: "own/1", features: ["query_len"], score: (vector: Float64Array) => (vector[0]! > 5 ? 0.9 : 0) };
    const { send } = firewall({ model: own });
    expect(scoreOf(send("/?q=1"))).toBe(0);
    expect(scoreOf(send(`/?q=${"1".repeat(60)}`))).toBe(35);
  });
});

describe("the anomaly detector without a model", () => {
  test("S2-212 S2-222 D-18 judges by fixed rules with ids of their own, and more carefully", () => {
    const { send } = firewall();
    expect(send("/search?q=blue+shoes").findings).toEqual([]);
    expect(send(STRANGE).findings.map(({ rule }) => rule)).toEqual(["anomaly/heuristic-request"]);
    for (let index = 0; index < 30; index++) send(`/wp-admin/${index}.php`, { status: 404, afterMs: 100 });
    expect(send("/").findings.map(({ rule }) => rule)).toEqual(["anomaly/heuristic-behaviour"]);
  });

  test("one missing icon and 150 assets in a minute are no behaviour", () => {
    const { send } = firewall();
    send("/favicon.ico", { status: 404 });
    for (let index = 0; index < 149; index++) expect(send(`/assets/${index}.js`, { afterMs: 400 }).findings).toEqual([]);
  });
});

describe("models that change while the firewall runs", () => {
  test("S2-099 S2-100 S2-226 a model that is stored is loaded without a restart, and one that cannot be read leaves the old one in use", async () => {
    const { send, store, warnings } = firewall({ model: storedModel(), minLines: 0, refreshMs: 100 });
    const judgedBy = (): string | undefined => send(STRANGE).findings[0]?.rule;
    expect(judgedBy()).toBe("anomaly/heuristic-request");
    await storeModel(store, text, model, START);
    await waitUntil(() => judgedBy() === "anomaly/request", "the stored model");
    await storeModel(store, text.slice(0, 1_000), { sha256: "other" }, START);
    await waitUntil(() => {
      expect(judgedBy()).toBe("anomaly/request");
      return /store model: .*cut short/.test(warnings.join());
    }, "a look at the broken model");
    expect(judgedBy()).toBe("anomaly/request");
  });

  test("S2-102 asks the fallback when the first source has nothing, fails or holds rubbish", async () => {
    const good: ModelSource = { name: "good", version: () => "1", load: () => text };
    const bad: readonly ModelSource[] = [
      { name: "empty", version: () => undefined, load: () => undefined },
      { name: "rubbish", version: () => "1", load: () => "{}" },
      {
        name: "broken",
        version() {
          throw new Error("away");
        },
        load: () => undefined,
      },
      { name: "late", version: () => Promise.reject(new Error("refused")), load: () => undefined },
    ];
    for (const source of bad) {
      const { send } = firewall({ model: source, fallback: good, minLines: 0 });
      await waitUntil(() => send(STRANGE).findings[0]?.rule === "anomaly/request", `the fallback of one that is ${source.name}`);
    }
  });

  test("a model that did not change is not read again", async () => {
    let loads = 0;
    const source: ModelSource = {
      name: "counted",
      version: () => "1",
      load() {
        loads++;
        return text;
      },
    };
    const { send } = firewall({ model: source, minLines: 0, refreshMs: 100 });
    await waitUntil(() => send(STRANGE).findings[0]?.rule === "anomaly/request", "the model");
    for (let index = 0; index < 5; index++) {
      send("/");
      await pause(30);
    }
    expect(loads).toBe(1);
  });

  test("a source that never answers delays nothing", async () => {
    const stuck: ModelSource = { name: "stuck", version: () => new Promise<string>(() => {}), load: () => undefined };
    const { send } = firewall({ model: stuck });
    for (let index = 0; index < 10; index++) expect(send("/").action).toBe("allow");
  });
});

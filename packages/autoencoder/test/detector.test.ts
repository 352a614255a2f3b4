import { createWaf, type Decision, type Detector, type RawRequest, WafError } from "@aiwaf/core";
import { storedModel, storeModel } from "@aiwaf/core/models";
import { memoryStore } from "@aiwaf/core/stores/memory";
import { describe, expect, test } from "vitest";
import { type AutoencoderOptions, autoencoder, normalizeParts, readAutoencoder, writeAutoencoder } from "../src/index.ts";
import { isSuspicious } from "../src/prefilter.ts";
import { createDraws } from "../src/train/fit.ts";
import { trainParts } from "../src/train.ts";
import { modelText, trainedModel } from "./trained.ts";

const raw = (target: string, { method = "GET", form = undefined as string | undefined, peer = "203.0.113.7" } = {}): RawRequest => {
  const fields: [string, string][] = [
    ["host", "shop.example"],
    ...(form === undefined ? [] : [["content-type", "application/x-www-form-urlencoded"] as [string, string]]),
  ];
  return {
    method,
    target,
    peer,
    headers: { get: (name) => fields.find(([one]) => one === name)?.[1], [Symbol.iterator]: () => fields[Symbol.iterator]() },
    ...(form !== undefined && { readBody: () => ({ bytes: Buffer.from(form, "latin1"), complete: true }) }),
  };
};

const firewall = async (options: Partial<AutoencoderOptions> = {}, others: readonly Detector[] = [], threshold = 100) => {
  const warnings: string[] = [];
  const note = (message: string): void => void warnings.push(message);
  const waf = createWaf({
    detectors: [...others, ...autoencoder({ model: await trainedModel(), ...options })],
    store: memoryStore(),
    threshold,
    log: { warn: note, error: note },
  });
  return { waf, warnings, ask: async (request: RawRequest): Promise<Decision> => waf.inspect(request) };
};

const rulesOf = ({ findings }: Decision): string[] => findings.map(({ rule }) => rule);

describe("the detector", () => {
  test("S4-001 finds what is unlike the site, says where and how much, and lets usual requests pass", async () => {
    const { ask } = await firewall();
    const { findings, action } = await ask(raw("/products?page=1%27%20or%201=1--&sort=price"));
    expect(action).toBe("allow");
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ rule: "autoencoder/request", where: "query:page" });
    expect(findings[0]!.note).toMatch(/^\d+\.\d nats, threshold \d+\.\d: at "/);
    expect(findings[0]!.note!.length).toBeLessThanOrEqual(120);
    expect(rulesOf(await ask(raw("/search?q=o%27neill+hoodie")))).toEqual([]);
    expect(rulesOf(await ask(raw("/product/5")))).toEqual([]);
  });

  test("never blocks alone, whatever the threshold", async () => {
    for (const threshold of [1, 2, 10, 30, 100]) {
      const { ask } = await firewall({ when: "all" }, [], threshold);
      for (const target of ["/<script>", "/x?y='--", `/${"%27".repeat(3_000)}`]) {
        const decision = await ask(raw(target));
        expect(decision.action).toBe("allow");
        expect(decision.score).toBeLessThan(threshold);
      }
    }
  });

  test("looks only at what is suspicious unless told to look at all", async () => {
    expect(rulesOf(await (await firewall()).ask(raw("/wp-login.php")))).toEqual([]);
    expect(rulesOf(await (await firewall({ when: "all" })).ask(raw("/wp-login.php")))).toEqual(["autoencoder/request"]);
    for (const plain of ["/", "/a-b_c.d/e?f=g+h&i=1,2:3@x", "/%41%7a%2d%30%20", "/search?q=100%25x".replace("%25", "%2C")])
      expect(isSuspicious(true, plain, undefined), plain).toBe(false);
    for (const odd of ["/'", "/%27", "/%3c", "/%3C", "/%00", "/a/../b", "//a", "/é", "/%C3", "/a;b", "/a--", "/(", "/%5c", "/%60", "/%7b"])
      expect(isSuspicious(true, odd, undefined), odd).toBe(true);
    expect(isSuspicious(false, "/", undefined)).toBe(true);
    expect(isSuspicious(true, "/", "a=%27")).toBe(true);
  });

  test("reads forms with the request that carries them, once, when the model has seen forms", async () => {
    const lines = Array.from({ length: 600 }, (_, index) =>
      normalizeParts({
        method: "POST",
        target: "/login",
        form: `user=${["ann", "bob", "o%27neill"][index % 3]}&remember=${index % 2 ? "on" : "off"}`,
      }),
    );
    const parts = trainParts(lines, lines.slice(0, 200), { epochs: 3 });
    const { text } = await writeAutoencoder({ ...parts, createdAt: 0, trainedOn: { lines: 5_000, from: 0, to: 0, source: "" } });
    const { ask } = await firewall({ model: await readAutoencoder(text) });
    const odd = await ask(raw("/login", { method: "POST", form: "user=ann&remember=x%27+or+1%3D1--" }));
    expect(rulesOf(odd)).toEqual(["autoencoder/request"]);
    expect(odd.findings[0]!.where).toBe("body:remember");
    expect(rulesOf(await ask(raw("/login", { method: "POST", form: "remember=off&user=o%27neill" })))).toEqual([]);
    // A model of logs has never seen a form: to it each would be strange.
    const ofLogs = await firewall();
    expect(rulesOf(await ofLogs.ask(raw("/login", { method: "POST", form: "user=ann%27s&remember=on" })))).toEqual([]);
    expect(rulesOf(await ofLogs.ask(raw("/login?next=%27--", { method: "POST", form: "user=ann" })))).toEqual(["autoencoder/request"]);
  });

  test("remembers a client whose request another detector found suspicious, too, for five minutes", async () => {
    const other: Detector = {
      name: "other",
      phase: "head",
      rules: ["other/thing"],
      inspect: ({ path }) => (path.startsWith("/wp-") ? { rule: "other/thing", score: 20 } : undefined),
    };
    const { waf, ask } = await firewall({ sample: 0 }, [other]);
    const first = await ask(raw("/wp-login.php"));
    expect(rulesOf(first)).toEqual(["other/thing"]);
    waf.observe(first, { status: 404, durationMs: 1 });
    expect(rulesOf(await ask(raw("/")))).toEqual(["autoencoder/client"]);
    expect(rulesOf(await ask(raw("/", { peer: "203.0.113.8" })))).toEqual([]);
  });

  test("warns when it no longer knows what is usual", async () => {
    const { waf, ask, warnings } = await firewall({ sample: 1 });
    for (let round = 0; round < 1_000; round++) {
      const decision = await ask(raw(`/completely/new/section-${round}`));
      waf.observe(decision, { status: 200, durationMs: 1 });
    }
    expect(warnings.filter((text) => /train it again/.test(text))).toHaveLength(1);
    const usual = await firewall({ sample: 1 });
    for (let round = 0; round < 1_000; round++)
      usual.waf.observe(await usual.ask(raw(`/product/${round}`)), { status: 200, durationMs: 1 });
    expect(usual.warnings).toEqual([]);
  });

  test("S4-018 takes up a new model while it runs, and keeps the old one when the new one is damaged", async () => {
    const store = memoryStore();
    const options = { model: storedModel({ store }), refreshMs: 100, when: "all" } as const;
    let now = 1_000_000;
    const warnings: string[] = [];
    const waf = createWaf({
      detectors: [...autoencoder(options)],
      store,
      clock: () => now,
      log: { warn: (text) => void warnings.push(text), error: () => {} },
    });
    const ask = async (): Promise<string[]> => {
      now += 1_000;
      await waf.inspect(raw("/<script>"));
      // The look for a new model is in the background; a few turns of the loop end it.
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setTimeout(resolve, 2));
      return rulesOf(await waf.inspect(raw("/<script>")));
    };
    expect(await ask()).toEqual([]);
    const text = await modelText();
    await storeModel(store, text, await readAutoencoder(text), now);
    expect(await ask()).toEqual(["autoencoder/request"]);
    await storeModel(store, text.replace("7", "8"), { sha256: "0".repeat(64) }, now);
    expect(await ask()).toEqual(["autoencoder/request"]);
    expect(warnings.some((one) => /model is not used/.test(one))).toBe(true);
    await waf.close();
  });

  test("does not use a model of too few requests, and says wrong options by name", async () => {
    const { ask } = await firewall({ minLines: 1_000_000, when: "all" });
    expect(rulesOf(await ask(raw("/<script>")))).toEqual([]);
    expect(() => autoencoder({ model: {} as never })).toThrow(WafError);
    expect(() => autoencoder({} as never)).not.toThrow(TypeError);
    const model = await trainedModel();
    for (const wrong of [{ when: "never" }, { sample: 2 }, { maxTokens: 1 }, { mood: 1 }])
      expect(() => autoencoder({ model, ...wrong } as never)).toThrow(new RegExp(`autoencoder.${Object.keys(wrong)[0]}`));
  });

  test("answers any request, and grows by none", async () => {
    const { waf } = await firewall({ when: "all", sample: 1 });
    const draw = createDraws(4);
    for (let round = 0; round < 800; round++) {
      const text = Array.from({ length: draw() % 200 }, () => String.fromCharCode(draw() % 256)).join("");
      const decision = await waf.inspect(raw(`/${text}`, draw() % 2 === 0 ? { method: "POST", form: text } : {}));
      expect(decision.failures).toEqual([]);
      waf.observe(decision, { status: 200, durationMs: 1 });
    }
    const long = await waf.inspect(raw(`/?${"a=%27b&".repeat(50_000)}`));
    expect(long.failures).toEqual([]);
    expect(rulesOf(long)).toEqual(["autoencoder/request"]);
  });
});

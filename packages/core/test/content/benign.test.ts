import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { isThenable } from "../../src/awaitable.ts";
import { content } from "../../src/detectors/content.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import type { Decision } from "../../src/types.ts";
import { createWaf } from "../../src/waf.ts";
import { type BenignText, placeBenignText, readBenignTexts, type Tier } from "../../tools/benign-requests.ts";
import { benignTexts } from "../../tools/benign-texts.ts";
import { inspect, score } from "./inspect.ts";

const TEXTS = readBenignTexts(fileURLToPath(new URL("./benign", import.meta.url)), 120);
const waf = createWaf({ detectors: [...content()], store: memoryStore() });

interface Blocked {
  readonly text: BenignText;
  /** Placement, rules and what they matched, one entry a blocked request. */
  readonly reasons: readonly string[];
}

function decide(text: BenignText): readonly string[] {
  return placeBenignText(text).flatMap(({ placement, raw }) => {
    const decision = waf.inspect(raw) as Decision;
    if (isThenable(decision)) throw new Error("content inspection has answered late");
    if (decision.action === "allow") return decision.failures.map((failure) => `${placement}: ${failure.message}`);
    const rules = decision.findings.map(({ rule, score, where, match }) => `${rule} ${score} at ${where} ${JSON.stringify(match?.text)}`);
    return [`${placement}: ${rules.join(" + ")}`];
  });
}

const blockedByTier = new Map<Tier, Blocked[]>();
for (const text of TEXTS) {
  const reasons = decide(text);
  if (reasons.length > 0) blockedByTier.set(text.tier, [...(blockedByTier.get(text.tier) ?? []), { text, reasons }]);
}

function blockedOf(...tiers: readonly Tier[]): readonly Blocked[] {
  return tiers.flatMap((tier) => blockedByTier.get(tier) ?? []);
}

function listed(blocked: readonly Blocked[]): string {
  return blocked
    .map(({ text, reasons }) => `${text.file}: ${JSON.stringify(text.text.slice(0, 400))}\n    ${reasons.join("\n    ")}`)
    .join("\n");
}

test("there are 3,700 different honest texts without those of tier code", () => {
  expect(TEXTS.filter(({ tier }) => tier !== "code").length).toBeGreaterThanOrEqual(3_700);
});

test("of honest texts outside tier code at most one in two thousand is blocked, in whatever place it is sent", () => {
  const blocked = blockedOf("plain", "text", "markup");
  const sent = TEXTS.filter(({ tier }) => tier !== "code").length;
  console.log(`outside tier code: ${blocked.length} of ${sent} texts blocked\n${listed(blocked)}`);
  expect(blocked.length / sent, listed(blocked)).toBeLessThanOrEqual(0.0005);
});

test("of texts put together from a seed, none is blocked in any place", () => {
  const blocked = benignTexts(1_000, 31).filter((text) => decide({ tier: "text", file: "generated", kind: "lines", text }).length > 0);
  expect(blocked).toEqual([]);
});

test("of honest code, the share that is blocked is told and not bounded: it is benign only where code is expected", () => {
  const blocked = blockedOf("code");
  const sent = TEXTS.filter(({ tier }) => tier === "code").length;
  console.log(`tier code: ${blocked.length} of ${sent} texts blocked\n${listed(blocked)}`);
  expect(blocked.length).toBeLessThanOrEqual(sent);
});

test("a request's weak findings never add up to a block", () => {
  const fields = Array.from(
    { length: 60 },
    (_, index) => `f${index}=${encodeURIComponent("drop table legs; select a size -- or <b>")}`,
  ).join("&");
  expect(score(inspect({ type: "application/x-www-form-urlencoded", body: fields }))).toBeLessThan(50);
});

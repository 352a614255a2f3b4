import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { inspect, type Sent, score } from "./inspect.ts";

/** One request of our own: its kind, and what is sent. Written before the rules it is held against were finished. */
interface Variant extends Sent {
  readonly kind: string;
}

function read(name: string): (readonly [kind: string, sent: string, variant: Variant])[] {
  return readFileSync(new URL(`./variants/${name}.jsonl`, import.meta.url), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const variant = JSON.parse(line) as Variant;
      const { kind, ...sent } = variant;
      return [kind, JSON.stringify(sent).slice(0, 120), variant];
    });
}

const ATTACKS = read("attacks");
const HONEST = read("honest");

test.each(ATTACKS)("an attack of kind %s is blocked: %s", (_kind, _sent, variant) => {
  expect(score(inspect(variant))).toBeGreaterThanOrEqual(100);
});

test.each(HONEST)("what stands next to an attack of kind %s passes: %s", (_kind, _sent, variant) => {
  expect(score(inspect(variant))).toBeLessThan(100);
});

test("there are more than six hundred attacks of twenty-five kinds", () => {
  expect(ATTACKS.length).toBeGreaterThan(600);
  expect(new Set(ATTACKS.map(([kind]) => kind)).size).toBeGreaterThanOrEqual(25);
});

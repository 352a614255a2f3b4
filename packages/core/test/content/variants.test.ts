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

/** What is decided otherwise than it should be. */
const wrong = (variants: ReturnType<typeof read>, isRight: (score: number) => boolean): readonly string[] =>
  variants.filter(([, , variant]) => !isRight(score(inspect(variant)))).map(([kind, sent]) => `${kind}: ${sent}`);

test("of attacks that were written without sight of any rule, those that were ever found stay found", () => {
  const attacks = read("blind-attacks");
  expect(attacks.length).toBeGreaterThan(1_300);
  expect(wrong(attacks, (sum) => sum >= 100)).toEqual([]);
});

test("of honest requests that were written to look like attacks, those that ever passed still pass", () => {
  const honest = read("blind-honest");
  expect(honest.length).toBeGreaterThan(2_200);
  expect(wrong(honest, (sum) => sum < 100)).toEqual([]);
});

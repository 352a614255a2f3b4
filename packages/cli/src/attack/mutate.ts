/**
 * Mutates requests that are blocked, looks for mutations that are not, and cuts those down to the steps they need.
 *
 * @module
 */
import type { RequestParts, RequestRecord } from "../request-record.ts";
import { toParts } from "../request-record.ts";
import { createDice, type Dice } from "./dice.ts";
import type { Judge } from "./judges.ts";
import { familyOf, REWRITES, type Rewrite } from "./rewrites.ts";
import { type Site, sitesOf } from "./sites.ts";
import { type Transport, transports } from "./transports.ts";

/** A mutation that got through, with no step more than it needs. */
export interface Bypass {
  readonly class: string;
  /** The steps, in the order they are taken. */
  readonly steps: readonly string[];
  readonly request: RequestParts;
}

/** What became of one payload. */
export interface PayloadResult {
  readonly class: string;
  /** `undefined`: the payload itself is not blocked, or no single value carries it, so it was not mutated. */
  readonly outcome: { readonly tried: number; readonly through: number; readonly bypasses: readonly Bypass[] } | undefined;
  readonly skipped: "not blocked" | "no single carrier" | undefined;
}

interface Step {
  readonly name: string;
  readonly seed: number;
  readonly rewrite: Rewrite | undefined;
  readonly transport: Transport | undefined;
}

const REWRITES_MAX = 3;
/** Bypasses of one payload that are cut down and kept; more of the same tell nothing new. */
const KEPT_MAX = 20;

/** Tries `count` mutations of one recorded attack. The same seed tries the same ones. */
export async function mutatePayload(record: RequestRecord, count: number, seed: number, judge: Judge): Promise<PayloadResult> {
  const original = toParts(record);
  const skip = (skipped: PayloadResult["skipped"]): PayloadResult => ({ class: record.class, outcome: undefined, skipped });
  const rule = await judge.ask(original);
  if (rule === undefined) return skip("not blocked");
  const site = await carrierOf(original, judge);
  if (site === undefined) return skip("no single carrier");
  const family = familyOf(record.class, rule);
  const rewrites = family === undefined ? [] : REWRITES[family];
  const seen = new Set<string>([keyOf(original)]);
  const bypasses = new Map<string, Bypass>();
  let tried = 0;
  let through = 0;
  for (let index = 0; index < count; index++) {
    const steps = chooseSteps(createDice(seed * 1_000_003 + index), rewrites);
    const mutated = applySteps(steps, site, original);
    if (mutated === undefined) continue;
    const key = keyOf(mutated);
    if (seen.has(key)) continue;
    seen.add(key);
    tried++;
    if ((await judge.ask(mutated)) !== undefined) continue;
    through++;
    if (bypasses.size >= KEPT_MAX) continue;
    const bypass = await cutDown(steps, site, original, judge);
    const name = bypass.map((step) => step.name).join(", ");
    if (!bypasses.has(name))
      bypasses.set(name, {
        class: record.class,
        steps: bypass.map((step) => step.name),
        request: applySteps(bypass, site, original) ?? mutated,
      });
  }
  return { class: record.class, outcome: { tried, through, bypasses: [...bypasses.values()] }, skipped: undefined };
}

const keyOf = ({ method, target, fields, body }: RequestParts): string =>
  [method, target, ...fields.flat(), Buffer.from(body ?? []).toString("latin1")].join("\n");

/** The value without which the request would pass: the longest, where several are. */
async function carrierOf(parts: RequestParts, judge: Judge): Promise<Site | undefined> {
  let best: Site | undefined;
  for (const site of sitesOf(parts)) {
    if (site.value.length <= (best?.value.length ?? 0) && best !== undefined) continue;
    if ((await judge.ask(site.write("1"))) === undefined) best = site;
  }
  return best;
}

function chooseSteps(dice: Dice, rewrites: readonly Rewrite[]): readonly Step[] {
  const steps: Step[] = [];
  const next = (): number => dice.below(0x7fffffff);
  const wanted = rewrites.length === 0 ? 0 : dice.below(REWRITES_MAX + 1);
  while (steps.length < wanted) {
    const rewrite = dice.pick(rewrites);
    steps.push({ name: rewrite.name, seed: next(), rewrite, transport: undefined });
  }
  if (steps.length === 0 || dice.once(2)) {
    const transport = dice.pick(transports);
    steps.push({ name: transport.name, seed: next(), rewrite: undefined, transport });
  }
  return steps;
}

/** The request with all steps taken; `undefined` where they change nothing or cannot be taken. */
function applySteps(steps: readonly Step[], site: Site, original: RequestParts): RequestParts | undefined {
  let value = site.value;
  for (const { rewrite, seed } of steps) if (rewrite !== undefined) value = rewrite.apply(value, createDice(seed));
  const last = steps.at(-1);
  if (last?.transport !== undefined) return last.transport.send(site, value, original, createDice(last.seed));
  return value === site.value ? undefined : site.write(value);
}

/** Leaves out every step without which the request still passes. */
async function cutDown(steps: readonly Step[], site: Site, original: RequestParts, judge: Judge): Promise<readonly Step[]> {
  let needed = steps;
  for (const step of steps) {
    const fewer = needed.filter((one) => one !== step);
    if (fewer.length === 0) continue;
    const without = applySteps(fewer, site, original);
    if (without !== undefined && (await judge.ask(without)) === undefined) needed = fewer;
  }
  return needed;
}

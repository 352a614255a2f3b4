/**
 * Learns the table of the score: logistic regression with strong L1 and L2, by FTRL-proximal, in a fixed order drawn from a seed. Only additions,
 * multiplications, divisions and roots, so the same samples give the same bytes on every engine.
 *
 * @module
 */
import { damping, LEVELS, type TokenTable, tableText } from "../../src/content/score.ts";
import { FEATURES } from "../../src/content/score-tokens.ts";
import { halfPower } from "../../src/model/exact-math.ts";
import type { Features, Sample } from "./readings.ts";

/** How the table is learned. The defaults are the shipped ones. */
export interface Training {
  readonly seed: number;
  /** What a weight must be worth to be kept: larger leaves fewer. */
  readonly l1: number;
  readonly l2: number;
  /** How much all honest texts weigh together, against 1 for all attacks. */
  readonly honestWeight: number;
  /** How much more an attack weighs that the rules miss. */
  readonly missedWeight: number;
  readonly epochs: number;
  /** Times the blocks that speak for an attack are chosen anew by what was learned. */
  readonly rounds: number;
}

export const TRAINING: Training = { seed: 7, l1: 3, l2: 1, honestWeight: 2, missedWeight: 8, epochs: 8, rounds: 3 };

/** Learned weights before they are rounded. */
export interface Model {
  readonly weights: Float64Array;
  readonly bias: number;
}

/** A learned model in the format that is shipped. */
export interface Quantised extends TokenTable {
  readonly text: string;
}

const RATE = 0.1;
const CAUTION = 1;
const EVIDENCE_MAX = 30;

/** 1 / (1 + e^-x). */
function logistic(evidence: number): number {
  const x = Math.max(-EVIDENCE_MAX, Math.min(EVIDENCE_MAX, evidence));
  const tail = halfPower(Math.abs(x) / Math.LN2);
  return x >= 0 ? 1 / (1 + tail) : tail / (1 + tail);
}

function evidenceUnder(block: Features, weights: ArrayLike<number>, bias: number): number {
  let sum = 0;
  for (let index = 0; index < block.singles.length; index++) sum += weights[block.singles[index]!]! + weights[block.pairs[index]!]!;
  return sum / damping(block.distinct) + bias;
}

interface Case {
  /** Blocks of which one is the attack, or the one block of an honest text. */
  readonly blocks: readonly Features[];
  readonly isAttack: boolean;
  readonly file: string;
  weight: number;
}

/** Each different text once, so that a site's thousand equal requests teach once; what honest clients send too is no attack. */
function casesOf(samples: readonly Sample[], missedWeight: number): Case[] {
  const honest = new Set<string>();
  const cases: Case[] = [];
  for (const { isAttack, file, readings } of samples) {
    if (isAttack) continue;
    for (const { text, blocks } of readings) {
      if (honest.has(text)) continue;
      honest.add(text);
      for (const block of blocks) cases.push({ blocks: [block], isAttack, file, weight: 1 });
    }
  }
  const attacks = new Set<string>();
  for (const { isAttack, file, readings, ruleScore } of samples) {
    if (!isAttack) continue;
    const own = readings.filter(({ text }) => !honest.has(text));
    const key = own.map(({ text }) => text).join("\0");
    if (own.length === 0 || attacks.has(key)) continue;
    attacks.add(key);
    // Longest first: before anything is learned, that is the likeliest place of the attack.
    const blocks = [...own].sort((one, other) => other.text.length - one.text.length).flatMap((reading) => reading.blocks);
    cases.push({ blocks, isAttack, file, weight: ruleScore < 100 ? missedWeight : 1 });
  }
  return cases;
}

/** A file counts by the root of its size: ten thousand requests to one shop must not outvote everyone else. */
function balance(cases: readonly Case[], honestWeight: number): void {
  const counts = new Map<string, number>();
  for (const { file, isAttack } of cases) counts.set(`${file} ${isAttack}`, (counts.get(`${file} ${isAttack}`) ?? 0) + 1);
  const total = { honest: 0, attack: 0 };
  for (const each of cases) {
    each.weight /= Math.sqrt(counts.get(`${each.file} ${each.isAttack}`)!);
    total[each.isAttack ? "attack" : "honest"] += each.weight;
  }
  const attacks = cases.filter(({ isAttack }) => isAttack).length;
  for (const each of cases) each.weight *= (attacks / total[each.isAttack ? "attack" : "honest"]) * (each.isAttack ? 1 : honestWeight);
}

/** Learns from the samples that are given, whatever their `isTaught` says. */
export function train(samples: readonly Sample[], training: Training = TRAINING): Model {
  const cases = casesOf(samples, training.missedWeight);
  balance(cases, training.honestWeight);
  let model: Model = { weights: new Float64Array(FEATURES), bias: 0 };
  for (let round = 0; round < training.rounds; round++) {
    const examples = cases.map((each) => ({ block: round === 0 ? each.blocks[0]! : likeliest(each.blocks, model), each }));
    model = descend(examples, training);
  }
  return model;
}

function likeliest(blocks: readonly Features[], { weights, bias }: Model): Features {
  let best = blocks[0]!;
  let most = -Infinity;
  for (const block of blocks) {
    const evidence = evidenceUnder(block, weights, bias);
    if (evidence <= most) continue;
    most = evidence;
    best = block;
  }
  return best;
}

function descend(examples: { readonly block: Features; readonly each: Case }[], { seed, l1, l2, epochs }: Training): Model {
  const weights = new Float64Array(FEATURES);
  const pull = new Float64Array(FEATURES);
  const squares = new Float64Array(FEATURES);
  let bias = 0;
  let biasPull = 0;
  let biasSquares = 0;
  let state = seed >>> 0;
  const update = (feature: number, gradient: number): void => {
    if (feature === 0) return;
    const before = squares[feature]!;
    const after = before + gradient * gradient;
    squares[feature] = after;
    const z = pull[feature]! + gradient - ((Math.sqrt(after) - Math.sqrt(before)) / RATE) * weights[feature]!;
    pull[feature] = z;
    weights[feature] = Math.abs(z) <= l1 ? 0 : (Math.sign(z) * l1 - z) / ((CAUTION + Math.sqrt(after)) / RATE + l2);
  };
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let last = examples.length - 1; last > 0; last--) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      const other = Math.floor((state / 2 ** 32) * (last + 1));
      const moved = examples[last]!;
      examples[last] = examples[other]!;
      examples[other] = moved;
    }
    for (const { block, each } of examples) {
      const error = (logistic(evidenceUnder(block, weights, bias)) - (each.isAttack ? 1 : 0)) * each.weight;
      if (Math.abs(error) < 1e-4) continue;
      const gradient = error / damping(block.distinct);
      for (let index = 0; index < block.singles.length; index++) {
        update(block.singles[index]!, gradient);
        update(block.pairs[index]!, gradient);
      }
      const squared = biasSquares + error * error;
      biasPull += error - ((Math.sqrt(squared) - Math.sqrt(biasSquares)) / RATE) * bias;
      biasSquares = squared;
      bias = -biasPull / ((CAUTION + Math.sqrt(squared)) / RATE);
    }
  }
  return { weights, bias };
}

/** Rounds a model to the levels of the shipped format; weights beyond the outermost level, which one in a thousand is, become that level. */
export function quantise({ weights, bias }: Model): Quantised {
  const sizes = Array.from(weights, Math.abs)
    .filter((size) => size > 0)
    .sort((one, other) => other - one);
  const outermost = sizes[Math.floor(sizes.length / 1000)] ?? 1;
  const step = Number((outermost / LEVELS).toFixed(4));
  const levels = Int8Array.from(weights, (weight) => Math.max(-LEVELS, Math.min(LEVELS, Math.round(weight / step))));
  return { weights: levels, step, bias: Number(bias.toFixed(4)), text: tableText(levels) };
}

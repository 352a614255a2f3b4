/**
 * What normal requests cost a model, as S4's file of statistics.
 *
 * @module
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { levelsOf } from "@aiwaf/autoencoder/train";
import { type Io, printable } from "../terminal.ts";
import { UsageError } from "../usage-error.ts";
import { writeWhole } from "../write-whole.ts";
import { answer, count, loadAutoencoder } from "./inputs.ts";
import { HELD_PART, normalizedLines } from "./train.ts";

/** The flags of `aiwaf autoencoder evaluate`. */
export interface EvaluateFlags {
  readonly model: string;
  readonly data: string;
  readonly part: string;
  readonly out: string;
  readonly maxLen: string;
  readonly json?: boolean;
}

/** Measures and writes. */
export async function evaluateLoss({ model: place, data, part, out, maxLen, json }: EvaluateFlags, io: Io): Promise<number> {
  if (part !== "held-out" && part !== "all") throw new UsageError('--part: must be "held-out" or "all"');
  const model = await loadAutoencoder(place, count("max-len", maxLen, 64, 8_192));
  const costs: number[] = [];
  let number = 0;
  for await (const line of normalizedLines(data)) if (number++ % HELD_PART === 0 || part === "all") costs.push(model.read(line).nats);
  if (costs.length === 0) throw new UsageError(`${data}: no line to measure`);
  const { p50, p95, p99, request } = levelsOf(costs, 0.01);
  const mean = costs.reduce((sum, cost) => sum + cost, 0) / costs.length;
  const variance = costs.reduce((sum, cost) => sum + (cost - mean) ** 2, 0) / costs.length;
  const stats = { n: costs.length, mean, std: Math.sqrt(variance), p50, p95, p99, threshold: request, model: model.id };
  mkdirSync(dirname(out), { recursive: true });
  writeWhole(out, `${JSON.stringify(stats, undefined, 2)}\n`);
  await answer(
    io,
    json,
    { ...stats, out },
    `${stats.n} requests cost, in nats: median ${p50.toFixed(1)}, p95 ${p95.toFixed(1)}, p99 ${p99.toFixed(1)}\nWritten to ${printable(out, 60)}\n`,
  );
  return 0;
}

/**
 * Weights as whole numbers of eight bits.
 *
 * @module
 */
import type { Weights } from "../model/network.ts";

/** Weights as they were fitted. */
export interface FittedWeights extends Pick<Weights, "vocabulary" | "hidden" | "fieldCount" | "tree"> {
  readonly context: Float32Array;
  readonly fields: Float32Array;
  readonly nodes: Float32Array;
  readonly biases: Float32Array;
}

const MOST = 127;

/** The tables that are added share one scale, so that sums of whole numbers are sums of weights. */
export function quantize({ context, fields, nodes, biases, ...rest }: FittedWeights): Weights {
  const contextScale = scaleOf(context, fields);
  const nodesScale = scaleOf(nodes);
  const biasScale = scaleOf(biases);
  return {
    ...rest,
    context: rounded(context, contextScale),
    fields: rounded(fields, contextScale),
    nodes: rounded(nodes, nodesScale),
    biases: rounded(biases, biasScale),
    nodeScale: contextScale * nodesScale,
    biasScale,
  };
}

/** The largest weight is 127 steps. */
function scaleOf(...tables: readonly Float32Array[]): number {
  let most = 1e-9;
  for (const table of tables) for (const weight of table) most = Math.max(most, Math.abs(weight));
  return most / MOST;
}

const rounded = (table: Float32Array, scale: number): Int8Array => Int8Array.from(table, (weight) => Math.round(weight / scale));

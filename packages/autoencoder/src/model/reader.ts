/**
 * A model at work: from a line to what is odd in it.
 *
 * @module
 */
import type { AnomalyModel } from "@aiwaf/core";
import { normalizeParts, type ReadableRequest } from "../normalize/request.ts";
import { createTokenizer, type Merge } from "../tokenizer/tokenizer.ts";
import { BODY, UNKNOWN } from "../tokenizer/vocabulary.ts";
import { createNetwork, type Weights } from "./network.ts";
import { surpriseOf } from "./surprise.ts";

/** What a model makes of one request. */
export interface Reading {
  /** What its oddest five tokens cost, in nats. */
  readonly nats: number;
  /** The same from 0, ordinary, to 1; 0.5 at the threshold. */
  readonly score: number;
  readonly isOdd: boolean;
  /** False when the request has more tokens than are read. It is odd then, because nobody looked at all of it, unless the site has such requests. */
  readonly isWhole: boolean;
  /** Place of the oddest tokens in the line, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  /** Where the dearest of them begins. */
  readonly peak: number;
}

/** One token and its cost. */
export interface TokenCost {
  readonly text: string;
  /** Where its word begins in the line, in UTF-16 units: tokens of one word share it. */
  readonly start: number;
  /** Natural units of information: 0.7 is one bit. */
  readonly nats: number;
}

/** Reads requests. */
export interface RequestReader {
  /** The model at the common seam: its vector is the numbers of a line's tokens. */
  readonly request: AnomalyModel;
  /** False for a model of logs, which hold no forms: it reads requests without theirs, because every form would be strange to it. */
  readonly readsForms: boolean;
  /** Reads a normalised line, marks as single characters: what `normalizeParts` returns. Never throws. */
  read(line: string): Reading;
  /** The same of a request. */
  readRequest(request: ReadableRequest): Reading;
  /** Every token that the model reads, with its cost. */
  explain(line: string): readonly TokenCost[];
}

/** What a reader needs of a model. */
export interface ReadableModel {
  readonly merges: readonly Merge[];
  readonly weights: Weights;
  readonly thresholds: { readonly request: number };
  readonly counts: readonly number[];
  readonly cutLines: number;
}

/** @param limit - Tokens of a request that are read. */
export function createReader(id: string, { merges, weights, thresholds, counts, cutLines }: ReadableModel, limit: number): RequestReader {
  const tokenizer = createTokenizer(merges, limit);
  const network = createNetwork(weights, limit);
  const threshold = thresholds.request;
  const readsForms = (counts[BODY] ?? 0) > 0;

  const read = (line: string): Reading => {
    const { ids, starts, count, isWhole } = tokenizer.encode(line);
    const costed = network.read(ids, count);
    const { nats, from, to, peak } = surpriseOf(network.costs, costed);
    return {
      nats,
      score: nats / (nats + threshold),
      isOdd: nats > threshold || (!isWhole && cutLines === 0),
      isWhole,
      start: starts[from] ?? 0,
      end: to < count ? starts[to]! : line.length,
      peak: starts[peak] ?? 0,
    };
  };

  return {
    read,
    readsForms,
    readRequest: ({ method, target, form }) => read(normalizeParts({ method, target, form: readsForms ? form : undefined })),
    explain(line) {
      const { ids, starts, count } = tokenizer.encode(line);
      const costed = network.read(ids, count);
      return Array.from({ length: costed }, (_, at) => ({
        text: tokenizer.textOf(ids[at]!),
        start: starts[at]!,
        nats: network.costs[at]!,
      }));
    },
    request: {
      id,
      features: ["tokens"],
      score(vector) {
        const ids = Uint16Array.from(vector.subarray(0, limit), (one) =>
          one >= 0 && one < weights.vocabulary ? Math.floor(one) : UNKNOWN,
        );
        const { nats } = surpriseOf(network.costs, network.read(ids, ids.length));
        return nats / (nats + threshold);
      },
    },
  };
}

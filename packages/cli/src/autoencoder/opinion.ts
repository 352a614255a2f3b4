/**
 * The autoencoder's opinion of one request, for `aiwaf score`.
 *
 * @module
 */
import { normalizeParts, type Reading, toSignature } from "@aiwaf/autoencoder";
import type { Decision } from "@aiwaf/core";
import type { RequestParts } from "../request-record.ts";
import { COLUMNS, printable } from "../terminal.ts";
import { loadAutoencoder } from "./inputs.ts";

/** What a model made of a request. */
export interface Opinion extends Reading {
  readonly threshold: number;
  /** The words and signs that surprised most, dearest first. */
  readonly tokens: readonly { readonly text: string; readonly nats: number }[];
}

const TOKENS_SHOWN = 5;
const MAX_TOKENS = 1_024;

/** Asks the model at `place`. */
export async function opinionOf(place: string, { method, target, fields, body }: RequestParts): Promise<Opinion> {
  const model = await loadAutoencoder(place, MAX_TOKENS);
  const type = fields.find(([name]) => name === "content-type")?.[1] ?? "";
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(type);
  const line = normalizeParts({
    method,
    target,
    form: isForm && model.readsForms && body !== undefined ? Buffer.from(body).toString("latin1") : undefined,
  });
  const words = new Map<number, { text: string; nats: number }>();
  for (const { text, start, nats } of model.explain(line)) {
    const word = words.get(start) ?? { text: "", nats: 0 };
    words.set(start, { text: word.text + text, nats: word.nats + nats });
  }
  const tokens = [...words.values()].sort((left, right) => right.nats - left.nats).slice(0, TOKENS_SHOWN);
  return { ...model.read(line), threshold: model.thresholds.request, tokens };
}

/** What the service answers, beside the decision: S4's rules and whether the request is an anomaly. */
export function opinionFields({ findings }: Decision, opinion: Opinion | undefined): object {
  return {
    rules: findings.map(toSignature),
    anomaly: opinion?.isOdd === true || findings.some(({ rule }) => rule.startsWith("anomaly/") || rule.startsWith("autoencoder/")),
    ...(opinion !== undefined && { loss: opinion.nats, loss_threshold: opinion.threshold, tokens: opinion.tokens }),
  };
}

/** The opinion in two lines. */
export function opinionText({ nats, threshold, isOdd, tokens }: Opinion): string {
  const shown = tokens.map(({ text, nats: cost }) => `${JSON.stringify(text)} ${cost.toFixed(1)}`).join("  ");
  return [
    "",
    `Autoencoder: ${isOdd ? "an anomaly" : "ordinary"}, ${nats.toFixed(1)} nats, threshold ${threshold.toFixed(1)}`,
    printable(`     ${shown}`, COLUMNS),
    "",
  ].join("\n");
}

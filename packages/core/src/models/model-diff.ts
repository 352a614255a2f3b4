import type { TrainedModel } from "./model-text.ts";

/** What is different between two models, in short lines; empty when nothing that counts is. */
export function modelDiff(before: TrainedModel, after: TrainedModel): readonly string[] {
  const lines = [
    ...listed("feature of requests", before.features, after.features),
    ...listed("feature of behaviour", before.behaviour.features, after.behaviour.features),
    ...moved("threshold of requests", before.thresholds.request, after.thresholds.request),
    ...moved("threshold of behaviour", before.thresholds.behaviour, after.thresholds.behaviour),
    ...listed("word", before.keywords, after.keywords),
  ];
  for (const [name, range] of Object.entries(after.ranges)) {
    const known = before.ranges[name];
    if (known !== undefined && Math.abs(range[1] - known[1]) > 0.2 * Math.max(0.05, Math.abs(known[1])))
      lines.push(`range of ${name}: up to ${known[1].toFixed(2)} before, ${range[1].toFixed(2)} now`);
  }
  if (before.trainedOn.lines !== after.trainedOn.lines)
    lines.push(
      `trained on ${before.trainedOn.lines.toLocaleString("en-US")} requests before, ${after.trainedOn.lines.toLocaleString("en-US")} now`,
    );
  return lines;
}

function listed(what: string, before: readonly string[], after: readonly string[]): string[] {
  return [
    ...after.filter((one) => !before.includes(one)).map((one) => `+ ${what}: ${one}`),
    ...before.filter((one) => !after.includes(one)).map((one) => `- ${what}: ${one}`),
  ];
}

const moved = (what: string, before: number, after: number): string[] =>
  Math.abs(before - after) < 0.0005 ? [] : [`${what}: ${before.toFixed(3)} before, ${after.toFixed(3)} now`];

/**
 * Findings as they are reported: rule, place, what matched and where in the value as sent, and the decoding steps on the way.
 *
 * @module
 */
import type { Finding } from "../types.ts";
import type { Hit } from "./hits.ts";
import { explainOpinion } from "./opinion.ts";
import { CONTENT_RULES } from "./rules.ts";
import { fromTransport, type Transport } from "./transport.ts";
import { decodeLayer, stepNames } from "./views.ts";

/** A hit as it is reported: its offsets are those of the value as sent, whatever was decoded on the way to `text`. */
export function findingOf(
  hit: Hit,
  score: number,
  text: string,
  raw: string,
  transport: Transport,
  layers: number,
  wrapped: readonly string[],
  where: string,
): Finding {
  const decoded: string[] = [];
  if (transport !== "plain" && fromTransport(transport, raw) !== raw) decoded.push(transport === "json" ? "json" : "percent");
  decoded.push(...wrapped);
  let start = hit.start;
  let end = Math.max(hit.end, hit.start + 1);
  if (wrapped.length > 0) {
    // Offsets inside a wrapping mean nothing in the value as sent: the whole value is the match.
    start = 0;
    end = raw.length;
  } else {
    let view = fromTransport(transport, raw);
    const maps: number[][] = [];
    const first: number[] = [];
    fromTransport(transport, raw, first);
    maps.push(first);
    for (let layer = 0; layer < layers; layer++) {
      const map: number[] = [];
      const next = decodeLayer(view, map);
      if (next.steps === 0) break;
      maps.push(map);
      decoded.push(...stepNames(next.steps));
      view = next.text;
    }
    for (let index = maps.length - 1; index >= 0; index--) {
      const map = maps[index]!;
      const stop = end >= map.length ? (index === 0 ? raw.length : maps[index - 1]!.length) : map[end]!;
      start = start < map.length ? map[start]! : Math.max(0, stop - 1);
      end = stop;
    }
  }
  const matched = text.slice(hit.start, Math.min(hit.end, hit.start + 120));
  const note = hit.rule === "score/tokens" ? explainOpinion(matched) : (CONTENT_RULES[hit.rule]?.[1] ?? "");
  return { rule: hit.rule, score, where, match: { text: matched, start, end: Math.max(end, start), decoded }, note };
}

/**
 * AIWAF's isolation forest on the same requests: each as if from a client never seen, so that only the request decides. It reads targets; forms are not among
 * its features.
 *
 * @module
 */
import { IsolationForest } from "@aiwaf/core/forest";
import { REQUEST_FEATURES } from "@aiwaf/core/models";
import { createExtractor, readTarget } from "@aiwaf/core/train";
import type { Site, SiteRequest } from "../sites.ts";

const WIDTH = REQUEST_FEATURES.length;

/** Scores of a site's requests by a forest of 100 trees. */
export function forestScores(site: Site, seed: number) {
  const extractor = createExtractor();
  let client = 0;
  const vectorOf = ({ method, target, userAgent = "", referer }: SiteRequest): Float64Array => {
    client++;
    const seen = {
      client: `10.${(client >> 16) & 255}.${(client >> 8) & 255}.${client & 255}`,
      // Far apart, so that nothing of a client's history is in a vector.
      at: 1_700_000_000_000 + client * 3_600_000,
      method,
      target,
      path: readTarget(target).path,
      userAgent,
      hasReferer: (referer ?? "") !== "",
    };
    return extractor.arrive(seen).slice();
  };
  const startedAt = process.cpuUsage();
  const rows = new Float64Array(site.training.length * WIDTH);
  for (const [index, request] of site.training.entries()) rows.set(vectorOf(request), index * WIDTH);
  const forest = new IsolationForest({ randomState: seed });
  forest.fit(rows, WIDTH);
  const fitting = process.cpuUsage(startedAt);
  const score = (request: SiteRequest): number => forest.anomalyScore(vectorOf(request));
  const scoringFrom = process.cpuUsage();
  const heldOut = site.heldOut.map(score);
  const scoring = process.cpuUsage(scoringFrom);
  return {
    heldOut,
    own: site.own.map(score),
    foreign: site.foreign.map(score),
    fitSeconds: (fitting.user + fitting.system) / 1e6,
    microseconds: (scoring.user + scoring.system) / site.heldOut.length,
    parameters: forest.nodeCount,
  };
}

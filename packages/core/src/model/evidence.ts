import type { Activity } from "./client-history.ts";

/**
 * What speaks against a client by itself, 0 to 1: attacks that other detectors saw, missing paths that scanners ask for, other missing paths as far as
 * they are most of what it asks for. Speed only adds to these: a fast client that finds everything is nobody's enemy (D-41).
 */
export function evidenceOf({ suspicious, scanned, missing, requests, burst, distinctPaths }: Activity): number {
  const missShare = missing / Math.max(8, requests);
  const held =
    Math.min(0.5, 0.1 * suspicious) + Math.min(0.6, 0.08 * scanned) + Math.min(0.4, 0.02 * Math.max(0, missing - scanned) * missShare);
  if (held < 0.05) return 0;
  const hurry = Math.min(0.15, Math.max(0, burst - 25) / 200) + Math.min(0.15, Math.max(0, distinctPaths - 40) / 400);
  return Math.min(1, held + hurry);
}

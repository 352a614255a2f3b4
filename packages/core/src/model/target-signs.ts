/**
 * What tells an odd target without a model: only what no usual link or form makes.
 *
 * @module
 */
import { emptyShape, measure, scannedWords } from "./request-shape.ts";

/** Targets whose signs are remembered: they repeat, and looking one up costs a third of measuring it. Cleared when full, so random targets gain nothing. */
const KNOWN = 2_000;
const KNOWN_LENGTH = 100;

/**
 * Counts the signs of a target, 0 to 4: a tenth of a long query's target in quotes, brackets and operators; a path of more than 511 characters; three
 * scanners' words; many escapes beside special characters.
 *
 * @param path - The target's path as it is decoded; the same for the same target.
 */
export function targetSigns(): (target: string, path: string) => number {
  const known = new Map<string, number>();
  const shape = emptyShape();
  return (target, path) => {
    const remembered = known.get(target);
    if (remembered !== undefined) return remembered;
    measure(target, shape);
    const signs =
      Number(shape.special > 0.1 && shape.queryLength > 31) +
      Number(shape.pathLength > 511) +
      Number(scannedWords(path) >= 3) +
      Number(shape.escaped > 0.15 && shape.special > 0.03);
    if (target.length > KNOWN_LENGTH) return signs;
    if (known.size >= KNOWN) known.clear();
    known.set(target, signs);
    return signs;
  };
}

const SHORT_QUERY = 31;
const SHORT_TARGET = 511;

/**
 * True for a target that cannot have two of the signs, told without measuring it: short, and without an escape. Only for targets whose path is canonical,
 * and so has no character beyond ASCII.
 */
export function isPlain(target: string, query: string): boolean {
  if (query.length > SHORT_QUERY || target.length > SHORT_TARGET || target.includes("%")) return false;
  for (let at = target.length - query.length; at < target.length; at++) if (target.charCodeAt(at) > 127) return false;
  return true;
}

const USUAL_METHODS = new Set(["GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"]);

/** True for a method of no application. */
export const isOddMethod = (method: string): boolean => method !== "GET" && !USUAL_METHODS.has(method);

/**
 * What tells an odd target without a model: only what no usual link or form makes.
 *
 * @module
 */
import { emptyShape, hasSpecial, measure, scannedWords } from "./request-shape.ts";

/** Targets whose signs are remembered: they repeat, and looking one up costs a third of measuring it. Cleared when full, so random targets gain nothing. */
const KNOWN = 2_000;
const KNOWN_LENGTH = 100;

const LONG_PATH = 511;
/** Below this share of special characters, neither sign that asks for them is there. */
const FEW_SPECIAL = 0.03;

/** True for a target that has one sign at most: short, and of what links are made of. A tenth of measuring it. */
export const isPlain = (target: string): boolean => target.length <= LONG_PATH && !hasSpecial(target, FEW_SPECIAL);

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
      Number(shape.pathLength > LONG_PATH) +
      Number(scannedWords(path) >= 3) +
      Number(shape.escaped > 0.15 && shape.special > FEW_SPECIAL);
    if (target.length > KNOWN_LENGTH) return signs;
    if (known.size >= KNOWN) known.clear();
    known.set(target, signs);
    return signs;
  };
}

const USUAL_METHODS = new Set(["GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"]);

/** True for a method of no application. */
export const isOddMethod = (method: string): boolean => method !== "GET" && !USUAL_METHODS.has(method);

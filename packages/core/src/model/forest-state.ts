import { FOREST_OPTIONS, type ForestContents, type ForestParameters } from "./forest-options.ts";
import { MAX_FEATURES, MAX_NODES, MAX_SAMPLES, MAX_STATE_TEXT, MAX_TREES } from "./limits.ts";
import { readNative, readSubset } from "./native-state.ts";
import { type Fields, fields, refuse, tooMany } from "./state-fields.ts";
import { pushTree, type TreeReader } from "./tree-reader.ts";
import { createTrees, type Trees } from "./trees.ts";

const FORMAT = "aiwaf-forest";
const VERSION = 1;

/**
 * A forest as plain data, version 1. Trees are lists in depth-first order, left before right: what is below what follows from the order, so no file
 * can hold a circle or a node out of reach.
 */
export interface ForestState {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  readonly parameters: ForestParameters;
  /** Values a row has. */
  readonly width: number;
  readonly offset: number;
  /** Rows each tree of the last growth saw. */
  readonly samples: number;
  /** Trees grown over the forest's whole life. */
  readonly grown: number;
  readonly trees: readonly TreeState[];
}

/** One tree of a `ForestState`. */
export interface TreeState {
  /** Height limit the tree was grown with. */
  readonly limit: number;
  /** The features the tree may split on; absent for all of them. */
  readonly subset?: readonly number[];
  /** Feature of each branch, −1 for a leaf. */
  readonly splits: readonly number[];
  /** Threshold of each branch: lower values go left. */
  readonly thresholds: readonly number[];
  /** Training rows of each leaf. */
  readonly sizes: readonly number[];
}

export function writeState({ parameters, trees, offset, samples, grown }: ForestContents): ForestState {
  return {
    format: FORMAT,
    version: VERSION,
    parameters,
    width: trees.width,
    offset,
    samples,
    grown,
    trees: Array.from({ length: trees.count }, (_, tree) => writeTree(trees, tree)),
  };
}

function writeTree(trees: Trees, tree: number): TreeState {
  const { width, features, values, children, sizes } = trees;
  const splits: number[] = [];
  const thresholds: number[] = [];
  const leaves: number[] = [];
  const waiting = [trees.roots[tree]!];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    const feature = features[node]!;
    if (feature === width) {
      splits.push(-1);
      leaves.push(sizes[node]!);
    } else {
      splits.push(feature);
      thresholds.push(values[node]!);
      waiting.push(children[node]! + 1, children[node]!);
    }
  }
  const subset = trees.subsets[tree];
  return { limit: trees.limits[tree]!, ...(subset === undefined ? {} : { subset }), splits, thresholds, sizes: leaves };
}

/**
 * Reads state of any known format, as an object or as JSON text.
 *
 * @throws WafError saying what is wrong with it.
 */
export function readState(state: unknown): ForestContents {
  const read = fields("The state", typeof state === "string" ? parse(state) : state);
  if (read.value("format") === FORMAT) return readOwn(read);
  if (read.value("format") !== undefined) throw refuse("The state", "has a format this version does not know");
  const native = readNative(read);
  if (native === undefined)
    throw refuse("The state", "is not that of an isolation forest: it has neither our format nor a native one's fields");
  return native;
}

function parse(text: string): unknown {
  if (text.length > MAX_STATE_TEXT) throw tooMany("characters of state", text.length, MAX_STATE_TEXT);
  try {
    return JSON.parse(text);
  } catch {
    // The engine's message may quote the text, which is from anywhere.
    throw refuse("The state", "is not JSON: cut short, or another kind of file");
  }
}

function readOwn(state: Fields): ForestContents {
  if (state.value("version") !== VERSION)
    throw refuse("version", `is not ${VERSION}: the forest was written by a newer version of this package`);
  const trees = state.list("trees", MAX_TREES).map((tree, index) => fields(`trees[${index}]`, tree));
  const width = state.whole("width", trees.length === 0 ? 0 : 1, MAX_FEATURES);
  const lists = trees.map((tree) => ({
    tree,
    limit: tree.whole("limit", 0, 64),
    subset: tree.value("subset") === undefined ? undefined : readSubset(tree.value("subset"), width, `${tree.name}.subset`),
    splits: tree.list("splits", MAX_NODES),
    thresholds: tree.list("thresholds", MAX_NODES),
    sizes: tree.list("sizes", MAX_NODES),
  }));
  const nodes = lists.reduce((sum, { splits }) => sum + splits.length, 0);
  if (nodes > MAX_NODES) throw tooMany("nodes", nodes, MAX_NODES);
  const read = createTrees(width, nodes);
  for (const { tree, limit, subset, splits, thresholds, sizes } of lists) {
    const end = pushTree(read, limit, subset, listReader(tree.name, splits, thresholds, sizes));
    if (end !== splits.length) throw refuse(`${tree.name}.splits`, "goes on after the tree is complete");
  }
  return {
    parameters: readParameters(fields("parameters", state.value("parameters"))),
    trees: read,
    offset: state.finite("offset"),
    samples: state.whole("samples", 0, MAX_SAMPLES),
    grown: Math.max(state.whole("grown", 0, Number.MAX_SAFE_INTEGER), read.count),
  };
}

function readParameters(given: Fields): ForestParameters {
  const read: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(FOREST_OPTIONS)) {
    const value = given.value(name);
    if (!option.accepts(value)) throw refuse(`parameters.${name}`, `must be ${option.allowed}`);
    read[name] = value;
  }
  return read as unknown as ForestParameters;
}

function listReader(name: string, splits: readonly unknown[], thresholds: readonly unknown[], sizes: readonly unknown[]): TreeReader {
  let node = 0;
  let branch = 0;
  let leaf = 0;
  return {
    name,
    next() {
      if (node >= splits.length) throw refuse(`${name}.splits`, "ends before the tree is complete");
      const feature = splits[node++];
      return feature === -1 ? { size: sizes[leaf++] } : { feature, threshold: thresholds[branch++] };
    },
    done() {
      if (branch !== thresholds.length) throw refuse(`${name}.thresholds`, "must have one number a branch");
      if (leaf !== sizes.length) throw refuse(`${name}.sizes`, "must have one number a leaf");
      return node;
    },
  };
}

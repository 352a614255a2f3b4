/**
 * State of the original AIWAF's forests. Its Python package writes camelCase fields and plain values, its WebAssembly package snake_case fields and
 * tagged values; neither reads the other's. Its JavaScript port, whose state is only read, writes bare trees.
 * Neither says how branches were cut: what is grown later is cut by chance.
 *
 * @module
 */
import type { Count, ForestContents, ForestParameters } from "./forest-options.ts";
import { MAX_DEPTH, MAX_FEATURES, MAX_NODES, MAX_SAMPLES, MAX_TREES } from "./limits.ts";
import { type Fields, fields, isFiniteNumber, isListWithin, isWhole, refuse, tooMany } from "./state-fields.ts";
import { type NodeRead, pushTree, type TreeReader } from "./tree-reader.ts";
import { createTrees, type Trees } from "./trees.ts";

/** `"python"`: the `aiwaf-rust` package's camelCase; `"wasm"`: the `aiwaf-wasm` package's snake_case. */
export type NativeFormat = "python" | "wasm";

/** Plain data with the native format's own field names. */
export type NativeState = Readonly<Record<string, unknown>>;

const NAMES = {
  python: {
    nEstimators: "nEstimators",
    maxSamples: "maxSamples",
    maxFeatures: "maxFeatures",
    randomState: "randomState",
    warmStart: "warmStart",
    usedSamples: "maxSamples_",
    usedFeatures: "maxFeatures_",
    width: "nFeaturesIn_",
    subsets: "estimatorsFeatures",
    maxDepth: "maxDepth",
    splitAttr: "splitAttr",
    splitValue: "splitValue",
  },
  wasm: {
    nEstimators: "n_estimators",
    maxSamples: "max_samples",
    maxFeatures: "max_features",
    randomState: "random_state",
    warmStart: "warm_start",
    usedSamples: "max_samples_",
    usedFeatures: "max_features_",
    width: "n_features_in_",
    subsets: "estimators_features",
    maxDepth: "max_depth",
    splitAttr: "split_attr",
    splitValue: "split_value",
  },
} as const;

type Names = (typeof NAMES)[NativeFormat];

export function writeNative({ parameters, trees, offset, samples }: ForestContents, format: NativeFormat): NativeState {
  const names = NAMES[format];
  const { nEstimators, maxSamples, contamination, maxFeatures, bootstrap, randomState, warmStart } = parameters;
  const tagged = format === "wasm";
  const all = Array.from({ length: trees.width }, (_, index) => index);
  // What is more than there is means all of it, so a count can say "all rows" where a plain 1 would mean one.
  const written = (given: number | Count, everything: number): unknown => {
    if (typeof given === "object") return tagged ? { Int: given.int } : given.int;
    if (given > 1) return tagged ? { Int: given } : given;
    if (tagged) return { Float: given };
    return given === 1 ? everything : given;
  };
  return {
    [names.nEstimators]: nEstimators,
    [names.maxSamples]: maxSamples === "auto" ? (tagged ? "Auto" : "auto") : written(maxSamples, MAX_SAMPLES),
    contamination: contamination === "auto" ? (tagged ? "Auto" : "auto") : tagged ? { Fixed: contamination } : contamination,
    [names.maxFeatures]: written(maxFeatures, trees.width || MAX_FEATURES),
    bootstrap,
    [names.randomState]: randomState,
    verbose: 0,
    [names.warmStart]: warmStart,
    [names.usedSamples]: samples,
    [names.usedFeatures]: trees.subsets.at(-1)?.length ?? trees.width,
    offset_: offset,
    [names.width]: trees.width,
    trees: Array.from({ length: trees.count }, (_, tree) => writeTree(trees, tree, names)),
    [names.subsets]: Array.from({ length: trees.count }, (_, tree) => trees.subsets[tree] ?? all),
  };
}

function writeTree(trees: Trees, tree: number, names: Names): unknown {
  const { width, features, values, children, sizes } = trees;
  const root: Record<string, unknown> = {};
  const waiting: [number, number, Record<string, unknown>][] = [[trees.roots[tree]!, 0, root]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [node, depth, into] = next;
    const leaf = features[node] === width;
    const left = leaf ? null : {};
    const right = leaf ? null : {};
    Object.assign(into, {
      depth,
      [names.maxDepth]: trees.limits[tree]!,
      [names.splitAttr]: leaf ? null : features[node]!,
      [names.splitValue]: leaf ? null : values[node]!,
      size: sizes[node]!,
      left,
      right,
    });
    if (left !== null) waiting.push([children[node]!, depth + 1, left]);
    if (right !== null) waiting.push([children[node]! + 1, depth + 1, right]);
  }
  return root;
}

/** Reads either native format; `undefined` when the fields are neither's. */
export function readNative(state: Fields): ForestContents | undefined {
  const format = (["python", "wasm"] as const).find((name) => state.value(NAMES[name].nEstimators) !== undefined);
  if (format === undefined) return state.value("nTrees") === undefined ? undefined : readPort(state);
  const names = NAMES[format];
  const roots = state.list("trees", MAX_TREES);
  const width = state.whole(names.width, roots.length === 0 ? 0 : 1, MAX_FEATURES);
  const subsets = state.list(names.subsets, MAX_TREES);
  if (subsets.length !== roots.length) throw refuse(names.subsets, "must have one list a tree");
  const trees = createTrees(width, 0);
  for (const [index, root] of roots.entries()) {
    const { limit, reader } = nodeReader(`trees[${index}]`, root, names);
    pushTree(trees, limit, readSubset(subsets[index], width, `${names.subsets}[${index}]`), reader);
  }
  const samples = state.whole(names.usedSamples, 0, MAX_SAMPLES);
  return { parameters: readParameters(state, names, format), trees, offset: state.finite("offset_"), samples, grown: trees.count };
}

/** Reads the JavaScript port's state. It always drew rows with replacement, and could leave a feature in a leaf. */
function readPort(state: Fields): ForestContents {
  const roots = state.list("trees", MAX_TREES);
  const samples = state.whole("sampleSize", 1, MAX_SAMPLES);
  const trees = createTrees(fields("metadata", state.value("metadata")).whole("featureCount", 1, MAX_FEATURES), 0);
  for (const [index, root] of roots.entries()) {
    const { limit, reader } = nodeReader(`trees[${index}]`, root, NAMES.python, true);
    pushTree(trees, limit, undefined, reader);
  }
  const parameters: ForestParameters = {
    nEstimators: state.whole("nTrees", 1, MAX_TREES),
    maxSamples: { int: samples },
    contamination: "auto",
    maxFeatures: 1,
    bootstrap: true,
    splitBy: "chance",
    randomState: null,
    warmStart: false,
  };
  return { parameters, trees, offset: -0.5, samples, grown: trees.count };
}

/** A list of different features; `undefined` for all of them in order. */
export function readSubset(value: unknown, width: number, name: string): readonly number[] | undefined {
  if (!isListWithin(value, 1, width) || !value.every((feature) => isWhole(feature, 0, width - 1)) || new Set(value).size !== value.length) {
    throw refuse(name, "must list different features of the row");
  }
  return value.length === width && value.every((feature, index) => feature === index) ? undefined : (value as number[]).slice();
}

function readParameters(state: Fields, names: Names, format: NativeFormat): ForestParameters {
  const contamination = untag(state.value("contamination"), "Fixed");
  if (contamination !== "auto" && !(isFiniteNumber(contamination) && contamination > 0 && contamination <= 0.5)) {
    throw refuse("contamination", "must be auto or a number above 0 up to 0.5");
  }
  const randomState = state.value(names.randomState) ?? null;
  if (randomState !== null && !isWhole(randomState, 0, Number.MAX_SAFE_INTEGER)) {
    throw refuse(names.randomState, "must be null or a whole number up to 9007199254740991: JavaScript cannot hold a larger one exactly");
  }
  const maxFeatures = readAmount(state, names.maxFeatures, state.whole(names.usedFeatures, 0, MAX_FEATURES), format);
  if (maxFeatures === "auto") throw refuse(names.maxFeatures, "must be a number");
  return {
    nEstimators: state.whole(names.nEstimators, 1, MAX_TREES),
    maxSamples: readAmount(state, names.maxSamples, state.whole(names.usedSamples, 0, MAX_SAMPLES), format),
    contamination,
    maxFeatures,
    bootstrap: state.flag("bootstrap"),
    splitBy: "chance",
    randomState,
    warmStart: state.flag(names.warmStart),
  };
}

/** The tagged forms are unambiguous; in the plain one a 1 may have been 1.0, and `used`, what came of it, tells. */
function readAmount(state: Fields, name: string, used: number, format: NativeFormat): "auto" | number | Count {
  const value = state.value(name);
  const count = format === "wasm" ? untag(value, "Int") : Number.isInteger(value) && (value !== 1 || used === 1) ? value : undefined;
  if (isWhole(count, 1, Number.MAX_SAFE_INTEGER)) return { int: Math.min(count, MAX_SAMPLES) };
  const share = format === "wasm" ? untag(value, "Float") : value;
  if (share === "auto" || (isFiniteNumber(share) && share > 0 && share <= 1)) return share;
  throw refuse(name, "must be auto, a count from 1, or a share above 0 up to 1");
}

/** The value behind a tag, `"auto"` in either spelling, or `undefined` for another tag. */
function untag(value: unknown, tag: string): unknown {
  if (value === "auto" || value === "Auto") return "auto";
  if (typeof value !== "object" || value === null) return tag === "Fixed" ? value : undefined;
  return Object.hasOwn(value, tag) ? (value as Record<string, unknown>)[tag] : undefined;
}

function nodeReader(
  name: string,
  root: unknown,
  names: Names,
  featuredLeaves = false,
): { readonly limit: number; readonly reader: TreeReader } {
  const waiting: unknown[] = [root];
  let read = 0;
  const reader: TreeReader = {
    name,
    next(depth): NodeRead {
      // A node that stands in two places, or below itself, is read again each time: the count ends that.
      if (++read > MAX_NODES) throw tooMany("nodes", read, MAX_NODES);
      const node = fields(`${name}: a node`, waiting.pop());
      if (node.value("depth") !== depth) throw refuse(`${name}: a node's depth`, "must be its distance from the root");
      const size = node.value("size");
      const feature = node.value(names.splitAttr) ?? undefined;
      const threshold = node.value(names.splitValue) ?? undefined;
      const left = node.value("left") ?? undefined;
      const right = node.value("right") ?? undefined;
      const present = [feature, threshold, left, right].filter((part) => part !== undefined).length;
      if (present === 0 || (featuredLeaves && left === undefined && right === undefined)) return { size };
      if (present < 4)
        throw refuse(`${name}: a node`, `must have ${names.splitAttr}, ${names.splitValue}, left and right, or none of them`);
      waiting.push(right, left);
      return { feature, threshold, size };
    },
    done: () => read,
  };
  return { limit: fields(name, root).whole(names.maxDepth, 0, MAX_DEPTH), reader };
}

/**
 * Path rules: patterns compiled to a trie, merged from general to specific, and never relaxed for a path that could be read in two ways.
 *
 * @module
 */
import { pageAliases } from "./aliases.ts";
import { WafError } from "./errors.ts";
import { pathReadings, type Target } from "./request.ts";
import type { PathPolicy, PathRule, RateLimit } from "./types.ts";

/** Finds the policy of a target. Total; costs no allocation where no rule begins as the path does. */
export type PolicyLookup = (target: Target) => PathPolicy;

interface Node {
  readonly children: Map<string, Node>;
  wildcard: Node | undefined;
  /** Index of the rule that ends here, or -1. */
  here: number;
  /** Index of the `**` rule that covers this node and all below it, or -1. */
  below: number;
}

const createNode = (): Node => ({ children: new Map(), wildcard: undefined, here: -1, below: -1 });

/** Paths repeat, and finding one again costs a tenth of matching it in a busy server. Emptied when full, so random paths gain nothing. */
const MAX_KEPT = 2_000;
/** Of path and query together: a path that was cut out of a long target would keep all of it. */
const MAX_KEPT_LENGTH = 200;

/** Merged policies and their strictest combinations are interned; beyond this many the strictest policy of all is the safe answer. */
const MAX_INTERNED = 4096;

/**
 * Compiles path rules over a base policy.
 *
 * Patterns: `/a/b`, `/a/*` or `/a/:name` (exactly one segment), `/a/**` (`/a` itself and everything below). A trailing slash makes no difference.
 * All rules that match are merged field by field: `**` first, then wildcards, then literals, so that the most specific wins.
 * Matching ignores case only to become stricter: a path that differs from a rule in case gets the stricter of both readings. So does a path that a
 * framework answers with the data or the parts of another page (`/_next/data/…`, `.rsc`, `__data.json`).
 *
 * @throws WafError AIWAF_PATTERN_INVALID naming the pattern.
 */
export function compilePaths(rules: Readonly<Record<string, PathRule>>, base: PathPolicy): PolicyLookup {
  const patterns = Object.keys(rules).map(readPattern).sort(generalFirst);
  if (patterns.length === 0) return () => base;
  const layers = patterns.map(({ pattern }) => withBucket(rules[pattern]!, pattern));
  const exact = createNode();
  const folded = createNode();
  patterns.forEach(({ segments, pattern }, index) => {
    insert(exact, segments, index);
    // Refuses two rules that differ only in case: of `/Admin` and `/admin`, a router that ignores case would get one, and which is not ours to guess.
    if (!insert(folded, segments.map(foldCase), index)) throw duplicate(pattern);
  });
  const policies = createPolicies(base, layers);

  const lookUpOne = (path: string): PathPolicy =>
    policies.strictest(policies.merge(collect(exact, path)), policies.merge(collect(folded, foldCase(path))));
  const lookUp = (path: string): PathPolicy =>
    pageAliases(path).reduce((policy, page) => policies.strictest(policy, lookUpOne(page)), lookUpOne(path));
  const kept = new Map<string, PathPolicy>();
  // A bit for the first two characters of each rule, in either case; all of them when a rule holds for any beginning.
  let begins = folded.wildcard === undefined && (folded.below & folded.here) < 0 ? 0 : -1;
  for (const name of folded.children.keys()) begins |= beginning(`/${name}`);
  return ({ path, query, canonical, rawPath }) => {
    // Most paths begin as no rule does. Page aliases begin as their page does, unless `_next` stands in them.
    if (canonical && (begins & beginning(path)) === 0 && !path.includes("_")) return base;
    let policy = kept.get(path);
    if (policy === undefined) {
      policy = lookUp(path);
      if (kept.size >= MAX_KEPT) kept.clear();
      if (path.length + query.length <= MAX_KEPT_LENGTH) kept.set(path, policy);
    }
    if (canonical) return policy;
    const readings = pathReadings(rawPath);
    if (readings === undefined) return policies.top;
    // Some router may not see a rule's path in it at all, hence the base.
    let strictest = policies.strictest(base, policy);
    for (const reading of readings) strictest = policies.strictest(strictest, lookUp(reading));
    return strictest;
  };
}

const foldCase = (text: string): string => text.toLowerCase();

/**
 * One of 32 bits for the first two characters of a path, whatever their case; all bits where folding may make other characters of them. What ends
 * a segment and what begins an extension (`/k`, `/k/`, `/k.rsc`) are one, as a page's aliases need.
 */
function beginning(path: string): number {
  const first = path.charCodeAt(1);
  const second = (path.charCodeAt(2) || SLASH) | 1;
  return (first | second) > 127 ? -1 : 1 << (5 * first + second);
}

const SLASH = 47;

interface Pattern {
  readonly pattern: string;
  /** Literal segments as they are, wildcards as `*`, a final `**`. */
  readonly segments: readonly string[];
}

function readPattern(pattern: string): Pattern {
  const wrong = (why: string): WafError =>
    new WafError("AIWAF_PATTERN_INVALID", `Path pattern ${JSON.stringify(pattern)} ${why}. Allowed: "/a/b", "/a/*", "/a/:name", "/a/**".`);
  if (!pattern.startsWith("/")) throw wrong('must start with "/"');
  if (/[?#\\\u0000-\u001f]/.test(pattern)) throw wrong("must be a path: no query, fragment, backslash or control character");
  const parts = pattern.slice(1).split("/");
  if (parts.at(-1) === "") parts.pop();
  const segments = parts.map((part, index) => {
    if (part === "" || part === "." || part === "..") throw wrong("has an empty or a dot segment");
    if (part === "**" && index !== parts.length - 1) throw wrong('has "**" before its end');
    if (part === "**" || part === "*") return part;
    if (/^:[A-Za-z_]\w*$/.test(part)) return "*";
    if (part.startsWith(":") || part.includes("*")) throw wrong(`has the segment ${JSON.stringify(part)}: a wildcard is a whole segment`);
    return decodeSegment(part, wrong);
  });
  return { pattern, segments };
}

/** Patterns may be written with escapes; requests are matched decoded. */
function decodeSegment(part: string, wrong: (why: string) => WafError): string {
  if (!part.includes("%")) return part;
  try {
    const decoded = decodeURIComponent(part);
    if (!/[%/\\]/.test(decoded)) return decoded;
  } catch {
    // Falls through to the one error for unreadable escapes.
  }
  throw wrong("has an escape that is no plain text");
}

/** Order of precedence: segment by segment `**` is more general than a wildcard, a wildcard more general than a literal; then the shorter pattern. */
function generalFirst(left: Pattern, right: Pattern): number {
  const length = Math.min(left.segments.length, right.segments.length);
  for (let index = 0; index < length; index++) {
    const difference = rankOf(left.segments[index]!) - rankOf(right.segments[index]!);
    if (difference !== 0) return difference;
  }
  // `/a/**` covers `/a` and is more general than it, although it is longer.
  const longer = left.segments.length > right.segments.length ? left : right;
  const byLength = left.segments.length - right.segments.length;
  return longer.segments[length] === "**" ? -byLength : byLength;
}

const rankOf = (segment: string): number => (segment === "**" ? 0 : segment === "*" ? 1 : 2);

/** False when another rule stands there already. */
function insert(root: Node, segments: readonly string[], index: number): boolean {
  let node = root;
  for (const segment of segments) {
    if (segment === "**") {
      const free = node.below < 0;
      node.below = index;
      return free;
    }
    if (segment === "*") node = node.wildcard ??= createNode();
    else {
      let child = node.children.get(segment);
      if (child === undefined) {
        child = createNode();
        node.children.set(segment, child);
      }
      node = child;
    }
  }
  const free = node.here < 0;
  node.here = index;
  return free;
}

const duplicate = (pattern: string): WafError =>
  new WafError("AIWAF_PATTERN_INVALID", `Path pattern ${JSON.stringify(pattern)} matches what an earlier one does, case apart.`);

/** Adds the index of every rule that matches `path` from `start` on. Its depth is the trie's, whatever the path is. */
function collect(node: Node, path: string, start = 1, into: number[] = []): number[] {
  if (node.below >= 0) into.push(node.below);
  if (start >= path.length) {
    if (node.here >= 0) into.push(node.here);
    return into;
  }
  const slash = path.indexOf("/", start);
  const end = slash < 0 ? path.length : slash;
  const child = node.children.get(path.slice(start, end));
  if (child !== undefined) collect(child, path, end + 1, into);
  if (node.wildcard !== undefined && end > start) collect(node.wildcard, path, end + 1, into);
  return into;
}

/** A path's own limit counts in a bucket of the rule that sets it, so that another spelling of the path buys no second allowance. */
const withBucket = (rule: PathRule, pattern: string): PathRule =>
  rule.rateLimit === undefined ? rule : { ...rule, rateLimit: { ...rule.rateLimit, bucket: rule.rateLimit.bucket ?? pattern } };

interface Policies {
  /** The base with these layers over it, general to specific. */
  merge(indices: number[]): PathPolicy;
  strictest(left: PathPolicy, right: PathPolicy): PathPolicy;
  /** At least as strict as anything `merge` can give. */
  readonly top: PathPolicy;
}

/** Interns every policy, so that a policy's identity can key what is computed from it. */
function createPolicies(base: PathPolicy, layers: readonly PathRule[]): Policies {
  const single = layers.map((layer) => merged(base, [layer]));
  const several = new Map<string, PathPolicy>();
  const pairs = new Map<PathPolicy, Map<PathPolicy, PathPolicy>>();
  let pairCount = 0;
  const top = layers.reduce<PathPolicy>((policy, layer) => strictestOf(policy, merged(base, [layer])), base);
  return {
    top,
    merge(indices) {
      if (indices.length === 0) return base;
      if (indices.length === 1) return single[indices[0]!]!;
      indices.sort((left, right) => left - right);
      const key = indices.join();
      let policy = several.get(key);
      if (policy === undefined) {
        if (several.size >= MAX_INTERNED) return top;
        policy = merged(
          base,
          indices.map((index) => layers[index]!),
        );
        several.set(key, policy);
      }
      return policy;
    },
    strictest(left, right) {
      if (left === right) return left;
      let row = pairs.get(left);
      if (row === undefined) {
        row = new Map();
        pairs.set(left, row);
      }
      let policy = row.get(right);
      if (policy === undefined) {
        if (pairCount >= MAX_INTERNED) return top;
        pairCount++;
        policy = strictestOf(left, right);
        if (isSame(policy, left)) policy = left;
        else if (isSame(policy, right)) policy = right;
        row.set(right, policy);
      }
      return policy;
    },
  };
}

function merged(base: PathPolicy, layers: readonly PathRule[]): PathPolicy {
  const policy: Record<string, unknown> = { ...base };
  for (const layer of layers) {
    for (const [field, value] of Object.entries(layer)) if (value !== undefined) policy[field] = value;
  }
  return Object.freeze(policy) as unknown as PathPolicy;
}

const MODE_RANK = { off: 0, report: 1, enforce: 2 } as const;
const PROFILE_RANK = { webhook: 0, api: 1, browser: 3 } as const;
const profileRank = (policy: PathPolicy): number => (policy.profile === undefined ? 2 : PROFILE_RANK[policy.profile]);

/** Field by field the one that lets less through. */
function strictestOf(left: PathPolicy, right: PathPolicy): PathPolicy {
  return Object.freeze({
    mode: MODE_RANK[left.mode] >= MODE_RANK[right.mode] ? left.mode : right.mode,
    threshold: Math.min(left.threshold, right.threshold),
    skip: left.skip.filter((name) => right.skip.includes(name)),
    bodyLimitBytes: Math.max(left.bodyLimitBytes, right.bodyLimitBytes),
    onFailure: left.onFailure === "deny" ? left.onFailure : right.onFailure,
    rateLimit: slower(left.rateLimit, right.rateLimit),
    methods: left.methods === undefined ? right.methods : left.methods.filter((method) => right.methods?.includes(method) ?? true),
    profile: profileRank(left) >= profileRank(right) ? left.profile : right.profile,
  });
}

/** The limit that lets fewer requests through a second. */
function slower(left: RateLimit | undefined, right: RateLimit | undefined): RateLimit | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  return left.max / left.windowMs <= right.max / right.windowMs ? left : right;
}

const isSame = (left: PathPolicy, right: PathPolicy): boolean =>
  (Object.keys(left) as (keyof PathPolicy)[]).every((field) => {
    const [one, other] = [left[field], right[field]];
    return one === other || (Array.isArray(one) && Array.isArray(other) && one.join() === other.join());
  });

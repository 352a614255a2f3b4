/**
 * A route manifest as options: path rules under the manual ones, and the look-up of a request's route.
 *
 * @module
 */
import type { PathRule, RateLimit, Route, WafOptions } from "../types.ts";
import { type ManifestLimit, type ManifestRoute, readManifest, type Switch } from "./manifest.ts";

/** What a manifest contributes to `createWaf`, `recommended` or `protect`. */
export type ManifestOptions = Required<Pick<WafOptions, "paths" | "routes">>;

/**
 * Options from a parsed `.aiwaf/paths.json`: methods, limits and switched-off detectors of each route as path rules, and `routes`, which tells
 * detectors the route of a request.
 *
 * `paths` wins field by field, also over routes that are more specific than its patterns: whoever writes `/api/**` means everything below it.
 *
 * @param manifest - The parsed file, for example `import manifest from "./.aiwaf/paths.json" with { type: "json" }`.
 * @throws WafError AIWAF_MANIFEST_INVALID naming the field.
 * @example
 * const options = fromManifest({ schema_version: "1.0", framework: "next", routes: { "/users/:id": { methods: ["GET"] } } });
 */
export function fromManifest(manifest: unknown, paths: Readonly<Record<string, PathRule>> = {}): ManifestOptions {
  const { routes } = readManifest(manifest);
  const merged = new Map<string, Known>();
  for (const [pattern, route] of Object.entries(routes)) {
    const key = keyOf(pattern);
    const known = merged.get(key);
    const rule = toRule(route);
    merged.set(key, known === undefined ? { pattern, rule, methods: route.methods } : join(known, rule, route.methods));
  }
  const manual = Object.entries(paths).map(([pattern, rule]) => ({ segments: segmentsOf(keyOf(pattern)), pattern, rule }));
  const known = [...merged].map(([key, { rule }]) => ({ key, segments: segmentsOf(key), rule }));
  const all: Record<string, PathRule> = { ...paths };
  for (const [key, { pattern, rule }] of merged) {
    const segments = segmentsOf(key);
    const over = manual.filter((one) => covers(one.segments, segments));
    const under = isDynamic(key) ? known.filter((one) => one.key !== key && covers(segments, one.segments)) : [];
    // Path rules merge. What a catch-all says must not reach routes that say nothing of the kind: their methods are unknown, not the catch-all's.
    const isOwn = (field: string): boolean => !over.some((one) => field in one.rule) && under.every((one) => field in one.rule);
    const own = Object.fromEntries(Object.entries(rule).filter(([field]) => isOwn(field)));
    const same = over.find((one) => keyOf(one.pattern) === key);
    if (same !== undefined) all[same.pattern] = { ...own, ...same.rule };
    else if (Object.keys(own).length > 0) all[pattern] = own;
  }
  return { paths: all, routes: lookUp([...merged.values()]) };
}

interface Known {
  readonly pattern: string;
  readonly rule: PathRule;
  readonly methods: readonly string[];
}

/** Two routes that no path tells apart (`/:id` and `/:name`, or another case) become one, with everything that either allows and the lower limit. */
function join(known: Known, rule: PathRule, methods: readonly string[]): Known {
  const all = known.methods.length === 0 || methods.length === 0 ? [] : [...new Set([...known.methods, ...methods])].sort();
  const limits = [known.rule.rateLimit, rule.rateLimit].filter((limit) => limit !== undefined);
  const lowest = limits.sort((left, right) => left.max / left.windowMs - right.max / right.windowMs)[0];
  const skip = known.rule.skip?.filter((name) => rule.skip?.includes(name)) ?? [];
  return {
    pattern: known.pattern,
    methods: all,
    rule: {
      ...(known.rule.profile !== undefined && known.rule.profile === rule.profile && { profile: rule.profile }),
      ...(all.length > 0 && { methods: all }),
      ...(skip.length > 0 && { skip }),
      ...(lowest !== undefined && { rateLimit: lowest }),
    },
  };
}

/** Each switch of a manifest and the detectors it stands for. */
const DETECTORS = { header_validation: "headers", ip_keyword_block: "keywords", ai_anomaly: "anomaly", honeypot: "honeypot" } as const;

function toRule({ methods, category, protections }: ManifestRoute): PathRule {
  const skip = (Object.keys(DETECTORS) as (keyof typeof DETECTORS)[]).filter((key) => isOff(protections[key])).map((key) => DETECTORS[key]);
  const limit = protections.rate_limit ?? protections.api_rate_limit;
  return {
    ...(methods.length > 0 && { methods }),
    ...(skip.length > 0 && { skip }),
    ...(limit !== undefined && { rateLimit: toLimit(limit) }),
    ...(category === "api" && { profile: "api" as const }),
  };
}

const isOff = (value: Switch | undefined): boolean => value === false || (typeof value === "object" && !value.enabled);

const toLimit = ({ requests, window_seconds: seconds, flood }: ManifestLimit): RateLimit => ({
  max: requests,
  windowMs: seconds * 1000,
  ...(flood !== undefined && { floodMax: flood }),
});

/** A pattern as it is compared: parameters without names, one case. */
const keyOf = (pattern: string): string =>
  `/${segmentsOf(pattern.toLowerCase())
    .map((part) => (part.startsWith(":") ? "*" : part))
    .join("/")}`;

const isDynamic = (key: string): boolean => key.includes("*");

const segmentsOf = (pattern: string): readonly string[] => pattern.split("/").filter((part) => part !== "");

/** True when every path that matches `inner` matches `outer`. */
function covers(outer: readonly string[], inner: readonly string[]): boolean {
  for (let index = 0; ; index++) {
    const [wanted, found] = [outer[index], inner[index]];
    if (wanted === "**") return true;
    if (wanted === undefined || found === undefined || found === "**") return wanted === found;
    if (wanted !== "*" && wanted !== found) return false;
  }
}

interface Node {
  readonly literals: Map<string, Node>;
  parameter: Node | undefined;
  here: Route | undefined;
  below: Route | undefined;
}

const createNode = (): Node => ({ literals: new Map(), parameter: undefined, here: undefined, below: undefined });

/** The most specific route of a path: a literal before a parameter before the rest, segment by segment. Its time is the number of known routes at worst. */
function lookUp(routes: readonly Known[]): (path: string) => Route | undefined {
  const root = createNode();
  for (const { pattern, methods } of routes) {
    const route: Route = { pattern, methods: methods.length > 0 ? methods : undefined };
    let node: Node | undefined = root;
    for (const part of segmentsOf(keyOf(pattern))) {
      if (part === "**") {
        node.below = route;
        node = undefined;
        break;
      }
      if (part === "*") node = node.parameter ??= createNode();
      else {
        const next: Node = node.literals.get(part) ?? createNode();
        node.literals.set(part, next);
        node = next;
      }
    }
    if (node !== undefined) node.here = route;
  }
  const find = (node: Node, parts: readonly string[], index: number): Route | undefined => {
    if (index === parts.length) return node.here ?? node.below;
    const part = parts[index]!;
    const literal = node.literals.get(part);
    const found = literal && find(literal, parts, index + 1);
    return found ?? (node.parameter && find(node.parameter, parts, index + 1)) ?? node.below;
  };
  return (path) => find(root, segmentsOf(path.toLowerCase()), 0);
}

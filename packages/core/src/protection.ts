/**
 * What a handler says about its own protection, and how that becomes path rules.
 *
 * @module
 */
import { invalid, isText } from "./options.ts";
import { compilePaths } from "./paths.ts";
import { PLAIN_POLICY } from "./policy.ts";
import { readTarget } from "./request.ts";
import { detectorsOf, REQUEST_DETECTORS } from "./stages.ts";
import type { PathRule } from "./types.ts";

/** What a handler says: what does not apply to it, and what applies whatever a path rule says. */
export interface Protection {
  /** Names of detectors and rules that are left out. */
  readonly exempt: readonly string[];
  /** Names of detectors and rules that are never left out. */
  readonly required: readonly string[];
}

/** Marks a handler and returns it. Works as a decorator of classes and methods too. */
export type Mark = <Handler extends object>(handler: Handler, context?: unknown) => Handler;

/** Handlers stay as they are: frozen ones, shared ones and classes may all be marked. */
const marks = new WeakMap<object, Protection>();

const mark =
  (exempt: readonly string[], required: readonly string[]): Mark =>
  (handler) => {
    const before = marks.get(handler) ?? { exempt: [], required: [] };
    marks.set(handler, { exempt: [...before.exempt, ...exempt], required: [...before.required, ...required] });
    return handler;
  };

function names(what: string, given: readonly string[]): readonly string[] {
  if (given.length === 0 || !given.every((name) => isText(name) && name.length <= 100)) {
    throw invalid(what, given, "one or more names of detectors, rules or stages");
  }
  return detectorsOf(given);
}

/**
 * Leaves a handler alone: no detector that judges requests looks at what it is sent. The blocklist, rate limits and the country still count, because
 * they judge the client; name them in `exemptFrom` to leave them out too.
 *
 * @example
 * export const webhook = exempt()(async (request) => new Response("ok"));
 */
export const exempt = (): Mark => mark(REQUEST_DETECTORS, []);

/**
 * Leaves some detectors, rules or stages out for a handler.
 *
 * @throws WafError when nothing is named.
 * @example
 * export const feed = exemptFrom("rate-limit", "headers")(handler);
 */
export const exemptFrom = (...given: readonly string[]): Mark => mark(names("exemptFrom", given), []);

/**
 * Leaves out every detector that judges requests but those that are named.
 *
 * @throws WafError when nothing is named.
 */
export function only(...given: readonly string[]): Mark {
  const kept = names("only", given);
  return mark(
    REQUEST_DETECTORS.filter((name) => !kept.includes(name)),
    [],
  );
}

/**
 * Keeps detectors or rules for a handler, whatever a path rule or another mark leaves out.
 *
 * @throws WafError when nothing is named.
 */
export const requireProtection = (...given: readonly string[]): Mark => mark([], names("requireProtection", given));

/** What a handler says, or `undefined` when nobody marked it. */
export const protectionOf = (handler: object): Protection | undefined => marks.get(handler);

/**
 * Path rules that say what the handlers of these routes say, for the option `paths`. In order of precedence: what a handler requires, what path rules
 * leave out, what the handler leaves out. Everything else of a path rule stays.
 *
 * @param paths - The path rules there are.
 * @param routes - Pattern to handler; handlers without a mark add nothing.
 * @throws WafError for a pattern that cannot be read.
 * @example
 * app.use(protect({ paths: handlerRules({ "/api/**": { skip: ["headers"] } }, { "/api/hook": webhook, "/login": login }) }));
 */
export function handlerRules(
  paths: Readonly<Record<string, PathRule>>,
  routes: Readonly<Record<string, object>>,
): Readonly<Record<string, PathRule>> {
  const rules: Record<string, PathRule> = { ...paths };
  const policyOf = compilePaths(paths, PLAIN_POLICY);
  for (const [pattern, handler] of Object.entries(routes)) {
    const protection = marks.get(handler);
    if (protection === undefined) continue;
    // A pattern read as a path finds the rules that hold for all its paths: `:id` is a segment that no literal rule names.
    const general = policyOf(readTarget(pattern.replace(/\*/g, ":any")));
    const left = detectorsOf(paths[pattern]?.skip ?? general.skip);
    const skip = [...new Set([...left, ...protection.exempt])].filter((name) => !isRequired(name, protection.required));
    rules[pattern] = { ...paths[pattern], skip };
  }
  return Object.freeze(rules);
}

/** Who requires a detector requires its rules; who requires a rule requires the detector that finds it. */
const isRequired = (name: string, required: readonly string[]): boolean =>
  required.some((one) => one === name || name.startsWith(`${one}/`) || one.startsWith(`${name}/`));

/**
 * Makes a firewall's mode and rules switchable while it runs.
 *
 * @module
 */
import { isThenable } from "../awaitable.ts";
import { compilePaths, type PolicyLookup } from "../paths.ts";
import { PLAIN_POLICY } from "../policy.ts";
import { readTarget } from "../request.ts";
import { joinSnapshots, storeSnapshot } from "../snapshots.ts";
import {
  gather,
  type NewException,
  readSwitch,
  type StoredException,
  SWITCH_LIMIT,
  SWITCH_PREFIX,
  type SwitchEntry,
} from "../stored-switches.ts";
import type {
  Awaitable,
  Detector,
  Finding,
  Findings,
  Mode,
  PathPolicy,
  PathRule,
  RuleId,
  Services,
  Store,
  WafOptions,
  WafRequest,
} from "../types.ts";

/** What a firewall over a store consists of, for consoles. */
export interface FirewallParts {
  /** As configured. */
  readonly mode: Mode;
  readonly threshold: number;
  /** Detectors in the order they run, and the rules of each. */
  readonly detectors: readonly { readonly name: string; readonly rules: readonly RuleId[] }[];
}

const parts = new WeakMap<Store, FirewallParts>();

/** What the firewall over this store consists of; `undefined` when it was not made switchable. Of several over one store, the last. */
export const partsOf = (store: Store): FirewallParts | undefined => parts.get(store);

/** Begins the note of a finding whose rule only reports. */
const REPORTED = "reported only";

/** Whether a finding was left without effect because its rule only reports. */
export const isReportedOnly = ({ note, score }: { readonly note?: string | undefined; readonly score: number }): boolean =>
  score === 0 && note?.startsWith(REPORTED) === true;

type Holds = (request: WafRequest) => boolean;

/** What is switched, ready to be asked. `undefined`: nothing is. */
interface Active {
  readonly mode: "report" | "enforce" | undefined;
  readonly reports: ReadonlySet<RuleId>;
  readonly exceptions: ReadonlyMap<RuleId, readonly (StoredException & { readonly holds: Holds })[]>;
}

const NAME = "switches";

/**
 * The same firewall, whose mode, rules and exceptions follow what operators switch in the store (`@aiwaf/core/switches`): on every process within a second,
 * without waiting for the store. `recommended()` is switchable already.
 *
 * A rule that only reports keeps its findings, with a score of 0 and a note; bans that it made do not hold meanwhile. A switched mode holds wherever no path
 * rule names one, and never looks where the mode is `off`. Nothing that is switched can make a path stricter or laxer by being written in another way: an
 * exception and reporting need every reading of a path, enforcing needs one.
 *
 * @example
 * const waf = createWaf(switchable({ detectors: [probes(), ...content()], store: sqliteStore({ path: "waf.db" }) }));
 */
export const switchable = (options: WafOptions): WafOptions => switchableWith(options, new Set());

/**
 * The same, for who knows which detectors do without `this`.
 *
 * @param own - Those, of `options.detectors`.
 */
export function switchableWith(options: WafOptions, own: ReadonlySet<Detector>): WafOptions {
  const { detectors, store, mode = "enforce", threshold = 100, paths } = options;
  // What is wrong is left for `createWaf` to say.
  if (!Array.isArray(detectors) || !detectors.every((one) => typeof one?.inspect === "function" && Array.isArray(one.rules)))
    return options;
  if (detectors.some(({ name }) => name === NAME)) return options;
  const described: FirewallParts = { mode, threshold, detectors: describe(detectors) };
  if (typeof store === "object" && store !== null) parts.set(store, described);
  const snapshot = storeSnapshot<SwitchEntry, Active | undefined>({
    prefix: SWITCH_PREFIX,
    limit: SWITCH_LIMIT,
    read: readSwitch,
    build: (entries) => (entries.size === 0 ? undefined : activate(entries.values())),
  });
  const active = joinSnapshots([snapshot], (list) => list);
  const current = ({ receivedAt }: WafRequest, services: Services): Active | undefined => active(services, receivedAt);
  return {
    ...options,
    detectors: [
      shaped(modeSwitch(current, namedModes(paths)), true),
      ...detectors.map((one) => (one.rules.length === 0 ? shaped(one, own.has(one)) : switched(one, current, own.has(one)))),
    ],
  };
}

function describe(detectors: readonly Detector[]): FirewallParts["detectors"] {
  const named = new Map<string, Set<RuleId>>();
  for (const { name, rules } of detectors) named.set(name, new Set([...(named.get(name) ?? []), ...rules]));
  return [...named].map(([name, rules]) => ({ name, rules: [...rules] }));
}

type Current = (request: WafRequest, services: Services) => Active | undefined;

function activate(entries: Iterable<SwitchEntry>): Active {
  const { mode, rules, exceptions } = gather(entries);
  const byRule = new Map<RuleId, (StoredException & { readonly holds: Holds })[]>();
  for (const exception of exceptions) {
    const holds = pathHolds(exception.path);
    if (holds !== undefined) byRule.set(exception.rule, [...(byRule.get(exception.rule) ?? []), { ...exception, holds }]);
  }
  return { mode: mode?.mode, reports: new Set(rules.keys()), exceptions: byRule };
}

/** `undefined` for what is no pattern. */
function pathHolds(pattern: string): Holds | undefined {
  try {
    const policyOf = compilePaths({ [pattern]: { skip: [NAME] } }, PLAIN_POLICY);
    return (request) => lookUp(policyOf, request).skip.length > 0;
  } catch {
    return undefined;
  }
}

const lookUp = (policyOf: PolicyLookup, { path, query, target, canonical }: WafRequest): PathPolicy =>
  policyOf(canonical ? { path, query, canonical, rawPath: path } : readTarget(target));

/**
 * Tells whether an exception would hold for what a rule found in a request of that target. For previews: requests are held against switches otherwise.
 *
 * @returns `undefined` for what is no path pattern.
 */
export function exceptionMatcher({
  rule,
  path,
  parameter,
}: NewException): ((target: string, finding: Pick<Finding, "rule" | "where">) => boolean) | undefined {
  let policyOf: PolicyLookup;
  try {
    policyOf = compilePaths({ [path]: { skip: [NAME] } }, PLAIN_POLICY);
  } catch {
    return undefined;
  }
  return (target, found) =>
    found.rule === rule && (parameter === undefined || parameter === found.where) && policyOf(readTarget(target)).skip.length > 0;
}

/** Whether a path rule names a mode for this path; `undefined`: none does for any. */
function namedModes(paths: WafOptions["paths"]): Holds | undefined {
  const named = Object.entries(paths ?? {}).filter(([, rule]) => rule?.mode !== undefined);
  if (named.length === 0) return undefined;
  const rules: Record<string, PathRule> = Object.fromEntries(named.map(([pattern]) => [pattern, { skip: [NAME] }]));
  try {
    const policyOf = compilePaths(rules, PLAIN_POLICY);
    return (request) => lookUp(policyOf, request).skip.length > 0;
  } catch {
    return undefined;
  }
}

/** Puts the switched mode in the place of the configured one. */
function modeSwitch(current: Current, isNamed: Holds | undefined): Detector {
  const policies = { report: new WeakMap<PathPolicy, PathPolicy>(), enforce: new WeakMap<PathPolicy, PathPolicy>() };
  return {
    name: NAME,
    phase: "head",
    rules: [],
    // First of the first phase, and not as an exemption: the plan of what runs is the same in both modes, and need not be made again for each request.
    inspect(request, services) {
      const mode = current(request, services)?.mode;
      const { policy } = request;
      if (mode === undefined || policy.mode === mode || policy.mode === "off") return undefined;
      // Enforcing may reach a path that some reading exempts from it; reporting may not reach one that some reading enforces.
      if (isNamed !== undefined && ((mode === "report" && !request.canonical) || isNamed(request))) return undefined;
      let switchedPolicy = policies[mode].get(policy);
      if (switchedPolicy === undefined) {
        switchedPolicy = Object.freeze({ ...policy, mode });
        policies[mode].set(policy, switchedPolicy);
      }
      (request as { policy: PathPolicy }).policy = switchedPolicy;
      return undefined;
    },
    wantsOutcome: () => false,
  };
}

/** The rule whose ban it is; of everything else, the finding's own. */
const culpritOf = ({ rule, note }: Finding): RuleId =>
  rule === "blocklist/banned" ? ((/^banned by (\S+\/\S+)$/.exec(note ?? "")?.[1] ?? rule) as RuleId) : rule;

const NONE: readonly StoredException[] = [];

/** Whether a rule has no effect at this place of this request, because it only reports or is excepted. */
function isLeftOut({ reports, exceptions }: Active, request: WafRequest, rule: RuleId, where: string | undefined): boolean {
  return reports.has(rule) || isExcepted(exceptions, request, rule, where);
}

function isExcepted(exceptions: Active["exceptions"], request: WafRequest, rule: RuleId, where: string | undefined): boolean {
  return ((exceptions.get(rule) ?? NONE) as readonly (StoredException & { readonly holds: Holds })[]).some(
    ({ parameter, until = Infinity, holds }) =>
      (parameter === undefined || parameter === where) && request.receivedAt < until && holds(request),
  );
}

/** The same detector; what it finds is held against the switches, and only then are they asked for. */
function switched(detector: Detector, current: Current, isOwn: boolean): Detector {
  const review = (found: Exclude<Findings, undefined>, request: WafRequest, services: Services): Awaitable<Findings> => {
    const active = current(request, services);
    if (active === undefined || (active.reports.size === 0 && active.exceptions.size === 0)) return found;
    const all: readonly Finding[] = Array.isArray(found) ? (found as readonly Finding[]) : [found as Finding];
    const goes = (finding: Finding): boolean => isLeftOut(active, request, culpritOf(finding), finding.where);
    if (!all.some(goes)) return found;
    const reported = all.filter((one) => goes(one) && !isExcepted(active.exceptions, request, one.rule, one.where)).map(reportedOnly);
    // What was left out may have hidden something else: a detector that stops at enough looks again.
    const rest =
      detector.inspectWithout?.(request, services, (rule, where) => isLeftOut(active, request, rule, where)) ??
      all.filter((one) => !goes(one));
    return isThenable(rest) ? rest.then((held) => [...reported, ...listed(held)]) : [...reported, ...listed(rest)];
  };
  const { inspect } = detector;
  return shaped(detector, isOwn, (request, services) => {
    const found = isOwn ? inspect(request, services) : inspect.call(detector, request, services);
    if (found === undefined) return undefined;
    if (isThenable(found)) return found.then((late) => (late === undefined ? undefined : review(late, request, services)));
    return review(found, request, services);
  });
}

/**
 * The same detector with all of its fields in one order, the absent ones too, and first what each request needs: where the engine asks detector after
 * detector, it then finds each function in the same place. Detectors of many shapes cost a search for each call.
 */
function shaped(detector: Detector, isOwn: boolean, inspect?: Detector["inspect"]): Detector {
  const { name, phase, rules, defaults, exempt, observe, wantsOutcome } = detector;
  // Those of this package do without `this`; a bound function is one more object to fetch for each call.
  const bind = <Arguments extends readonly unknown[], Result>(
    method: ((...given: Arguments) => Result) | undefined,
  ): ((...given: Arguments) => Result) | undefined => (isOwn ? method : method?.bind(detector));
  const same: { readonly [Field in keyof Detector]: Detector[Field] | undefined } = {
    inspect: inspect ?? bind(detector.inspect),
    wantsOutcome: bind(wantsOutcome),
    name,
    exempt: bind(exempt),
    observe: bind(observe),
    phase,
    rules,
    defaults,
  };
  return same as Detector;
}

const listed = (findings: Findings): readonly Finding[] =>
  findings === undefined ? [] : Array.isArray(findings) ? (findings as readonly Finding[]) : [findings as Finding];

const NOTE_LIMIT = 120;

/** The finding without effect. */
function reportedOnly({ rule, score, where, match, note, block }: Finding): Finding {
  const would = block === undefined ? `score ${score}` : `status ${block.status}`;
  return {
    rule,
    score: 0,
    ...(where !== undefined && { where }),
    ...(match !== undefined && { match }),
    note: `${REPORTED}, else ${would}${note === undefined ? "" : `: ${note}`}`.slice(0, NOTE_LIMIT),
  };
}

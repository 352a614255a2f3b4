import { isByPage } from "../behaviour/by-page.ts";
import { networkOf } from "../behaviour/candidates.ts";
import { isValueLike } from "../behaviour/path-words.ts";
import { eachPair } from "../content/pairs.ts";
import { createProfiles, keepsHitting, learnValue, type Profiles, unusual } from "../learn/profiles.ts";
import type { Confidence } from "../learn/tallies.ts";
import { classOf, VALUE_CLASSES } from "../learn/value-class.ts";
import { any, integer, type OptionTable, readOptions } from "../options.ts";
import type { Decision, Detector, Finding, RuleId, WafRequest } from "../types.ts";

/** What `learnParameters` takes. */
export interface LearnParametersOptions {
  /** Different networks (IPv4 /16, IPv6 /32) that must have sent a kind of value before it is usual, 3 to 100. Default 10. */
  readonly minNetworks?: number;
  /** Different intervals in which it must have been sent, 2 to 1,000. Default 6. */
  readonly minIntervals?: number;
  /** Length of an interval in milliseconds, 1,000 to 86,400,000. Default 600,000. */
  readonly intervalMs?: number;
  /** Share of all votes that it must have, 0.1 to 0.5; by default a tenth. A network has one vote an interval. */
  readonly minShare?: number;
  /** Parameters of routes that are remembered, 10 to 100,000; about 1 KiB each. Default 2,000. */
  readonly maxParameters?: number;
}

export const LEARN_PARAMETERS_OPTIONS = {
  minNetworks: integer(10, 3, 100),
  minIntervals: integer(6, 2, 1_000),
  intervalMs: integer(600_000, 1_000, 86_400_000),
  minShare: any<number, number>(0.1, "a number from 0.1 to 0.5", (value) => typeof value === "number" && value >= 0.1 && value <= 0.5),
  maxParameters: integer(2_000, 10, 100_000),
} as const satisfies OptionTable;

export const RULES = {
  /** A parameter that many networks fill with simpler or much shorter values got one of another kind. Never blocks alone. */
  "parameters/unusual": 25,
} as const satisfies Record<RuleId, number>;

/** Learning of parameters: a detector, and what content inspection asks. */
export interface ParameterLearning {
  /** Scores unusual values and learns from answered requests. */
  readonly detector: Detector;
  /** For `content({ exceptions })`: a quarter of the score for rules that a parameter of free text keeps hitting. */
  readonly exceptions: (request: WafRequest, where: string, rule: RuleId) => number;
}

/** What is left of a rule's score where honest values keep hitting it: it still adds up with others. */
const RELAXED = 0.25;
const PARAMETERS_MAX = 32;
const NAME_MAX = 60;
const VALUE_MAX = 8_192;

/**
 * Learns, for each route and query parameter, which kinds of values and which lengths visitors send, and then holds unusual ones against a request.
 * Where a parameter takes free text and its values keep hitting a rule of content inspection, that rule alone counts less, there alone.
 *
 * Something is usual only when many networks sent it in many intervals and with a tenth of all votes, one vote a network and interval. So neither a
 * flood from one network nor a few networks for days move anything, nor a page that makes its readers ask. Blocked requests and answers of 400 and more are never learned from. Each process
 * learns for itself and starts anew with it.
 *
 * @example
 * const learning = learnParameters();
 * createWaf({ detectors: [learning.detector, ...content({ exceptions: learning.exceptions })], store: memoryStore() });
 */
export function learnParameters(options?: LearnParametersOptions): ParameterLearning {
  const { minNetworks, minIntervals, intervalMs, minShare, maxParameters } = readOptions(
    "learnParameters",
    LEARN_PARAMETERS_OPTIONS,
    options,
  );
  const confidence: Confidence = { networks: minNetworks, intervals: minIntervals, share: minShare };
  const profiles: Profiles = createProfiles(maxParameters, confidence);
  return {
    detector: {
      name: "parameters",
      phase: "head",
      rules: Object.keys(RULES) as RuleId[],
      inspect(request) {
        if (request.query === "") return undefined;
        let found: Finding | undefined;
        eachValue(request, (route, name, value) => {
          if (found !== undefined) return;
          const profile = profiles.find(route, `query:${name}`);
          const what = profile === undefined ? undefined : unusual(profile, value, confidence);
          if (what !== undefined)
            found = { rule: "parameters/unusual", score: unusualScore(request), where: `query:${name}`, note: noteOf(what, value) };
        });
        return found;
      },
      observe(decision, { status }) {
        const { request } = decision;
        if (!mayTeach(decision, status) || request.query === "") return;
        const network = networkOf(request.client.key);
        const interval = Math.floor(request.receivedAt / intervalMs);
        eachValue(request, (route, name, value) => {
          const place = `query:${name}`;
          const profile = profiles.claim(route, place, request.receivedAt);
          if (profile === undefined) return;
          const hits = decision.findings
            .filter((one) => one.where === place && !one.rule.startsWith("parameters/"))
            .map(({ rule }) => rule);
          learnValue(profile, value, hits, network, interval);
        });
      },
      wantsOutcome: ({ request }) => request.query !== "",
    },
    exceptions(request, where, rule) {
      const profile = where.startsWith("query:") ? profiles.find(routeOf(request), where) : undefined;
      return profile !== undefined && keepsHitting(profile, rule, confidence) ? RELAXED : 1;
    },
  };
}

/**
 * What was blocked, or would be, teaches nothing; neither does what the application refused or whose sender is unknown, nor what pages make their readers
 * ask for: a picture in a comment would have the votes of all networks it is read from.
 */
const mayTeach = ({ action, request, ...decision }: Decision, status: number): boolean =>
  action === "allow" &&
  (decision as { readonly wouldBlock?: unknown }).wouldBlock === undefined &&
  status >= 200 &&
  status < 400 &&
  request.client.key !== "" &&
  request.canonical &&
  !isByPage(request);

const unusualScore = ({ policy }: WafRequest): number => Math.min(RULES["parameters/unusual"], policy.threshold - 1);

const noteOf = (what: "kind" | "length", value: string): string =>
  what === "kind" ? `${VALUE_CLASSES[classOf(value)]} where simpler values are usual` : `${value.length} characters where fewer are usual`;

/** The route, or the path with its values taken out: `/orders/17` and `/orders/18` are one. */
function routeOf({ route, path }: WafRequest): string {
  if (route !== undefined) return route.pattern;
  const segments = path.length > 200 ? ["", "(long)"] : path.split("/", 12);
  return segments.map((segment) => (/^\d+$/.test(segment) || (segment.length > 6 && isValueLike(segment)) ? "*" : segment)).join("/");
}

/** Names and decoded values of the query, at most 32; names that a client could make up without end are left out. */
function eachValue(request: WafRequest, visit: (route: string, name: string, value: string) => void): void {
  const route = routeOf(request);
  let count = 0;
  eachPair(request.query, (name, value, hasValue) => {
    if (!hasValue || count >= PARAMETERS_MAX || name.length > NAME_MAX || !/^[\w.[\]-]+$/.test(name)) return;
    count++;
    visit(route, name, decode(value));
  });
}

function decode(value: string): string {
  const text = (value.length > VALUE_MAX ? value.slice(0, VALUE_MAX) : value).replaceAll("+", " ");
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

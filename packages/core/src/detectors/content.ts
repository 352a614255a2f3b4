/**
 * Finds injections in everything a client controls.
 *
 * @module
 */
import type { Setting } from "../content/lexers.ts";
import { inspectBody, inspectHead, settingOf } from "../content/request-parts.ts";
import { CONTENT_RULES } from "../content/rules.ts";
import { any, type OptionTable, oneOf, readOptions } from "../options.ts";
import type { Detector, Findings, RuleId, WafRequest } from "../types.ts";

/** How much evidence a block needs. */
export interface ContentOptions {
  /**
   * `lenient` asks for a quarter more evidence than `balanced` (the default), `strict` for a quarter less. Sites whose users paste code
   * want `lenient`; machine-to-machine interfaces can afford `strict`.
   */
  readonly preset?: "lenient" | "balanced" | "strict";
  /**
   * Hosts that redirect parameters (`next`, `return_to`, `redirect` and their kin) may lead to besides the request's own, subdomains
   * included, at most 1,000; `[]` for none. Without it plain addresses pass, because only the site knows where its visitors may be sent.
   */
  readonly redirectHosts?: readonly string[];
  /**
   * How much of a rule's score counts for this request at a place such as `query:q`, `header:referer`, `cookie:theme` or `body:$.text`: `true` or 0
   * exempts it there, a number below 1 lowers it, `false` or 1 changes nothing. Asked once a hit, before anything is decided, so an exempted
   * rule hides no other finding and no other value; `score/tokens` counts no more there than the rules it seconds. What throws or is no number from 0 to 1 changes nothing: exceptions only lower. Places hold names
   * that clients chose: compare them whole. Must answer at once.
   */
  readonly exceptions?: (request: WafRequest, where: string, rule: RuleId) => boolean | number;
}

export const CONTENT_OPTIONS = {
  preset: oneOf("balanced", ["lenient", "balanced", "strict"]),
  exceptions: any<ContentOptions["exceptions"]>(undefined, "a function", (value) => typeof value === "function"),
  redirectHosts: any<readonly string[] | undefined>(undefined, "a list of at most 1,000 host names in lower case", isHostList),
} as const satisfies OptionTable;

function isHostList(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length <= 1_000 &&
    value.every((host) => typeof host === "string" && /^[a-z\d_-]{1,63}(?:\.[a-z\d_-]{1,63}){0,10}$/.test(host))
  );
}

type LeftOut = (rule: RuleId, where: string | undefined) => boolean;

const SENSITIVITY = { lenient: 0.8, balanced: 1, strict: 1.35 } as const;

function factorOf(exceptions: NonNullable<ContentOptions["exceptions"]>, request: WafRequest, where: string, rule: RuleId): number {
  let answer: unknown;
  try {
    answer = exceptions(request, where, rule);
  } catch {
    // A firewall that stops looking because an exception failed would be off for whoever finds the value that makes it fail.
    return 1;
  }
  if (answer === true) return 0;
  return typeof answer === "number" && answer >= 0 && answer < 1 ? answer : 1;
}

/**
 * Content inspection as two detectors of one name: the head part reads path, query, headers and cookies, the body part what the peek
 * returned.
 *
 * @example
 * createWaf({ detectors: [...content({ preset: "strict" })], store: memoryStore() });
 */
export function content(options: ContentOptions = {}): readonly [Detector, Detector] {
  const { preset, redirectHosts, exceptions } = readOptions("content", CONTENT_OPTIONS, options);
  const sensitivity = SENSITIVITY[preset];
  const rules = Object.keys(CONTENT_RULES) as RuleId[];
  const given = { redirectHosts, exceptions: undefined };
  const setting = (request: WafRequest, isLeftOut?: LeftOut): Setting => {
    if (exceptions === undefined && isLeftOut === undefined) return settingOf(request, sensitivity, given);
    const configured =
      exceptions === undefined ? undefined : (where: string, rule: RuleId): number => factorOf(exceptions, request, where, rule);
    const factor =
      isLeftOut === undefined
        ? configured
        : (where: string, rule: RuleId): number => (isLeftOut(rule, where) ? 0 : (configured?.(where, rule) ?? 1));
    return settingOf(request, sensitivity, { redirectHosts, exceptions: factor });
  };
  const head = (request: WafRequest, isLeftOut?: LeftOut): Findings => inspectHead(request, () => setting(request, isLeftOut));
  const body = (request: WafRequest, isLeftOut?: LeftOut): Findings =>
    request.body === undefined ? undefined : inspectBody(request, request.body, setting(request, isLeftOut));
  const detector = (phase: "head" | "body", inspect: typeof head): Detector => ({
    name: "content",
    phase,
    rules,
    inspect: (request) => inspect(request),
    inspectWithout: (request, _, isLeftOut) => inspect(request, isLeftOut),
  });
  return [detector("head", head), detector("body", body)];
}

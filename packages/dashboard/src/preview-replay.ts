/**
 * Inspects what records keep of a request once more, without a rule at a place.
 *
 * @module
 */
import { createWaf, type Detector, type Finding, type RuleId } from "@aiwaf/core";
import { memoryStore } from "@aiwaf/core/stores/memory";
import type { DecisionRecord } from "./api.ts";
import type { Matcher } from "./preview.ts";

type LeftOut = (rule: RuleId, where: string | undefined) => boolean;

/**
 * Makes the function that gives the score of a request without what the exception leaves out: of what inspection finds then, and of what other detectors had
 * found. Inspection stops at enough, so behind what it found there may be more, which it finds only without the rule.
 *
 * The function believes itself only where inspection with the rule finds what the record says: bodies, cookies and secrets are not kept, and the firewall's own
 * settings may be others. Elsewhere it gives `undefined`, and the record alone tells.
 */
export async function createReplay(isMatch: Matcher): Promise<(record: DecisionRecord) => number | undefined> {
  // Large, and no other part of the console needs it.
  const { content } = await import("@aiwaf/core/content");
  const [head] = content();
  const own = new Set<string>(head.rules);
  let leftOut: LeftOut | undefined;
  const inspected: Detector = {
    ...head,
    inspect: (request, services) =>
      leftOut === undefined ? head.inspect(request, services) : head.inspectWithout?.(request, services, leftOut),
  };
  // Scores and nothing else: nobody is banned, counted or told of it.
  const waf = createWaf({ detectors: [inspected], store: memoryStore(), mode: "report" });

  const findingsOf = ({ method, url, headers }: DecisionRecord): readonly Pick<Finding, "rule" | "score" | "where">[] | undefined => {
    if (url.endsWith("[cut]")) return undefined;
    const decision = waf.inspect({
      method,
      target: url,
      headers: {
        get: (name) => (Object.hasOwn(headers, name) ? headers[name] : undefined),
        [Symbol.iterator]: () => Object.entries(headers)[Symbol.iterator](),
      },
      peer: undefined,
      httpVersion: "1.1",
    });
    return "then" in decision ? undefined : decision.findings;
  };

  return (record) => {
    leftOut = undefined;
    const before = record.findings.filter(({ rule }) => own.has(rule));
    if (before.length === 0) return 0;
    const again = findingsOf(record);
    if (again === undefined || !sameFindings(before, again)) return undefined;
    leftOut = (rule, where) => isMatch(record.url, { rule, ...(where !== undefined && { where }) });
    const without = findingsOf(record) ?? [];
    const others = record.findings
      .filter((finding) => own.has(finding.rule) || isMatch(record.url, finding))
      .reduce((rest, { score }) => rest - score, record.score);
    return without.reduce((sum, { score }) => sum + score, others);
  };
}

function sameFindings(
  one: readonly Pick<Finding, "rule" | "score" | "where">[],
  other: readonly Pick<Finding, "rule" | "score" | "where">[],
): boolean {
  return (
    one.length === other.length &&
    one.every(({ rule, score, where }, index) => {
      const its = other[index];
      return its !== undefined && its.rule === rule && its.where === where && Math.abs(its.score - score) < 0.01;
    })
  );
}

/**
 * Inspects what records keep of a request once more, without some rules.
 *
 * @module
 */
import { createWaf, type Detector, type Finding, type RuleId } from "@aiwaf/core";
import { memoryStore } from "@aiwaf/core/stores/memory";
import type { DecisionRecord } from "./api.ts";

/** Whether a rule is left out at a place of this request. */
export type LeftOut = (rule: RuleId, where: string | undefined) => boolean;

type Found = Pick<Finding, "rule" | "score" | "where">;

/**
 * What would be found in a recorded request without some rules: by inspection, and by the other detectors. `undefined` where that cannot be told: bodies, cookies
 * and secrets are not kept, and the firewall's own settings may be others. So a replay believes itself only where it finds what the record says.
 */
export type Replay = (record: DecisionRecord, leftOut: LeftOut) => readonly Found[] | undefined;

let making: Promise<Replay> | undefined;

/** The replay of this process. Inspection stops at enough: behind what it found there may be more, which it finds only without the rule. */
export function replay(): Promise<Replay> {
  making ??= makeReplay();
  return making;
}

async function makeReplay(): Promise<Replay> {
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

  const inspect = ({ method, url, headers }: DecisionRecord, without: LeftOut | undefined): readonly Found[] | undefined => {
    if (url.endsWith("[cut]")) return undefined;
    leftOut = without;
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

  return (record, without) => {
    const others = record.findings.filter(({ rule, where }) => !own.has(rule) && !without(rule, where));
    const before = record.findings.filter(({ rule }) => own.has(rule));
    if (before.length === 0) return others;
    const again = inspect(record, undefined);
    if (again === undefined || !sameFindings(before, again)) return undefined;
    const rest = inspect(record, without);
    return rest === undefined ? undefined : [...others, ...rest];
  };
}

function sameFindings(one: readonly Found[], other: readonly Found[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ rule, score, where }, index) => {
      const its = other[index];
      return its !== undefined && its.rule === rule && its.where === where && Math.abs(its.score - score) < 0.01;
    })
  );
}

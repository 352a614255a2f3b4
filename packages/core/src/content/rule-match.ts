/**
 * Findings in the shape of the signature interface that AIWAF's autoencoder companion speaks: one object for each rule that matched a
 * piece of raw text.
 *
 * @module
 */

import type { Finding, RuleId } from "../types.ts";
import { Inspection } from "./inspection.ts";
import { opinion } from "./opinion.ts";
import { CONTENT_RULES } from "./rules.ts";

/** A matched rule. Offsets are UTF-16 units of the text that was checked. */
export interface RuleMatch {
  readonly rule_id: RuleId;
  readonly description: string;
  /** 1 (curious) to 10 (takes the server over). */
  readonly severity: number;
  readonly match: string;
  readonly start: number;
  readonly end: number;
}

/** Text beyond this many characters is not looked at: the interface is meant for request lines. */
const LENGTH_MAX = 65_536;

/** The rule match behind a finding. */
export function toRuleMatch(finding: Finding): RuleMatch {
  const [severity, description] = CONTENT_RULES[finding.rule] ?? [1, ""];
  return {
    rule_id: finding.rule,
    description,
    severity,
    match: finding.match?.text ?? "",
    start: finding.match?.start ?? 0,
    end: finding.match?.end ?? 0,
  };
}

/** Checks one raw text, for example a request line or a parameter's value, and returns every rule that matched, strongest first. */
export function checkRules(raw: string): readonly RuleMatch[] {
  const inspection = new Inspection({ host: "", script: false, sensitivity: 1, opinion });
  inspection.value("query", "", raw.slice(0, LENGTH_MAX), "percent", () => "query:");
  return (inspection.result() ?? []).map(toRuleMatch).sort((one, other) => other.severity - one.severity);
}

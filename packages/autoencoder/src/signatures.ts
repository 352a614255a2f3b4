/**
 * The names that S4's rule set gave its signatures, and the rules here that find the same.
 *
 * @module
 */
import type { Finding } from "@aiwaf/core";
import { toRuleMatch } from "@aiwaf/core/content";

const SIGNATURES: ReadonlyMap<string, string> = new Map([
  ["sql/union", "sqli_union_select"],
  ["sql/tautology", "sqli_or_true"],
  ["sql/comment", "sqli_comment"],
  ["sql/function", "sqli_sleep"],
  ["sql/stacked", "sqli_stack"],
  ["xss/script-tag", "xss_script_tag"],
  ["xss/event-handler", "xss_on_event"],
  ["xss/script-sink", "xss_eval"],
  ["xss/script-url", "xss_src_js"],
  ["xss/active-element", "xss_iframe"],
  ["path/traversal", "path_traversal"],
  ["shell/command", "cmd_injection"],
  ["ssrf/internal-host", "ssrf_internal"],
  ["encoding/layers", "double_encoded"],
]);

/** One rule that was found to apply, as the signature interface shows it. */
export interface Signature {
  /** The name that the signature interface gives it, such as `sqli_union_select`; else the same as `rule`. */
  readonly rule_id: string;
  readonly description: string;
  /** 0 to 10. */
  readonly severity: number;
  /** Where it was seen: `query:q`, `body:$.name`. */
  readonly where: string | null;
  /** What was seen there, as it was sent. */
  readonly match: string | null;
  /** UTF-16 units from the beginning of the value. */
  readonly start: number | null;
  readonly end: number | null;
  /** The rule's name here, such as `sql/union`: what `skip` and the reference know. */
  readonly rule: string;
}

/** A finding as the signature interface shows it. */
export function toSignature(finding: Finding): Signature {
  const { rule, score, where, match, note, block } = finding;
  const { description, severity } = toRuleMatch(finding);
  const isKnown = description !== "";
  return {
    rule_id: signatureOf(rule),
    description: isKnown ? description : (note ?? rule.replace(/[/-]/g, " ")),
    severity: isKnown ? severity : block === undefined ? Math.min(10, Math.max(0, Math.round(score / 10))) : 10,
    where: where ?? null,
    match: match?.text ?? null,
    start: match?.start ?? null,
    end: match?.end ?? null,
    rule,
  };
}

/** S4's name of what a rule finds, such as `sqli_union_select` of `sql/union`; the rule's own name where S4 has none. */
export const signatureOf = (rule: string): string => SIGNATURES.get(rule) ?? rule;

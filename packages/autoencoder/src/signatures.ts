/**
 * The names that S4's rule set gave its signatures, and the rules here that find the same.
 *
 * @module
 */

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

/** S4's name of what a rule finds, such as `sqli_union_select` of `sql/union`; the rule's own name where S4 has none. */
export const signatureOf = (rule: string): string => SIGNATURES.get(rule) ?? rule;

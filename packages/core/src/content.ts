/**
 * Content inspection: what clients send, read by grammars. Ask for it by adding its detectors to yours or to the recommended ones.
 *
 * @module
 */
export { checkRules, type RuleMatch, toRuleMatch } from "./content/rule-match.ts";
export { type ContentOptions, content } from "./detectors/content.ts";

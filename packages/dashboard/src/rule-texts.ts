import texts from "./generated/rule-texts.json" with { type: "json" };

/** What a rule does, in a sentence; `undefined` for rules of the application's own. */
export const ruleText = (rule: string): string | undefined =>
  Object.hasOwn(texts, rule) ? (texts as Readonly<Record<string, string>>)[rule] : undefined;

import type { JSX } from "preact";
import type { DecisionRecord } from "../../../src/api.ts";
import { Badge, type Tone } from "../ui/parts.tsx";

/** What became of a request: the words, their colour, and the rule that decided. */
export interface VerdictText {
  readonly text: string;
  readonly tone: Tone;
  readonly rule: string | undefined;
}

/** The verdict of a record, in words. */
export function verdictOf({ action, wouldBlock, rule }: Pick<DecisionRecord, "action" | "wouldBlock" | "rule">): VerdictText {
  if (action === "block") return { text: "Blocked", tone: "bad", rule };
  if (wouldBlock !== undefined) return { text: "Would block", tone: "warn", rule: wouldBlock.rule };
  return { text: "Allowed", tone: "good", rule: undefined };
}

export const Verdict = ({ record }: { readonly record: Pick<DecisionRecord, "action" | "wouldBlock"> }): JSX.Element => {
  const { text, tone } = verdictOf(record);
  return <Badge tone={tone}>{text}</Badge>;
};

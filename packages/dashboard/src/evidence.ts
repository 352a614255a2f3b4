import type { DecisionRecord } from "./api.ts";

/** They follow from what other rules found of a client before. */
const CONSEQUENCES = /^(?:blocklist\/banned|score\/threshold|probes\/scan|waves\/suspect|(?:waves|identifiers)\/persistent)$/;

/**
 * Whether a rule only draws the consequence of others, so that its stop says nothing new of the client: one that a single wrong rule stopped again and again
 * is banned, and then refused, by such rules.
 */
export const isConsequence = (rule: string): boolean => CONSEQUENCES.test(rule);

/** Whether it was blocked, or would have been. */
export const isStopped = ({ action, wouldBlock }: DecisionRecord): boolean => action === "block" || wouldBlock !== undefined;

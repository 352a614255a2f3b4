/**
 * The committed budget: figures that a run must reach, whatever machine it runs on. Times are never among them.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import type { Aggregate, Part, PartSummary } from "./results.ts";

/** What one target must keep to. A missing field is no gate. */
export interface TargetBudget {
  /** Normal requests that may be blocked, over all iterations. */
  readonly normalBlockedMax?: number;
  /** Normal requests that may go unanswered, or be answered with another status than the unprotected shop's. */
  readonly normalBrokenMax?: number;
  /** Attack requests that must have worked: a shop that nothing works on proves nothing. */
  readonly exploitedMin?: number;
  readonly exploitedMax?: number;
  /** Share of attack requests that may be blocked, in percent. */
  readonly attacksBlockedPctMax?: number;
  /** Share of attack requests that must be blocked, in percent, in each address mode. */
  readonly attacksBlockedPctMin?: number;
  /** Share of a class's requests that must be blocked, in percent, in each address mode. */
  readonly classBlockedPctMin?: Readonly<Record<string, number>>;
}

/** The file `sandbox/budget.json`. */
export interface Budget {
  readonly targets: Readonly<Record<string, TargetBudget>>;
}

/** One gate after a run. */
export interface GateResult {
  readonly target: string;
  /** In words: what was measured, where, and what the budget says. */
  readonly text: string;
  /** `undefined`: this run did not play the traffic that the gate is about. */
  readonly passed: boolean | undefined;
}

/** Reads the budget. Throws an `Error` when it is no JSON or has a target with an unknown gate: a typo would switch a gate off. */
export function readBudget(file: URL): Budget {
  const budget = JSON.parse(readFileSync(file, "utf8")) as Budget;
  const known = new Set([
    "normalBlockedMax",
    "normalBrokenMax",
    "exploitedMin",
    "exploitedMax",
    "attacksBlockedPctMax",
    "attacksBlockedPctMin",
    "classBlockedPctMin",
  ]);
  for (const [target, gates] of Object.entries(budget.targets)) {
    for (const name of Object.keys(gates)) if (!known.has(name)) throw new Error(`budget.json: ${target} has an unknown gate "${name}"`);
  }
  return budget;
}

const partWords: Readonly<Record<Part, string>> = {
  normal: "normal traffic",
  attacks: "rotating addresses",
  attacks_single: "one address",
};

/** Holds every figure of a run against the budget. Targets that did not run are left out. */
export function checkGates(budget: Budget, { aggregate: { targets } }: Aggregate): GateResult[] {
  const results: GateResult[] = [];
  for (const [target, gates] of Object.entries(budget.targets)) {
    const summaries = targets[target];
    if (summaries === undefined) continue;
    const gate = (
      part: Part,
      what: string,
      limit: string,
      measure: (summary: PartSummary) => readonly [number, boolean],
      unit = "",
    ): void => {
      const summary = summaries[part];
      const where = `${partWords[part]}: ${what}`;
      if (summary === undefined) results.push({ target, text: `${where} ${limit}${unit}: not played in this run`, passed: undefined });
      else {
        const [value, passed] = measure(summary);
        results.push({ target, text: `${where} ${format(value)}${unit}, budget ${limit}${unit}`, passed });
      }
    };
    const { normalBlockedMax, normalBrokenMax, exploitedMin, exploitedMax, attacksBlockedPctMax, attacksBlockedPctMin } = gates;
    if (normalBlockedMax !== undefined) {
      gate("normal", "blocked requests", `at most ${normalBlockedMax}`, ({ total_blocked, total_requests }) => [
        total_blocked,
        total_requests > 0 && total_blocked <= normalBlockedMax,
      ]);
    }
    if (normalBrokenMax !== undefined) {
      gate("normal", "unanswered or changed answers", `at most ${normalBrokenMax}`, (summary) => {
        const broken = summary.total_errors + summary.total_changed + summary.total_refused;
        return [broken, broken <= normalBrokenMax];
      });
    }
    for (const part of ["attacks", "attacks_single"] as const) {
      if (exploitedMin !== undefined)
        gate(part, "exploits that worked", `at least ${exploitedMin}`, ({ exploited }) => [exploited, exploited >= exploitedMin]);
      if (exploitedMax !== undefined)
        gate(part, "exploits that worked", `at most ${exploitedMax}`, ({ exploited }) => [exploited, exploited <= exploitedMax]);
      if (attacksBlockedPctMax !== undefined) {
        gate(
          part,
          "blocked",
          `at most ${attacksBlockedPctMax}`,
          ({ blocked_pct }) => [blocked_pct, blocked_pct <= attacksBlockedPctMax],
          " %",
        );
      }
      if (attacksBlockedPctMin !== undefined) {
        gate(
          part,
          "blocked",
          `at least ${attacksBlockedPctMin}`,
          ({ blocked_pct }) => [blocked_pct, blocked_pct >= attacksBlockedPctMin],
          " %",
        );
      }
      for (const [name, minimum] of Object.entries(gates.classBlockedPctMin ?? {})) {
        gate(
          part,
          `${name} blocked`,
          `at least ${minimum}`,
          ({ classes }) => {
            // A class that nothing was sent of has shown nothing.
            const found = classes.find((type) => type.attack_type === name);
            const blockedPct = found === undefined || found.requests_sent === found.refused ? 0 : found.blocked_pct;
            return [blockedPct, blockedPct >= minimum];
          },
          " %",
        );
      }
    }
  }
  return results;
}

function format(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(2);
}

/**
 * One run: targets are started, traffic is played in each of its parts, reports are made. No printing, no files.
 *
 * @module
 */
import type { DecisionEvent, ExploitOracle, TargetHandle } from "../types.ts";
import { referenceOf } from "./command-line.ts";
import { type DriveOptions, driveInTime, driveInTurn, type Lane, type Outcomes } from "./drive.ts";
import { type AddressMode, createAddresses, type Traffic, type Unit } from "./plan.ts";
import type { Progress } from "./progress.ts";
import { createReport, type TargetReport } from "./report.ts";
import { type Comparison, type Part, toStamp } from "./results.ts";
import { createWireClient } from "./wire-client.ts";

export interface RunOptions {
  /** The unprotected shop first: every other target is held against it. */
  readonly targets: readonly TargetHandle[];
  readonly traffic: Traffic;
  readonly mode: "normal" | "attacks" | "all";
  readonly iterations: number;
  readonly oracle: ExploitOracle;
  readonly progress?: Progress;
  /** How much faster than in life normal traffic is played; a third faster unless a test says otherwise. */
  readonly speed?: number;
}

const socketsPerTarget = 20;
/** Two cores are busy with four, and pages that an injection sends to sleep then sleep side by side; more only makes each answer slower. */
const attackLanesAtOnce = 4;
/** A minute of honest visitors in 45 seconds: limits are held against more haste than in life, and nobody waits for the quiet end of that minute. */
const honestSpeed = 4 / 3;
/** A guard against hanging: on a machine with much else to do, honest answers have taken more than five seconds. */
const answerLimitMs = 30_000;

/** Plays all iterations. Targets are reset before each part, so that no ban, counter or stored review leaks into the next. */
export async function runComparisons(options: RunOptions): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  for (let iteration = 1; iteration <= options.iterations; iteration += 1) {
    const runId = `${toStamp(new Date())}-${iteration}`;
    const play = (part: Part, known?: Outcomes): Promise<Played> => playPart(options, part, iteration, runId, known);
    const none: Played = { reports: [], outcomes: new Map() };
    const { reports: normal } = options.mode === "attacks" ? none : await play("normal");
    const { reports: attacks, outcomes } = options.mode === "normal" ? none : await play("attacks");
    const { reports: single } = options.mode === "normal" ? none : await play("attacks_single", outcomes);
    comparisons.push({ runId, generatedAt: new Date().toISOString(), normal, attacks, attacks_single: single });
  }
  return comparisons;
}

const partLabels: Readonly<Record<Part, string>> = {
  normal: "honest visitors, a minute in 45 seconds",
  attacks: "attackers, each from an address of its own",
  attacks_single: "attackers, all from one address",
};

interface Played {
  readonly reports: TargetReport[];
  readonly outcomes: Outcomes;
}

/** What a framework's unprotected twin answers does not depend on who asks: where its outcomes are `known`, it is not asked a second time. */
async function playPart(options: RunOptions, part: Part, iteration: number, runId: string, known?: Outcomes): Promise<Played> {
  const { traffic, progress } = options;
  const targets = options.targets.filter(({ name }) => known === undefined || !name.startsWith("direct_"));
  const units: readonly Unit[] = part === "normal" ? traffic.normal : traffic.attacks;
  const addresses: AddressMode | "own" = part === "normal" ? "own" : part === "attacks" ? "rotating" : "single";
  await Promise.all(targets.map((target) => target.reset()));
  const decisions = new Map<string, DecisionEvent[]>(targets.map((target) => [target.name, []]));
  const endListening = targets.map((target) => target.onDecision((event) => decisions.get(target.name)!.push(event)));
  const lanes: Lane[] = targets.map(({ name, port }) => ({
    target: name,
    client: createWireClient({ host: "127.0.0.1", port, maxSockets: socketsPerTarget, timeoutMs: answerLimitMs }),
  }));
  const label = `${options.iterations === 1 ? "" : `iteration ${iteration} of ${options.iterations}: `}${partLabels[part]}`;
  progress?.phase(label, units.reduce((sum, unit) => sum + unit.records.length, 0) * targets.length);
  const startedAt = new Date();
  let outcomes: Outcomes;
  try {
    const drive: DriveOptions = {
      units,
      lanes,
      addressOf: createAddresses(addresses),
      oracle: options.oracle,
      lanesAtOnce: attackLanesAtOnce,
      onAnswer: (done) => progress?.advance(done),
    };
    outcomes = part === "normal" ? await driveInTime(drive, options.speed ?? honestSpeed) : await driveInTurn(drive);
    await Promise.all(targets.map((target) => target.drain()));
  } finally {
    for (const end of endListening) end();
    for (const { client } of lanes) client.close();
  }
  const finishedAt = new Date();
  const reference: Outcomes = new Map([...(known ?? []), ...outcomes]);
  const reports = targets.map((target) =>
    createReport({
      target: target.name,
      baseUrl: target.url,
      // One file a report: the attacks from one address get a name of their own.
      runId: part === "attacks_single" ? `${runId}-single` : runId,
      mode: part === "normal" ? "normal" : "attacks",
      addresses,
      startedAt,
      finishedAt,
      outcomes: outcomes.get(target.name)!,
      direct: reference.get(referenceOf(target.name, reference))!,
      decisions: decisions.get(target.name)!,
    }),
  );
  return { reports, outcomes };
}

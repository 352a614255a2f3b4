/**
 * Rules, the mode and models: how the firewall judges, switched while it runs.
 *
 * @module
 */
import type { Store } from "@aiwaf/core";
import { modelDiff } from "@aiwaf/core/models";
import type { ModelFolder, StoredVersion } from "@aiwaf/core/models/file";
import { readSwitches, switchMode, switchRule } from "@aiwaf/core/switches";
import type { ModelDiff, ModelEntry, ModelList, ModeState, RuleEntry, RuleList, TrainingEntry, TrainingList } from "./api.ts";
import { changed } from "./changes.ts";
import type { Call, Context } from "./context.ts";
import { countDistinct } from "./distinct.ts";
import { readInput, wordField } from "./input.ts";
import { absent, json, ProblemError, wrongInput } from "./problem.ts";
import { ruleText } from "./rule-texts.ts";
import { MINUTE_MS } from "./tallies.ts";

const DAY_MS = 1_440 * MINUTE_MS;
const MODES = ["report", "enforce"] as const;

const unavailable = (what: string): ProblemError => new ProblemError(404, "unavailable", `This console was built without ${what}.`);

async function rulesOf(context: Context, now: number): Promise<readonly RuleEntry[]> {
  const parts = context.parts();
  if (parts === undefined) throw unavailable("switches: build the firewall with recommended() or switchable()");
  const { rules: switched } = await readSwitches(context.store, now);
  const suspended = await suspensions(context.store, now);
  const { found, rules: stopping } = context.tallies.names(now - DAY_MS, now + MINUTE_MS);
  return parts.detectors.flatMap(({ name, rules }) =>
    rules.map((rule): RuleEntry => {
      const own = switched.get(rule);
      const until = suspended.get(rule);
      const about = ruleText(rule);
      return {
        rule,
        detector: name,
        ...(about !== undefined && { about }),
        mode: own === undefined ? "enforce" : "report",
        ...(own !== undefined && { by: own.by, since: own.since }),
        ...(until !== undefined && { suspendedUntil: until }),
        found: found.get(rule),
        blocked: stopping.get(rule),
      };
    }),
  );
}

/** What the breaker suspended, and until when. */
async function suspensions(store: Store, now: number): Promise<ReadonlyMap<string, number>> {
  const keys = await store.list("breaker:", 200, now);
  const pairs = await Promise.all(
    keys.map(async (key): Promise<readonly [string, number]> => {
      try {
        const { until } = JSON.parse((await store.get(key, now)) ?? "{}") as { readonly until?: unknown };
        return [key.slice("breaker:".length), typeof until === "number" ? until : 0];
      } catch {
        return [key, 0];
      }
    }),
  );
  return new Map(pairs.filter(([, until]) => until > now));
}

export async function getRules(context: Context, { now }: Call): Promise<Response> {
  return json({ rules: await rulesOf(context, now), since: Math.max(context.tallies.since, now - DAY_MS) } satisfies RuleList);
}

export async function putRule(context: Context, call: Call): Promise<Response> {
  const rule = call.rest.join("/");
  const before = (await rulesOf(context, call.now)).find((one) => one.rule === rule);
  if (before === undefined) throw absent("There is no such rule.");
  const mode = wordField(await readInput(call.request), "mode", MODES);
  await switchRule(context.store, rule, mode, call.identity.user.name, call.now);
  const { by: _, since: _1, ...rest } = before;
  const entry: RuleEntry = { ...rest, mode, ...(mode === "report" && { by: call.identity.user.name, since: call.now }) };
  return changed(context, call, "rules", `switched ${rule} to ${mode}`, { kind: "rule", rule, before: before.mode }, entry);
}

async function modeOf(context: Context, now: number): Promise<ModeState> {
  const configured = context.parts()?.mode;
  if (configured === undefined) throw unavailable("switches: build the firewall with recommended() or switchable()");
  const { mode: switched } = await readSwitches(context.store, now);
  const from = now - DAY_MS + MINUTE_MS;
  const figures = context.tallies.figures(from - (from % MINUTE_MS), DAY_MS, 1)[0];
  return {
    mode: switched?.mode ?? (configured === "report" ? "report" : "enforce"),
    configured,
    ...(switched !== undefined && { by: switched.by, since: switched.since }),
    guide: {
      requests: figures?.requests ?? 0,
      wouldBlock: figures?.wouldBlock ?? 0,
      clientsWouldBlock: countDistinct(context.tallies.names(from, now + MINUTE_MS).stopped),
      watchingSince: context.tallies.since,
    },
  };
}

export async function getMode(context: Context, { now }: Call): Promise<Response> {
  return json(await modeOf(context, now));
}

export async function putMode(context: Context, call: Call): Promise<Response> {
  const mode = wordField(await readInput(call.request), "mode", MODES);
  const { configured } = await modeOf(context, call.now);
  if (configured === "off") throw new ProblemError(409, "conflict", "The configuration turns the firewall off; only it can turn it on.");
  const { mode: before } = await readSwitches(context.store, call.now);
  await switchMode(context.store, mode, call.identity.user.name, call.now);
  const done = { kind: "mode", ...(before !== undefined && { before: before.mode }) } as const;
  return changed(context, call, "mode", `switched to ${mode}`, done, await modeOf(context, call.now));
}

function modelsOf({ models }: Context): ModelFolder {
  if (models === undefined) throw unavailable("models");
  return models;
}

function modelEntry({ name, isCurrent, model, problem }: StoredVersion): ModelEntry {
  return {
    version: name,
    isCurrent,
    ...(problem !== undefined && { problem: problem.slice(0, 300) }),
    ...(model !== undefined && {
      id: model.id,
      createdAt: model.createdAt,
      trainedOn: model.trainedOn,
      thresholds: model.thresholds,
      holdout: model.holdout,
      keywords: model.keywords,
    }),
  };
}

export async function getModels(context: Context): Promise<Response> {
  return json({ models: (await modelsOf(context).list()).map(modelEntry) } satisfies ModelList);
}

export async function getTraining(context: Context): Promise<Response> {
  const models = modelsOf(context);
  const [versions, runs] = await Promise.all([models.list(), models.runs()]);
  const named = new Map(versions.map((version) => [version.name, modelEntry(version)]));
  const ofModel = (version: string | undefined): Pick<TrainingEntry, "trainedOn" | "holdout"> => {
    const { trainedOn, holdout } = named.get(version ?? "") ?? {};
    return { ...(trainedOn !== undefined && { trainedOn }), ...(holdout !== undefined && { holdout }) };
  };
  const noted = new Set(runs.map(({ version }) => version));
  const trainings: TrainingEntry[] = [
    ...runs.map((run) => ({ ...run, ...ofModel(run.version) })),
    // Models of a time when nobody noted trainings, or that came from elsewhere.
    ...[...named.values()]
      .filter(({ version }) => !noted.has(version))
      .map(({ version, problem, createdAt }): TrainingEntry => {
        const at = createdAt ?? timeOfVersion(version);
        return problem === undefined
          ? { at, outcome: "saved", version, ...ofModel(version) }
          : { at, outcome: "unreadable", version, reason: problem };
      }),
  ];
  return json({ trainings: trainings.sort((one, other) => other.at - one.at) } satisfies TrainingList);
}

/** Names of versions begin with their time, `20260131T120000`. */
function timeOfVersion(version: string): number {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)-/.exec(version) ?? [];
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second)) || 0;
}

export async function getModelDiff(context: Context, { query }: Call): Promise<Response> {
  const versions = await modelsOf(context).list();
  const named = (field: "a" | "b"): StoredVersion & { readonly model: NonNullable<StoredVersion["model"]> } => {
    const found = versions.find(({ name }) => name === query.get(field));
    if (found?.model === undefined) throw absent(`${field} names no version that can be read.`);
    return { ...found, model: found.model };
  };
  const [a, b] = [named("a"), named("b")];
  return json({ a: a.name, b: b.name, lines: modelDiff(a.model, b.model) } satisfies ModelDiff);
}

export async function promoteModel(context: Context, call: Call): Promise<Response> {
  return use(context, call, call.rest[0] ?? "");
}

export async function rollBackModel(context: Context, call: Call): Promise<Response> {
  const versions = await modelsOf(context).list();
  const current = versions.findIndex(({ isCurrent }) => isCurrent);
  const older = current < 0 ? undefined : versions.slice(current + 1).find(({ problem }) => problem === undefined);
  if (older === undefined) throw absent("There is no readable version before the one in use.");
  return use(context, call, older.name);
}

async function use(context: Context, call: Call, name: string): Promise<Response> {
  const models = modelsOf(context);
  const versions = await models.list();
  const wanted = versions.find((one) => one.name === name);
  if (wanted === undefined) throw absent("There is no such version.");
  if (wanted.model === undefined) throw wrongInput("This version cannot be read.");
  const before = versions.find(({ isCurrent }) => isCurrent);
  const entry = modelEntry(await models.promote(name));
  if (before === undefined) return json({ ...entry, undo: "" });
  return changed(context, call, "models", `put model ${name} to use`, { kind: "model", before: before.name }, entry);
}

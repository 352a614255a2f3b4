/**
 * `aiwaf model`: the versions of the trained model.
 *
 * @module
 */
import { modelDiff, storeModel, type TrainedModel } from "@aiwaf/core/models";
import { type ModelFolder, modelFolder, type StoredVersion } from "@aiwaf/core/models/file";
import { openStore, type StoreFlags } from "../operate/open-store.ts";
import { number, plainTable, trimLines } from "../plain-table.ts";
import { COLUMNS, type Io, printable, wrap } from "../terminal.ts";
import { messageOf, UsageError } from "../usage-error.ts";
import { MODEL_ACTIONS } from "./train-flags.ts";
import { modelPath } from "./train-settings.ts";

/** The flags of `aiwaf model`. */
export interface ModelFlags extends StoreFlags {
  readonly model?: string;
  readonly json?: boolean;
}

/**
 * Runs one action.
 *
 * @returns 0.
 * @throws UsageError for an unknown action or version.
 */
export async function model(action: string, names: readonly string[], given: ModelFlags, io: Io): Promise<number> {
  const flags = { ...given, model: modelPath(given.model, process.env) };
  const folder = modelFolder(flags.model);
  const versions = await folder.list();
  const run = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
  if (run === undefined) throw new UsageError(`model ${printable(action, 40)}: must be one of ${MODEL_ACTIONS.join(", ")}`);
  const isStored = [flags.sqlite, flags.redis, flags.config].some((flag) => flag !== undefined);
  if (action !== "promote" && action !== "rollback" && (isStored || flags.prefix !== undefined))
    throw new UsageError("--sqlite, --redis, --prefix and --config belong to promote and rollback");
  await io.out.write(`${await run({ folder, versions, names, flags })}\n`);
  return 0;
}

interface Task {
  readonly folder: ModelFolder;
  readonly versions: readonly StoredVersion[];
  readonly names: readonly string[];
  readonly flags: ModelFlags & { readonly model: string };
}

const ACTIONS: Readonly<Record<string, (task: Task) => string | Promise<string>>> = {
  list: ({ versions, flags }) => (flags.json === true ? JSON.stringify(versions.map(summaryOf)) : list(versions, flags)),
  show: (task) => {
    const version = find(task, task.names[0]);
    return task.flags.json === true ? JSON.stringify(summaryOf(version)) : show(version);
  },
  diff: (task) => {
    const before = readable(find(task, task.names[0] ?? previous(task).name));
    const after = readable(find(task, task.names[1]));
    const lines = modelDiff(before, after);
    if (task.flags.json === true) return JSON.stringify(lines);
    return lines.length === 0 ? "Nothing changed that counts." : lines.map((text) => printable(text, COLUMNS)).join("\n");
  },
  promote: async (task) => promoted(task, await promote(task, find(task, task.names[0] ?? task.versions[0]?.name))),
  rollback: async (task) => promoted(task, await promote(task, previous(task))),
  export: async (task) => (await task.folder.read(find(task, task.names[0]).name)).trimEnd(),
};

const promoted = ({ flags }: Task, version: StoredVersion): string =>
  flags.json === true ? JSON.stringify(summaryOf(version)) : `In use from now on: ${version.name}`;

async function promote({ folder, flags }: Task, version: StoredVersion): Promise<StoredVersion> {
  const isNamed = [flags.sqlite, flags.redis, flags.config].some((flag) => flag !== undefined);
  const opened = isNamed ? await openStore(flags) : undefined;
  try {
    const promotedVersion = await folder.promote(version.name);
    if (opened !== undefined) await storeModel(opened.store, await folder.read(version.name), readable(promotedVersion), Date.now());
    return promotedVersion;
  } catch (error) {
    throw new UsageError(messageOf(error));
  } finally {
    await opened?.close();
  }
}

/** The version of that name, of which the beginning or the hash's beginning will do; without a name, the one in use. */
function find({ versions, flags }: Task, name: string | undefined): StoredVersion {
  if (name === undefined) {
    const current = versions.find(({ isCurrent }) => isCurrent);
    if (current === undefined) throw new UsageError(`${flags.model}: no model is in use; aiwaf model list shows what there is`);
    return current;
  }
  const found = versions.filter((one) => one.name.startsWith(name) || one.name.split("-")[1]!.startsWith(name));
  if (name !== "" && found.length === 1) return found[0]!;
  throw new UsageError(
    `${printable(name, 60)}: ${found.length === 0 ? "no version is called so" : `${found.length} versions begin so`}; aiwaf model list shows them`,
  );
}

/** The newest version older than the one in use. */
function previous({ versions, flags }: Task): StoredVersion {
  const current = versions.findIndex(({ isCurrent }) => isCurrent);
  const older = current < 0 ? undefined : versions.slice(current + 1).find(({ problem }) => problem === undefined);
  if (older === undefined) throw new UsageError(`${flags.model}: there is no readable version before the one in use`);
  return older;
}

function readable({ name, model: found, problem }: StoredVersion): TrainedModel {
  if (found === undefined) throw new UsageError(`${name}: ${problem}`);
  return found;
}

const summaryOf = ({ name, isCurrent, model: found, problem }: StoredVersion): object => ({
  name,
  isCurrent,
  problem: problem ?? null,
  ...(found !== undefined && {
    id: found.id,
    sha256: found.sha256,
    createdAt: new Date(found.createdAt).toISOString(),
    trainedOn: found.trainedOn,
    thresholds: found.thresholds,
    holdout: found.holdout,
    features: found.features,
    behaviourFeatures: found.behaviour.features,
    keywords: found.keywords,
  }),
});

function list(versions: readonly StoredVersion[], { model: path }: Task["flags"]): string {
  if (versions.length === 0) return `No model yet at ${printable(path, 60)}; aiwaf train FILE makes one.`;
  const rows = plainTable(["Version", "", "Requests", "Odd of held out"], [33, 8, 14, 20], 2);
  for (const { name, isCurrent, model: found, problem } of versions) {
    if (found === undefined) rows.push([name, "damaged", "", printable(problem ?? "", 20)]);
    else
      rows.push([
        name,
        isCurrent ? "in use" : "",
        number(found.trainedOn.lines),
        `${number(found.holdout.flagged)} of ${number(found.holdout.requests)}`,
      ]);
  }
  return trimLines(rows.toString());
}

function show(version: StoredVersion): string {
  const { id, trainedOn, thresholds, features, behaviour, keywords, holdout, createdAt } = readable(version);
  const time = (at: number): string => new Date(at).toISOString();
  return [
    `${version.name}${version.isCurrent ? " (in use)" : ""}`,
    `  id         ${id}`,
    `  made       ${time(createdAt)}`,
    `  trained on ${number(trainedOn.lines)} requests, ${time(trainedOn.from)} to ${time(trainedOn.to)}`,
    `  source     ${printable(trainedOn.source, COLUMNS - 13)}`,
    `  thresholds ${thresholds.request.toFixed(3)} requests, ${thresholds.behaviour.toFixed(3)} behaviour`,
    `  held out   ${number(holdout.flagged)} of ${number(holdout.requests)} above`,
    listed("requests", features.join(", ")),
    listed("behaviour", behaviour.features.join(", ")),
    listed("words", keywords.map((word) => printable(word, 40, true)).join(", ")),
  ].join("\n");
}

/** A long list under its name, indented. */
const listed = (name: string, text: string): string =>
  wrap(text, COLUMNS - 13)
    .split("\n")
    .map((line, index) => `${(index === 0 ? `  ${name}` : "").padEnd(13)}${line}`.trimEnd())
    .join("\n");

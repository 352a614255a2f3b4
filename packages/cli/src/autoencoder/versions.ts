/**
 * The versions of an autoencoder: which there are, and which one is in use.
 *
 * @module
 */
import { readAutoencoder, type TrainedAutoencoder } from "@aiwaf/autoencoder";
import { modelFolder, type StoredVersion } from "@aiwaf/core/models/file";
import { number, plainTable, trimLines } from "../plain-table.ts";
import { type Io, printable } from "../terminal.ts";
import { messageOf, UsageError } from "../usage-error.ts";
import { answer } from "./inputs.ts";
import { modelFile, VERSION_ACTIONS } from "./places.ts";

/** The flags of `aiwaf autoencoder versions`. */
export interface VersionsFlags {
  readonly model: string;
  readonly json?: boolean;
}

type Version = StoredVersion<TrainedAutoencoder>;

/** @throws UsageError for an unknown action, and for a version that is not there or cannot be read. */
export async function versions(action: string, name: string | undefined, { model, json }: VersionsFlags, io: Io): Promise<number> {
  const path = modelFile(model);
  const folder = modelFolder(path, (text) => readAutoencoder(text));
  const all = await folder.list();
  if (action === "list") {
    if (name !== undefined) throw new UsageError("versions list shows all; it takes no version");
    await answer(io, json, all.map(summaryOf), list(all, path));
    return 0;
  }
  if (action !== "promote" && action !== "rollback")
    throw new UsageError(`versions ${printable(action, 40)}: must be one of ${VERSION_ACTIONS.join(", ")}`);
  const wanted = action === "promote" ? find(all, name) : previous(all, path);
  try {
    const promoted = await folder.promote(wanted.name);
    await answer(io, json, summaryOf(promoted), `In use from now on: ${promoted.name}\n`);
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
  return 0;
}

/** The version whose name, or whose hash, begins so; the newest without a name. */
function find(all: readonly Version[], name: string | undefined): Version {
  const found =
    name === undefined ? all.slice(0, 1) : all.filter((one) => one.name.startsWith(name) || one.name.split("-")[1]?.startsWith(name));
  if (found.length === 1 && name !== "") return found[0]!;
  throw new UsageError(
    `${printable(name ?? "", 60)}: ${found.length === 0 ? "no version is called so" : `${found.length} versions begin so`}; aiwaf autoencoder versions list shows them`,
  );
}

/** The newest readable version older than the one in use. */
function previous(all: readonly Version[], path: string): Version {
  const current = all.findIndex(({ isCurrent }) => isCurrent);
  const older = current < 0 ? undefined : all.slice(current + 1).find(({ problem }) => problem === undefined);
  if (older === undefined) throw new UsageError(`${path}: there is no readable version before the one in use`);
  return older;
}

const summaryOf = ({ name, isCurrent, model, problem }: Version): object => ({
  name,
  isCurrent,
  problem: problem ?? null,
  id: model?.id ?? null,
  createdAt: model === undefined ? null : new Date(model.createdAt).toISOString(),
  trainedOn: model?.trainedOn ?? null,
  thresholds: model?.thresholds ?? null,
  holdout: model?.holdout ?? null,
});

function list(all: readonly Version[], path: string): string {
  if (all.length === 0) return `No model yet at ${printable(path, 60)}; aiwaf autoencoder train makes one.\n`;
  const rows = plainTable(["Version", "", "Requests", "Odd of held out"], [33, 8, 14, 20], 2);
  for (const { name, isCurrent, model, problem } of all) {
    if (model === undefined) rows.push([name, "damaged", "", printable(problem ?? "", 20)]);
    else
      rows.push([
        name,
        isCurrent ? "in use" : "",
        number(model.trainedOn.lines),
        `${number(model.holdout.flagged)} of ${number(model.holdout.requests)}`,
      ]);
  }
  return `${trimLines(rows.toString())}\n`;
}

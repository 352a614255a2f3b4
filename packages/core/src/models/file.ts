/**
 * The model in a file, with its earlier versions beside it. For Node, Bun and Deno.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, mkdir, open, readdir, readFile, rename, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { WafError } from "../errors.ts";
import { MAX_STATE_TEXT } from "../model/limits.ts";
import { noteRun, runsOf, type TrainingRun } from "./file-runs.ts";
import { readModel, type TrainedModel } from "./model-text.ts";
import type { ModelSource } from "./source.ts";
import { storedModel } from "./store.ts";

export type { TrainingOutcome, TrainingRun } from "./file-runs.ts";

/**
 * The model in a file, read again when the file was replaced. The path is configuration: never take it from a request.
 *
 * @example
 * anomaly({ model: fileModel(".aiwaf/model.json") })
 */
export function fileModel(path: string): ModelSource {
  return {
    name: `file ${path}`,
    async version() {
      const found = await statOf(path);
      return found === undefined ? undefined : `${found.ino}-${found.size}-${found.mtimeMs}`;
    },
    load: () => readText(path),
  };
}

async function statOf(path: string): Promise<{ readonly ino: number; readonly size: number; readonly mtimeMs: number } | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Where a model is kept, as `fromSettings` reads it from the settings of AIWAF's other implementations (`training.model`). */
export interface ModelPlace {
  /** Default `.aiwaf/model.json`. */
  readonly path?: string;
  /** `database` and `cache` are both the firewall's store. Default `file`. */
  readonly storage?: "file" | "database" | "cache";
  /** Key in the store. Default `model`. */
  readonly cacheKey?: string;
  /** Use the file when the store has no model. Default true. */
  readonly fallback?: boolean;
}

/**
 * The options of `anomaly` for such a place.
 *
 * @example
 * const { options, training } = fromSettings(process.env);
 * protect({ ...options, anomaly: configuredModel(training.model) });
 */
export function configuredModel({ path = ".aiwaf/model.json", storage = "file", cacheKey = "model", fallback = true }: ModelPlace = {}): {
  readonly model: ModelSource;
  readonly fallback?: ModelSource;
} {
  const file = fileModel(path);
  if (storage === "file") return { model: file };
  return { model: storedModel({ key: cacheKey }), ...(fallback && { fallback: file }) };
}

/** Looks at the size first: a file from anywhere must not fill the memory. */
async function readText(path: string): Promise<string | undefined> {
  const found = await statOf(path);
  if (found === undefined) return undefined;
  if (found.size > MAX_STATE_TEXT)
    throw new WafError("AIWAF_MODEL_TOO_LARGE", `The model has ${found.size} bytes; ${MAX_STATE_TEXT} are allowed.`);
  return readFile(path, "utf8");
}

/** Models kept beside the current one. */
const VERSIONS_KEPT = 10;
const VERSION_NAME = /^\d{8}T\d{6}-[0-9a-f]{12}\.json$/;

/** A version on disk. */
export interface StoredVersion<Model = TrainedModel> {
  /** `20260101T120000-9f3c…`, as commands take it; any unambiguous beginning or the hash's will do. */
  readonly name: string;
  readonly isCurrent: boolean;
  /** What could be read of it. */
  readonly model: Model | undefined;
  readonly problem: string | undefined;
}

/** The file of the current model and the folder of all versions, `<path>.d`. */
export interface ModelFolder<Model = TrainedModel> {
  /** Keeps a model as a version, oldest ones dropped; does not make it current. */
  add(text: string): Promise<string>;
  /** Makes a version current: one rename, so that readers see the old model or the new one and nothing between. */
  promote(name: string): Promise<StoredVersion<Model>>;
  /** Newest first. */
  list(): Promise<readonly StoredVersion<Model>[]>;
  current(): Promise<StoredVersion<Model> | undefined>;
  /** Text of a version. */
  read(name: string): Promise<string>;
  /** Notes what a training came to, also when it left no model. */
  note(run: TrainingRun): Promise<void>;
  /** Trainings, newest first, at most 400: those that `note` was told of. */
  runs(): Promise<readonly TrainingRun[]>;
}

/** What a folder asks of a model, whatever its kind. */
export type StorableModel = Pick<TrainedModel, "sha256" | "createdAt">;

/**
 * Opens the models at `path`; nothing is made before something is added.
 *
 * @param read - Reads and checks a model's text. Default: forests.
 */
export function modelFolder(path: string): ModelFolder;
export function modelFolder<Model extends StorableModel>(path: string, read: (text: string) => Promise<Model>): ModelFolder<Model>;
export function modelFolder(path: string, read: (text: string) => Promise<StorableModel> = readModel): ModelFolder<StorableModel> {
  const folder = `${path}.d`;
  const versionOf = async (name: string, currentHash: string | undefined): Promise<StoredVersion<StorableModel>> => {
    try {
      if (!VERSION_NAME.test(`${name}.json`)) throw new WafError("AIWAF_MODEL_STATE_INVALID", "That is no name of a version.");
      const model = await read((await readText(join(folder, `${name}.json`))) ?? "");
      return { name, isCurrent: model.sha256 === currentHash, model, problem: undefined };
    } catch (error) {
      return { name, isCurrent: false, model: undefined, problem: error instanceof Error ? error.message : String(error) };
    }
  };
  const names = async (): Promise<string[]> => {
    try {
      const found = await readdir(folder);
      return found
        .filter((name) => VERSION_NAME.test(name))
        .sort()
        .reverse()
        .map((name) => name.slice(0, -5));
    } catch (error) {
      if ((error as { readonly code?: unknown }).code === "ENOENT") return [];
      throw error;
    }
  };
  const currentModel = async (): Promise<StorableModel | undefined> => {
    try {
      const text = await readText(path);
      return text === undefined ? undefined : await read(text);
    } catch {
      return undefined;
    }
  };
  const folderModels: ModelFolder<StorableModel> = {
    async add(text) {
      const model = await read(text);
      await mkdir(folder, { recursive: true });
      await sweep(folder);
      const name = nameOf(model, await names());
      await writeWhole(join(folder, `${name}.json`), text);
      const current = (await currentModel())?.sha256.slice(0, 12);
      const old = (await names())
        .filter((one) => one !== name && !(current !== undefined && one.endsWith(current)))
        .slice(VERSIONS_KEPT - 1);
      for (const one of old) await unlink(join(folder, `${one}.json`));
      return name;
    },
    async promote(name) {
      const version = await versionOf(name, undefined);
      if (version.model === undefined) throw new WafError("AIWAF_MODEL_STATE_INVALID", `Version ${name}: ${version.problem}`);
      const temporary = temporaryIn(folder);
      await copyFile(join(folder, `${name}.json`), temporary, constants.COPYFILE_EXCL);
      await settle(temporary, path);
      return { ...version, isCurrent: true };
    },
    async list() {
      const current = (await currentModel())?.sha256;
      const all: StoredVersion<StorableModel>[] = [];
      for (const name of await names()) all.push(await versionOf(name, current));
      return all;
    },
    async current() {
      return (await folderModels.list()).find(({ isCurrent }) => isCurrent);
    },
    async read(name) {
      const text = await readText(join(folder, `${name}.json`));
      if (text === undefined) throw new WafError("AIWAF_MODEL_STATE_INVALID", `There is no version ${name}.`);
      return text;
    },
    async note(run) {
      await mkdir(folder, { recursive: true });
      await noteRun(folder, run);
    },
    runs: () => runsOf(folder),
  };
  return folderModels;
}

/** A version's name. Names are in order of time; of two that were trained within a second the later one gets the next second, not the order of their hashes. */
function nameOf({ createdAt, sha256 }: StorableModel, others: readonly string[]): string {
  const hash = sha256.slice(0, 12);
  const same = others.find((name) => name.endsWith(hash));
  if (same !== undefined) return same;
  for (let at = createdAt; ; at += 1_000) {
    const stamp = new Date(at).toISOString().slice(0, 19).replace(/[-:]/g, "");
    if (!others.some((name) => name.startsWith(stamp))) return `${stamp}-${hash}`;
  }
}

const temporaryIn = (folder: string): string => join(folder, `${randomBytes(6).toString("hex")}.tmp`);
const ABANDONED_MS = 3_600_000;

/** Removes what a process left behind that was killed while it saved. */
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.endsWith(".tmp")) continue;
    const found = await statOf(join(folder, name));
    if (found !== undefined && Date.now() - found.mtimeMs > ABANDONED_MS) await unlink(join(folder, name));
  }
}

/** Writes a file whole or not at all: beside its place first, on the disk, then renamed. */
async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = temporaryIn(dirname(path));
  const file = await open(temporary, "wx", 0o600);
  try {
    await file.writeFile(text, "utf8");
  } finally {
    await file.close();
  }
  await settle(temporary, path);
}

/** Waits until the bytes are on the disk, then moves the file into its place: a crash between leaves the old one. */
async function settle(temporary: string, path: string): Promise<void> {
  const file = await open(temporary, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  try {
    const folder = await open(dirname(path), "r");
    await folder.sync().finally(() => folder.close());
  } catch {
    // Windows opens no folders; the rename itself is whole there too.
  }
}

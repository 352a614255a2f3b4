/**
 * `aiwaf train`: learns from access logs and records, in a process of its own, and proposes.
 *
 * @module
 */
import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { setImmediate as breathe } from "node:timers/promises";
import type { Store } from "@aiwaf/core";
import { readModel, storeModel, type TrainedModel, writeModel } from "@aiwaf/core/models";
import { modelFolder, type TrainingRun } from "@aiwaf/core/models/file";
import {
  createTrainer,
  hashReproducibly,
  type LogCounts,
  logReader,
  type Trainer,
  type TrainerOptions,
  type Training,
} from "@aiwaf/core/train";
import { openPlaces } from "../geo-database.ts";
import { readLines } from "../lines.ts";
import { openStore } from "../operate/open-store.ts";
import { number } from "../plain-table.ts";
import { startProgress } from "../progress.ts";
import { type Io, printable } from "../terminal.ts";
import { readSpan, type Span } from "../traffic/span.ts";
import { messageOf, UsageError } from "../usage-error.ts";
import { applyProposals, exemptionsOf, type StoredExemptions } from "./apply.ts";
import { logFiles } from "./rotated-logs.ts";
import type { TrainFlags } from "./train-flags.ts";
import { renderTraining } from "./train-report.ts";
import type { TrainResult } from "./train-result.ts";
import { withSettings } from "./train-settings.ts";

/**
 * Trains and writes the report. Until the last rename the old model stays in its place, whatever happens.
 *
 * @returns 0; 1 when a model was trained and withheld; 2 when a file could not be read to its end.
 * @throws UsageError for wrong flags, before anything is read.
 */
export async function train(given: readonly string[], givenFlags: TrainFlags, io: Io): Promise<number> {
  const { paths, flags } = withSettings(given, givenFlags, process.env);
  if (paths.length === 0)
    throw new UsageError("name the access log, for example aiwaf train /var/log/nginx/access.log, or set AIWAF_ACCESS_LOG");
  const isNamed = [flags.sqlite, flags.redis, flags.config].some((flag) => flag !== undefined);
  if (flags.apply === true && !isNamed)
    throw new UsageError("--apply: needs the site's store: --sqlite FILE, --redis URL, or --config FILE that has one");
  if (flags.prefix !== undefined && flags.redis === undefined) throw new UsageError("--prefix belongs to --redis");
  const opened = isNamed ? await openStore(flags) : undefined;
  try {
    return await trainWith(paths, flags, opened?.store, io);
  } finally {
    await opened?.close();
  }
}

/** Notes beside the models what a training came to. A folder that cannot be written must not hide what the training says itself. */
async function note(flags: TrainFlags, run: Omit<TrainingRun, "at" | "durationMs">, startedAt: number): Promise<void> {
  if (typeof flags.model !== "string") return;
  // A mistyped path somewhere else must leave nothing behind: where models are kept there is a folder.
  if (run.outcome === "failed" && !existsSync(dirname(flags.model))) return;
  const at = Date.now();
  await modelFolder(flags.model)
    .note({ ...run, at, durationMs: at - startedAt })
    .catch(() => {});
}

function outcomeOf({ report, version, isPromoted, counts, problems }: TrainResult): Omit<TrainingRun, "at" | "durationMs"> {
  const outcome = isPromoted ? "used" : version === undefined ? "none" : report.withheld !== undefined ? "withheld" : "kept";
  const reason = problems[0] ?? report.withheld ?? (outcome === "none" ? "Too little was read for a model." : undefined);
  return {
    outcome: problems.length > 0 && version === undefined ? "failed" : outcome,
    requests: counts.requests,
    ...(version !== undefined && { version }),
    ...(reason !== undefined && { reason: String(reason) }),
  };
}

async function trainWith(paths: readonly string[], flags: TrainFlags, store: Store | undefined, io: Io): Promise<number> {
  const exemptions = await exemptionsOf(store, Date.now());
  const placeOf = flags.geoip === undefined ? undefined : await openPlaces("--geoip", flags.geoip);
  const countryOf = placeOf === undefined ? undefined : (client: string) => placeOf(client.split("/", 1)[0]!)?.country;
  const options = optionsOf(flags, exemptions, countryOf);
  const reader = (): ReturnType<typeof logReader> => logReader(flags.logFormat === undefined ? {} : { template: flags.logFormat });
  try {
    reader();
  } catch (error) {
    throw new UsageError(`--log-format: ${messageOf(error)}`);
  }
  const span = readSpan(flags);
  const fallback = flags.else === undefined ? [] : logFiles(flags.else, flags.rotated);
  const began = Date.now();
  try {
    return await learn(paths, flags, store, io, { exemptions, options, reader, span, fallback, began });
  } catch (error) {
    // Wrong flags were told before. This is a night without a training, a log that is not there any more among them, and the console shows it.
    await note(flags, { outcome: "failed", requests: 0, reason: messageOf(error) }, began);
    throw error;
  }
}

/** What a training needs beside its flags. */
interface Means {
  readonly exemptions: StoredExemptions;
  readonly options: TrainerOptions;
  readonly reader: () => ReturnType<typeof logReader>;
  readonly span: Span;
  readonly fallback: readonly string[];
  readonly began: number;
}

async function learn(
  paths: readonly string[],
  flags: TrainFlags,
  store: Store | undefined,
  io: Io,
  { exemptions, options, reader, span, fallback, began }: Means,
): Promise<number> {
  const files = logFiles(paths, flags.rotated);
  const startedAt = performance.now();
  hashReproducibly();
  let read = await readAll(files, reader(), createTrainer(options), span, io);
  let used = files;
  // The site's own records serve where its servers' logs are empty or of no known format.
  if (read.counts.requests === 0 && fallback.length > 0) {
    used = fallback;
    read = await readAll(fallback, reader(), createTrainer(options), span, io);
  }
  const source = `${used.length === 1 ? used[0] : `${used[0]} and ${used.length - 1} more`}`;
  const training = read.trainer.finish(source, Date.now());
  const saved = await save(training, flags, store);
  const applied =
    flags.apply === true && store !== undefined ? await applyProposals(store, training.report, exemptions, Date.now()) : undefined;
  const { counts, problems } = read;
  const result: TrainResult = {
    ...training,
    ...saved,
    files: used,
    counts,
    problems,
    applied,
    seconds: (performance.now() - startedAt) / 1000,
  };
  await note(flags, outcomeOf(result), began);
  await io.out.write(flags.json === true ? `${JSON.stringify(plain(result))}\n` : renderTraining(result, io.out));
  for (const problem of problems) await io.err.write(`${printable(problem, 400)}\n`);
  if (problems.length > 0) return 2;
  return training.report.withheld === undefined ? 0 : 1;
}

function optionsOf(flags: TrainFlags, exemptions: StoredExemptions, countryOf: CountryOf | undefined): TrainerOptions {
  const read = (name: string, text: string | undefined): number | undefined => {
    if (text === undefined) return undefined;
    const value = Number(text);
    if (!Number.isFinite(value)) throw new UsageError(`--${name} ${JSON.stringify(text.slice(0, 40))}: must be a number`);
    return value;
  };
  const given = {
    minTrainLines: read("min-lines", flags.minLines),
    minModelLines: read("min-model-lines", flags.minModelLines),
    contamination: read("contamination", flags.contamination),
    trees: read("trees", flags.trees),
    seed: read("seed", flags.seed),
    topWords: read("top-words", flags.topWords),
  };
  const options: TrainerOptions = {
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    force: flags.force === true,
    model: typeof flags.model === "string",
    exemptPaths: [...(flags.exemptPath ?? []), ...exemptions.paths],
    exemptWords: [...(flags.exemptWord ?? []), ...exemptions.words],
    isExempt: exemptions.isExempt,
    ...(countryOf !== undefined && { countryOf }),
  };
  try {
    createTrainer(options);
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
  return options;
}

type CountryOf = (client: string) => string | undefined;

interface Read {
  readonly trainer: Trainer;
  readonly counts: Readonly<LogCounts>;
  readonly problems: readonly string[];
}

async function readAll(
  files: readonly string[],
  reader: ReturnType<typeof logReader>,
  trainer: Trainer,
  span: Span,
  io: Io,
): Promise<Read> {
  const problems: string[] = [];
  const total = files.reduce((sum, path) => sum + statSync(path).size, 0);
  let before = 0;
  const progress = startProgress(total, io);
  for (const path of files) {
    const size = statSync(path).size;
    let bytes = 0;
    try {
      for await (const lines of readLines(path, "latin1", (read) => (bytes = read))) {
        for (const { text } of lines) {
          if (text === undefined || text === "") continue;
          const logged = reader.read(text);
          if (typeof logged !== "string" && logged.at >= span.since && logged.at < span.until) trainer.add(logged);
        }
        progress.to(before + Math.min(bytes, size), `${number(reader.counts.lines)} lines`);
      }
    } catch (error) {
      problems.push(`${path}: reading ended early: ${messageOf(error)}`);
    }
    before += size;
  }
  progress.end();
  await breathe();
  return { trainer, counts: reader.counts, problems };
}

type Saved = Pick<TrainResult, "version" | "isPromoted" | "before" | "after">;

async function save({ model, report }: Training, flags: TrainFlags, store: Store | undefined): Promise<Saved> {
  if (typeof flags.model !== "string") return { version: undefined, isPromoted: false, before: undefined, after: undefined };
  const folder = modelFolder(flags.model);
  const before = (await folder.current())?.model;
  if (model === undefined) return { version: undefined, isPromoted: false, before, after: undefined };
  const { text, sha256 } = await writeModel(model);
  const version = await folder.add(text);
  const isPromoted = report.withheld === undefined && flags.promote;
  if (isPromoted) {
    await folder.promote(version);
    if (store !== undefined) await storeModel(store, text, { sha256 }, Date.now());
  }
  return { version, isPromoted, before, after: await readModel(text) };
}

/** The result without the forests. */
function plain({ model: _1, before, after, ...rest }: TrainResult): object {
  const short = (one: TrainedModel | undefined): object | null =>
    one === undefined
      ? null
      : {
          id: one.id,
          createdAt: one.createdAt,
          trainedOn: one.trainedOn,
          thresholds: one.thresholds,
          features: one.features,
          holdout: one.holdout,
        };
  return { ...rest, before: short(before), after: short(after) };
}

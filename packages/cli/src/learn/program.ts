import { Argument, type Command } from "commander";
import { suggesting } from "../command-tree.ts";
import type { Io } from "../terminal.ts";
import { MODEL_HELP, TRAIN_HELP } from "./help.ts";
import type { ModelFlags } from "./models.ts";
import { MODEL_ACTIONS, MODEL_PATH, type TrainFlags } from "./train-flags.ts";

/** Adds `train` and `model`. */
export function addLearning(program: Command, io: Io, end: (code: number) => void): void {
  program
    .command("train")
    .summary("learn from access logs what is usual, and propose bans and words")
    .description("Learns from access logs what is usual on this site, checks the model on held-out clients, and puts it in use.")
    .argument("[file...]", "access logs or records, also .gz and .zst; rotated files are read with them")
    .option("--model <file>", `where the model is kept (default ${MODEL_PATH})`)
    .option("--no-model", "train no model; propose bans and words only")
    .option("--config <file>", "the site's configuration, for its store: exemptions, --apply, and the model for all processes")
    .option("--sqlite <file>", "the same, for a SQLite store")
    .option("--redis <url>", "the same, for a Redis store")
    .option("--prefix <text>", "prefix of the Redis store's keys")
    .option("--apply", "carry out the proposals in that store")
    .option("--geoip <file>", "sum up countries with this MMDB file; needs @aiwaf/geo")
    .option("--no-promote", "save the model without putting it in use")
    .option("--force", "train a model also from fewer requests than --min-model-lines")
    .option("--else <file...>", "read these when the files hold no request")
    .option("--log-format <text>", "the LogFormat of Apache or log_format of nginx that wrote the logs")
    .option("--since <time>", "learn only from requests at or after this time, such as 2026-01-31T12:00")
    .option("--until <time>", "learn only from requests before this time")
    .option("--no-rotated", "read only the files named")
    .option("--min-lines <count>", "requests that training needs (default 50)")
    .option("--min-model-lines <count>", "requests that a model needs (default 10000)")
    .option("--contamination <share>", "share of the training rows above the thresholds (default 0.001)")
    .option("--trees <count>", "trees of each forest (default 100)")
    .option("--seed <number>", "the same seed and logs give the same model (default 42)")
    .option("--top-words <count>", "words proposed at most (default 10)")
    .option("--exempt-path <path...>", "learn nothing from these paths and below")
    .option("--exempt-word <word...>", "never propose these words")
    .option("--json", "print the result as JSON")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", TRAIN_HELP)
    .action(async (files: string[], flags: TrainFlags) => end(await (await import("./train.ts")).train(files, flags, io)));
  program
    .command("model")
    .summary("list, compare, promote and roll back trained models")
    .description("Looks after the versions of the trained model.")
    .addArgument(suggesting(new Argument("<action>", MODEL_ACTIONS.join(", ")), MODEL_ACTIONS))
    .argument("[version...]", "names of versions")
    .option("--model <file>", `where the model is kept (default ${MODEL_PATH})`)
    .option("--config <file>", "promote and roll back in the store of this configuration, too")
    .option("--sqlite <file>", "the same, for a SQLite store")
    .option("--redis <url>", "the same, for a Redis store")
    .option("--prefix <text>", "prefix of the Redis store's keys")
    .option("--json", "print JSON")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", MODEL_HELP)
    .action(async (action: string, names: string[], flags: ModelFlags) =>
      end(await (await import("./models.ts")).model(action, names, flags, io)),
    );
}

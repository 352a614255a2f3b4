import { Argument, type Command } from "commander";
import { suggesting } from "../command-tree.ts";
import type { Io } from "../terminal.ts";
import type { EvaluateFlags } from "./evaluate.ts";
import { AUTOENCODER_HELP, INGEST_HELP, NORMALIZE_HELP, SERVE_HELP, SIMPLE_HELP, TRAIN_HELP, VERSIONS_HELP } from "./help.ts";
import type { IngestFlags } from "./ingest.ts";
import type { NormalizeFlags, SynthesizeFlags } from "./lines-of-requests.ts";
import { PLACES, VERSION_ACTIONS } from "./places.ts";
import type { ServeFlags } from "./serve.ts";
import type { TokenizerFlags, TrainFlags } from "./train.ts";
import type { VersionsFlags } from "./versions.ts";

type End = (code: number) => void;

/** Adds `autoencoder` with its commands. The names that S4's scripts have are translated with all other old names. */
export function addAutoencoder(program: Command, io: Io, end: End): void {
  const group = program
    .command("autoencoder")
    .summary("learn the language of a site's requests, and score with it")
    .description("Learns the language of a site's requests from normal requests alone, and scores how unlike it others are.")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", AUTOENCODER_HELP);
  for (const [name, make] of COMMANDS) make(group.command(name), io, end);
}

type Make = (command: Command, io: Io, end: End) => unknown;

/** Options are called as in S4, with a hyphen between two words. */
const COMMANDS: readonly (readonly [name: string, make: Make])[] = [
  [
    "synthesize",
    (command, io, end) =>
      command
        .summary("write a made-up shop's access log, for trying the rest")
        .description("Writes the access log of a made-up shop, for trying the rest.")
        .option("--out <file>", "where to", PLACES.log)
        .option("--n <count>", "lines", "120000")
        .option("--seed <number>", "the same seed writes the same lines", "1")
        .option("--json", "print the result as JSON")
        .helpOption("-h, --help", "print this help")
        .addHelpText("after", SIMPLE_HELP)
        .action(async (flags: SynthesizeFlags) => end(await (await import("./lines-of-requests.ts")).synthesize(flags, io))),
  ],
  [
    "normalize",
    (command, io, end) =>
      command
        .summary("write logs as one normalised request a line")
        .description("Writes access logs or records as one normalised request a line, without secrets.")
        .argument("[file...]", "access logs or traffic files, also .gz and .zst")
        .option("--in <file>", `the same, for one file (default: ${PLACES.log})`)
        .option("--out <file>", "where to", PLACES.lines)
        .option("--log-format <text>", "the LogFormat of Apache or log_format of nginx that wrote the logs")
        .option("--json", "print the result as JSON")
        .helpOption("-h, --help", "print this help")
        .addHelpText("after", NORMALIZE_HELP)
        .action(async (files: string[], flags: NormalizeFlags) =>
          end(await (await import("./lines-of-requests.ts")).normalize(files, flags, io)),
        ),
  ],
  [
    "train-tokenizer",
    (command, io, end) =>
      command
        .summary("learn the tokens of normalised requests")
        .description("Learns the tokens of normalised requests.")
        .option("--in <file>", "normalised requests", PLACES.lines)
        .option("--tok-dir <folder>", "where the tokenizer is kept", PLACES.tokenizer)
        .option("--vocab-size <count>", "tokens, 280 to 8192", "512")
        .option("--json", "print the result as JSON")
        .helpOption("-h, --help", "print this help")
        .addHelpText("after", SIMPLE_HELP)
        .action(async (flags: TokenizerFlags) => end(await (await import("./train.ts")).trainTokenizer(flags, io))),
  ],
  [
    "train",
    (command, io, end) =>
      command
        .summary("train a model, and put it in use when it passes the check")
        .description("Trains a model of access logs, or of normalised requests, and puts it in use when the held-out check allows.")
        .argument("[file...]", "access logs; without them, --data is read")
        .option("--data <file>", "normalised requests; every fifth line is held out", PLACES.lines)
        .option("--tok <folder>", "the tokenizer's folder (default: learn one with the model)")
        .option("--out <place>", "the model's file, or a folder for it", PLACES.model)
        .option("--epochs <count>", "passes over the lines", "4")
        .option("--max-len <count>", "tokens of a request that are read", "1024")
        .option("--vocab-size <count>", "tokens, where no tokenizer is given", "512")
        .option("--hidden <count>", "numbers of the hidden layer, 1 to 64", "16")
        .option("--seed <number>", "the same seed and lines give the same model", "42")
        .option("--contamination <share>", "share of held-out requests above the threshold", "0.01")
        .option("--max-flagged <share>", "largest share that the check allows", "0.03")
        .option("--min-lines <count>", "requests that a model needs", "1000")
        .option("--no-promote", "save the model without putting it in use")
        .option("--onnx <file>", "write the model as ONNX, too")
        .option("--log-format <text>", "the LogFormat of Apache or log_format of nginx that wrote the logs")
        .option("--bsz <count>", "taken and passed over: one token at a time is learned from")
        .option("--json", "print the result as JSON")
        .helpOption("-h, --help", "print this help")
        .addHelpText("after", TRAIN_HELP)
        .action(async (files: string[], flags: TrainFlags) => end(await (await import("./train.ts")).trainModel(files, flags, io))),
  ],
  [
    "evaluate",
    (command, io, end) =>
      command
        .summary("measure what held-out requests cost: p50, p95, p99")
        .description("Measures what normal requests cost the model, and writes the thresholds.")
        .option("--model <place>", "the model's file or folder", PLACES.model)
        .option("--data <file>", "normalised requests", PLACES.lines)
        .option("--part <part>", "held-out: every fifth line, which train held out; or all", "held-out")
        .option("--out <file>", "where to", PLACES.stats)
        .option("--max-len <count>", "tokens of a request that are read", "1024")
        .option("--json", "print the result as JSON")
        .helpOption("-h, --help", "print this help")
        .addHelpText("after", SIMPLE_HELP)
        .action(async (flags: EvaluateFlags) => end(await (await import("./evaluate.ts")).evaluateLoss(flags, io))),
  ],
  [
    "versions",
    (command, io, end) =>
      command
        .summary("list the model's versions, and go back to one")
        .description("Lists the versions of the model, and puts another one in use.")
        .addArgument(suggesting(new Argument("<action>", VERSION_ACTIONS.join(", ")), VERSION_ACTIONS))
        .argument("[version]", "the beginning of a version's name or of its hash")
        .option("--model <place>", "the model's file or folder", PLACES.model)
        .option("--json", "print JSON")
        .helpOption("-h, --help", "print this help")
        .addHelpText("after", VERSIONS_HELP)
        .action(async (action: string, name: string | undefined, flags: VersionsFlags) =>
          end(await (await import("./versions.ts")).versions(action, name, flags, io)),
        ),
  ],
  [
    "serve",
    (command, io, end) =>
      command
        .summary("score requests over HTTP: rules and model")
        .description("Serves POST /score with rules and model, and follows the model's file.")
        .option("--model <place>", "the model's file or folder", PLACES.model)
        .option("--stats <file>", "take the threshold from this file of evaluate (p99)")
        .option("--host <address>", "address to listen on", "127.0.0.1")
        .option("--port <number>", "port; 0 takes a free one", "8000")
        .option("--workers <count>", "taken and passed over: one process scores thousands a second")
        .option("--reload", "taken and passed over: a new model is always taken up")
        .option("--json", "print the address as JSON")
        .helpOption("-h, --help", "print this help")
        .addHelpText("after", SERVE_HELP)
        .action(async (flags: ServeFlags) => end(await (await import("./serve.ts")).serve(flags, io))),
  ],
  [
    "ingest",
    (command, io, end) =>
      command
        .summary("write a score for each line of a growing log")
        .description("Follows an access log, across rotation, and writes a score for each line.")
        .option("--logfile <file>", "the log to follow", PLACES.log)
        .option("--url <address>", "score there, such as http://127.0.0.1:8000/score; without it, in this process")
        .option("--token <text>", "the service's token (default: AIWAF_TOKEN of the environment)")
        .option("--model <place>", "the model's file or folder, without --url", PLACES.model)
        .option("--out <file>", "JSON lines are appended here", PLACES.scores)
        .option("--concurrency <count>", "requests under way to the service, 1 to 256", "16")
        .option("--from-start", "read what the log holds already, too")
        .option("--once", "read the log from its start to its end, and leave")
        .option("--log-format <text>", "the LogFormat of Apache or log_format of nginx that writes the log")
        .option("--json", "print the result as JSON")
        .helpOption("-h, --help", "print this help")
        .addHelpText("after", INGEST_HELP)
        .action(async (flags: IngestFlags) => end(await (await import("./ingest.ts")).ingest(flags, io))),
  ],
];

/**
 * The command line: which commands and flags there are, and how wrong usage is answered. What a command runs is loaded when it runs, here and
 * wherever commands are added: help, versions and completions do not wait for databases, engines and models.
 *
 * @module
 */
import { Command, CommanderError } from "commander";
import manifest from "../package.json" with { type: "json" };
import type { AttackFlags } from "./attack/attack.ts";
import { addAutoencoder } from "./autoencoder/program.ts";
import { addCompletion } from "./completion/commands.ts";
import { ATTACK_HELP, PROGRAM_HELP, REPLAY_HELP, SCORE_HELP } from "./help.ts";
import { addInit } from "./init/commands.ts";
import { addLearning } from "./learn/program.ts";
import { addNetworkCommands } from "./network/commands.ts";
import { inShellWords, translate } from "./operate/aliases.ts";
import { addOperatorCommands } from "./operate/commands.ts";
import { ALIASES_HELP } from "./operate/help.ts";
import { addProxy } from "./proxy-program.ts";
import type { ReplayFlags } from "./replay.ts";
import type { ScoreFlags } from "./score.ts";
import { COLUMNS, type Io, painter, printable } from "./terminal.ts";
import { addTransferCommands } from "./transfer/commands.ts";
import { messageOf, UsageError } from "./usage-error.ts";

/** Help and versions that were asked for come as errors from the parser, and are none. */
const isAnswered = (error: unknown): boolean => error instanceof CommanderError && error.exitCode === 0;

/**
 * Runs one command line.
 *
 * @param args - What follows the program's name.
 * @returns the exit code. Never rejects.
 */
export async function main(args: readonly string[], io: Io): Promise<number> {
  const written: Promise<void>[] = [];
  let exitCode = 0;
  const program = createProgram(io, written, (code) => {
    exitCode = code;
  });
  try {
    if (args.length === 0) throw new UsageError("a command is missing, for example aiwaf replay FILE; aiwaf --help lists all");
    await program.parseAsync([...(await inNewWords(args, io))], { from: "user" });
  } catch (error) {
    if (!isAnswered(error)) {
      exitCode = 2;
      await complain(error, args, program, io);
    }
  }
  await Promise.all(written);
  return exitCode;
}

/** The command line with old names replaced, which is said on standard error. */
async function inNewWords(args: readonly string[], io: Io): Promise<readonly string[]> {
  const translation = translate(args);
  if (translation === undefined) return args;
  if ("gone" in translation) throw new UsageError(translation.gone);
  await io.err.write(`aiwaf ${printable(args[0] ?? "", 60)} is now: ${printable(inShellWords(["aiwaf", ...translation.args]), 400)}\n`);
  return translation.args;
}

/** One line: what is wrong, and what to type instead. */
async function complain(error: unknown, args: readonly string[], program: Command, { err }: Io): Promise<void> {
  const paint = painter(err);
  const isExpected = error instanceof UsageError || error instanceof CommanderError || isToldApart(error);
  // The parser's way of saying that a command below this one has to be named.
  const isUnnamed = error instanceof CommanderError && error.code === "commander.help";
  const said = (isUnnamed ? "a command is missing" : messageOf(error))
    .replace(/^error: |\.$/g, "")
    .replace(/ \(Did you mean (.{1,60}?)\?\)$/, "; did you mean $1?");
  const text = error instanceof CommanderError && !/did you mean|Allowed choices/.test(said) ? `${said}; ${usageOf(args, program)}` : said;
  // Anything else is a fault of this program.
  const what = isExpected ? text : `an error of aiwaf itself, please report it: ${text}`;
  await err.write(`${paint("red", "aiwaf:")} ${printable(what, 400)}\n`);
}

/** What the system refused, such as a folder of another user's, and what the firewall says of a configuration: neither is a fault of this program. */
function isToldApart(error: unknown): boolean {
  const { syscall, code } = (error ?? {}) as { readonly syscall?: unknown; readonly code?: unknown };
  return typeof syscall === "string" || (typeof code === "string" && code.startsWith("AIWAF_"));
}

/** How the command is called that the words begin with. */
function usageOf(args: readonly string[], program: Command): string {
  let command = program;
  const words = ["aiwaf"];
  for (const word of args) {
    const child = command.commands.find((one) => one.name() === word);
    if (child === undefined) break;
    command = child;
    words.push(word);
  }
  return command === program ? "aiwaf --help lists all commands" : `type: ${words.join(" ")} ${command.usage()}`;
}

/**
 * The tree of commands, ready to parse one command line.
 *
 * @param written - Gets what the parser writes by itself: help and versions.
 * @param end - Told the exit code of the command that ran.
 */
export function createProgram(io: Io, written: Promise<void>[], end: (code: number) => void): Command {
  const program = new Command("aiwaf");
  program
    .description("What a running firewall needs: why somebody is blocked, undoing it, learning, trying it out.")
    .version(manifest.version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .commandsGroup("Run:")
    .helpCommand("help [command]", "print the help of a command")
    .configureHelp({
      helpWidth: COLUMNS,
      showGlobalOptions: false,
      subcommandTerm: (command) => command.name(),
      styleTitle: (text) => text.replace(/:$/, "").toUpperCase(),
    })
    .configureOutput({
      writeOut: (text) => void written.push(io.out.write(text)),
      writeErr: () => {},
      getOutHasColors: () => io.out.hasColors,
    })
    .exitOverride()
    .addHelpText("after", PROGRAM_HELP + ALIASES_HELP);
  addOperatorCommands(program, io, end);
  addTransferCommands(program, io, end);
  addTrials(program, io, end);
  addLearning(program, io, end);
  addAutoencoder(program, io, end);
  addInit(program, io, end);
  addNetworkCommands(program, io, end);
  addProxy(program, io, end);
  addCompletion(program, io, end);
  for (const command of program.commands) {
    const title = Object.keys(GROUPS).find((one) => GROUPS[one]!.includes(command.name()));
    if (title !== undefined) command.helpGroup(title);
    // Below the first level --help says the same.
    if (command.commands.length > 0) command.helpCommand(false);
  }
  return program;
}

/** The main help in four parts; what is in none of these runs something. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  "See:": ["why", "score", "status", "list", "stats", "logs", "geo", "diagnose", "whois"],
  "Change:": ["add", "remove", "reset", "paths", "ranges", "export", "import", "migrate", "doctor"],
  "Learn and try out:": ["replay", "attack", "train", "model", "autoencoder", "init"],
};

/** Adds `replay`, `score` and `attack`: what the firewall would decide. */
function addTrials(program: Command, io: Io, end: (code: number) => void): void {
  program
    .command("replay")
    .summary("run recorded traffic or access logs through the firewall")
    .description(
      "Runs recorded requests or access logs through the firewall, in this process and without a server, and tells what it would have blocked.",
    )
    .argument("<file...>", "traffic files (.jsonl) and access logs (.log), also .gz and .zst")
    .option("--json", "print one JSON line for each request instead of the table")
    .option("--config <file>", "use the firewall of this file instead of the recommended one")
    .option("--stateful", "let records of traffic files come from their own clients, at their own times")
    .option("--fail-over-fpr <share>", "exit with 1 when more than this share of the benign records is blocked: 0.0005 or 0.05%")
    .option("--model <file>", "judge with this trained model, whatever --config says")
    .option("--html <file>", "write what the logs came to as a page with charts")
    .option("--log-format <text>", "the LogFormat of Apache or log_format of nginx that wrote the logs")
    .option("--since <time>", "replay only requests at or after this time, such as 2026-01-31T12:00")
    .option("--until <time>", "replay only requests before this time")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", REPLAY_HELP)
    .action(async (files: string[], flags: ReplayFlags) => end(await (await import("./replay.ts")).replay(files, flags, io)));
  program
    .command("score")
    .summary("decide about one request, and tell why")
    .description("Decides about one request that is given raw, as a curl command or as JSON, and tells why. Sends nothing.")
    .argument("[request...]", "the request in quotes, or the words of a curl command; without it, standard input")
    .option("--json", "print the decision as JSON")
    .option("--config <file>", "use the firewall of this file instead of the recommended one")
    .option("--autoencoder <place>", "ask this model, a file or its folder, for a second opinion")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", SCORE_HELP)
    .action(async (words: string[], flags: ScoreFlags) => end(await (await import("./score.ts")).score(words, flags, io)));
  program
    .command("attack")
    .summary("mutate attacks, and show what gets through")
    .description("Mutates attacks that the firewall blocks, thousands of times, and shows the mutations that it lets through.")
    .argument("[address]", "a server on this machine, such as http://127.0.0.1:3000; without it, the firewall runs in this process")
    .option("--config <file>", "attack the firewall of this file instead of the recommended one")
    .option("--payloads <file...>", "traffic files whose attacks are mutated, instead of the built-in ones")
    .option("--mutations <count>", "mutations of each payload (default 1000)")
    .option("--seed <number>", "the same seed tries the same mutations (default 1)")
    .option("--fail-over <share>", "exit with 1 when more than this share gets through (default 3%)")
    .option("--out <file>", "write what got through as a traffic file")
    .option("--json", "print the result as JSON")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", ATTACK_HELP)
    .action(async (address: string | undefined, flags: AttackFlags) =>
      end(await (await import("./attack/attack.ts")).attack(address, flags, io)),
    );
}

/**
 * The operator's commands: which flags they take, and what they are called in the help.
 *
 * @module
 */
import { Argument, type Command, Option } from "commander";
import { suggesting } from "../command-tree.ts";
import type { DoctorFlags } from "../doctor/doctor.ts";
import type { Io } from "../terminal.ts";
import type { AddFlags, RemoveFlags } from "./change.ts";
import type { DiagnoseFlags } from "./diagnose.ts";
import { DIAGNOSE_HELP, DOCTOR_HELP, LISTS_HELP, PATHS_HELP, RECORDS_HELP, RESET_HELP, STORE_HELP, WHY_HELP } from "./help.ts";
import type { ListFlags } from "./list.ts";
import type { LogsFlags } from "./logs.ts";
import { KINDS } from "./names.ts";
import type { PathsFlags } from "./paths.ts";
import type { ResetFlags } from "./reset.ts";
import type { GeoFlags, StatsFlags } from "./stats.ts";
import type { StatusFlags } from "./status.ts";
import type { WhyFlags } from "./why.ts";

/** Every operator's command names its store in the same way. */
const withStore = (command: Command): Command =>
  command
    .option("--sqlite <file>", "the store is this SQLite file")
    .option("--redis <url>", "the store is this Redis server, such as redis://127.0.0.1:6379")
    .option("--prefix <text>", "the prefix of the store's keys on Redis")
    .option("--config <file>", "the store is the one of this configuration")
    .option("--json", "print the result as JSON")
    .helpOption("-h, --help", "print this help");

/** Adds the commands to `program`; `end` is told each one's exit code. */
export function addOperatorCommands(program: Command, io: Io, end: (code: number) => void): void {
  withStore(program.command("list"))
    .summary("show bans and lists")
    .description("Shows what is banned, blocked, exempt and learned.")
    .addArgument(
      suggesting(new Argument("[list]", "bans (default), block, exempt, exempt-path, keyword, exempt-keyword, country or all"), [
        ...KINDS,
        "all",
      ]),
    )
    .option("--limit <count>", "show at most so many of each (default 100)")
    .addOption(new Option("--order <order>", "newest or oldest first").choices(["newest", "oldest"]))
    .option("--since <time>", "only those made since: 2h, 7d, or a date")
    .option("--rule <rule>", "only bans by this rule")
    .option("--only-names", "print names alone, one a line")
    .addHelpText("after", `${LISTS_HELP}\n${STORE_HELP}`)
    .action(async (word: string | undefined, flags: ListFlags) => end(await (await import("./list.ts")).list(word, flags, io)));
  withStore(program.command("add"))
    .summary("add to a list")
    .description("Adds entries to a list. Every process of the store acts on it within a second.")
    .addArgument(
      suggesting(
        new Argument("<list>", "block, exempt, exempt-path, keyword, exempt-keyword or country"),
        KINDS.filter((kind) => kind !== "bans"),
      ),
    )
    .argument("<entry...>", "addresses, ranges, paths, words or countries")
    .option("--reason <text>", "why, for people: at most 200 characters")
    .option("--for <time>", "end by itself after 90s, 15m, 24h, 7d (default: stays)")
    .option("--only <rule...>", "exempt only from these detectors or rules")
    .addHelpText("after", `${LISTS_HELP}\n${STORE_HELP}`)
    .action(async (word: string, entries: string[], flags: AddFlags) =>
      end(await (await import("./change.ts")).add(word, entries, flags, io)),
    );
  withStore(program.command("remove"))
    .summary("remove from a list, or undo bans")
    .description("Removes entries from a list, or undoes bans as if they had never been.")
    .addArgument(suggesting(new Argument("<list>", "bans, block, exempt, exempt-path, keyword, exempt-keyword or country"), KINDS))
    .argument("[entry...]", "what to remove")
    .option("--rule <rule>", "undo the bans that this rule made")
    .option("--from <time>", "undo the bans made since: 2h, or a date")
    .option("--to <time>", "undo the bans made before")
    .addHelpText("after", `${LISTS_HELP}\n${STORE_HELP}`)
    .action(async (word: string, entries: string[], flags: RemoveFlags) =>
      end(await (await import("./change.ts")).remove(word, entries, flags, io)),
    );
  withStore(program.command("reset"))
    .summary("empty lists, with a way back")
    .description("Empties lists: bans, blocked addresses, exemptions and keywords, or those that are named.")
    .option("--bans", "undo all bans")
    .option("--block", "empty the blocklist")
    .option("--exemptions", "empty the exempt addresses")
    .option("--paths", "empty the exempt paths")
    .option("--keywords", "empty the keywords")
    .option("--exempt-keywords", "empty the exempt keywords")
    .option("--countries", "empty the countries")
    .option("--confirm", "do not ask")
    .option("--undo-file <file>", "write what undoes it to this file (default aiwaf-undo-TIME.json)")
    .option("--undo <file>", "restore what a reset removed")
    .addHelpText("after", `${RESET_HELP}\n${STORE_HELP}`)
    .action(async (flags: ResetFlags) => end(await (await import("./reset.ts")).reset(flags, io)));
  withStore(program.command("status"))
    .summary("count what is in force")
    .description("Counts bans and the entries of every list, and bans by rule.")
    .addHelpText("after", STORE_HELP)
    .action(async (flags: StatusFlags) => end(await (await import("./status.ts")).status(flags, io)));
  program
    .command("stats")
    .summary("sum up kept records on one screen")
    .description("Sums up the records that the firewall keeps: totals, rates, times, rules, clients, paths and hours.")
    .argument("<file...>", "record files (.jsonl), also .gz and .zst, and SQLite files of records")
    .option("--since <time>", "only records since: 2h, 7d, or a date")
    .option("--top <count>", "show so many rules, clients and paths (default 10)")
    .option("--json", "print the sums as JSON")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", RECORDS_HELP)
    .action(async (files: string[], flags: StatsFlags) => end(await (await import("./stats.ts")).stats(files, flags, io)));
  program
    .command("logs")
    .summary("show kept decisions, also as they come")
    .description("Shows kept decisions one a line: when, what, by which rule, who, and what was asked for.")
    .argument("[file...]", "record files (.jsonl), also .gz and .zst, and SQLite files of records")
    .option("-f, --follow", "go on with what is added, until Ctrl-C; through the file's turning over")
    .option("--limit <count>", "show at most the last so many (default 50)")
    .option("--since <time>", "only records since: 2h, 7d, or a date")
    .option("--rule <rule>", "only those that this rule decided")
    .option("--client <address>", "only this client's")
    .option("--blocked", "only what was or would have been blocked")
    .option("--status", "tell how large the files are and what is in them; without files, how records are kept")
    .option("--clear", "drop the records in the files")
    .option("--confirm", "with --clear: do not ask")
    .option("--json", "print records as they are")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", RECORDS_HELP)
    .action(async (files: string[], flags: LogsFlags) => end(await (await import("./logs.ts")).logs(files, flags, io)));
  const geo = program
    .command("geo")
    .summary("traffic by country")
    .description("Tells about traffic by country.")
    .helpOption("-h, --help", "print this help");
  geo
    .command("summary")
    .summary("count requests and blocks by country")
    .description("Counts the requests and blocks of each country that the firewall looked up.")
    .argument("<file...>", "record files (.jsonl), also .gz and .zst, and SQLite files of records")
    .option("--top <count>", "show so many countries (default 10)")
    .option("--json", "print the counts as JSON")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", RECORDS_HELP)
    .action(async (files: string[], flags: GeoFlags) => end(await (await import("./stats.ts")).geoSummary(files, flags, io)));
  program
    .command("doctor")
    .summary("upgrade dependencies without breaking one another")
    .description("Tells which dependencies can be upgraded without breaking one another, and upgrades them with a way back.")
    .option("--folder <folder>", "the project's folder (default: this one)")
    .option("--audit", "ask npm for known vulnerabilities too")
    .option("--upgrade", "install what is planned; on failure everything is put back")
    .option("--dry-run", "with --upgrade: only show the plan")
    .option("--test <command>", "with --upgrade: run this afterwards, and put everything back when it fails")
    .option("--rollback <folder>", "put back what an earlier upgrade kept")
    .option("--json", "print the findings as JSON")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", DOCTOR_HELP)
    .action(async (flags: DoctorFlags) => end(await (await import("../doctor/doctor.ts")).doctor(flags, io)));
  withStore(program.command("paths"))
    .summary("walk the application's routes, and exempt them")
    .description("Opens a shell over the route manifest: ls, cd, up, pwd, exempt, unexempt, help, exit; with completion and history.")
    .option("--manifest <file>", "the manifest (default .aiwaf/paths.json)")
    .option("-c, --command <commands>", "run these, separated by ;, instead of asking")
    .addHelpText("after", `${PATHS_HELP}\n${STORE_HELP}`)
    .action(async (flags: PathsFlags) => end(await (await import("./paths.ts")).paths(flags, io)));
  withStore(program.command("diagnose"))
    .summary("check that everything is there, with a fix for each problem")
    .description("Checks the runtime, packages, configuration, proxies, store, model and routes, and says how to mend what is wrong.")
    .addHelpText("after", DIAGNOSE_HELP)
    .action(async (flags: DiagnoseFlags) => end(await (await import("./diagnose.ts")).diagnose(flags, io)));
  withStore(program.command("why"))
    .summary("tell why a client or a request is blocked")
    .description("Tells why a client, a decision or a page is blocked, and the narrowest change that lets it pass.")
    .argument("<what>", "an address, a decision's id (the response's x-aiwaf-id), or a path")
    .option("--records <file...>", "the record files to look for the decision in")
    .option("--apply", "undo the ban of this client, and exempt its address from the blocklist")
    .addHelpText("after", `${WHY_HELP}\n${STORE_HELP}`)
    .action(async (what: string, flags: WhyFlags) => end(await (await import("./why.ts")).why(what, flags, io)));
}

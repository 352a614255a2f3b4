import type { Command } from "commander";
import type { Io } from "../terminal.ts";
import type { ExportFlags, ImportFlags } from "./transfer.ts";

const HELP = `
EXIT CODES
  0  done
  1  some entries were refused; each is named
  2  wrong usage, a store that cannot be reached, or a file that is none; a
     file is written as a whole or not at all`;

const withStore = (command: Command): Command =>
  command
    .option("--sqlite <file>", "the store in this file")
    .option("--redis <url>", "the store on this server")
    .option("--prefix <prefix>", "begins every key on the Redis server (default aiwaf)")
    .option("--config <file>", "the store of the firewall in this file")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", HELP);

/** Adds `export`, `import` and `migrate`. */
export function addTransferCommands(program: Command, io: Io, end: (code: number) => void): void {
  withStore(
    program
      .command("export")
      .summary("write lists and bans as JSON or CSV")
      .description(
        "Writes the lists and the running bans of a store: as JSON, or as the CSV files that AIWAF's other implementations read.",
      )
      .option("--out <file>", "write the JSON to this file instead of standard output")
      .option("--csv <folder>", "write CSV files into this folder")
      .option("--json", "with --out or --csv: print what was written as JSON"),
  ).action(async (flags: ExportFlags) => end(await (await import("./transfer.ts")).exportCommand(flags, io)));
  withStore(
    program
      .command("import")
      .summary("add an export to a store")
      .description("Adds the lists and bans of an export, of a CSV file or of a folder of them to a store, beside what is there.")
      .argument("<path>", "a file or folder; - for JSON on standard input")
      .option("--dry-run", "only tell what would be added")
      .option("--json", "print the result as JSON"),
  ).action(async (path: string, flags: ImportFlags) => end(await (await import("./transfer.ts")).importCommand(path, flags, io)));
  withStore(
    program
      .command("migrate")
      .summary("take over another AIWAF's lists")
      .description(
        "Reads the tables of another AIWAF's SQLite database, or its CSV and JSON files, and adds what they hold to a store. Changes nothing there.",
      )
      .argument("<path>", "the database, for example db.sqlite3; or the folder aiwaf_data, or aiwaf_data.json")
      .option("--dry-run", "only tell what would be added")
      .option("--json", "print the result as JSON"),
  ).action(async (path: string, flags: ImportFlags) => end(await (await import("./transfer.ts")).importCommand(path, flags, io)));
}

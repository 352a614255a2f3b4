import type { Command } from "commander";
import type { Io } from "../terminal.ts";
import type { InitFlags } from "./init.ts";

const HELP = `
WHAT IT READS
  Next       app and pages directories; base path, locales and rewrites from
             the last build
  SvelteKit  src/routes, actions, endpoints, remote functions
  Nuxt       pages, server/api and server/routes
  Express    the routers of the application that --app exports, versions 4 and 5

  Nothing of Next, SvelteKit and Nuxt is run. For Express, the module is.

WHAT IT IS FOR
  import manifest from "./.aiwaf/paths.json" with { type: "json" };
  import { fromManifest } from "@aiwaf/core/manifest";

  protect({ ...fromManifest(manifest, { "/api/**": { threshold: 60 } }) });

  Rules of your own win field by field over what was found.

EXIT CODES
  0  written, or with --check: it fits
  1  with --check: it is missing or no longer fits
  2  wrong usage, or an application that cannot be read`;

/** Adds `aiwaf init`. */
export function addInit(program: Command, io: Io, end: (code: number) => void): void {
  program
    .command("init")
    .summary("write the application's routes to .aiwaf/paths.json")
    .description("Finds the routes of a Next, SvelteKit, Nuxt or Express application, and writes what the firewall should know about each.")
    .argument("[folder]", "the application's folder", ".")
    .option("--check", "write nothing; exit with 1 when the file no longer fits the application")
    .option("--app <file>", "the module that exports an Express application")
    .option("--out <file>", "write to this file")
    .option("--json", "print what was found as JSON")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", HELP)
    .action(async (folder: string, flags: InitFlags) => end(await (await import("./init.ts")).init(folder, flags, io)));
}

/**
 * Commands about addresses: whose they are, and which are a crawler's.
 *
 * @module
 */
import type { Command } from "commander";
import type { Io } from "../terminal.ts";
import type { RangesFlags } from "./refresh.ts";
import type { WhoisFlags } from "./whois.ts";

const WHOIS_HELP = `
WHAT IS ASKED
  Nothing leaves this machine unless a flag says so. From here: private and
  reserved ranges by their RFC, country and network from a database of yours,
  and the crawlers' ranges that aiwaf ranges keeps. With --dns, the names of
  the address, each marked whether the name has that address too. With
  --server, that WHOIS server, by TCP to port 43; a referral is shown and not
  followed. Both end at --timeout.

ENVIRONMENT
  AIWAF_GEOIP_DB_PATH  the database, where --geoip names none

EXIT CODES
  0  done
  1  the network was asked and did not answer; the rest is shown
  2  wrong usage, or a database that cannot be read

EXAMPLES
  aiwaf whois 203.0.113.7 --geoip country.mmdb --networks asn.mmdb
  aiwaf whois 66.249.66.1 --dns
  aiwaf whois 66.249.66.1 --server whois.arin.net --full`;

const RANGES_HELP = `
WHAT IS KEPT
  One file a crawler in .aiwaf/ranges, replaced as a whole or not at all. An
  answer without ranges, with private or reserved ones, with one wider than /8
  (IPv6: /20), or without more than half of those kept before is refused.
  Only the addresses that you name are read, only https, at most 4 MiB and
  20 seconds. Run it once a day from your scheduler.

USE
  import { goodBots, publishedRanges } from "@aiwaf/core/detectors";
  goodBots({ ranges: { googlebot: publishedRanges(readFileSync(
    ".aiwaf/ranges/googlebot.json", "utf8")) } })

EXIT CODES
  0  done
  2  wrong usage, a source that cannot be read, or ranges that cannot be
     right; what was kept stays

EXAMPLES
  aiwaf ranges bingbot https://www.bing.com/toolbox/bingbot.json
  aiwaf ranges googlebot googlebot.json --dry-run
  aiwaf ranges`;

/** Adds `whois` and `ranges`; `end` is told each one's exit code. */
export function addNetworkCommands(program: Command, io: Io, end: (code: number) => void): void {
  program
    .command("whois")
    .summary("tell whose an address is")
    .description("Tells whose an address is: from this machine alone, unless a flag names whom to ask.")
    .argument("<address>", "an IPv4 or IPv6 address; with --server also a domain")
    .option("--geoip <file>", "look up the country in this MMDB file; needs @aiwaf/geo")
    .option("--networks <file>", "and the network (ASN) in this one, where the first has only countries")
    .option("--ranges <folder>", "the crawlers' ranges (default .aiwaf/ranges)")
    .option("--dns", "ask for the names of the address, and whether they confirm it")
    .option("--name-server <address>", "ask this name server instead of the system's")
    .option("--server <host>", "ask this WHOIS server, HOST or HOST:PORT")
    .option("--full", "print all that the WHOIS server says")
    .option("--timeout <seconds>", "give up after so long (default 10)")
    .option("--json", "print the result as JSON")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", WHOIS_HELP)
    .action(async (target: string, flags: WhoisFlags) => end(await (await import("./whois.ts")).whois(target, flags, io)));
  program
    .command("ranges")
    .summary("keep the ranges that crawlers' operators publish")
    .description("Takes the ranges that a crawler's operator publishes, checks them and keeps them; without a name, shows what is kept.")
    .argument("[crawler]", "its name, such as googlebot")
    .argument("[source...]", "https addresses or files with its ranges")
    .option("--folder <folder>", "keep them here (default .aiwaf/ranges)")
    .option("--force", "also when more than half of the former ranges are gone")
    .option("--dry-run", "check and compare, and write nothing")
    .option("--json", "print the result as JSON")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", RANGES_HELP)
    .action(async (name: string | undefined, sources: string[], flags: RangesFlags) =>
      end(await (await import("./refresh.ts")).ranges(name, sources, flags, io)),
    );
}

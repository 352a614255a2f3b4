import type { Command } from "commander";
import type { ProxyFlags } from "./proxy.ts";
import type { Io } from "./terminal.ts";

const PROXY_HELP = `
ADDRESSES
  HOST:PORT, [IPv6]:PORT, or a port on loopback. Port 0 takes a free one.
  The site's port is for everybody. The operators' port shows all traffic: it
  answers nobody without the token, and listens on loopback unless told.

CONFIGURATION
  --config, else AIWAF_CONFIG, else the aiwaf.config of this folder (.ts, .mts,
  .js, .mjs, .cjs, .json). It holds options of the proxy, with those of the
  firewall under "firewall"; or, as for other commands, the firewall's alone.

PROCESSES
  --workers N serves with N processes on one port, which share limits and bans
  through the store: --sqlite FILE, or one of the configuration. A process that
  ends by itself is replaced. The console shows what all of them decide.

MEMORY
  V8 keeps the young heap that a burst made it take. A quarter of it is enough:
  the command begins itself again with --max-semi-space-size=8 of Node, in the
  same process, unless NODE_OPTIONS or the arguments of Node name a size. Where
  it cannot (Windows, Node's permission model, a process that was forked with a
  channel), set NODE_OPTIONS yourself; under 10,000 connections it saves 80 MB.

ENVIRONMENT
  AIWAF_UPSTREAM, PYWAF_UPSTREAM  the upstream, where no flag names it
  AIWAF_SQLITE                    the file of --sqlite, where nothing else says
  AIWAF_RATE_MAX and its kind     options of the firewall
  AIWAF_TOKEN                     the operators' token; without it, a new one is
                                  made and printed at each start

CONSOLE
  Pages on the operators' port, under /aiwaf/. The first login takes a token
  that is printed at the start, and sets a password. It is gone with the
  process unless the firewall has a store that stays, or --password-file names
  a file.

SIGNALS
  SIGTERM, SIGINT  take no more requests, let those under way end, leave
  SIGHUP           read the certificate again

EXIT CODES
  0  ended when it was asked to
  2  wrong usage, a wrong configuration, or an address that is taken

EXAMPLE
  aiwaf proxy --upstream http://127.0.0.1:9000 --report
      Looks, and blocks nothing. Do so before you rely on it.`;

/** Adds `proxy`. */
export function addProxy(program: Command, io: Io, end: (code: number) => void): void {
  program
    .command("proxy")
    .summary("stand in front of any web server")
    .description("Stands in front of a web server as a reverse proxy, and passes on what the firewall allows.")
    .option("--upstream <url>", "the server behind, such as http://127.0.0.1:9000")
    .option("--config <file>", "options of the proxy and its firewall: upstream, firewall, tls, limits")
    .option("--workers <count>", "serve with so many processes, 1 to 256 (default: this one)")
    .option("--sqlite <file>", "keep limits, bans and lists in this SQLite file, made when it is not there (default: in memory)")
    .option("--listen <address>", "where the site is served (default 0.0.0.0:8080)")
    .option("--control <address>", "where operators find events, scores and status (default 127.0.0.1:8081)")
    .option("--no-control", "no port for operators")
    .option("--no-console", "no pages for operators")
    .option("--console-host <name...>", "names that the console answers to, besides localhost and addresses")
    .option("--password-file <file>", "where the console's password is kept, as a hash (default: the firewall's store)")
    .option("--records <file>", "keep decisions in this SQLite file, for the console to look back at")
    .option("--model <file>", "the trained model, whose versions the console shows")
    .option("--tls-cert <file>", "serve TLS and HTTP/2 with this certificate (PEM, with its chain)")
    .option("--tls-key <file>", "and this key")
    .option("--autoencoder <place>", "ask this model in the scoring API: its file or folder")
    .option("--report", "block nothing, only say what would be blocked")
    .option("--json", "print the addresses as JSON")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", PROXY_HELP)
    .action(async (flags: ProxyFlags) => {
      // Workers are started with what they need, and the process that starts them serves nobody.
      if (flags.workers === undefined) io.takeLessMemory?.();
      end(await (await import("./proxy.ts")).proxy(flags, io));
    });
}

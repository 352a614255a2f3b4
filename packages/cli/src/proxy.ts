/**
 * `aiwaf proxy`: the firewall in front of any web server.
 *
 * @module
 */
import { loadConfig } from "./config-file.ts";
import { type ConsoleFlags, openConsole } from "./proxy-console.ts";
import type { Io } from "./terminal.ts";
import { messageOf, UsageError } from "./usage-error.ts";

/** The flags of `aiwaf proxy`. */
export interface ProxyFlags extends ConsoleFlags {
  readonly upstream?: string;
  readonly config?: string;
  readonly listen?: string;
  /** False for `--no-control`. */
  readonly control?: string | false;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly report?: boolean;
  /** An autoencoder's file or folder, for the scoring API. */
  readonly autoencoder?: string;
  readonly json?: boolean;
}

/** Other implementations name it `PYWAF_UPSTREAM`. */
const UPSTREAM_VARIABLES = ["AIWAF_UPSTREAM", "PYWAF_UPSTREAM"] as const;
const DEFAULT_LISTEN = "0.0.0.0:8080";
const DEFAULT_CONTROL = "127.0.0.1:8081";

/**
 * Starts the proxy, and the operator's port beside it, and serves until SIGINT or SIGTERM. Reads the certificate again on SIGHUP.
 *
 * @returns the exit code, once everything has ended.
 * @throws UsageError for wrong flags, a wrong configuration and an address that is taken.
 */
export async function proxy(flags: ProxyFlags, io: Io, environment: NodeJS.ProcessEnv = process.env): Promise<number> {
  const { console: consoleOptions, ...options } = (flags.config === undefined ? {} : (await loadConfig(flags.config)).options) as Readonly<
    Record<string, unknown>
  >;
  const upstream = flags.upstream ?? options["upstream"] ?? UPSTREAM_VARIABLES.map((name) => environment[name]).find((text) => text);
  if (upstream === undefined)
    throw new UsageError("an upstream is missing; name the server behind, for example --upstream http://127.0.0.1:9000");
  const site = addressOf("--listen", flags.listen ?? DEFAULT_LISTEN);
  const control = flags.control === false ? undefined : addressOf("--control", flags.control ?? DEFAULT_CONTROL);
  if ((flags.tlsCert === undefined) !== (flags.tlsKey === undefined)) throw new UsageError("--tls-cert and --tls-key go together");
  const tls = flags.tlsCert === undefined ? {} : { tls: { certFile: flags.tlsCert, keyFile: flags.tlsKey } };
  const firewall = options["firewall"];
  const inReport = flags.report === true ? { firewall: { ...(firewall as object | undefined), mode: "report" } } : {};

  const opinion =
    flags.autoencoder === undefined
      ? undefined
      : await (await import("./autoencoder/serve.ts")).followAutoencoder(flags.autoencoder, undefined, io);
  // Loaded here alone: no other command needs an HTTP client.
  const { createControl, createEvents, createProxy, createScorer } = await import("@aiwaf/proxy");
  const server = orUsage(() => createProxy({ ...options, ...tls, ...inReport, upstream } as Parameters<typeof createProxy>[0]));
  const { waf } = server;
  const opened =
    control === undefined || waf === undefined || flags.console === false
      ? undefined
      : await openConsole(flags, waf, consoleOptions).catch((error: unknown) => {
          throw new UsageError(messageOf(error));
        });
  const events = opened?.dashboard.events ?? (control === undefined || waf === undefined ? undefined : createEvents(waf));
  const operator =
    control === undefined
      ? undefined
      : orUsage(() =>
          createControl({
            proxy: server,
            scorer: createScorer(opinion === undefined ? {} : { autoencoder: opinion }),
            ...(events !== undefined && { events }),
            ...(opened !== undefined && { dashboard: opened.dashboard }),
            ...(environment["AIWAF_TOKEN"] !== undefined && { token: environment["AIWAF_TOKEN"] }),
          }),
        );
  const reload = (): void => server.reloadCertificate();
  process.on("SIGHUP", reload);
  // Asked for before the first line is out: whoever reads that line may already want it to end.
  const ended = new Promise<void>((resolve) => process.once("SIGINT", () => resolve()).once("SIGTERM", () => resolve()));
  try {
    const bound = await server.listen(site.port, site.host);
    const listening = `${flags.tlsCert === undefined ? "http" : "https"}://${shown(bound)}`;
    const operators =
      operator === undefined || control === undefined ? undefined : `http://${shown(await operator.listen(control.port, control.host))}`;
    // A token of the environment is known to whoever set it, and stands in no log.
    const token = operators === undefined || environment["AIWAF_TOKEN"] !== undefined ? undefined : operator?.token;
    const pages = operators === undefined || opened === undefined ? undefined : `${operators}${opened.dashboard.path}`;
    const firstLogin = pages === undefined ? undefined : await opened?.dashboard.issueToken();
    await io.out.write(
      flags.json === true
        ? `${JSON.stringify({ listening, operators: operators ?? null, token: token ?? null, console: pages ?? null, firstLogin: firstLogin ?? null })}\n`
        : [
            `Listening on ${listening}\n`,
            ...(operators === undefined ? [] : [`For operators: ${operators}/events, /history, /score, /status\n`]),
            ...(pages === undefined ? [] : [`Console: ${pages}\n`]),
            ...(firstLogin === undefined ? [] : [`First login, once and within an hour: ${firstLogin}\n`]),
            ...(token === undefined ? [] : [`Token, for this start only: ${token}\n`]),
          ].join(""),
    );
  } catch (error) {
    await Promise.all([operator?.close(), server.close(), opened?.close()]);
    throw new UsageError(messageOf(error));
  }
  await ended;
  process.off("SIGHUP", reload);
  await server.close();
  await operator?.close();
  await opened?.close();
  return 0;
}

/** An address is HOST:PORT, [IPv6]:PORT or a port. */
function addressOf(flag: string, text: string): { readonly host: string; readonly port: number } {
  const [, host = "127.0.0.1", digits = ""] = /^(?:(\[[0-9a-f:.]+\]|[\w.-]+):)?(\d{1,5})$/i.exec(text) ?? [];
  if (digits === "" || Number(digits) > 65_535)
    throw new UsageError(`${flag} ${JSON.stringify(text.slice(0, 60))}: give HOST:PORT, such as 127.0.0.1:8080`);
  return { host: host.replace(/^\[|\]$/g, ""), port: Number(digits) };
}

const shown = ({ address, port }: { readonly address: string; readonly port: number }): string =>
  `${address.includes(":") ? `[${address}]` : address}:${port}`;

/** A configuration that is wrong is the user's to mend, in one line. */
function orUsage<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}

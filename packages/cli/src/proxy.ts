/**
 * `aiwaf proxy`: the firewall in front of any web server.
 *
 * @module
 */
import cluster from "node:cluster";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import type { Heard, ReverseProxy, Workers } from "@aiwaf/proxy";
import { type ConsoleFlags, openConsole } from "./proxy-console.ts";
import { type Address, type ProxySettings, readProxySettings, type ServingFlags } from "./proxy-settings.ts";
import type { Io } from "./terminal.ts";
import { messageOf, UsageError } from "./usage-error.ts";

/** The flags of `aiwaf proxy`. */
export interface ProxyFlags extends ServingFlags, ConsoleFlags {
  /** An autoencoder's file or folder, for the scoring API. */
  readonly autoencoder?: string;
}

/**
 * Starts the proxy, and the operator's port beside it, and serves until SIGINT or SIGTERM. Reads the certificate again on SIGHUP. With `--workers`, as
 * many processes serve, and this one shows what they decide; each of them is this command again.
 *
 * @returns the exit code, once everything has ended; never in a worker, whose process ends by itself.
 * @throws UsageError for wrong flags, a wrong configuration and an address that is taken.
 */
export async function proxy(flags: ProxyFlags, io: Io, environment: NodeJS.ProcessEnv = process.env): Promise<number> {
  const settings = await readProxySettings(flags, cluster.isWorker ? silent(io) : io, environment);
  // Loaded here alone: no other command needs an HTTP client.
  const { createProxy, hearDecisions, tellDecisions, serveInWorkers } = await import("@aiwaf/proxy");
  const server = orUsage(() => createProxy(settings.options as unknown as Parameters<typeof createProxy>[0]));
  const { site, workers } = settings;
  if (workers === undefined) return serve(flags, io, environment, settings, server, undefined);
  if (cluster.isWorker) {
    await serveInWorkers({
      workers,
      async serve() {
        process.send?.({ aiwaf: "listening", address: await server.listen(site.port, site.host) });
        return tellDecisions(server);
      },
    });
    return new Promise(() => {});
  }
  checkStore(server, workers);
  const heard = hearDecisions(server);
  const shownAt = new Promise<AddressInfo>((resolve) => {
    cluster.on("message", (_, message: { readonly aiwaf?: unknown; readonly address?: AddressInfo } | undefined) => {
      if (message?.aiwaf === "listening" && message.address !== undefined) resolve(message.address);
    });
  });
  return serve(flags, io, environment, settings, server, {
    heard,
    async start() {
      await checkFree(site);
      // Each worker serves as above; this process never does.
      const started = await serveInWorkers({ workers, serve: () => Promise.reject(new Error("only workers serve")) });
      return { workers: started as Workers, address: await shownAt };
    },
  });
}

/** Workers, before they are started. */
interface Crew {
  readonly heard: Heard;
  start(): Promise<{ readonly workers: Workers; readonly address: AddressInfo }>;
}

async function serve(
  flags: ProxyFlags,
  io: Io,
  environment: NodeJS.ProcessEnv,
  { site, control, console: consoleOptions }: ProxySettings,
  server: ReverseProxy,
  crew: Crew | undefined,
): Promise<number> {
  const { createControl, createEvents, createScorer } = await import("@aiwaf/proxy");
  const opinion =
    flags.autoencoder === undefined
      ? undefined
      : await (await import("./autoencoder/serve.ts")).followAutoencoder(flags.autoencoder, undefined, io);
  const waf = crew === undefined ? server.waf : crew.heard.waf;
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
            proxy: crew === undefined ? server : { ...server, health: crew.heard.health },
            scorer: createScorer(opinion === undefined ? {} : { autoencoder: opinion }),
            ...(events !== undefined && { events }),
            ...(opened !== undefined && { dashboard: opened.dashboard }),
            ...(environment["AIWAF_TOKEN"] !== undefined && { token: environment["AIWAF_TOKEN"] }),
          }),
        );
  let workers: Workers | undefined;
  const reload = (): void => (workers ?? server).reloadCertificate();
  process.on("SIGHUP", reload);
  // Asked for before the first line is out: whoever reads that line may already want it to end.
  const ended = new Promise<void>((resolve) => process.once("SIGINT", () => resolve()).once("SIGTERM", () => resolve()));
  const close = async (): Promise<void> => {
    await workers?.close();
    crew?.heard.close();
    await server.close();
    await operator?.close();
    await opened?.close();
  };
  try {
    let bound: AddressInfo;
    if (crew === undefined) bound = await server.listen(site.port, site.host);
    else ({ workers, address: bound } = await crew.start());
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
    await close();
    throw new UsageError(messageOf(error));
  }
  await ended;
  process.off("SIGHUP", reload);
  await close();
  return 0;
}

/** What the first process has said already. */
const silent = (io: Io): Io => ({ ...io, err: { ...io.err, write: async () => {} } });

/** Several processes with a memory each would let a client have as many times its limit, ban it in one of them, and hear of no change in the console. */
function checkStore(server: ReverseProxy, workers: number): void {
  if (server.waf?.services.store.name === "memory")
    throw new UsageError(
      `--workers ${workers} needs a store that processes share: name a file with --sqlite, or give the configuration's firewall a store of Redis`,
    );
}

/** Said once here, instead of by each worker. */
async function checkFree({ port, host }: Address): Promise<void> {
  const probe = createServer().listen(port, host);
  await once(probe, "listening");
  probe.close();
  await once(probe, "close");
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

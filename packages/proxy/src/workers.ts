/**
 * The same proxy in several processes on one port, for machines with more than one core.
 *
 * @module
 */
import cluster, { type Worker } from "node:cluster";
import { WafError } from "@aiwaf/core";

/** What `serveInWorkers` takes. */
export interface WorkersOptions {
  /** Processes that serve, 1 to 256. */
  readonly workers: number;
  /**
   * Called in each worker: builds a proxy and listens. All workers that listen on one port share it; port 0 is one free port for all. They share limits
   * and bans only through a store: `firewall: { store: sqliteStore({ path }) }` on one machine, Redis beyond.
   */
  serve(): Promise<Serving>;
  /** Told when a worker ended by itself; another takes its place. Default: a line on standard error. */
  readonly onExit?: (code: number | null, signal: string | null) => void;
  /** Longest wait for workers when they are told to end, 0 to 3,600,000 ms; then they are killed. Default: 30,000. */
  readonly endMs?: number;
}

/** What a worker serves with: a proxy, or anything that closes. */
export interface Serving {
  close(): Promise<void>;
  reloadCertificate?(): void;
}

/** The workers, seen from the process that started them. */
export interface Workers {
  /** Process ids of those that run now. */
  readonly pids: readonly number[];
  /** Has each read its certificate again. */
  reloadCertificate(): void;
  /** Lets each end what it has under way, and waits for all. */
  close(): Promise<void>;
}

/**
 * Flags of Node that each worker is started with. V8 lets the young part of its heap grow to twice 32 MB, and keeps it after a burst for as long as
 * little happens; a quarter of that costs no throughput that could be measured, and saves some 80 MB.
 */
const FLAGS = ["--max-semi-space-size=8"];
/** So many workers in a row may end before they serve: wrong options would otherwise be tried for ever, as fast as processes start. */
const FAILED_STARTS = 3;
const PAUSE_MS = 200;

/**
 * Starts this program `workers` times over and has each call `serve`; whoever ends by itself is replaced. Call it once, with the same options in every
 * process. SIGTERM and SIGINT are the caller's: call `close`.
 *
 * @returns the workers, in the first process, once all have begun to serve; `undefined` in a worker.
 * @throws WafError for a wrong number, and an error when workers end before they serve.
 * @example
 * const workers = await serveInWorkers({
 *   workers: 4,
 *   async serve() {
 *     const proxy = createProxy({ upstream: "http://127.0.0.1:9000", firewall: { store: sqliteStore({ path: "aiwaf.db" }) } });
 *     await proxy.listen(8080);
 *     return proxy;
 *   },
 * });
 * process.once("SIGTERM", () => workers?.close());
 */
export async function serveInWorkers(options: WorkersOptions): Promise<Workers | undefined> {
  const { workers, serve, onExit = sayExit, endMs = 30_000 } = options;
  for (const [name, value, least, most] of [
    ["workers", workers, 1, 256],
    ["endMs", endMs, 0, 3_600_000],
  ] as const) {
    if (!Number.isInteger(value) || value < least || value > most)
      throw new WafError(
        "AIWAF_OPTION_INVALID",
        `Option "${name}" must be a whole number from ${least} to ${most}; it is ${String(value)}.`,
      );
  }
  if (cluster.isWorker) {
    await serveAsWorker(serve);
    return undefined;
  }
  return startWorkers(workers, onExit, endMs);
}

const sayExit = (code: number | null, signal: string | null): void =>
  console.error(`[aiwaf] A worker ended (${signal ?? code}); another takes its place.`);

async function serveAsWorker(serve: () => Promise<Serving>): Promise<void> {
  const serving = await serve();
  const end = (): void => void serving.close().finally(() => process.exit(0));
  // A terminal's Ctrl-C, or its end, reaches every process; only the first one decides when all end.
  process
    .on("SIGINT", () => {})
    .on("SIGTERM", () => {})
    .on("SIGHUP", () => {});
  process.on("message", (message) => {
    if (message === "aiwaf:reload") serving.reloadCertificate?.();
    else if (message === "aiwaf:end") end();
  });
  // Without the first process nobody could tell this one to end.
  process.once("disconnect", end);
  process.send?.("aiwaf:serving");
}

async function startWorkers(count: number, onExit: NonNullable<WorkersOptions["onExit"]>, endMs: number): Promise<Workers> {
  cluster.setupPrimary({ execArgv: [...process.execArgv, ...FLAGS] });
  const running = new Set<Worker>();
  let isEnding = false;
  let failedStarts = 0;
  let serving = 0;
  let begin = (): void => {};
  let giveUp = (_: Error): void => {};
  const begun = new Promise<void>((resolve, reject) => {
    begin = resolve;
    giveUp = reject;
  });

  const fork = (): void => {
    const worker = cluster.fork();
    let hasServed = false;
    running.add(worker);
    worker.on("error", () => {});
    worker.on("message", (message) => {
      if (message !== "aiwaf:serving" || hasServed) return;
      hasServed = true;
      if (++serving >= count) begin();
    });
    worker.once("exit", (code, signal) => {
      running.delete(worker);
      if (isEnding) return;
      failedStarts = hasServed ? 0 : failedStarts + 1;
      if (serving < count && failedStarts >= FAILED_STARTS) {
        giveUp(new Error(`Workers end before they serve (${signal ?? code}); each says why on standard error.`));
        return;
      }
      onExit(code, signal);
      setTimeout(() => !isEnding && fork(), PAUSE_MS * Math.min(50, 1 + failedStarts));
    });
  };

  const close = async (): Promise<void> => {
    isEnding = true;
    const ended = [...running].map((worker) => new Promise((resolve) => worker.once("exit", resolve)));
    for (const worker of running) if (worker.isConnected()) worker.send("aiwaf:end");
    const forced = setTimeout(() => {
      for (const { process } of running) process.kill("SIGKILL");
    }, endMs);
    await Promise.all(ended);
    clearTimeout(forced);
  };

  for (let index = 0; index < count; index++) fork();
  try {
    await begun;
  } catch (error) {
    await close();
    throw error;
  }
  return {
    get pids() {
      return [...running].map(({ process }) => process.pid ?? 0);
    },
    reloadCertificate() {
      for (const worker of running) if (worker.isConnected()) worker.send("aiwaf:reload");
    },
    close,
  };
}

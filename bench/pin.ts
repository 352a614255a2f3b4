/**
 * Gives the load and the servers a processor each. Where the system moves them about, a pair of the same two programs differs by up to a fifth either way,
 * because whoever was moved meets cold caches; pinned, by less than half of that.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { cpus } from "node:os";

/** Only the thread that runs JavaScript: those that collect and compile for it stay free. */
const pin = (pid: number, processors: string): boolean => spawnSync("taskset", ["-p", "-c", processors, `${pid}`]).status === 0;

/**
 * Pins this process, which makes the load, and servers that take turns. Where that cannot be done (another system, one processor), all stay free.
 *
 * @returns the function that sets this process free again, before it starts another that would inherit the pin; `undefined` where nothing is pinned.
 */
export function pinApart(servers: readonly (number | undefined)[]): (() => void) | undefined {
  const processors = cpus().length;
  if (process.platform !== "linux" || processors < 2 || !pin(process.pid, "0")) return undefined;
  for (const pid of servers) if (pid !== undefined) pin(pid, "1");
  return () => void pin(process.pid, `0-${processors - 1}`);
}

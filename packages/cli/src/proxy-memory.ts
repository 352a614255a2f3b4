/**
 * A smaller young heap for `aiwaf proxy`, which V8 takes only when a process starts.
 *
 * @module
 */
import { accessSync, constants } from "node:fs";

/** As `serveInWorkers` gives its workers: see there for what it saves. */
const FLAG = "--max-semi-space-size=8";
/** However it is written: V8 takes dashes and underscores. */
const SAYS_SIZE = /--max[-_]semi[-_]space[-_]size/;
/** Set for the process that was begun again. It must not begin once more where the flag does not reach Node, as in programs that carry Node inside. */
const MARK = "AIWAF_BEGUN_AGAIN";

/**
 * Begins this process again with a smaller young heap: the same program, arguments, process id, working folder and streams. Nothing is said about it.
 *
 * Comes back, and changes nothing, where the user or an earlier call has said a size, where a program listens to this process through a channel, which
 * would break, under Node's permission model, on Windows, and in runtimes without `process.execve`.
 */
export function takeLessMemory(): void {
  const { execArgv, execPath, argv, env } = process;
  const isBegunAgain = env[MARK] !== undefined;
  delete env[MARK];
  if (isBegunAgain || [...execArgv, env["NODE_OPTIONS"]].some((text) => SAYS_SIZE.test(text ?? ""))) return;
  if (process.platform === "win32" || process.execve === undefined || process.channel || process.permission !== undefined) return;
  try {
    // Node 24 aborts when the system refuses: a Node that was replaced while it runs must not end a proxy that could serve.
    accessSync(execPath, constants.X_OK);
    process.execve(execPath, [execPath, FLAG, ...execArgv, ...argv.slice(1)], { ...env, [MARK]: "1" });
  } catch {
    // It serves as it is.
  }
}

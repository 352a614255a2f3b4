/**
 * Other programs, as somebody at a shell would start them.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";

/** What this process was started with by a package manager; a newcomer's shell has none of it, and tools take it for the newcomer's choice. */
const INHERITED = /^(?:npm_(?:lifecycle|package|command|execpath|config_(?:user_agent|local_prefix))|pnpm_|INIT_CWD|NODE_ENV|VITEST)/i;

export const shellEnvironment = (): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !INHERITED.test(name))),
  CI: "1",
  // Starters pin the pnpm that made them. It runs already, and asks for its executables of every platform all the same: where one is not published, nothing installs.
  pnpm_config_pm_on_fail: "ignore",
  NEXT_TELEMETRY_DISABLED: "1",
  NUXT_TELEMETRY_DISABLED: "1",
  DO_NOT_TRACK: "1",
});

/** Starts a program in a process group of its own, so that what it starts can be ended with it. */
export function start(
  folder: string,
  [program = "", ...args]: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  const options = { cwd: folder, env: { ...shellEnvironment(), ...env }, detached: true } as const;
  return spawn(program, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
}

/** Ends a program and what it started. */
export function end({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/**
 * Runs a program to its end.
 *
 * @throws when it fails or takes more than five minutes, with what it printed last.
 */
export function runIn(folder: string, command: readonly string[]): Promise<{ readonly stdout: string }> {
  return new Promise((resolve, reject) => {
    const child = start(folder, command);
    let stdout = "";
    let all = "";
    child.stdout?.on("data", (text: Buffer) => {
      stdout += text;
      all += text;
    });
    child.stderr?.on("data", (text: Buffer) => {
      all += text;
    });
    const timer = setTimeout(() => end(child), 300_000);
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(timer);
      if (code === 0) resolve({ stdout });
      else reject(new Error(`${command.join(" ")} ended with ${code}:\n${all.slice(-4_000)}`));
    });
  });
}

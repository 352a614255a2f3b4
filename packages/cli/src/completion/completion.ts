/**
 * `aiwaf completion`: a script that completes commands, flags and their values in a shell.
 *
 * @module
 */
import type { Command } from "commander";
import { escapeControls } from "../json-text.ts";
import type { Io } from "../terminal.ts";
import { UsageError } from "../usage-error.ts";
import { bashScript } from "./bash.ts";
import { fishScript } from "./fish.ts";
import { specOf } from "./spec.ts";
import { zshScript } from "./zsh.ts";

/** The flags of `aiwaf completion`. */
export interface CompletionFlags {
  readonly json?: boolean;
}

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

/** The shells there is a script for. */
export const SHELLS = Object.keys(SCRIPTS) as readonly (keyof typeof SCRIPTS)[];

/** Prints the script for `shell`, made from the commands of `program`. @returns the exit code, 0. */
export async function completion(shell: string, program: Command, flags: CompletionFlags, io: Io): Promise<number> {
  const known = SHELLS.find((name) => name === shell);
  if (known === undefined)
    throw new UsageError(`${JSON.stringify(shell.slice(0, 40))} is no shell that is known; type one of ${SHELLS.join(", ")}`);
  const script = SCRIPTS[known](specOf(program));
  await io.out.write(flags.json === true ? `${escapeControls(JSON.stringify({ shell: known, script }))}\n` : script);
  return 0;
}

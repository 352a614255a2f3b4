import { Argument, type Command } from "commander";
import { suggesting } from "../command-tree.ts";
import type { Io } from "../terminal.ts";
import { type CompletionFlags, completion, SHELLS } from "./completion.ts";

const HELP = `
INSTALL
  bash  source <(aiwaf completion bash)           in ~/.bashrc
  zsh   source <(aiwaf completion zsh)            in ~/.zshrc, behind compinit
  fish  aiwaf completion fish > ~/.config/fish/completions/aiwaf.fish

EXIT CODES
  0  done
  2  wrong usage`;

/** Adds `completion`. */
export function addCompletion(program: Command, io: Io, end: (code: number) => void): void {
  program
    .command("completion")
    .summary("print a script that completes aiwaf in a shell")
    .description("Prints a script that completes commands, flags and their values in bash, zsh or fish.")
    .addArgument(suggesting(new Argument("<shell>", SHELLS.join(", ")), SHELLS))
    .option("--json", "print the script within JSON")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", HELP)
    .action(async (shell: string, flags: CompletionFlags) => end(await completion(shell, program, flags, io)));
}

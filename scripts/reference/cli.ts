import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** One command and what its `--help` prints. */
export interface CommandHelp {
  /** Words behind the program's name; empty for the program itself. */
  readonly words: readonly string[];
  readonly help: string;
}

interface Run {
  main(args: readonly string[], io: { readonly out: Output; readonly err: Output; readInput(): Promise<undefined> }): Promise<number>;
  createProgram(io: unknown, written: readonly unknown[], end: () => void): unknown;
}

interface Output {
  readonly hasColors: boolean;
  write(text: string): Promise<void>;
}

const SOURCE = "packages/cli/src";

/**
 * The help of every command, as the command line prints it. Runs it from its sources, which need the packages they stand on to be built.
 *
 * @returns `undefined` in a repository without a command line.
 */
export async function loadCommandHelp(root: string): Promise<readonly CommandHelp[] | undefined> {
  if (!existsSync(join(root, SOURCE, "program.ts"))) return undefined;
  const load = async (file: string): Promise<unknown> => import(pathToFileURL(join(root, SOURCE, file)).href);
  const { main, createProgram } = (await load("program.ts")) as Run;
  const { leavesOf } = (await load("command-tree.ts")) as {
    leavesOf(program: unknown): readonly { readonly words: readonly string[] }[];
  };
  const helpOf = async (words: readonly string[]): Promise<CommandHelp> => {
    let help = "";
    const out: Output = {
      hasColors: false,
      async write(text) {
        help += text;
      },
    };
    await main([...words, "--help"], { out, err: out, readInput: async () => undefined });
    return { words, help: help.trimEnd() };
  };
  const silent: Output = { hasColors: false, write: async () => {} };
  const leaves = leavesOf(createProgram({ out: silent, err: silent }, [], () => {}));
  return Promise.all([[], ...leaves.map(({ words }) => words)].map(helpOf));
}

/** docs/reference/cli.md. */
export function cliPage(commands: readonly CommandHelp[]): string {
  const title = (words: readonly string[]): string => ["aiwaf", ...words].join(" ");
  const anchor = (words: readonly string[]): string => title(words).replaceAll(" ", "-");
  const [, ...named] = commands;
  const index = named.map(({ words }) => `[${words.join(" ")}](#${anchor(words)})`).join(" · ");
  const intro = "What `aiwaf --help` and `aiwaf COMMAND --help` print. The guide is [The command line](../cli.md).";
  const sections = commands.map(({ words, help }) => `## ${title(words)}\n\n\`\`\`text\n${help}\n\`\`\`\n`);
  return `# Command line\n\n<!-- Written by \`npm run docs\` from the commands' own help in packages/cli/src. Edit that. -->\n\n${intro}\n\n${index}\n\n${sections.join("\n")}`;
}

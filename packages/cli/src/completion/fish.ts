import type { ValueKind } from "../command-tree.ts";
import { type CommandSpec, flattened } from "./spec.ts";

const quoted = (text: string): string => `'${text.replace(/[\\']/g, "\\$&")}'`;

const offer = (kind: ValueKind): string =>
  kind === "file" ? "-F" : kind === "folder" ? "-a '(__fish_complete_directories)'" : kind === "none" ? "" : `-a ${quoted(kind.join(" "))}`;

function linesOf(spec: CommandSpec): readonly string[] {
  const here = `complete -c aiwaf -n ${quoted(["__aiwaf_at", ...spec.words].join(" "))}`;
  return [
    ...spec.children.map(
      ({ words, text }) =>
        `complete -c aiwaf -n ${quoted(["__aiwaf_just_at", ...spec.words].join(" "))} -a ${words.at(-1)} -d ${quoted(text)}`,
    ),
    ...spec.flags.map(({ names, text, value }) => {
      const spelled = names.map((name) => (name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`)).join(" ");
      return `${here} ${spelled} -d ${quoted(text)}${value === undefined ? "" : ` ${value === "file" ? "-r" : "-x"} ${offer(value)}`.trimEnd()}`;
    }),
    ...spec.values.filter((kind) => kind !== "none").map((kind) => `${here} ${offer(kind)}`),
  ];
}

/** A script for fish 3 and newer. */
export const fishScript = (root: CommandSpec): string => `# Completion of aiwaf for fish. Made by: aiwaf completion fish
# To have it in every shell, run once:
#   aiwaf completion fish > ~/.config/fish/completions/aiwaf.fish
function __aiwaf_at
  set -l tokens (commandline -opc)
  for index in (seq (count $argv))
    set -l next (math $index + 1)
    test (count $tokens) -ge $next; and test "$tokens[$next]" = "$argv[$index]"; or return 1
  end
end
function __aiwaf_just_at
  test (count (commandline -opc)) -eq (math (count $argv) + 1); and __aiwaf_at $argv
end
complete -c aiwaf -f
${flattened(root).flatMap(linesOf).join("\n")}
`;

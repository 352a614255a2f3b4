import type { ValueKind } from "../command-tree.ts";
import type { CommandSpec, FlagSpec } from "./spec.ts";

/** In single quotes of the shell, and with the marks escaped that `_arguments` and `_describe` give a meaning. */
const plain = (text: string): string => text.replace(/[[\]:\\]/g, "\\$&").replaceAll("'", "'\\''");

const offer = (kind: ValueKind): string =>
  kind === "file" ? "_files" : kind === "folder" ? "_files -/" : kind === "none" ? " " : `(${kind.join(" ")})`;

function flagLines({ names, text, value }: FlagSpec): readonly string[] {
  const taking = value === undefined ? "" : `:value:${offer(value)}`;
  return names.map((name) => `'${name}[${plain(text)}]${taking}'`);
}

const nameOf = (words: readonly string[]): string => ["_aiwaf", ...words.map((word) => word.replaceAll("-", "_"))].join("_");

function functionsOf(spec: CommandSpec): readonly string[] {
  const flags = spec.flags.flatMap(flagLines);
  if (spec.children.length === 0) {
    const values = spec.values.map(
      (kind, index) => `'${spec.isVariadic && index === spec.values.length - 1 ? "*" : index + 1}:value:${offer(kind)}'`,
    );
    return [`${nameOf(spec.words)}() {\n  _arguments ${[...flags, ...values].join(" \\\n    ")}\n}`];
  }
  const described = spec.children.map(({ words, text }) => `    '${plain(words.at(-1)!)}:${plain(text)}'`).join("\n");
  const cases = spec.children.map(({ words }) => `      ${words.at(-1)}) ${nameOf(words)} ;;`).join("\n");
  return [
    `${nameOf(spec.words)}() {
  local curcontext="$curcontext" state line
  local -a commands=(
${described}
  )
  _arguments -C ${[...flags, "'1: :->command'", "'*:: :->rest'"].join(" \\\n    ")}
  case "$state" in
  command) _describe command commands ;;
  rest)
    case "$line[1]" in
${cases}
    esac ;;
  esac
}`,
    ...spec.children.flatMap(functionsOf),
  ];
}

/** A script for zsh: for a folder of `fpath` under the name `_aiwaf`, or to be sourced. */
export const zshScript = (root: CommandSpec): string => `#compdef aiwaf
# Completion of aiwaf for zsh. Made by: aiwaf completion zsh
# To have it in every shell, put this line into ~/.zshrc, behind compinit:
#   source <(aiwaf completion zsh)
${functionsOf(root).join("\n")}
if [ "$funcstack[1]" = "_aiwaf" ]; then _aiwaf "$@"; else compdef _aiwaf aiwaf; fi
`;

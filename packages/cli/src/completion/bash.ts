import type { ValueKind } from "../command-tree.ts";
import { type CommandSpec, flattened } from "./spec.ts";

/** The words of this tree have no quote in them; a test holds them to it. */
const quoted = (text: string): string => `"${text}"`;

const offer = (kind: ValueKind): string =>
  kind === "file"
    ? "_aiwaf_files -f"
    : kind === "folder"
      ? "_aiwaf_files -d"
      : kind === "none"
        ? ":"
        : `_aiwaf_words ${quoted(kind.join(" "))}`;

/**
 * A script for bash 3.2 and newer, which needs no other package: everything that is completed stands in it, so that a key press starts no process but
 * the shell's own.
 */
export function bashScript(root: CommandSpec): string {
  const all = flattened(root);
  const at = ({ words }: CommandSpec, more: string): string => quoted([words.join(" "), more].join("|"));
  const descend = all.flatMap((spec) =>
    spec.children.map((child) => `      ${at(spec, child.words.at(-1)!)}) place=${quoted(child.words.join(" "))}; position=0 ;;`),
  );
  const valued = all.flatMap((spec) =>
    spec.flags.flatMap(({ names, value }) => (value === undefined ? [] : names.map((name) => [at(spec, name), offer(value)] as const))),
  );
  const flags = all.map(
    (spec) => `    ${quoted(spec.words.join(" "))}) _aiwaf_words ${quoted(spec.flags.flatMap(({ names }) => names).join(" "))} ;;`,
  );
  const values = all.flatMap((spec) => [
    ...(spec.children.length === 0
      ? []
      : [`    ${at(spec, "0")}) _aiwaf_words ${quoted(spec.children.map(({ words }) => words.at(-1)!).join(" "))} ;;`]),
    ...spec.values.map((kind, index) => {
      const isRest = spec.isVariadic && index === spec.values.length - 1;
      return `    ${isRest ? `${quoted(`${spec.words.join(" ")}|`)}*` : at(spec, `${index}`)}) ${offer(kind)} ;;`;
    }),
  ]);
  return `# Completion of aiwaf for bash. Made by: aiwaf completion bash
# To have it in every shell, put this line into ~/.bashrc:
#   source <(aiwaf completion bash)
_aiwaf_words() {
  local word
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$1" -- "$current")
}
_aiwaf_files() {
  local name
  compopt -o filenames 2>/dev/null
  while IFS= read -r name; do COMPREPLY+=("$name"); done < <(compgen "$1" -- "$current")
}
_aiwaf() {
  local -a words=()
  local word before="" place="" position=0 current index
  COMPREPLY=()
  # bash cuts words at : and =, as in redis://host:1 and --config=file.
  for ((index = 0; index <= COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    if [[ \${#words[@]} -gt 1 && ("$word" =~ ^[:=]+$ || "\${words[\${#words[@]} - 1]}" =~ [:=]$) ]]; then
      words[\${#words[@]}-1]+="$word"
    else words+=("$word"); fi
  done
  current="\${words[\${#words[@]} - 1]}"
  for ((index = 1; index < \${#words[@]} - 1; index++)); do
    word="\${words[index]}"
    if [[ -n "$before" ]]; then before=""; continue; fi
    case "$place|$word" in
${descend.join("\n")}
      ${valued.map(([pattern]) => pattern).join(" | ")}) before="$word" ;;
      *"|-"*) ;;
      *) position=$((position + 1)) ;;
    esac
  done
  if [[ -z "$before" && "$current" == --*=* ]]; then
    before="\${current%%=*}"
    current="\${current#*=}"
  fi
  if [[ -n "$before" ]]; then
    case "$place|$before" in
${valued.map(([pattern, action]) => `    ${pattern}) ${action} ;;`).join("\n")}
    esac
    return
  fi
  if [[ "$current" == -* ]]; then
    case "$place" in
${flags.join("\n")}
    esac
    return
  fi
  case "$place|$position" in
${values.join("\n")}
  esac
}
complete -F _aiwaf aiwaf
`;
}

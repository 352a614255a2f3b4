/**
 * What there is to complete, as plain data that each shell's script is made from.
 *
 * @module
 */
import type { Argument, Command, Option } from "commander";
import { suggestionsOf, type ValueKind, valueKind } from "../command-tree.ts";

/** A flag, in all its spellings. */
export interface FlagSpec {
  readonly names: readonly string[];
  readonly text: string;
  /** What its value is; `undefined` for a flag without one. */
  readonly value: ValueKind | undefined;
}

/** A command, and the commands below it. */
export interface CommandSpec {
  /** Words after the program's name; empty for the program itself. */
  readonly words: readonly string[];
  readonly text: string;
  readonly flags: readonly FlagSpec[];
  /** What each argument is. */
  readonly values: readonly ValueKind[];
  /** True where the last argument may be given several times. */
  readonly isVariadic: boolean;
  readonly children: readonly CommandSpec[];
}

/** The commands of `command` with their flags and values. */
export function specOf(command: Command, words: readonly string[] = []): CommandSpec {
  const help = command.createHelp();
  const shown = help.visibleCommands(command);
  const names = shown.map((child) => child.name());
  return {
    words,
    text: command.summary() || command.description(),
    flags: help.visibleOptions(command).map(flagOf),
    values: command.registeredArguments.map(kindOf),
    isVariadic: command.registeredArguments.at(-1)?.variadic === true,
    children: shown.map((child) => {
      const spec = specOf(child, [...words, child.name()]);
      // The parser's own command takes the name of another.
      return child.name() === "help" ? { ...spec, values: [names] } : spec;
    }),
  };
}

const kindOf = (argument: Argument): ValueKind => suggestionsOf(argument) ?? valueKind(argument.name());

function flagOf(option: Option): FlagSpec {
  const [, value] = /[<[]([^>\]]+)/.exec(option.flags) ?? [];
  return {
    names: [option.short, option.long].filter((name) => typeof name === "string"),
    text: option.description,
    value: value === undefined ? undefined : (option.argChoices ?? valueKind(value)),
  };
}

/** The command and all below it, the outermost first. */
export const flattened = (spec: CommandSpec): readonly CommandSpec[] => [spec, ...spec.children.flatMap(flattened)];

/**
 * The commands as data: what is completed, documented and walked by tests.
 *
 * @module
 */
import type { Argument, Command } from "commander";

/** One command that can be run, and the words it is called by, without the program's name. */
export interface CommandLeaf {
  readonly words: readonly string[];
  readonly command: Command;
}

/** Every command below `program` that runs something, in the order of the help. */
export function leavesOf(program: Command, words: readonly string[] = []): readonly CommandLeaf[] {
  return program.commands.flatMap((command) => {
    const path = [...words, command.name()];
    return command.commands.length > 0 ? leavesOf(command, path) : [{ words: path, command }];
  });
}

/** What may stand in the place of a value. */
export type ValueKind = "file" | "folder" | "none" | readonly string[];

/** What the value in `<…>` of a flag or an argument is: a file, a folder, or anything. */
export const valueKind = (name: string): ValueKind => (/file|path|source/.test(name) ? "file" : /folder/.test(name) ? "folder" : "none");

const SUGGESTED = new WeakMap<Argument, readonly string[]>();

/** Has shells offer `words` for an argument that takes other spellings, too; the parser's own choices would refuse those. */
export function suggesting(argument: Argument, words: readonly string[]): Argument {
  SUGGESTED.set(argument, words);
  return argument;
}

/** The words offered for an argument, where there are some. */
export const suggestionsOf = (argument: Argument): readonly string[] | undefined => SUGGESTED.get(argument) ?? argument.argChoices;

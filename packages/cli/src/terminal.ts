import { styleText } from "node:util";
import stringWidth from "string-width";

/** Where a command writes. `write` resolves when the reader has room for more. */
export interface Output {
  write(text: string): Promise<void>;
  /** True on a terminal that shows colours and nobody asked to have none. */
  readonly hasColors: boolean;
  /** True on a terminal, where a line may be written over. */
  readonly isTerminal?: boolean;
}

/** Everything a command needs from its surroundings. */
export interface Io {
  readonly out: Output;
  readonly err: Output;
  /** All of standard input, up to `limitBytes`; `undefined` when it is a terminal. */
  readInput(limitBytes: number): Promise<Buffer | undefined>;
  /** Begins the process again with a smaller heap, where it is the command's own. */
  takeLessMemory?(): void;
}

/** Human output fits this many columns. */
export const COLUMNS = 80;

type Style = Parameters<typeof styleText>[0];

/** Paints text where colours are shown, and leaves it as it is elsewhere. */
export function painter({ hasColors }: Output): (style: Style, text: string) => string {
  return (style, text) => (hasColors ? styleText(style, text, { validateStream: false }) : text);
}

/** Columns that a terminal needs for `text`. */
export const widthOf = (text: string): number => stringWidth(text);

/** Controls, formatting and bidirectional marks, separators, lone surrogates, private use: whatever moves a cursor or shows nothing. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{M}]/u;

/** One character as it can be shown on any terminal: itself, or its escape. Bytes above 0x7f are escaped where `isBytes`. */
export function printableCharacter(character: string, isBytes = false): string {
  const code = character.codePointAt(0)!;
  if (code >= 0x20 && code < 0x7f) return character;
  if (code === 0x09) return "\\t";
  if (code === 0x0a) return "\\n";
  if (code === 0x0d) return "\\r";
  if (code <= 0xff && (isBytes || code < 0xa1 || code === 0xad)) return `\\x${code.toString(16).padStart(2, "0")}`;
  if (!UNPRINTABLE.test(character)) return character;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, "0")}`;
}

/**
 * Text from a stranger, safe for a terminal: nothing in it moves the cursor, changes colours or reverses the line. At most `columns` wide; what was
 * cut shows as `…`.
 */
export function printable(text: string, columns = COLUMNS, isBytes = false): string {
  let out = "";
  let width = 0;
  for (const character of text) {
    const shown = printableCharacter(character, isBytes);
    width += widthOf(shown);
    if (width > columns) return cut(out, columns);
    out += shown;
  }
  return out;
}

function cut(text: string, columns: number): string {
  let out = text;
  while (out !== "" && widthOf(out) > columns - 1) out = [...out].slice(0, -1).join("");
  return `${out}…`;
}

/** Breaks text at blanks. */
export function wrap(text: string, columns: number): string {
  const out: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > columns) {
      out.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...out, line].join("\n");
}

import Table from "cli-table3";

/** No frame: spaces between columns, so that the text can be copied and cut. */
const CHARS = Object.fromEntries(
  ["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right"]
    .concat(["left", "left-mid", "mid", "mid-mid", "right", "right-mid"])
    .map((name) => [name, ""]),
);

/** A table of text; columns from `rightFrom` on are flush right. */
export function plainTable(head: readonly string[], widths: readonly number[], rightFrom: number): InstanceType<typeof Table> {
  return new Table({
    head: [...head],
    colWidths: [...widths],
    colAligns: head.map((_, index) => (index >= rightFrom ? "right" : "left")),
    chars: { ...CHARS, middle: " " },
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [], compact: true },
  });
}

/** Lines without the blanks that fill up the last column. */
export const trimLines = (text: string): string => text.replace(/ +$/gm, "");

/** A whole number with separators. */
export const number = (value: number): string => value.toLocaleString("en-US");

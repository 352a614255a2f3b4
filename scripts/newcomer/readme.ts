/**
 * The lines of a README that a newcomer copies.
 *
 * @module
 */
import { readFileSync } from "node:fs";

/** A README's lines for a start. */
export interface FirstLines {
  /** Of its first shell block. */
  readonly install: string;
  /** Its code blocks in order, whole, with the file that their first line names. */
  readonly blocks: readonly { readonly file: string | undefined; readonly code: string }[];
}

export function firstLines(readme: string): FirstLines {
  const text = readFileSync(readme, "utf8");
  const install = /^```sh\n(.+)\n```$/m.exec(text)?.[1];
  if (install === undefined) throw new Error(`${readme} has no line to install with`);
  const blocks = [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = ""]) => ({
    file: /^\/\/ ([\w./-]+\.ts)/.exec(code)?.[1],
    code,
  }));
  return { install, blocks };
}

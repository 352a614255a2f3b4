/**
 * A bar on standard error for work that takes a while; nothing at all where that is no terminal.
 *
 * @module
 */
import { type Options, SingleBar } from "cli-progress";
import type { Io } from "./terminal.ts";

/** A bar that can be moved and must be ended. */
export interface Progress {
  /** `done` of the total, and a few words beside the bar. */
  to(done: number, words: string): void;
  /** What is put before a line that is written while the bar stands. */
  readonly makeRoom: string;
  /** Takes the bar away. */
  end(): void;
}

const NONE: Progress = { to() {}, end() {}, makeRoom: "" };
const STYLE: Options = {
  stream: process.stderr,
  format: "{bar} {percentage} %  {words}",
  barCompleteChar: "█",
  barIncompleteChar: "░",
  barsize: 30,
  fps: 5,
  clearOnComplete: true,
  // Otherwise the library answers the first Ctrl-C by taking the bar away, and the work goes on.
  gracefulExit: false,
  hideCursor: false,
  linewrap: true,
};

/** Starts a bar of `total` steps, bytes or whatever is counted. */
export function startProgress(total: number, { err }: Io): Progress {
  if (err.isTerminal !== true || total <= 0) return NONE;
  const bar = new SingleBar(STYLE);
  bar.start(total, 0, { words: "" });
  return {
    to: (done, words) => bar.update(Math.min(done, total), { words }),
    end: () => bar.stop(),
    makeRoom: "\r\u001b[K",
  };
}

#!/usr/bin/env node
import { writeSync } from "node:fs";
import { styleText } from "node:util";
import { main } from "./program.ts";
import { takeLessMemory } from "./proxy-memory.ts";
import type { Io, Output } from "./terminal.ts";

/** A reader that went away, such as `head`, has what it wanted. */
function leave(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(0);
  // At once: the process ends here, and it may be the stream of errors itself that is full.
  try {
    writeSync(2, `aiwaf: the output could not be written: ${error.message}\n`);
  } finally {
    process.exit(2);
  }
}

function outputOf(stream: NodeJS.WriteStream): Output {
  stream.on("error", leave);
  return {
    // Knows terminals, NO_COLOR and FORCE_COLOR.
    hasColors: styleText("red", "x", { stream }) !== "x",
    isTerminal: stream.isTTY === true,
    write: (text) => new Promise((resolve) => void stream.write(text, () => resolve())),
  };
}

const io: Io = {
  out: outputOf(process.stdout),
  err: outputOf(process.stderr),
  async readInput(limitBytes) {
    if (process.stdin.isTTY) return undefined;
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of process.stdin) {
      chunks.push(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      // One byte above the limit is enough to know.
      if (bytes > limitBytes) break;
    }
    return Buffer.concat(chunks).subarray(0, limitBytes + 1);
  },
  takeLessMemory,
};

const exitCode = await main(process.argv.slice(2), io);
// A configuration may have opened a database; nothing of it is waited for.
process.exit(exitCode);

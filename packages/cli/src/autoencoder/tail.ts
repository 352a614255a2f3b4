/**
 * Follows a file that grows and is rotated.
 *
 * @module
 */
import { type FileHandle, open, stat } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { createSplitter } from "../lines.ts";

/** How a file is followed. */
export interface TailOptions {
  /** Read what is there already, too. */
  readonly fromStart: boolean;
  /** End at the end of the file instead of waiting for more. */
  readonly once: boolean;
  /** Ends following; what was read before is still given. */
  readonly signal: AbortSignal;
  /** Milliseconds between two looks. Default 250. */
  readonly everyMs?: number;
}

const CHUNK_BYTES = 65_536;
/** Longer lines are passed over. */
const LINE_LIMIT_BYTES = 65_536;

/**
 * The lines of a file as they come, one character a byte. A file that is renamed is read to its end before the new one of its name; one that was cut short
 * is read from its start. A file that is not there is waited for.
 */
export async function* tail(path: string, { fromStart, once, signal, everyMs = 250 }: TailOptions): AsyncGenerator<string> {
  let file: FileHandle | undefined;
  let inode = -1;
  let position = 0;
  let isFirst = true;
  let isLeaving = false;
  let splitter = createSplitter("latin1", LINE_LIMIT_BYTES);
  const buffer = Buffer.alloc(CHUNK_BYTES);
  try {
    while (true) {
      const named = await stat(path).catch(() => undefined);
      if (file === undefined && named !== undefined) {
        file = await open(path, "r").catch(() => undefined);
        inode = file === undefined ? -1 : (await file.stat()).ino;
        position = isFirst && !fromStart && !once ? named.size : 0;
        splitter = createSplitter("latin1", LINE_LIMIT_BYTES);
        isFirst = false;
      }
      isFirst = isFirst && named !== undefined;
      if (file !== undefined) {
        if ((await file.stat()).size < position) position = 0;
        for (let read = await file.read(buffer, 0, CHUNK_BYTES, position); read.bytesRead > 0; ) {
          position += read.bytesRead;
          // A copy: what a line is made of must not change with the next chunk.
          for (const { text } of splitter.push(Buffer.from(buffer.subarray(0, read.bytesRead)))) if (text !== undefined) yield text;
          read = await file.read(buffer, 0, CHUNK_BYTES, position);
        }
        // Whoever writes goes on writing to the old file for a moment: it is looked at once more before the new one of its name is taken up.
        if (named !== undefined && named.ino !== inode && !isLeaving) isLeaving = true;
        else if (named !== undefined && named.ino !== inode) {
          isLeaving = false;
          for (const { text } of splitter.end()) if (text !== undefined) yield text;
          await file.close();
          file = undefined;
          continue;
        }
      }
      if ((once && !isLeaving) || signal.aborted) break;
      await pause(everyMs, undefined, { signal }).catch(() => {});
    }
    if (once) for (const { text } of splitter.end()) if (text !== undefined && text !== "") yield text;
  } finally {
    await file?.close();
  }
}

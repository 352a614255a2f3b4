import { createReadStream } from "node:fs";
import { createGunzip, createZstdDecompress } from "node:zlib";

/** Bytes of one line at most. Longer ones are counted and passed over without being kept. */
export const LINE_LIMIT_BYTES = 16 * 1024 * 1024;

/** One line of a file, counted from 1. `text` is `undefined` for a line above the limit. */
export interface Line {
  readonly number: number;
  readonly text: string | undefined;
}

const CHUNK_BYTES = 256 * 1024;
const NEWLINE = 10;
const CARRIAGE_RETURN = 13;

/**
 * The lines of a file in batches, `.gz` and `.zst` unpacked on the way. Holds one line and one chunk in memory, however large the file is or grows when
 * unpacked. Lines end with LF or CRLF; the last one may end with the file.
 *
 * @param onRead - Told how many bytes of the file have been read so far, for progress.
 * @throws what the file system or the decompressor says, after the lines read so far.
 */
export async function* readLines(
  path: string,
  encoding: "utf8" | "latin1",
  onRead?: (bytes: number) => void,
): AsyncGenerator<readonly Line[]> {
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  const unpack = path.endsWith(".gz") ? createGunzip : path.endsWith(".zst") ? createZstdDecompress : undefined;
  const source = unpack === undefined ? file : file.pipe(unpack({ chunkSize: CHUNK_BYTES }));
  if (source !== file) file.on("error", (error) => source.destroy(error));
  const splitter = createSplitter(encoding);
  try {
    for await (const chunk of source) {
      onRead?.(file.bytesRead);
      yield splitter.push(chunk as Buffer);
    }
    yield splitter.end();
  } finally {
    file.destroy();
    source.destroy();
  }
}

/** Cuts chunks of bytes into lines. Only `end` gives a last line that has no line break. */
export function createSplitter(
  encoding: "utf8" | "latin1",
  limitBytes = LINE_LIMIT_BYTES,
): { push(chunk: Buffer): readonly Line[]; end(): readonly Line[] } {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let isOverlong = false;
  let number = 0;

  const keep = (part: Buffer): void => {
    pendingBytes += part.length;
    if (pendingBytes > limitBytes) {
      isOverlong = true;
      pending = [];
    } else if (part.length > 0) pending.push(part);
  };
  const finish = (): Line => {
    number++;
    let text: string | undefined;
    if (!isOverlong) {
      const bytes = pending.length === 1 ? pending[0]! : Buffer.concat(pending);
      const end = bytes[bytes.length - 1] === CARRIAGE_RETURN ? bytes.length - 1 : bytes.length;
      text = bytes.toString(encoding, 0, end);
    }
    pending = [];
    pendingBytes = 0;
    isOverlong = false;
    return { number, text };
  };
  return {
    push(chunk) {
      const lines: Line[] = [];
      let start = 0;
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, start)) {
        keep(chunk.subarray(start, at));
        lines.push(finish());
        start = at + 1;
      }
      if (start < chunk.length) keep(chunk.subarray(start));
      return lines;
    },
    end: () => (pendingBytes > 0 ? [finish()] : []),
  };
}

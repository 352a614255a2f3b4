/**
 * Ends exchanges whose client is too slow to be honest: an upload that trickles, or a response that nobody reads, holds a connection to the upstream.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Milliseconds between two looks. */
const LOOK_MS = 5_000;
/** A client may be slow twice in a row, and read nothing for half a minute. */
const SLOW_LOOKS = 2;
const UNREAD_LOOKS = 6;

interface Watched {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly socket: Socket;
  readBytes: number;
  writtenBytes: number;
  slow: number;
  unread: number;
  /** Where it stands in the list. */
  index: number;
}

/** Looks after all exchanges of one proxy with one timer. */
export interface SlowWatch {
  /** Until its response has ended. */
  add(request: IncomingMessage, response: ServerResponse): void;
  stop(): void;
}

/**
 * @param minBytesPerSecond - Slower uploads are ended; 0 never ends any.
 * @param lookMs - Milliseconds between two looks.
 */
export function createSlowWatch(minBytesPerSecond: number, lookMs = LOOK_MS): SlowWatch {
  // No `Set`: its table is replaced every few dozen requests, and a replaced one that V8 holds for old keeps alive what was in it and, by way of its
  // successor, what comes later, up to the next full collection.
  const all: Watched[] = [];
  const leastBytes = (minBytesPerSecond * lookMs) / 1000;
  const look = (): void => {
    for (const one of all) {
      const { request, response, socket } = one;
      // A full buffer is our own slowness or the upstream's: the client was not asked for more.
      const isAsked = !request.complete && request.readableLength < request.readableHighWaterMark;
      const isSlow = leastBytes > 0 && isAsked && socket.bytesRead - one.readBytes < leastBytes;
      const isUnread = response.writableLength > 0 && socket.bytesWritten === one.writtenBytes;
      one.slow = isSlow ? one.slow + 1 : 0;
      one.unread = isUnread ? one.unread + 1 : 0;
      one.readBytes = socket.bytesRead;
      one.writtenBytes = socket.bytesWritten;
      if (one.slow >= SLOW_LOOKS || one.unread >= UNREAD_LOOKS) socket.destroy();
    }
  };
  let timer: NodeJS.Timeout | undefined;
  return {
    add(request, response) {
      const { socket } = request;
      const { bytesRead: readBytes, bytesWritten: writtenBytes } = socket;
      const one: Watched = { request, response, socket, readBytes, writtenBytes, slow: 0, unread: 0, index: all.length };
      all.push(one);
      timer ??= setInterval(look, lookMs).unref();
      response.on("close", () => {
        const last = all.pop() as Watched;
        if (last === one) return;
        all[one.index] = last;
        last.index = one.index;
      });
    },
    stop: () => clearInterval(timer),
  };
}

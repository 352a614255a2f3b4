/**
 * The stream of decisions over a WebSocket, and as server-sent events, for programs that hold the token.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { EventFilter, Events, Frame, Sink } from "@aiwaf/dashboard";
import { WebSocketServer } from "ws";

/** What a program asks for. */
export interface TapQuery {
  readonly filter: EventFilter;
  readonly after: string | undefined;
  readonly rate: number | undefined;
}

/** Each event is one line of JSON; a message may hold several lines. */
const lineFrame: Frame = (event, id, data) => `${JSON.stringify({ event, ...(id !== undefined && { id }), data })}\n`;

/**
 * Answers with server-sent events.
 *
 * @returns false when there are as many listeners as there may be; nothing was answered then.
 */
export function streamEvents(events: Events, response: ServerResponse, { filter, after, rate }: TapQuery): boolean {
  let isOpen = false;
  const open = (): void => {
    if (isOpen) return;
    isOpen = true;
    response.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      // Or nginx would hold events back until its buffer is full.
      "x-accel-buffering": "no",
    });
  };
  const sink: Sink = {
    write(text) {
      open();
      response.write(text);
    },
    waitingBytes: () => response.writableLength,
    end: () => response.end(),
    cut: () => response.destroy(),
  };
  const remove = events.watch(sink, { filter, after, rate });
  if (remove === undefined) return false;
  response.once("close", remove).on("error", () => {});
  return true;
}

/** Takes over connections that ask for a WebSocket. What a listener sends is not read; who sends much is cut off. */
export interface Tap {
  open(request: IncomingMessage, socket: Duplex, head: Buffer, query: TapQuery): void;
  close(): void;
}

/** A tap into these events. */
export function createTap(events: Events): Tap {
  const server = new WebSocketServer({ noServer: true, maxPayload: 1_024, perMessageDeflate: false });
  return {
    open(request, socket, head, { filter, after, rate }) {
      server.handleUpgrade(request, socket, head, (client) => {
        const sink: Sink = {
          // An empty text is a sign of life.
          write: (text) => (text === "" ? client.ping() : client.send(text)),
          waitingBytes: () => client.bufferedAmount,
          end: () => client.close(1001),
          cut: () => client.terminate(),
        };
        client.on("error", () => client.terminate());
        const remove = events.watch(sink, { filter, after, rate, frame: lineFrame });
        if (remove === undefined) client.close(1013, "Too many listen already.");
        else client.once("close", remove);
      });
    },
    close() {
      for (const client of server.clients) client.terminate();
      server.close();
    },
  };
}

import type { IncomingMessage } from "node:http";
import { PassThrough, Readable } from "node:stream";
import { fromIncoming, type NodeRequest } from "../src/node.ts";
import type { Body } from "../src/types.ts";

/** A signal that does not abort. */
export const never = new AbortController().signal;

/** The peek of a request as an adapter describes it. */
export const peek = async (request: IncomingMessage, limit: number, signal: AbortSignal = never): Promise<Body | undefined> =>
  fromIncoming(request as NodeRequest).readBody?.(limit, signal);

/** The ways an application may read its body after us. */
export const READERS = {
  "data events": (request: IncomingMessage) =>
    new Promise<Buffer>((resolve, reject) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part)).on("end", () => resolve(Buffer.concat(parts)));
      request.on("error", reject);
    }),
  "readable events": (request: IncomingMessage) =>
    new Promise<Buffer>((resolve) => {
      const parts: Buffer[] = [];
      request.on("readable", () => {
        for (let part: Buffer | null = request.read(); part !== null; part = request.read()) parts.push(part);
      });
      request.on("end", () => resolve(Buffer.concat(parts)));
    }),
  "for await": async (request: IncomingMessage) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    return Buffer.concat(parts);
  },
  pipe: async (request: IncomingMessage) => {
    const parts: Buffer[] = [];
    for await (const part of request.pipe(new PassThrough())) parts.push(part);
    return Buffer.concat(parts);
  },
  "a web stream": async (request: IncomingMessage) =>
    Buffer.from(await new Response(Readable.toWeb(request) as ReadableStream).arrayBuffer()),
} satisfies Record<string, (request: IncomingMessage) => Promise<Buffer>>;

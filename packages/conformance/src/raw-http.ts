/**
 * An HTTP/1.1 client that writes exactly the bytes it is given: no URL parser, no header rules, no retries.
 *
 * @module
 */
import { connect, type Socket } from "node:net";

export interface RawResponse {
  readonly status: number;
  /** Lower-case names; repeated fields joined with `", "`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** `performance.now()` of each arrival after the head, for telling a stream from a lump. */
  readonly arrivals: readonly number[];
}

/** One connection. Requests on it follow one another; the answer to each is read before the next is written. */
export interface RawConnection {
  write(bytes: Uint8Array): void;
  /**
   * The next response.
   *
   * @param toHead - The request was HEAD: a response without a body, whatever its `content-length` says.
   */
  read(toHead: boolean): Promise<RawResponse>;
  close(): void;
}

/** @param patienceMs - Longest wait for anything from the server. */
export async function openConnection(port: number, host: string, patienceMs: number): Promise<RawConnection> {
  const socket = connect(port, host).setNoDelay(true);
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  const reader = new ResponseReader(socket, patienceMs);
  return {
    write: (bytes) => void socket.write(bytes),
    read: (toHead) => reader.read(toHead),
    close: () => void socket.destroy(),
  };
}

class ResponseReader {
  private pending: Uint8Array = new Uint8Array(0);
  private ended = false;
  private wake: () => void = () => {};
  private arrivals: number[] = [];
  private readonly patienceMs: number;

  constructor(socket: Socket, patienceMs: number) {
    this.patienceMs = patienceMs;
    socket.on("data", (bytes: Uint8Array) => {
      this.pending = Buffer.concat([this.pending, bytes]);
      this.arrivals.push(performance.now());
      this.wake();
    });
    const end = (): void => {
      this.ended = true;
      this.wake();
    };
    // A server may reset the connection after its answer, while the client still sends: what came before the reset counts.
    socket.on("error", end).on("close", end);
  }

  async read(toHead: boolean): Promise<RawResponse> {
    for (;;) {
      const head = latin1(await this.until("\r\n\r\n"));
      const [statusLine = "", ...lines] = head.slice(0, -4).split("\r\n");
      const match = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(statusLine);
      if (match === null) throw new Error(`not an HTTP status line: ${JSON.stringify(statusLine.slice(0, 100))}`);
      const status = Number(match[1]);
      // 100 Continue and its kind announce the response, they are none.
      if (status < 200) continue;
      this.arrivals = [];
      const headers = readFields(lines);
      const body = toHead || status === 204 || status === 304 ? new Uint8Array(0) : await this.readBody(headers);
      return { status, headers, body, arrivals: this.arrivals };
    }
  }

  private async readBody(headers: Readonly<Record<string, string>>): Promise<Uint8Array> {
    if (/\bchunked\b/i.test(headers["transfer-encoding"] ?? "")) return this.readChunks();
    const length = headers["content-length"];
    if (length !== undefined) return this.take(Number(length));
    while (!this.ended) await this.more();
    return this.take(this.pending.byteLength);
  }

  private async readChunks(): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for (;;) {
      const size = Number.parseInt(latin1(await this.until("\r\n")), 16);
      if (Number.isNaN(size)) throw new Error("unreadable chunk size");
      parts.push(await this.take(size));
      await this.until("\r\n");
      if (size === 0) return Buffer.concat(parts);
    }
  }

  private async until(mark: string): Promise<Uint8Array> {
    for (;;) {
      const at = Buffer.from(this.pending.buffer, this.pending.byteOffset, this.pending.byteLength).indexOf(mark, 0, "latin1");
      if (at >= 0) return this.take(at + mark.length);
      if (this.ended)
        throw new Error(`the connection ended ${this.pending.byteLength === 0 ? "without an answer" : "in the middle of an answer"}`);
      await this.more();
    }
  }

  private async take(length: number): Promise<Uint8Array> {
    while (this.pending.byteLength < length) {
      if (this.ended) throw new Error(`the connection ended after ${this.pending.byteLength} of ${length} bytes`);
      await this.more();
    }
    const bytes = this.pending.subarray(0, length);
    this.pending = this.pending.subarray(length);
    return bytes;
  }

  private more(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer in ${this.patienceMs} ms`)), this.patienceMs);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");

function readFields(lines: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = Object.create(null);
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    fields[name] = fields[name] === undefined ? value : `${fields[name]}, ${value}`;
  }
  return fields;
}

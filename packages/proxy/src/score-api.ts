/**
 * `POST /score`: one text, a list of them, or a stream of lines.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Answer, problemOf, send } from "./control-answer.ts";
import type { Score, Scorer } from "./score.ts";

/** How much may be asked at once. */
export interface ScoreLimits {
  /** Requests under way at most; more are answered 503 at once. */
  readonly maxPending: number;
  /** Longest time for reading and scoring one JSON document, or one line, in milliseconds. */
  readonly deadlineMs: number;
}

const RAW_LIMIT_BYTES = 1024 * 1024;
const BATCH_LIMIT_BYTES = 4 * 1024 * 1024;
const MAX_BATCH = 1_000;
/** Scoring is work for this thread: others get their turn after so long. */
const TURN_MS = 10;

class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Answers the request, or returns why not. Never throws. */
export function answerScores(
  request: IncomingMessage,
  response: ServerResponse,
  scorer: Scorer,
  limits: ScoreLimits,
  pending: { count: number },
): Answer | undefined {
  const [type = ""] = (request.headers["content-type"] ?? "").toLowerCase().split(";");
  const isStream = type.trim() === "application/x-ndjson";
  // Forms can be sent by any site; these types cannot without asking first, and nobody answers such questions here.
  if (!isStream && type.trim() !== "application/json") return problemOf(415, "Send application/json or application/x-ndjson.");
  if (pending.count >= limits.maxPending) return problemOf(503, "Too much is waiting already.");
  pending.count++;
  const answered = isStream ? answerLines(request, response, scorer, limits) : answerDocument(request, response, scorer, limits);
  answered
    .catch((error: unknown) => {
      const { status, message } = error instanceof Refused ? error : new Refused(400, "The body broke off.");
      if (response.headersSent) response.destroy();
      else send(request, response, problemOf(status, message));
    })
    .finally(() => {
      pending.count--;
    });
  return undefined;
}

async function answerDocument(
  request: IncomingMessage,
  response: ServerResponse,
  scorer: Scorer,
  { deadlineMs }: ScoreLimits,
): Promise<void> {
  const endsAt = performance.now() + deadlineMs;
  const text = await beforeEnd(read(request), endsAt, new Refused(408, "The body did not come in time."));
  const raw = rawOf(text);
  let body: string;
  if (typeof raw === "string") body = JSON.stringify(await within(scorer.score(raw), endsAt));
  else {
    const scores: Score[] = [];
    let turnEndsAt = performance.now() + TURN_MS;
    for (const one of raw) {
      scores.push(await within(scorer.score(one), endsAt));
      if (performance.now() < turnEndsAt) continue;
      await new Promise(setImmediate);
      turnEndsAt = performance.now() + TURN_MS;
    }
    body = JSON.stringify(scores);
  }
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body), "cache-control": "no-store" });
  response.end(body);
}

/** Not by iterating: leaving a loop early would destroy the connection, and the answer with it. */
const read = (request: IncomingMessage): Promise<string> =>
  new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    request.on("data", (part: Buffer) => {
      bytes += part.byteLength;
      if (bytes <= BATCH_LIMIT_BYTES) parts.push(part);
      else reject(new Refused(413, "The body is larger than 4 MiB."));
    });
    request.once("end", () => resolve(Buffer.concat(parts).toString("utf8")));
    request.once("close", () => reject(new Refused(400, "The body broke off.")));
  });

const tooSlow = (): Refused => new Refused(503, "Scoring took too long.");

async function within(score: ReturnType<Scorer["score"]>, endsAt: number): Promise<Score> {
  if (endsAt <= performance.now()) throw tooSlow();
  return "then" in score ? beforeEnd(score, endsAt, tooSlow()) : score;
}

/** The value, unless it comes later than `endsAt`. */
async function beforeEnd<T>(value: PromiseLike<T>, endsAt: number, error: Refused): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(error), Math.max(0, endsAt - performance.now()));
  });
  return Promise.race([value, late]).finally(() => clearTimeout(timer));
}

function rawOf(text: string): string | readonly string[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Refused(400, "The body is no JSON.");
  }
  const raw: unknown =
    typeof value === "object" && value !== null && Object.hasOwn(value, "raw") ? (value as { raw: unknown }).raw : undefined;
  const isList = Array.isArray(raw) && raw.length <= MAX_BATCH && raw.every(isText);
  if (!isText(raw) && !isList)
    throw new Refused(400, `Send {"raw": text}, or at most ${MAX_BATCH} texts as a list; a text has at most 1 MiB.`);
  return raw as string | readonly string[];
}

const isText = (value: unknown): value is string => typeof value === "string" && value.length <= RAW_LIMIT_BYTES;

/** One line, one answer, in their order. A line that is wrong is answered so, and the next one is read. */
async function answerLines(request: IncomingMessage, response: ServerResponse, scorer: Scorer, { deadlineMs }: ScoreLimits): Promise<void> {
  response.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store", "x-content-type-options": "nosniff" });
  response.flushHeaders();
  // A stream that sends nothing holds one of few places.
  request.setTimeout(30_000, () => request.destroy());
  let turnEndsAt = performance.now() + TURN_MS;
  const answer = async (line: Buffer): Promise<void> => {
    const text = line.toString("utf8").trim();
    if (text === "") return;
    let body: object;
    try {
      const raw = rawOf(text);
      if (typeof raw !== "string") throw new Refused(400, "A line holds one text.");
      body = await within(scorer.score(raw), performance.now() + deadlineMs);
    } catch (error) {
      const { status, message } = error instanceof Refused ? error : new Refused(400, "The line cannot be scored.");
      body = { type: "about:blank", status, detail: message };
    }
    if (!response.write(`${JSON.stringify(body)}\n`)) await drained(response);
    if (performance.now() < turnEndsAt) return;
    await new Promise(setImmediate);
    turnEndsAt = performance.now() + TURN_MS;
  };
  let parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    let rest = part as Buffer;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      await answer(Buffer.concat([...parts, rest.subarray(0, end)]));
      [parts, bytes] = [[], 0];
      rest = rest.subarray(end + 1);
    }
    bytes += rest.byteLength;
    if (bytes > 2 * RAW_LIMIT_BYTES) throw new Refused(413, "A line is too long.");
    if (rest.byteLength > 0) parts.push(rest);
  }
  if (bytes > 0) await answer(Buffer.concat(parts));
  response.end();
}

/** Resolves when the reader has room, or is gone. */
const drained = (response: ServerResponse): Promise<void> =>
  new Promise((resolve, reject) => {
    const onDrain = (): void => {
      response.off("close", onClose);
      resolve();
    };
    const onClose = (): void => {
      response.off("drain", onDrain);
      reject(new Refused(400, "The reader left."));
    };
    response.once("drain", onDrain).once("close", onClose);
  });

/**
 * Turns files into requests to replay: traffic files and access logs.
 *
 * @module
 */
import { statSync } from "node:fs";
import type { RawRequest } from "@aiwaf/core";
import { type LoggedRequest, type LogReader, logReader } from "@aiwaf/core/train";
import { LINE_LIMIT_BYTES, type Line, readLines } from "./lines.ts";
import { type Label, parseRecord, type RequestRecord, rawRequest, toParts } from "./request-record.ts";
import { UsageError } from "./usage-error.ts";

/** One request to replay. */
export interface ReplayItem {
  readonly id: string;
  readonly label: Label;
  /** The record's class; of a logged request the class of its answer, such as `2xx`. */
  readonly class: string;
  readonly tier: string | undefined;
  readonly raw: RawRequest;
  readonly at: number;
  /** How it was answered, where the log says so. */
  readonly outcome: { readonly status: number; readonly durationMs: number } | undefined;
}

/** A line that is no request, and why. */
export interface BadLine {
  readonly line: number;
  readonly reason: string;
}

/** A file to replay. */
export interface ReplayFile {
  readonly path: string;
  readonly kind: "records" | "log";
}

/** One batch of a file. `skipped` counts logged lines that hold no HTTP request. */
export interface Batch {
  readonly items: readonly ReplayItem[];
  readonly bad: readonly BadLine[];
  readonly skipped: number;
}

/**
 * Tells what a file holds from its name: `.jsonl` and `.ndjson` records, `.log` (also `access.log.1`, `access.log-20260101`) an access log, either
 * also with `.gz` or `.zst`.
 *
 * @throws UsageError when the name says neither, or when there is no such file.
 */
export function replayFile(path: string): ReplayFile {
  const name = path.toLowerCase().replace(/\.(?:gz|zst)$/, "");
  const kind = /\.(?:jsonl|ndjson)$/.test(name) ? "records" : /\.(?:log|csv)(?:[.-][\w.-]{1,60})?$/.test(name) ? "log" : undefined;
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new UsageError(`${path}: there is no such file`);
  if (stats.isDirectory()) throw new UsageError(`${path}: is a folder; name the files in it`);
  if (kind === undefined)
    throw new UsageError(`${path}: must be a traffic file (.jsonl, .ndjson) or an access log (.log), or one of them with .gz or .zst`);
  return { path, kind };
}

/** Where records come from that name no client, and when. */
export interface Origin {
  /** Use the records' own clients and times. Access logs always do. */
  readonly isStateful: boolean;
  /** An address that was never given before. */
  freshAddress(): string;
  /** Time of records that have none, in milliseconds since the epoch. */
  readonly startAt: number;
  /** The server's own description of the log's format; without it, lines are recognised. */
  readonly template?: string | undefined;
}

/**
 * All requests of a file, batch by batch, in order.
 *
 * @param onRead - Told how many bytes of the file have been read so far, for progress.
 */
export async function* readReplayFile(file: ReplayFile, origin: Origin, onRead?: (bytes: number) => void): AsyncGenerator<Batch> {
  const isLog = file.kind === "log";
  const reader = logReader(origin.template === undefined ? {} : { template: origin.template });
  let lastAt = origin.startAt;
  for await (const lines of readLines(file.path, isLog ? "latin1" : "utf8", onRead)) {
    const items: ReplayItem[] = [];
    const bad: BadLine[] = [];
    let skipped = 0;
    for (const { number, text } of lines) {
      const read = readLine(file, text, number, origin, lastAt, reader);
      if (read === undefined) continue;
      if (read === "no-request") skipped++;
      else if (typeof read === "string") bad.push({ line: number, reason: read });
      else {
        items.push(read);
        lastAt = read.at;
      }
    }
    yield { items, bad, skipped };
  }
}

const UNKNOWN_FORMAT = "not a line of a known access log format; --log-format takes the server's own description of it";
const OVERLONG = `longer than ${LINE_LIMIT_BYTES / 1024 / 1024} MiB`;

function readLine(
  { path, kind }: ReplayFile,
  text: Line["text"],
  number: number,
  origin: Origin,
  lastAt: number,
  reader: LogReader,
): ReplayItem | string | undefined {
  if (text === undefined) return OVERLONG;
  if (text === "" || text.trim() === "") return undefined;
  if (kind === "log") {
    const logged = reader.read(text);
    if (logged === "unparsed") return origin.template === undefined ? UNKNOWN_FORMAT : "does not fit --log-format";
    if (logged === "directive") return undefined;
    return logged === "no-request" ? logged : fromLog(logged, `${path}:${number}`);
  }
  const record = parseRecord(text);
  return typeof record === "string" ? record : fromRecord(record, `${path}:${number}`, origin, lastAt);
}

function fromRecord(record: RequestRecord, place: string, { isStateful, freshAddress }: Origin, lastAt: number): ReplayItem {
  const client = isStateful ? record.client : undefined;
  return {
    id: record.id ?? place,
    label: record.label,
    class: record.class,
    tier: record.tier,
    raw: rawRequest({ ...toParts(record), peer: client ?? freshAddress() }),
    at: (isStateful ? record.at : undefined) ?? lastAt,
    outcome: undefined,
  };
}

/** What browsers send and access logs leave out. Without it, every logged request would look as if a program had sent it. */
const UNLOGGED = [
  ["accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],
  ["accept-language", "en"],
  ["accept-encoding", "gzip, deflate, br"],
  ["connection", "keep-alive"],
] as const;
const UNLOGGED_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

function fromLog(logged: LoggedRequest, id: string): ReplayItem {
  const { method, target, client, httpVersion, status, durationMs, at } = logged;
  return {
    id,
    label: "unknown",
    class: status === undefined ? "" : `${Math.trunc(status / 100)}xx`,
    tier: undefined,
    raw: rawRequest({ method, target, fields: logged.fields ?? fieldsOf(logged), body: undefined, peer: client, httpVersion }),
    at,
    outcome: status === undefined ? undefined : { status, durationMs },
  };
}

function fieldsOf({ target, userAgent = UNLOGGED_AGENT, referer }: LoggedRequest): (readonly [string, string])[] {
  const part = referer === undefined || referer === "" || !/^(Mozilla|Opera)\//.test(userAgent) ? undefined : partOf(target);
  return [
    ...(userAgent === "" ? [] : [["user-agent", userAgent] as const]),
    ...UNLOGGED,
    ...(referer === undefined || referer === "" ? [] : [["referer", referer] as const]),
    ...(part === undefined ? [] : [["sec-fetch-dest", part] as const]),
  ];
}

/** What browsers say of the parts of a page, told by what the path ends in: half of all requests, and limits count them less. */
const PARTS: readonly (readonly [string, RegExp])[] = [
  ["image", /\.(png|jpe?g|gif|webp|avif|svg|ico|bmp)$/i],
  ["script", /\.m?js$/i],
  ["style", /\.css$/i],
  ["font", /\.(woff2?|ttf|otf|eot)$/i],
  ["video", /\.(mp4|webm|mov)$/i],
  ["audio", /\.(mp3|ogg|wav)$/i],
];

const partOf = (target: string): string | undefined => PARTS.find(([, ending]) => ending.test(target.split("?", 1)[0] ?? ""))?.[0];

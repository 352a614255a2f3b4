/**
 * Follows a log, and writes a score for each of its lines.
 *
 * @module
 */
import { mkdirSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import type { LoggedRequest } from "@aiwaf/core/train";
import type { Score } from "@aiwaf/proxy";
import { type Io, printable } from "../terminal.ts";
import { messageOf, UsageError } from "../usage-error.ts";
import { answer, count, loadAutoencoder, logReaderOf, needReadable } from "./inputs.ts";
import { tail } from "./tail.ts";

/** The flags of `aiwaf autoencoder ingest`. */
export interface IngestFlags {
  readonly logfile: string;
  readonly url?: string;
  readonly token?: string;
  readonly model: string;
  readonly out: string;
  readonly concurrency: string;
  readonly fromStart?: boolean;
  readonly once?: boolean;
  readonly logFormat?: string;
  readonly json?: boolean;
}

const REQUEST_TIMEOUT_MS = 10_000;
const DRAIN_MS = 15_000;

/** What is written for a line. */
interface Ingested {
  readonly ts: string;
  readonly raw: string;
  readonly score: number | null;
  readonly rules: Score["rules"];
  readonly anomaly: boolean | null;
}

/**
 * Follows until SIGINT or SIGTERM, or to the end of the log with `--once`. A call that fails is written with a score of `null`, and the next line goes on.
 *
 * @returns 0; 1 when no line could be scored.
 * @throws UsageError for wrong flags, and with `--once` for a log that is not there, before anything is written.
 */
export async function ingest(flags: IngestFlags, io: Io, environment: NodeJS.ProcessEnv = process.env): Promise<number> {
  const most = count("concurrency", flags.concurrency, 1, 256);
  const reader = logReaderOf(flags.logFormat);
  if (flags.once === true) await needReadable(flags.logfile);
  if (flags.url === undefined && flags.token !== undefined) throw new UsageError("--token belongs to --url");
  const score = flags.url === undefined ? await scoreHere(flags.model) : scoreThere(flags.url, flags.token ?? environment["AIWAF_TOKEN"]);
  mkdirSync(dirname(flags.out), { recursive: true });
  const out = await open(flags.out, "a", 0o600);
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  process.once("SIGINT", stop).once("SIGTERM", stop);
  const pending = new Set<Promise<void>>();
  const counts = { scored: 0, failed: 0, passed: 0 };
  const take = async (read: LoggedRequest): Promise<void> => {
    const raw = rawOf(read);
    let ingested: Ingested;
    try {
      const { score: points, rules, anomaly } = await score(raw);
      ingested = { ts: new Date(read.at).toISOString(), raw, score: points, rules, anomaly };
      counts.scored++;
    } catch {
      ingested = { ts: new Date(read.at).toISOString(), raw, score: null, rules: [], anomaly: null };
      counts.failed++;
    }
    // One write a line, to a file opened for appending: lines of several writers do not mix.
    await out.write(`${JSON.stringify(ingested)}\n`);
  };
  try {
    for await (const line of tail(flags.logfile, {
      fromStart: flags.fromStart === true,
      once: flags.once === true,
      signal: stopping.signal,
    })) {
      const read = reader.read(line);
      if (typeof read === "string") {
        counts.passed++;
        continue;
      }
      // A slow service slows reading down instead of filling memory.
      while (pending.size >= most) await Promise.race(pending);
      const one = take(read).finally(() => pending.delete(one));
      pending.add(one);
    }
    const late = AbortSignal.timeout(DRAIN_MS);
    await Promise.race([Promise.all(pending), new Promise((resolve) => late.addEventListener("abort", resolve, { once: true }))]);
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
    await out.close();
  }
  await answer(
    io,
    flags.json,
    { ...counts, out: flags.out },
    `${counts.scored} scored, ${counts.failed} failed, ${counts.passed} lines of no request\nWritten to ${printable(flags.out, 60)}\n`,
  );
  return counts.scored === 0 && counts.failed > 0 ? 1 : 0;
}

/** The logged request as a request's text. Line breaks cannot be in it: a log has none. */
function rawOf({ method, target, httpVersion = "1.1", userAgent, referer }: LoggedRequest): string {
  const agent = userAgent === undefined || userAgent === "" ? "" : `\nUser-Agent: ${userAgent}`;
  const from = referer === undefined || referer === "" ? "" : `\nReferer: ${referer}`;
  return `${method} ${target} HTTP/${httpVersion}\nHost: localhost${agent}${from}`;
}

type ScoreText = (raw: string) => PromiseLike<Score> | Score;

async function scoreHere(place: string): Promise<ScoreText> {
  const { createScorer } = await import("@aiwaf/proxy");
  const scorer = createScorer({ autoencoder: await loadAutoencoder(place, 1_024) });
  return (raw) => scorer.score(raw);
}

function scoreThere(url: string, token: string | undefined): ScoreText {
  if (!URL.canParse(url)) throw new UsageError("--url: must be an address such as http://127.0.0.1:8000/score");
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
    throw new UsageError("--token: must be letters, digits and signs without blanks");
  return async (raw) => {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify({ raw }),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      redirect: "error",
    });
    if (!response.ok) throw new UsageError(messageOf(new Error(`${response.status}`)));
    return (await response.json()) as Score;
  };
}

/**
 * The application behind the adapter under test, framework-neutral: the suite reads in its answers whether a request came through, and whole.
 *
 * @module
 */

/** Marks every answer of the application, so that the suite can tell it from one of the firewall. */
export const REACHED_FIELD = "x-suite-reached";
/** The status the suite asks the application to answer. */
export const STATUS_FIELD = "x-suite-status";

/** The application streams `SUITE_EVENTS` here as `text/event-stream`, one by one, with `SUITE_EVENT_PAUSE_MS` between them. */
export const STREAM_PATH = "/suite/stream";
/** The application answers `unreadAnswer()` here without reading the body. */
export const UNREAD_PATH = "/suite/unread";
/** A handler throws here; the framework answers 500 in its own way. */
export const THROWS_PATH = "/suite/throws";

/** The pieces of the event stream. */
export const SUITE_EVENTS = ["data: one\n\n", "data: two\n\n", "data: three\n\n"] as const;
/** Milliseconds between two pieces of the event stream: long enough to tell them apart on a busy machine. */
export const SUITE_EVENT_PAUSE_MS = 60;

/** A response in plain data, for the framework to write. */
export interface SuiteAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What the application saw of one request. */
export interface SuiteEcho {
  readonly bodyBytes: number;
  /** SHA-256 in hexadecimal digits. */
  readonly bodyDigest: string;
  /** Id of the decision the handler could read; `null` where the adapter hands none over. */
  readonly decision: string | null;
}

/**
 * The answer of every other path: the body read to its end, and what the handler knows of the decision.
 *
 * @param status - The request's `x-suite-status` field, if it has one.
 */
export async function suiteAnswer(
  body: Uint8Array,
  decisionId: string | undefined,
  status: string | null | undefined,
): Promise<SuiteAnswer> {
  const echo: SuiteEcho = { bodyBytes: body.byteLength, bodyDigest: await digestOf(body), decision: decisionId ?? null };
  return { status: Number(status ?? 200), headers: answerHeaders, body: JSON.stringify(echo) };
}

/** The answer of `UNREAD_PATH`. */
export const unreadAnswer = (): SuiteAnswer => ({ status: 200, headers: answerHeaders, body: "{}" });

const answerHeaders = { [REACHED_FIELD]: "1", "content-type": "application/json" } as const;

export async function digestOf(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", Uint8Array.from(bytes)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

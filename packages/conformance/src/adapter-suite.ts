import { ADAPTER_CASES, type AdapterCase, type AdapterSend, CAPABILITIES, type Capability } from "./adapter-case.ts";
import { openConnection, type RawConnection, type RawResponse } from "./raw-http.ts";
import { bytesOf } from "./request-record.ts";
import { must, mustEqual, registerSkip, type TestFunction } from "./suite.ts";
import { digestOf, REACHED_FIELD, type SuiteEcho, THROWS_PATH, UNREAD_PATH } from "./suite-app.ts";
import { ANSWER_FIELD, CONTROL_FIELD, ID_FIELD, type Order, type RecordAnswer, type StoreKind } from "./suite-waf.ts";

/** A started application: `protect(suiteWaf())` in front, the routes of `suite-app` behind. */
export interface RunningAdapter {
  readonly port: number;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  stop(): Promise<void>;
}

/** What `adapterSuite` takes. */
export interface AdapterSuiteOptions {
  /** Begins every title. */
  readonly name: string;
  readonly test: TestFunction;
  /** Registers what runs after all tests: `afterAll` of vitest, `after` of node:test. */
  readonly after: (run: () => Promise<void>) => unknown;
  /** Starts the built application. Called once; every case configures the firewall anew through it. */
  readonly start: () => Promise<RunningAdapter>;
  /** `true`, or the sentence of the README that says why not. */
  readonly capabilities: Readonly<Record<Capability, true | string>>;
  /** The text of the adapter's README. */
  readonly readme: string;
  /** Cases beside the suite's own. */
  readonly extraCases?: readonly AdapterCase[];
  /** Longest wait for anything from the application, in milliseconds. Default 30,000. */
  readonly patienceMs?: number;
}

/** The application under test and how to reach it. */
interface Target {
  readonly capabilities: AdapterSuiteOptions["capabilities"];
  readonly patienceMs: number;
  connect(): Promise<RawConnection>;
}

/**
 * Registers every case an adapter must pass: over sockets, on the built application, each with a store that answers at once and one that is waited for.
 *
 * Beside what a case expects, always checked: a block carries exactly the bytes of `renderBlocked`; the application reads the whole body that was sent;
 * handlers see the decision the firewall made; the firewall is told the status that was answered.
 *
 * @throws TypeError for a missing capability whose sentence the README does not contain.
 */
export function adapterSuite(options: AdapterSuiteOptions): void {
  const { name, test, after, start, capabilities, readme, extraCases = [], patienceMs = 30_000 } = options;
  const flat = readme.replace(/\s+/g, " ");
  for (const capability of Object.keys(CAPABILITIES) as Capability[]) {
    const sentence = capabilities[capability];
    if (sentence === true) continue;
    if (typeof sentence !== "string" || sentence.trim() === "" || !flat.includes(sentence.replace(/\s+/g, " "))) {
      throw new TypeError(`adapterSuite: ${name} lacks "${capability}", and its README does not say so: ${JSON.stringify(sentence)}`);
    }
  }
  let running: Promise<RunningAdapter> | undefined;
  after(async () => (await running)?.stop());

  for (const one of [...ADAPTER_CASES, ...extraCases]) {
    const lacking = one.needs?.map((need) => capabilities[need]).find((capability) => capability !== true);
    for (const store of ["sync", "async"] as const) {
      const title = `${name}, ${store} store: ${one.name}`;
      if (typeof lacking === "string") registerSkip(test, title, lacking);
      else {
        test(title, async () => {
          running ??= start();
          const { port, host = "127.0.0.1" } = await running;
          await runCase({ capabilities, patienceMs, connect: () => openConnection(port, host, patienceMs) }, one, store);
        });
      }
    }
  }
}

let lastId = 0;

/** What goes by the clock is tried again, with waits ten times as long: a machine that stalls at that moment is no fault of the adapter. */
async function runCase(target: Target, one: AdapterCase, store: StoreKind): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryCase(target, one, store, 10 ** (attempt - 1));
    } catch (error) {
      if (attempt === ATTEMPTS || !isTimed(one)) throw error;
    }
  }
}

const ATTEMPTS = 3;

const isTimed = ({ config, before = [], expect }: AdapterCase): boolean =>
  config?.deadlineMs !== undefined ||
  config?.bodyDeadlineMs !== undefined ||
  expect.withinMs !== undefined ||
  expect.streamed === true ||
  before.some(({ waitAfterMs }) => waitAfterMs !== undefined);

async function tryCase(target: Target, one: AdapterCase, store: StoreKind, slowness: number): Promise<void> {
  await order(target, { configure: one.config ?? {}, store });
  const exchange = new Exchange(target);
  try {
    for (const send of one.before ?? []) {
      for (let time = 0; time < (send.times ?? 1); time++) await exchange.send(send);
      if (send.waitAfterMs !== undefined) await pause(send.waitAfterMs * slowness);
    }
    for (let time = 1; time < (one.send.times ?? 1); time++) await exchange.send(one.send);
    const started = performance.now();
    const sent = await exchange.send(one.send);
    await verify(target, one, sent, performance.now() - started);
  } finally {
    exchange.close();
  }
}

interface Sent {
  readonly id: string;
  readonly response: RawResponse | undefined;
  readonly body: Uint8Array;
}

/** The requests of one case. */
class Exchange {
  private readonly target: Target;
  private connection: RawConnection | undefined;

  constructor(target: Target) {
    this.target = target;
  }

  async send(send: AdapterSend): Promise<Sent> {
    if (send.sameConnection !== true) {
      this.close();
      this.connection = await this.target.connect();
    }
    const connection = this.connection;
    must(connection !== undefined, "sameConnection needs a request before it");
    const id = `suite-${++lastId}`;
    const body = bodyOf(send);
    connection.write(headOf(send, body, id));
    const rest = writeBody(connection, send, body);
    if (send.hangUpAfterMs !== undefined) {
      await pause(send.hangUpAfterMs);
      this.close();
      await rest;
      return { id, response: undefined, body };
    }
    const [response] = await Promise.all([connection.read(send.method === "HEAD"), rest]);
    return { id, response, body };
  }

  close(): void {
    this.connection?.close();
    this.connection = undefined;
  }
}

function bodyOf({ body = "", encoding, repeatBody = 1 }: AdapterSend): Uint8Array {
  const text = body.repeat(repeatBody);
  return encoding === "latin-1" ? bytesOf(text) : new TextEncoder().encode(text);
}

function headOf(send: AdapterSend, body: Uint8Array, id: string): Uint8Array {
  const lines = send.raw_headers ?? Object.entries({ ...BROWSER, ...send.headers });
  const framing =
    send.chunkBytes !== undefined ? ["transfer-encoding: chunked"] : send.body === undefined ? [] : [`content-length: ${body.byteLength}`];
  const names = new Set(lines.map(([name]) => name.toLowerCase()));
  const host = names.has("host") ? [] : ["host: suite.example"];
  const fields = [...host, ...lines.map(([name, value]) => `${name}: ${value}`), ...framing, `${ID_FIELD}: ${id}`];
  return Buffer.from(
    `${[`${send.method} ${send.url} HTTP/1.1`, ...fields].join("\r\n")}\r\n\r\n`,
    send.encoding === "latin-1" ? "latin1" : "utf8",
  );
}

/** A current browser's, so that a case is about what it names and not about missing headers. */
const BROWSER: Readonly<Record<string, string>> = {
  "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
  accept: "text/html,application/xhtml+xml,*/*;q=0.8",
  "accept-language": "en-GB,en;q=0.9",
  "accept-encoding": "gzip, deflate, br",
};

async function writeBody(connection: RawConnection, send: AdapterSend, body: Uint8Array): Promise<void> {
  const { chunkBytes, chunkPauseMs, stopAfterBytes } = send;
  const sent = stopAfterBytes === undefined ? body : body.subarray(0, stopAfterBytes);
  if (chunkBytes === undefined) {
    if (sent.byteLength > 0) connection.write(sent);
    return;
  }
  for (let at = 0; at < sent.byteLength; at += chunkBytes) {
    if (chunkPauseMs !== undefined) await pause(chunkPauseMs);
    const chunk = sent.subarray(at, at + chunkBytes);
    connection.write(Buffer.concat([Buffer.from(`${chunk.byteLength.toString(16)}\r\n`), chunk, Buffer.from("\r\n")]));
  }
  if (stopAfterBytes === undefined) connection.write(Buffer.from("0\r\n\r\n"));
}

async function verify(target: Target, { send, expect }: AdapterCase, { id, response, body }: Sent, tookMs: number): Promise<void> {
  const { capabilities } = target;
  must(response !== undefined, "the case's own request must wait for its answer");
  const text = Buffer.from(response.body).toString();
  mustEqual(response.status, expect.status, `status (${text.slice(0, 200)})`);
  if (expect.withinMs !== undefined)
    must(tookMs <= expect.withinMs, `an answer within ${expect.withinMs} ms; it took ${Math.round(tookMs)}`);
  for (const [field, pattern] of Object.entries(expect.headers ?? {})) {
    const value = response.headers[field];
    if (pattern === null) mustEqual(value, undefined, `field ${field}`);
    else must(value !== undefined && new RegExp(pattern).test(value), `field ${field} matches ${pattern}; it is ${JSON.stringify(value)}`);
  }
  if (expect.bodyIncludes !== undefined)
    must(text.includes(expect.bodyIncludes), `a body with ${JSON.stringify(expect.bodyIncludes)}: ${text.slice(0, 200)}`);
  if (expect.streamed === true) {
    const spread = response.arrivals.at(-1)! - response.arrivals[0]!;
    must(
      response.arrivals.length >= 2 && spread > 30,
      `pieces that arrive apart: ${response.arrivals.length} within ${Math.round(spread)} ms`,
    );
  }

  const { record, inspected } = await recordOf(target, id);
  must(record !== undefined, "the firewall was told how this response ended");
  mustEqual(record.action, expect.reachedApp ? "allow" : "block", "the firewall's decision");
  // A handler that throws answers in the framework's way, without the application's mark.
  if (send.url !== THROWS_PATH)
    mustEqual(response.headers[REACHED_FIELD] !== undefined, expect.reachedApp, "whether the application was reached");
  mustEqual(record.rule, expect.rule, "the rule that blocked");
  if (expect.wouldBlock !== undefined) mustEqual(record.wouldBlock, expect.wouldBlock, "the rule that would have blocked");
  mustEqual(record.failures, expect.failures ?? [], "recorded failures");
  if (expect.client !== undefined) mustEqual(record.client, expect.client, "the client's address");
  if (expect.targetAsSent === true) mustEqual(record.target, send.url, "the target as the firewall saw it");
  if (expect.inspected !== undefined) mustEqual(inspected, expect.inspected, "requests the firewall was asked about");
  if (capabilities.outcome === true)
    mustEqual(record.outcome?.status, expect.outcome ?? response.status, "the status the firewall was told");

  if (record.rendering !== undefined) {
    mustEqual(response.status, record.rendering.status, "status of the rendering");
    for (const [field, value] of Object.entries(record.rendering.headers))
      mustEqual(response.headers[field], value, `field ${field} of the rendering`);
    mustEqual(text, send.method === "HEAD" ? "" : record.rendering.body, "body of the rendering");
  } else if (
    send.method !== "HEAD" &&
    response.headers["content-type"] === "application/json" &&
    send.url !== UNREAD_PATH &&
    send.url !== THROWS_PATH
  ) {
    const echo = JSON.parse(text) as SuiteEcho;
    mustEqual([echo.bodyBytes, echo.bodyDigest], [body.byteLength, await digestOf(body)], "the body the application read");
    if (capabilities.decision === true) mustEqual(echo.decision, record.id, "the decision the handler read");
  }
}

/** Gives the firewall an order through the adapter itself. */
async function order(target: Target, what: Order): Promise<unknown> {
  const connection = await target.connect();
  try {
    const value = encodeURIComponent(JSON.stringify(what));
    connection.write(Buffer.from(`GET / HTTP/1.1\r\nhost: suite.example\r\nconnection: close\r\n${CONTROL_FIELD}: ${value}\r\n\r\n`));
    const { headers, status } = await connection.read(false);
    const answer = headers[ANSWER_FIELD];
    must(answer !== undefined, `an answer of suiteWaf() behind the adapter; the status was ${status}`);
    const parsed: unknown = JSON.parse(decodeURIComponent(answer));
    const error = (parsed as { error?: string } | null)?.error;
    must(error === undefined, `a configuration that can be built: ${error}`);
    return parsed;
  } finally {
    connection.close();
  }
}

/** The record of a request; the response may reach us a moment before its server hears that it ended. */
async function recordOf(target: Target, id: string): Promise<RecordAnswer> {
  for (let waitedMs = 0; ; waitedMs += 10) {
    const answer = (await order(target, { record: id })) as RecordAnswer;
    if (answer.record !== undefined || waitedMs > target.patienceMs / 2) return answer;
    await pause(10);
  }
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

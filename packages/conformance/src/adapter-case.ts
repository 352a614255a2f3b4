import bodies from "../cases/bodies.json" with { type: "json" };
import claims from "../cases/claims.json" with { type: "json" };
import clients from "../cases/clients.json" with { type: "json" };
import connections from "../cases/connections.json" with { type: "json" };
import failures from "../cases/failures.json" with { type: "json" };
import limits from "../cases/limits.json" with { type: "json" };
import modes from "../cases/modes.json" with { type: "json" };
import paths from "../cases/paths.json" with { type: "json" };
import probes from "../cases/probes.json" with { type: "json" };
import responses from "../cases/responses.json" with { type: "json" };
import type { SuiteConfig } from "./suite-waf.ts";

/** What an adapter can do on its platform. Whoever cannot says why in one sentence, and the sentence stands in the README. */
export const CAPABILITIES = {
  /** The firewall sees the request target byte for byte as it was sent. */
  "raw-target": "",
  /** The firewall sees the socket's peer. */
  peer: "",
  /** Bodies are peeked at. */
  body: "",
  /** Handlers can read the decision. */
  decision: "",
  /** The firewall is told the status of every response. */
  outcome: "",
  /** Requests reach the firewall whatever their method. */
  "any-method": "",
} as const;

/** One name of `CAPABILITIES`. */
export type Capability = keyof typeof CAPABILITIES;

/** One request, in the fields of a traffic record, and how it travels. */
export interface AdapterSend {
  readonly method: string;
  /** Written to the request line as it is. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Field lines in place of `headers`, where repeats matter. */
  readonly raw_headers?: readonly (readonly [string, string])[];
  readonly body?: string;
  readonly encoding?: "latin-1";
  /** Sent this many times, one after the other; the last answer counts. */
  readonly times?: number;
  /** The body is this many copies of `body`. */
  readonly repeatBody?: number;
  /** Sent with chunked framing, in chunks of this many bytes. */
  readonly chunkBytes?: number;
  /** Milliseconds between the chunks. */
  readonly chunkPauseMs?: number;
  /** Only so many bytes of the body are sent; the rest never comes. */
  readonly stopAfterBytes?: number;
  /** The connection is closed by the client after so many milliseconds, without waiting for an answer. */
  readonly hangUpAfterMs?: number;
  /** Milliseconds to wait after the answer: what is learned from a request reaches a store that is waited for after the answer. */
  readonly waitAfterMs?: number;
  /** Sent on the connection of the request before. */
  readonly sameConnection?: boolean;
}

/** What must come back, and what the firewall must have noted. */
export interface AdapterExpect {
  readonly status: number;
  readonly reachedApp: boolean;
  /** The rule that blocked. */
  readonly rule?: string;
  /** The rule that would have blocked. */
  readonly wouldBlock?: string;
  /** Field to a regular expression its value matches, or `null` for a field that must not be there. */
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly bodyIncludes?: string;
  /** `detector:kind` of each recorded failure. */
  readonly failures?: readonly string[];
  /** The client's address as the firewall found it. */
  readonly client?: string;
  /** The target as the firewall saw it is the one that was sent. */
  readonly targetAsSent?: boolean;
  /** The status the firewall was told. Default: the response's. */
  readonly outcome?: number;
  /** Requests the firewall was asked about in the whole case. */
  readonly inspected?: number;
  readonly withinMs?: number;
  /** The response arrives in at least two pieces, some time apart. */
  readonly streamed?: boolean;
}

/** One case: a configuration, the requests that lead up to it, the request, and what must come of it. */
export interface AdapterCase {
  /** A sentence, unique in the suite. */
  readonly name: string;
  readonly needs?: readonly Capability[];
  readonly config?: SuiteConfig;
  /** Requests that come first; nothing is expected of their answers. */
  readonly before?: readonly AdapterSend[];
  readonly send: AdapterSend;
  readonly expect: AdapterExpect;
}

const KNOWN: Readonly<Record<"case" | "send" | "expect", ReadonlySet<string>>> = {
  case: new Set(["name", "needs", "config", "before", "send", "expect"]),
  send: new Set(
    "method url headers raw_headers body encoding times repeatBody chunkBytes chunkPauseMs stopAfterBytes hangUpAfterMs waitAfterMs sameConnection".split(
      " ",
    ),
  ),
  expect: new Set(
    "status reachedApp rule wouldBlock headers bodyIncludes failures client targetAsSent outcome inspected withinMs streamed".split(" "),
  ),
};

/**
 * Checks cases that come from JSON: a misspelt field would silently expect nothing.
 *
 * @throws TypeError naming the case and the field.
 */
export function readCases(given: readonly unknown[]): readonly AdapterCase[] {
  const names = new Set<string>();
  for (const value of given) {
    const one = value as AdapterCase;
    if (typeof one.name !== "string" || names.has(one.name))
      throw new TypeError(`adapterSuite: a case has no name of its own: ${String(one.name)}`);
    names.add(one.name);
    check(one.name, "case", one);
    for (const send of [...(one.before ?? []), one.send]) {
      check(one.name, "send", send);
      if (typeof send.method !== "string" || typeof send.url !== "string")
        throw new TypeError(`adapterSuite: ${one.name}: a request needs method and url`);
    }
    check(one.name, "expect", one.expect);
    if (typeof one.expect.status !== "number" || typeof one.expect.reachedApp !== "boolean") {
      throw new TypeError(`adapterSuite: ${one.name}: expect needs status and reachedApp`);
    }
    for (const need of one.needs ?? []) {
      if (!Object.hasOwn(CAPABILITIES, need)) throw new TypeError(`adapterSuite: ${one.name}: no capability is called "${need}"`);
    }
  }
  return given as readonly AdapterCase[];
}

function check(name: string, kind: keyof typeof KNOWN, value: object): void {
  if (typeof value !== "object" || value === null) throw new TypeError(`adapterSuite: ${name}: ${kind} is missing`);
  for (const field of Object.keys(value)) {
    if (!KNOWN[kind].has(field)) throw new TypeError(`adapterSuite: ${name}: ${kind} has no field "${field}"`);
  }
}

/** Every case an adapter must pass. */
export const ADAPTER_CASES: readonly AdapterCase[] = readCases([
  ...probes,
  ...paths,
  ...limits,
  ...clients,
  ...modes,
  ...responses,
  ...bodies,
  ...claims,
  ...failures,
  ...connections,
]);

/**
 * What the halves of the sandbox share: one request as data, one running target, one oracle. Types only, no code.
 *
 * - `loadTraffic(file)` in `traffic/load.ts` reads records from a JSONL file.
 * - `startTarget(name, options)` in `targets/start.ts` runs the shop, bare or behind a firewall, in a child process.
 * - `exploited(record, response, history)` in `oracles.ts` tells from the response whether the attack really worked.
 *
 * @module
 */

/** One request as data: the fields of the JSONL format, then those that only the sandbox reads. */
export interface TrafficRecord {
  /** Unique in its file. */
  readonly id: string;
  readonly label: "attack" | "benign" | "unknown";
  /** An {@link AttackClass} for attacks; for normal traffic the kind of client, for example `browser` or `webhook`. */
  readonly class: string;
  /** Sent as it is, in the spelling of the record. */
  readonly method: string;
  /** Origin form with the sender's own percent-encoding; sent byte for byte. */
  readonly url: string;
  /** Lower-case names. `host`, `content-length`, `connection` and the client's address are added by the sender where they are missing. */
  readonly headers: Readonly<Record<string, string>>;
  /** Replaces `headers` where order, case or repeats matter. */
  readonly raw_headers?: readonly (readonly [name: string, value: string])[];
  readonly body: string | null;
  /** One character of `url`, `headers` and `body` is one byte. Without it, text is sent as UTF-8. */
  readonly encoding?: "latin-1";
  /** Address of the client. Without it the runner gives one: one a scenario, one a record outside scenarios. */
  readonly client?: string;
  /** Milliseconds since the epoch, for replay with the sender's own times. */
  readonly at?: number;

  /** Records with the same name are one client's requests, sent in file order, the next after the answer to the last (see `concurrency`). */
  readonly scenario?: string;
  /** `loadTraffic` makes this many records of it, 1 to 10,000, with `#1`, `#2`, … at the end of the id. For floods, which say the same again and again. */
  readonly repeat?: number;
  /** How many requests of this scenario are under way at once. The same on every record of a scenario; without it, 1. */
  readonly concurrency?: number;
  /** Milliseconds that a person would wait before this request. Without it, none. */
  readonly waitMs?: number;
  /** `"keep"`: cookies that earlier answers in this scenario set are sent, after those of `headers`. */
  readonly cookies?: "keep";
  /** How the effect is recognised. Without it the record has no effect that a response could show (a probe for a missing file, a flood). */
  readonly oracle?: OracleName;
  /** The oracle fires only if the response also contains this text: ties a stored effect to the record that caused it. */
  readonly proof?: string;
  /**
   * The attack came before, in the same scenario; this request only looks whether it left anything, at a page that any visitor opens. Blocking it would be a
   * mistake, so it is in no percentage, while an effect that it shows counts.
   */
  readonly look?: true;
  /** Status of the unprotected shop. Without it, any. The tests hold the shop to it. */
  readonly expectDirect?: number;
  /** The case's name in the upstream attack suite, where it is one of those. */
  readonly suite_test?: string;
}

/** What kind of attack a record is: the rows of the comparison. */
export type AttackClass =
  | "sqli"
  | "xss"
  | "nosqli"
  | "traversal"
  | "lfi"
  | "rce"
  | "ssti"
  | "xxe"
  | "ssrf"
  | "prototype-pollution"
  | "open-redirect"
  | "upload"
  | "graphql"
  | "header"
  | "probe"
  | "scanner"
  | "brute-force"
  | "credential-stuffing"
  | "flood"
  | "method"
  | "long-path"
  | "protocol";

/** What an oracle looks for in a response. `oracles.ts` says for each one what it needs to see. */
export type OracleName =
  | "hidden-rows"
  | "forged-login"
  | "sql-error"
  | "sql-delay"
  | "sql-boolean"
  | "markup"
  | "secret-file"
  | "shell-output"
  | "shell-delay"
  | "template-result"
  | "entity-result"
  | "internal-fetch"
  | "polluted"
  | "off-site"
  | "active-upload"
  | "schema-dump"
  | "admin-page"
  | "exposed-file"
  | "password-found"
  | "echoed-request"
  | "split-response";

/** A response as the oracles read it. Redirects are not followed. */
export interface TrafficResponse {
  /** 0: no answer. */
  readonly status: number;
  /** Lower-case names, in the order they arrived, one pair a field line. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The body as UTF-8 text; the runner may cut it at 256 KiB. */
  readonly body: string;
}

/** An earlier request of the same scenario and its answer. */
export interface Exchange {
  readonly record: TrafficRecord;
  readonly response: TrafficResponse;
}

/** True when the response shows that the attack worked. Pure; false for every normal request. */
export type ExploitOracle = (record: TrafficRecord, response: TrafficResponse, history: readonly Exchange[]) => boolean;

/** A way to run the shop. `direct` is Express without a firewall, and what `protected_proxy` stands in front of; the others without one are built applications of their frameworks. */
export type TargetName = "direct" | "protected_express" | "protected_proxy" | `${"direct" | "protected"}_${"next" | "sveltekit" | "nuxt"}`;

/** Settings of a target. */
export interface TargetOptions {
  /** `report` lets everything through and only says what it would have blocked. Default `enforce`. No effect on `direct`. */
  readonly mode?: "enforce" | "report";
  /** Longest wait for the child to listen, in milliseconds. Default 15,000. */
  readonly startTimeoutMs?: number;
}

/** A running target: a child process of its own that listens on loopback only. */
export interface TargetHandle {
  readonly name: TargetName;
  readonly port: number;
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  readonly url: string;
  /** A fresh shop and a firewall that remembers nothing, on the same port. Resolves when the next request will see them. */
  reset(): Promise<void>;
  /** Resolves when the blocks of all requests answered so far have reached the listeners. */
  drain(): Promise<void>;
  /** Calls `listener` for each blocked request (in report mode: each that would have been), in batches. Returns the function that ends it. */
  onDecision(listener: (event: DecisionEvent) => void): () => void;
  /** Ends the child. Resolves when it is gone; safe to call twice. */
  stop(): Promise<void>;
}

/** A block, as the child process tells it. Allowed requests are not reported: their responses carry no `x-aiwaf-id`. */
export interface DecisionEvent {
  /** The value of the response's `x-aiwaf-id`. */
  readonly id: string;
  readonly action: "block" | "would-block";
  readonly status: number;
  /** The rule that decided. */
  readonly rule: string;
  readonly score: number;
  /** Every rule with a finding, at most 16. */
  readonly rules: readonly string[];
}

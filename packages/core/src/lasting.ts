/**
 * What lives as long as its answer takes. Made by constructors and by no literal: of a literal whose objects outlive a collection or two, as those of a
 * server's first requests do, V8 allocates all later ones in its old generation. From there each would keep its request, its response and their headers
 * until the next full collection: 3 kB and up to 8 µs of collecting a request, measured behind SvelteKit, in one process and not in the next.
 *
 * @module
 */
import { createId } from "./ids.ts";
import type { Target } from "./request.ts";
import type {
  Body,
  Client,
  Decision,
  Failure,
  Finding,
  HeaderReader,
  PathPolicy,
  RawRequest,
  Route,
  Verdict,
  WafRequest,
} from "./types.ts";

/** Methods come in upper case from every honest client, and converting them anyway is a call out of compiled code. */
const upperCase = (method: string): string => (method === "GET" ? method : method.toUpperCase());

/** A request as detectors see it. The engine puts its body there once it was read. */
export class ReceivedRequest implements WafRequest {
  receivedAt: number;
  method: string;
  target: string;
  path: string;
  query: string;
  canonical: boolean;
  httpVersion: string | undefined;
  headers: HeaderReader;
  client: Client;
  route: Route | undefined;
  policy: PathPolicy;
  body: Body | undefined;

  constructor(raw: RawRequest, receivedAt: number, target: Target, client: Client, route: Route | undefined, policy: PathPolicy) {
    this.receivedAt = receivedAt;
    this.method = upperCase(raw.method);
    this.target = raw.target;
    this.path = target.path;
    this.query = target.query;
    this.canonical = target.canonical;
    this.httpVersion = raw.httpVersion;
    this.headers = raw.headers;
    this.client = client;
    this.route = route;
    this.policy = policy;
    this.body = undefined;
  }
}

/** What the detectors came to. */
export interface Judged {
  readonly score: number;
  readonly findings: readonly Finding[];
  readonly failures: readonly Failure[];
  readonly request: WafRequest;
}

/** Notes that no detector can learn from how a decision's request is answered. Throws for what is no decision of an engine. */
export let noteQuiet: (decision: object) => void;
/** Whether that was noted. */
export let isQuiet: (decision: object) => boolean;

/** What a decision of either kind has; `wouldBlock`, or the verdict, is put on it. */
export class DecidedRequest {
  /** Whether detectors were asked, and none can learn from how it is answered. */
  #isQuiet: boolean;
  action: Decision["action"];
  wouldBlock?: Verdict | undefined;
  id: string;
  score: number;
  findings: readonly Finding[];
  failures: readonly Failure[];
  request: WafRequest;

  constructor(action: Decision["action"], { score, findings, failures, request }: Judged) {
    this.action = action;
    this.id = createId(request.receivedAt);
    this.score = score;
    this.findings = findings;
    this.failures = failures;
    this.request = request;
    this.#isQuiet = false;
  }

  static {
    noteQuiet = (decision) => {
      (decision as DecidedRequest).#isQuiet = true;
    };
    isQuiet = (decision) => #isQuiet in decision && decision.#isQuiet;
  }
}

import { chain } from "../awaitable.ts";
import { boundaryOf, eachPart } from "../content/multipart.ts";
import { eachPair } from "../content/pairs.ts";
import type { FormToken, FormTokens } from "../forms.ts";
import { any, hasMethods, integer, invalid, isFunction, listOf, type OptionTable, oneOf, readOptions } from "../options.ts";
import type { Awaitable, Body, Detector, Finding, Findings, RuleId, Services, WafRequest } from "../types.ts";

/** What `honeypot` takes. */
export interface HoneypotOptions {
  /** What `formTokens({ secret })` gives; the pages of your forms use the same. */
  readonly tokens: FormTokens;
  /** A form that comes back sooner was not filled in by a person, in milliseconds, 0 to 60,000. Default 1,000. */
  readonly minFormTimeMs?: number;
  /** The same for `loginPaths`, where password managers type. Default 100. */
  readonly minLoginTimeMs?: number;
  /** Beginnings of paths, at segment borders. Default: /login, /signin, /accounts/login, /auth/login and /admin/login. */
  readonly loginPaths?: readonly string[];
  /** A form older than this is answered 409: the page asks to be reloaded. In milliseconds, 10,000 to 2,592,000,000. Default 3,600,000. */
  readonly maxPageTimeMs?: number;
  /** How often one token may be sent, 1 to 1,000: double clicks and corrections are honest. Default 10. */
  readonly maxUses?: number;
  /**
   * A form that comes without a token, as from somebody who never got the page: `"off"`, `"score"` (50) or `"block"`. Turn it on once all your forms
   * carry tokens. Never applies to JSON, to requests with an Authorization field, or to paths of profile `api` or `webhook` and below `/api`. Default `"off"`.
   */
  readonly directPost?: "off" | "score" | "block";
  /** Requests of signed-in users, which are left alone. Default: none. */
  readonly isAuthenticated?: (request: WafRequest) => boolean;
}

const isPath = (value: unknown): boolean => typeof value === "string" && value.startsWith("/");

export const HONEYPOT_OPTIONS = {
  tokens: any<FormTokens>(undefined, "what formTokens() returns", (value) => hasMethods(value, "issue", "verify")),
  minFormTimeMs: integer(1_000, 0, 60_000),
  minLoginTimeMs: integer(100, 0, 60_000),
  loginPaths: listOf<string, readonly string[]>(["/login", "/signin", "/accounts/login", "/auth/login", "/admin/login"], "paths", isPath),
  maxPageTimeMs: integer(3_600_000, 10_000, 2_592_000_000),
  maxUses: integer(10, 1, 1_000),
  directPost: oneOf("off", ["off", "score", "block"]),
  isAuthenticated: any<(request: WafRequest) => boolean>(undefined, "a function of the request", isFunction),
} as const satisfies OptionTable;

export const RULES = {
  /** The form came back sooner than a person could have filled it in. Once says little: it takes more to be blocked. */
  "honeypot/too-fast": 40,
  /** The field that people do not see was filled in. Extensions of browsers do that too, so it takes more to be blocked. */
  "honeypot/trap": 60,
  /** The token is not one of this site's, or belongs to another form. */
  "honeypot/forged": 50,
  /** One token was sent more often than `maxUses`. */
  "honeypot/reused": 40,
  /** The form was open too long: 409, which asks to reload the page. No score and no consequence. */
  "honeypot/page-expired": 0,
  /** A form came without a token, and `directPost` is on. */
  "honeypot/direct-post": 50,
  /** This client sent three such forms within ten minutes: 403 for the form, never a ban. */
  "honeypot/repeated": 100,
  /** The route does not have this method: 405 with `Allow`, never a ban. Only where a route manifest says which methods there are. */
  "honeypot/method": 100,
} as const satisfies Record<RuleId, number>;

/** A form is looked at no further than this. Who puts the token behind a large file gets the benefit of the doubt. */
const MAX_FORM_BYTES = 131_072;
const FAULTS_TO_BLOCK = 3;
const FAULTS_WINDOW_MS = 600_000;
const FORM = "application/x-www-form-urlencoded";
const MULTIPART = "multipart/form-data";

/**
 * Tells forms that people filled in from those that programs send, by a signed token and a field that nobody sees: two detectors of one name, for head
 * and body. Each sign adds a score; no single one blocks, and nothing here bans. Forms without a token pass unless `directPost` is set.
 *
 * @throws WafError without `tokens`.
 * @example
 * createWaf({ detectors: [...honeypot({ tokens: formTokens({ secret: "sixteen characters or more" }) })], store: memoryStore() });
 */
export function honeypot(options: HoneypotOptions): readonly [Detector, Detector] {
  const settings = readOptions("honeypot", HONEYPOT_OPTIONS, options);
  const { tokens, directPost, isAuthenticated, maxPageTimeMs, maxUses } = settings;
  if (tokens === undefined) throw invalid("honeypot.tokens", tokens, HONEYPOT_OPTIONS.tokens.allowed);
  const rules = Object.keys(RULES) as RuleId[];

  const judgeToken = (token: FormToken, request: WafRequest, { store }: Services): Awaitable<Finding | undefined> => {
    if (!token.valid) return finding("honeypot/forged");
    // Clocks of several servers differ by a little; a form from the future was made just now.
    const ageMs = Math.max(0, request.receivedAt - token.issuedAt);
    if (ageMs > maxPageTimeMs) return { rule: "honeypot/page-expired", score: 0, block: { status: 409 } };
    const minMs = isBelow(request.path, settings.loginPaths) ? settings.minLoginTimeMs : settings.minFormTimeMs;
    if (ageMs < minMs) return finding("honeypot/too-fast");
    return chain(store.increment(`form:${token.nonce}`, 1, maxPageTimeMs, request.receivedAt), ({ value }) =>
      value > maxUses ? finding("honeypot/reused") : undefined,
    );
  };

  /** Adds what this client did before: three faults are not an accident any more. */
  const withPast = (findings: readonly Finding[], request: WafRequest, { store }: Services): Awaitable<Findings> => {
    if (!findings.some(({ score }) => score > 0) || request.client.key === "") return findings;
    return chain(store.increment(`form-faults:${request.client.key}`, 1, FAULTS_WINDOW_MS, request.receivedAt), ({ value }) =>
      value < FAULTS_TO_BLOCK ? findings : [...findings, { ...finding("honeypot/repeated"), block: { status: 403 } }],
    );
  };

  const inspectBody = (request: WafRequest, body: Body, services: Services): Awaitable<Findings> => {
    const { token, trapped } = readForm(request, body, tokens);
    const found = trapped ? [finding("honeypot/trap")] : [];
    if (token === undefined) {
      // The token may stand behind what was peeked at.
      if (directPost === "off" || !body.complete || body.bytes.length > MAX_FORM_BYTES || isMachine(request))
        return withPast(found, request, services);
      const direct = finding("honeypot/direct-post");
      return withPast([...found, directPost === "block" ? { ...direct, block: { status: 403 } } : direct], request, services);
    }
    return tokens
      .verify(token, request.path)
      .then((read) =>
        chain(judgeToken(read, request, services), (more) => withPast(more === undefined ? found : [...found, more], request, services)),
      );
  };

  return [
    {
      name: "honeypot",
      phase: "head",
      rules,
      inspect({ route, method }) {
        const methods = route?.methods;
        if (methods === undefined || methods.includes(method) || method === "OPTIONS" || method === "HEAD") return undefined;
        const allow = [...new Set([...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"])].join(", ");
        return { ...finding("honeypot/method"), block: { status: 405, headers: { allow } } };
      },
    },
    {
      name: "honeypot",
      phase: "body",
      rules,
      inspect(request, services) {
        const { body, method } = request;
        if (body === undefined || method !== "POST" || formType(request) === undefined || isAuthenticated?.(request) === true)
          return undefined;
        return inspectBody(request, body, services);
      },
    },
  ];
}

const finding = (rule: keyof typeof RULES): Finding => ({ rule, score: RULES[rule] });

const isBelow = (path: string, beginnings: readonly string[]): boolean =>
  beginnings.some((beginning) => {
    const start = beginning.endsWith("/") ? beginning.slice(0, -1) : beginning;
    return path.startsWith(start) && (path.length === start.length || path.charCodeAt(start.length) === 47); /* / */
  });

/** A program that speaks for a user: it never gets a page. */
const isMachine = ({ headers, policy, path }: WafRequest): boolean =>
  (headers.get("authorization") ?? "") !== "" || policy.profile === "api" || policy.profile === "webhook" || isBelow(path, ["/api"]);

function formType({ headers }: WafRequest): "form" | "multipart" | undefined {
  const type = (headers.get("content-type") ?? "").slice(0, 200).trimStart().toLowerCase();
  if (type.startsWith(FORM)) return "form";
  return type.startsWith(MULTIPART) ? "multipart" : undefined;
}

interface Form {
  readonly token: string | undefined;
  readonly trapped: boolean;
}

/** Anything but blanks; in a form that is not multipart, a plus sign is one. */
const FILLED = /[^\s+]/;

/** Reads the two fields, the first of each name. */
function readForm(request: WafRequest, { bytes }: Body, { tokenField, trapField }: FormTokens): Form {
  let token: string | undefined;
  let trapped = false;
  const take = (name: string, value: string): void => {
    if (name === tokenField) token ??= value.slice(0, 200);
    else if (name === trapField && FILLED.test(value)) trapped = true;
  };
  // Both names and the token are ASCII, so the body's charset does not matter.
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, MAX_FORM_BYTES));
  if (formType(request) === "form") eachPair(text, take);
  else {
    const boundary = boundaryOf((request.headers.get("content-type") ?? "").slice(0, 500));
    if (boundary !== undefined) eachPart(text, boundary, ({ name, content }) => take(name, content.slice(0, 200)));
  }
  return { token, trapped };
}

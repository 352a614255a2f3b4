/**
 * The console as one handler: closed, until it is told who may come in.
 *
 * @module
 */
import type { Waf } from "@aiwaf/core";
import type { ModelFolder } from "@aiwaf/core/models/file";
import { partsOf } from "@aiwaf/core/switches";
import { type Assets, createAssets } from "./assets.ts";
import { type Auth, COOKIE, createGate, type Gate, type Identity, type RequestInfo, SECURE_COOKIE } from "./auth.ts";
import type { Call, Context } from "./context.ts";
import { createEvents, type EventOptions, type Events } from "./events.ts";
import { checkOrigin, createHostCheck, pathUnder, readPrefix } from "./guard.ts";
import { neededText, readInput, textField } from "./input.ts";
import { createNodeHandler, type NodeHandler } from "./node.ts";
import { PASSWORD_MAX, sameText } from "./passwords.ts";
import { createPast, type Records } from "./past.ts";
import { absent, json, ProblemError, problem, SAFE_FIELDS } from "./problem.ts";
import { sessionOf } from "./reads.ts";
import { changes, findRoute } from "./routes.ts";
import { watchStore } from "./store-watch.ts";
import { createTallies } from "./tallies.ts";

/** What `createDashboard` takes. */
export interface DashboardOptions {
  /** The firewall that is shown. Its store is where sessions, switches and undoing live. */
  readonly waf: Waf;
  /** Who may come in. Without it, every request is answered 404. */
  readonly auth?: Auth;
  /** Where the console stands: a path of lower-case letters, digits, dots and hyphens. Default `/aiwaf`. `/`: the whole port is the console's. */
  readonly prefix?: string;
  /**
   * Names that the console answers to, without ports, beside `localhost` and plain addresses. A page of another name that was pointed at this server gets 421.
   * Default: none.
   */
  readonly hosts?: readonly string[];
  /** Records to look back in: `recordTable(…)`, also given to `waf.subscribe`. Default: only what this process keeps. */
  readonly records?: Records;
  /** Versions of the trained model: `modelFolder(…)`. Default: none are shown. */
  readonly models?: ModelFolder;
  /** What this deployment is called, at most 60 characters. Default `default`. */
  readonly deployment?: string;
  /** Nobody may change anything. Default false. */
  readonly readOnly?: boolean;
  /** Events that are made already, or their bounds. */
  readonly events?: Events | EventOptions;
  /** Folder of built pages, instead of the package's own. */
  readonly pages?: string;
  /** The browser's side is TLS, although this server's is not: a proxy in front ends it. Default: as each request says. */
  readonly secure?: boolean;
}

/** A console that was built. */
export interface Dashboard {
  /** Answers a request. Never rejects. */
  fetch(request: Request, info?: RequestInfo): Promise<Response>;
  /** The same for express, connect and `node:http`. Put it before the firewall's own middleware. */
  readonly node: NodeHandler;
  readonly events: Events;
  /**
   * A fresh token for the first login, which holds for an hour and once: print it where only operators see it. `undefined` when a password is set, or when the
   * console does not keep logins itself.
   */
  issueToken(): Promise<string | undefined>;
  /** Where it stands, with a slash at its end. */
  readonly path: string;
  /** Ends all streams, and hears no more decisions. */
  close(): void;
}

/** A stream ends so long after its session at the latest. */
const RECHECK_MS = 5_000;
const CSRF_FIELD = "x-aiwaf-csrf";

/**
 * Builds the console of a firewall. Opens nothing, and answers nobody unless `auth` says whom.
 *
 * @throws TypeError for an option that is wrong.
 * @example
 * const dashboard = createDashboard({ waf, auth: (request) => adminOf(request), hosts: ["shop.example"] });
 * app.use(dashboard.node); // before protect()
 */
export function createDashboard(options: DashboardOptions): Dashboard {
  const { waf, auth, hosts = [], records, models, deployment = "default", readOnly = false, secure: isSecure } = options;
  if (typeof waf?.inspect !== "function") throw new TypeError("waf must be a firewall, as createWaf makes it");
  if (!Array.isArray(hosts) || !hosts.every((host) => typeof host === "string" && /^[a-z\d.-]{1,253}$/i.test(host)))
    throw new TypeError("hosts must be a list of names without ports");
  if (typeof deployment !== "string" || deployment === "" || deployment.length > 60)
    throw new TypeError("deployment must be a name of at most 60 characters");
  const { store, log } = waf.services;
  const prefix = readPrefix(options.prefix ?? "/aiwaf");
  const gate: Gate =
    auth === undefined
      ? { kind: "outer", login: undefined, identify: async () => undefined, isStillIn: async () => false }
      : createGate(auth, store);
  const isClosed = auth === undefined;
  const assets = createAssets(options.pages);
  const checkHost = createHostCheck(hosts);
  const given = options.events;
  const events = given !== undefined && "watch" in given ? given : createEvents(waf, { deployment, ...given });
  const tallies = createTallies(Date.now());
  const unsubscribe = waf.subscribe(tallies.listener);
  const past = records === undefined ? undefined : createPast(records);
  const watch = watchStore(store, events, tallies, log);
  const context: Context = {
    waf,
    store,
    log,
    gate,
    events,
    tallies,
    records,
    past,
    watch,
    known: new Map(),
    models,
    deployment,
    isReadOnly: readOnly,
    recheckMs: RECHECK_MS,
    prefix,
    parts: () => partsOf(store),
  };

  async function handle(request: Request, given: RequestInfo): Promise<Response> {
    const url = new URL(request.url);
    const path = pathUnder(prefix, url.pathname);
    if (isClosed || path === undefined) throw absent("There is nothing here.");
    checkHost(request);
    const info: RequestInfo = { ...given, secure: isSecure ?? given.secure ?? url.protocol === "https:" };
    if (path === "api" || path.startsWith("api/")) return api(context, request, info, path.slice(4), url.searchParams);
    if (request.method !== "GET" && request.method !== "HEAD") throw notAllowed("GET, HEAD");
    // Relative addresses of the page need the slash.
    if (path === "" && !url.pathname.endsWith("/"))
      return new Response(null, { status: 308, headers: { ...SAFE_FIELDS, location: `${prefix}/` } });
    return page(context, assets, request, info, path);
  }

  const answer = async (request: Request, info: RequestInfo = {}): Promise<Response> => {
    try {
      return await handle(request, info);
    } catch (error) {
      if (error instanceof ProblemError) return problem(error);
      if (isInputError(error)) return problem(new ProblemError(400, "input", (error as Error).message.slice(0, 300)));
      log.error("The console failed", { error: String(error).slice(0, 200) });
      return problem(new ProblemError(500, "busy", "The console failed; the log says more."));
    }
  };

  return {
    fetch: answer,
    node: createNodeHandler(prefix, answer),
    events,
    async issueToken() {
      const now = Date.now();
      return gate.login === undefined || (await gate.login.passwords.isSet(now)) ? undefined : gate.login.issueToken(now);
    },
    path: `${prefix}/`,
    close() {
      unsubscribe();
      past?.close();
      watch.close();
      events.close();
    },
  };
}

const isInputError = (error: unknown): boolean => (error as { readonly code?: unknown } | null)?.code === "AIWAF_LIST_ENTRY";

const notAllowed = (allow: string): ProblemError => new ProblemError(405, "input", "This address does not answer that method.", { allow });

async function page(context: Context, assets: Assets, request: Request, info: RequestInfo, path: string): Promise<Response> {
  // The login page is for everybody; where somebody else keeps logins, nobody sees anything before.
  if (context.gate.kind === "outer" && (await context.gate.identify(request, info, Date.now())) === undefined)
    throw new ProblemError(401, "login", "Log in first.");
  const found = await assets.answer(path === "" ? "index.html" : path, request, info.compress === true).catch(() => undefined);
  if (found === undefined) throw absent("There is no such page.");
  return found;
}

async function api(context: Context, request: Request, info: RequestInfo, path: string, query: URLSearchParams): Promise<Response> {
  checkOrigin(request);
  const now = Date.now();
  const identity = await context.gate.identify(request, info, now);
  const own = OWN[path];
  if (own !== undefined && Object.hasOwn(OWN, path)) {
    if (request.method !== own.method) throw notAllowed(own.method);
    return own.answer(context, request, info, identity, now);
  }
  if (identity === undefined) throw new ProblemError(401, "login", "Log in first.");
  const found = findRoute(path);
  if (found === undefined) throw absent("There is no such address.");
  const method = request.method as "GET";
  const answer = Object.hasOwn(found.methods, method) ? found.methods[method] : undefined;
  if (answer === undefined) throw notAllowed(Object.keys(found.methods).join(", "));
  if (identity.needsPassword) throw new ProblemError(403, "password", "Set a password first.");
  if (method !== "GET") checkCsrf(request, identity);
  if (changes(method, answer) && (context.isReadOnly || identity.user.readOnly === true))
    throw new ProblemError(403, "read-only", "You may look, and change nothing.");
  const call: Call = { request, info, query, rest: found.rest, identity, now };
  return answer(context, call);
}

function checkCsrf(request: Request, { csrf }: Identity): void {
  if (!sameText(request.headers.get(CSRF_FIELD) ?? "", csrf))
    throw new ProblemError(403, "csrf", `The field ${CSRF_FIELD} is missing or wrong.`);
}

type OwnAnswer = (context: Context, request: Request, info: RequestInfo, identity: Identity | undefined, now: number) => Promise<Response>;

/** The addresses that are about the session itself. */
const OWN: Readonly<Record<string, { readonly method: string; readonly answer: OwnAnswer }>> = {
  session: {
    method: "GET",
    answer: async (context, _, _info, identity, now) => json(await sessionOf(context, identity, now)),
  },
  login: {
    method: "POST",
    async answer(context, request, info, identity, now) {
      const login = loginOf(context);
      const input = await readInput(request);
      const [token, password] = [textField(input, "token", 100), textField(input, "password", PASSWORD_MAX)];
      const { id, session } = await login.enter(
        { ...(token !== undefined && { token }), ...(password !== undefined && { password }) },
        info,
        now,
      );
      // Whoever logs in gets a session of its own making; the one that was there ends, so that none can be planted.
      if (identity?.session !== undefined) await login.sessions.end(identity.session.key);
      const entered: Identity = { user: { name: "operator" }, csrf: session.csrf, needsPassword: session.needsPassword, session };
      return json(await sessionOf(context, entered, now), 200, { "set-cookie": cookieOf(context, info, id) });
    },
  },
  password: {
    method: "POST",
    async answer(context, request, info, identity, now) {
      const login = loginOf(context);
      if (identity === undefined) throw new ProblemError(401, "login", "Log in first.");
      checkCsrf(request, identity);
      const input = await readInput(request);
      const password = neededText(input, "password", PASSWORD_MAX);
      const current = textField(input, "current", PASSWORD_MAX);
      if (!identity.needsPassword && !(await login.passwords.matches(current ?? "", now)))
        throw new ProblemError(401, "wrong", "The password so far is wrong.");
      await login.passwords.set(password, now);
      await login.sessions.endAll(now);
      const { id, session } = await login.sessions.open(false, now);
      context.log.warn("Console: the password was set", { code: "AIWAF_CONSOLE_CHANGE" });
      const entered: Identity = { ...identity, csrf: session.csrf, needsPassword: false, session };
      return json(await sessionOf(context, entered, now), 200, { "set-cookie": cookieOf(context, info, id) });
    },
  },
  logout: {
    method: "POST",
    async answer(context, request, info, identity, now) {
      const login = loginOf(context);
      if (identity !== undefined) {
        checkCsrf(request, identity);
        if (identity.session !== undefined) await login.sessions.end(identity.session.key);
      }
      return json(await sessionOf(context, undefined, now), 200, { "set-cookie": cookieOf(context, info, undefined) });
    },
  },
};

function loginOf({ gate }: Context): NonNullable<Gate["login"]> {
  if (gate.login === undefined) throw new ProblemError(404, "unavailable", "Somebody else keeps logins here.");
  return gate.login;
}

/** The browser alone keeps it, for this console alone, and sends it with no request that another site made. */
function cookieOf({ prefix }: Context, { secure }: RequestInfo, id: string | undefined): string {
  const [name, flag] = secure === true ? [SECURE_COOKIE, "; Secure"] : [COOKIE, ""];
  return `${name}=${id ?? ""}; Path=${prefix}/; HttpOnly; SameSite=Strict${flag}${id === undefined ? "; Max-Age=0" : ""}`;
}

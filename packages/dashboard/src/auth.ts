/**
 * Who may use the console: its own password, a header of a proxy that is named, or whatever the application says. Nobody, unless one is chosen.
 *
 * @module
 */
import { createHash, randomBytes } from "node:crypto";
import { BlockList, isIP } from "node:net";
import type { Store } from "@aiwaf/core";
import { clientKeyOf } from "@aiwaf/core/lists";
import { createPasswords, type Passwords, sameText } from "./passwords.ts";
import { ProblemError, wrongInput } from "./problem.ts";
import { createSessions, type OpenSession, type Sessions } from "./sessions.ts";

/** Somebody who may use the console. */
export interface User {
  /** For people and for the log; at most 100 characters are shown. */
  readonly name: string;
  /** May look, and change nothing. Default false. */
  readonly readOnly?: boolean;
}

/** What is known of a request beside itself. */
export interface RequestInfo {
  /** Address of the socket's other end; absent where the runtime hides it. */
  readonly peer?: string | undefined;
  /** Whether the browser speaks TLS with this server or with a proxy in front of it. Default: as the request's address says. */
  readonly secure?: boolean;
  /**
   * Pages may be sent compressed. Only where `content-encoding` reaches the client: Next takes it off what its routes answer. Default false; `node` sets it.
   */
  readonly compress?: boolean;
}

/** The console's own login. */
export interface TokenAuth {
  /**
   * File for the password's hash, for this user alone, where the store does not outlive the process. Default: the firewall's store.
   */
  readonly passwordFile?: string;
  /** A session without a request ends after so long, in milliseconds, 60,000 to 86,400,000. Default 1,800,000. */
  readonly idleMs?: number;
  /** Every session ends after so long, in milliseconds, 60,000 to 604,800,000. Default 43,200,000. */
  readonly longestMs?: number;
}

/** A proxy in front that logs people in, by OpenID Connect or else, and says who they are. */
export interface HeaderAuth {
  /** The field it sets, and removes from what it is sent, such as `x-forwarded-user`. */
  readonly header: string;
  /** Addresses and ranges of the proxy. The field is believed of nobody else. */
  readonly proxies: readonly string[];
  /** Who may use the console, as the field spells them. Default: everybody whom the proxy lets through. */
  readonly users?: readonly string[];
  /** Of these, who may only look. Default: nobody. */
  readonly readOnlyUsers?: readonly string[];
}

/** How users are told. */
export type Auth =
  | "token"
  | TokenAuth
  | HeaderAuth
  | ((request: Request, info: RequestInfo) => User | string | undefined | PromiseLike<User | string | undefined>);

/** What is known of who sent a request. */
export interface Identity {
  readonly user: User;
  /** What a change has to carry as `x-aiwaf-csrf`. */
  readonly csrf: string;
  readonly needsPassword: boolean;
  /** Of the console's own login. */
  readonly session?: OpenSession;
}

/** The login of one console. */
export interface Login {
  readonly passwords: Passwords;
  readonly sessions: Sessions;
  /** Makes the one-time token; the one before ends. */
  issueToken(now: number): Promise<string>;
  /** A new session for a right token or password. @throws (rejects with) ProblemError otherwise. */
  enter(
    given: { readonly token?: string; readonly password?: string },
    info: RequestInfo,
    now: number,
  ): Promise<{ id: string; session: OpenSession }>;
}

/** Tells who sends requests. */
export interface Gate {
  readonly kind: "password" | "outer";
  identify(request: Request, info: RequestInfo, now: number): Promise<Identity | undefined>;
  /** Whether who was let in before still may be: asked of streams, which outlive the request that opened them. */
  isStillIn(identity: Identity, request: Request, info: RequestInfo, now: number): Promise<boolean>;
  readonly login: Login | undefined;
}

/** The fields' name is the proof where the application keeps sessions: no page of another site can add one without asking first, and is refused then. */
export const OUTER_CSRF = "same-origin";
/** The session's cookie, and its name where the browser is to keep it for TLS alone. */
export const COOKIE = "aiwaf_console";
export const SECURE_COOKIE = `__Secure-${COOKIE}`;
const MAX_SESSIONS = 20;
const TOKEN_MS = 3_600_000;
const WINDOW_MS = 900_000;
/** Tries in a quarter of an hour, of one address and of all together. */
const TRIES_EACH = 10;
const TRIES_ALL = 300;

/** @throws TypeError for what is no way to tell users. */
export function createGate(auth: Auth, store: Store): Gate {
  if (typeof auth === "function") return outerGate(async (request, info) => auth(request, info));
  if (auth === "token") return passwordGate({}, store);
  if (typeof auth === "object" && auth !== null) return "header" in auth ? headerGate(auth) : passwordGate(auth, store);
  throw new TypeError('auth must be "token", an object, or a function of the request');
}

function outerGate(who: (request: Request, info: RequestInfo) => Promise<User | string | undefined>): Gate {
  const identify = async (request: Request, info: RequestInfo): Promise<Identity | undefined> => {
    const found = await who(request, info);
    const user = typeof found === "string" ? { name: found } : found;
    if (user === undefined || user === null || typeof user.name !== "string" || user.name === "") return undefined;
    return { user: { name: shown(user.name), readOnly: user.readOnly === true }, csrf: OUTER_CSRF, needsPassword: false };
  };
  return {
    kind: "outer",
    login: undefined,
    identify,
    isStillIn: async (identity, request, info) => (await identify(request, info))?.user.name === identity.user.name,
  };
}

function headerGate({ header, proxies, users, readOnlyUsers = [] }: HeaderAuth): Gate {
  if (typeof header !== "string" || !/^[\w-]{1,64}$/.test(header)) throw new TypeError("auth.header must be the name of a field");
  if (!Array.isArray(proxies) || proxies.length === 0) throw new TypeError("auth.proxies must name the proxy that sets the field");
  const trusted = new BlockList();
  for (const range of proxies as readonly string[]) {
    const [base = "", bits] = range.split("/");
    const family = isIP(base);
    const bitsMax = family === 4 ? 32 : 128;
    if (family === 0 || (bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= bitsMax)))
      throw new TypeError(`auth.proxies: ${JSON.stringify(range)} is no address and no range`);
    trusted.addSubnet(base, bits === undefined ? bitsMax : Number(bits), family === 4 ? "ipv4" : "ipv6");
  }
  return outerGate(async (request, { peer = "" }) => {
    const address = peer.replace(/^::ffff:(?=\d+\.)/i, "");
    const family = isIP(address);
    if (family === 0 || !trusted.check(address, family === 4 ? "ipv4" : "ipv6")) return undefined;
    // A field that came twice is joined by a comma: then one of the two may be the client's own.
    const name = request.headers.get(header) ?? "";
    if (name === "" || name.includes(",") || name.length > 200) return undefined;
    if (users !== undefined && !users.includes(name)) return undefined;
    return { name, readOnly: readOnlyUsers.includes(name) };
  });
}

function passwordGate({ passwordFile, idleMs = 1_800_000, longestMs = 43_200_000 }: TokenAuth, store: Store): Gate {
  for (const [name, value, most] of [
    ["idleMs", idleMs, 86_400_000],
    ["longestMs", longestMs, 604_800_000],
  ] as const)
    if (!Number.isInteger(value) || value < 60_000 || value > most) throw new TypeError(`auth.${name} must be 60000 to ${most}`);
  const passwords = createPasswords(store, passwordFile);
  const sessions = createSessions(store, { idleMs, longestMs, maxSessions: MAX_SESSIONS });
  return {
    kind: "password",
    login: { passwords, sessions, ...createEntry(store, passwords, sessions) },
    async identify(request, _, now) {
      // A page elsewhere on this host can add a cookie of the same name: it must not be able to log anyone out by that.
      for (const id of cookieValues(request.headers.get("cookie") ?? "").slice(0, 4)) {
        const session = await sessions.find(id, now);
        if (session !== undefined) return { user: { name: "operator" }, csrf: session.csrf, needsPassword: session.needsPassword, session };
      }
      return undefined;
    },
    isStillIn: async ({ session }, _, _info, now) => session !== undefined && sessions.runs(session.key, now),
  };
}

const TOKEN_KEY = "console:token";

function createEntry(store: Store, passwords: Passwords, sessions: Sessions): Pick<Login, "issueToken" | "enter"> {
  /** Counts a try before it is looked at, so that a hundred at once are a hundred. */
  const count = async ({ peer }: RequestInfo, now: number): Promise<void> => {
    const who = (peer === undefined ? undefined : clientKeyOf(peer)) ?? "unknown";
    const own = await store.increment(`console:login:${who}`, 1, WINDOW_MS, now);
    const all = await store.increment("console:login", 1, WINDOW_MS, now);
    if (own.value <= TRIES_EACH && all.value <= TRIES_ALL) return;
    const until = own.value > TRIES_EACH ? own.expiresAt : all.expiresAt;
    const seconds = Math.max(1, Math.ceil((until - now) / 1_000));
    throw new ProblemError(429, "busy", "Too many tries to log in.", { "retry-after": String(seconds) });
  };
  const isToken = async (token: string, now: number): Promise<boolean> => {
    const stored = await store.get(TOKEN_KEY, now);
    if (stored === undefined || !/^"[\w-]{43}"$/.test(stored)) return false;
    const digest = stored.slice(1, -1);
    if (!sameText(tokenDigest(token), digest) || (await passwords.isSet(now))) return false;
    // Of a thousand at once, the counter lets one through.
    const { value } = await store.increment(`${TOKEN_KEY}-used:${digest}`, 1, 2 * TOKEN_MS, now);
    await store.delete(TOKEN_KEY);
    return value === 1;
  };
  return {
    async issueToken(now) {
      const token = randomBytes(24).toString("base64url");
      await store.set(TOKEN_KEY, JSON.stringify(tokenDigest(token)), TOKEN_MS, now);
      return token;
    },
    async enter({ token, password }, info, now) {
      if ((token === undefined) === (password === undefined)) throw wrongInput("Send either a token or a password.");
      await count(info, now);
      const isRight = token === undefined ? await passwords.matches(password ?? "", now) : await isToken(token, now);
      if (!isRight)
        throw new ProblemError(401, "wrong", token === undefined ? "The password is wrong." : "The token is wrong, used, or an hour old.");
      return sessions.open(token !== undefined, now);
    },
  };
}

const tokenDigest = (token: string): string => createHash("sha256").update(token).digest("base64url");

const shown = (name: string): string => name.slice(0, 100).replace(/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/gu, "?");

function cookieValues(field: string): readonly string[] {
  const pairs = field
    .slice(0, 8_192)
    .split(";")
    .map((pair) => pair.trim().split("="));
  const named = (name: string): string[] => pairs.filter(([one]) => one === name).map(([, value = ""]) => value);
  return [...named(SECURE_COOKIE), ...named(COOKIE)];
}

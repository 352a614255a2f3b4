import { chain } from "../awaitable.ts";
import { isByPage } from "../behaviour/by-page.ts";
import { perFirewall } from "../behaviour/per-firewall.ts";
import { accountsIn } from "../login-accounts.ts";
import { isLoginPath, LOGIN_BUCKET } from "../login-paths.ts";
import { integer, listOf, type OptionTable, readOptions } from "../options.ts";
import type { Awaitable, Counter, Detector, Finding, Findings, RuleId, Services, WafRequest } from "../types.ts";

/** What `logins` takes. */
export interface LoginsOptions {
  /** Failed logins of one client in a window, unless half as many accounts got in, 1 to 10,000. Default 20. */
  readonly max?: number;
  /** Failed logins of one client within a second, 2 to 1,000: faster than hands. Logins then wait ten seconds. Default 5. */
  readonly quickMax?: number;
  /** Failed logins of one account in a window, from all clients together, 1 to 1,000,000. Default 50. */
  readonly accountMax?: number;
  /** Length of the windows of `max` and `accountMax` in milliseconds, 1,000 to 86,400,000. Default 900,000. */
  readonly windowMs?: number;
  /** Paths of your logins beside the usual ones and those with a rate limit in the bucket `login`. Default: none. */
  readonly paths?: readonly string[];
}

const isPath = (value: unknown): boolean => typeof value === "string" && /^\/[^*?#]{0,200}$/.test(value);

export const LOGINS_OPTIONS = {
  max: integer(20, 1, 10_000),
  quickMax: integer(5, 2, 1_000),
  accountMax: integer(50, 1, 1_000_000),
  windowMs: integer(900_000, 1_000, 86_400_000),
  paths: listOf<string, readonly string[]>([], "paths that begin with a slash, without wildcards", isPath),
} as const satisfies OptionTable;

export const RULES = {
  /** A client failed to sign in `max` times in the window, and got into less than half as many accounts: 429 on logins until the window ends. */
  "logins/guessing": 100,
  /** A client failed to sign in `quickMax` times within a second: 429 on logins for ten seconds. */
  "logins/quick": 100,
  /**
   * Somebody guesses this account's password (`accountMax`), and this client, which never signed in to it, has had its try in the window: 429. Clients that did
   * sign in to it within thirty days are left alone, so nobody locks an owner out.
   */
  "logins/account": 100,
  /** The same at the client's first try: blocks only together with more. */
  "logins/targeted": 40,
} as const satisfies Record<RuleId, number>;

/** What applications answer to a wrong password, each in its way; 400 is OAuth's. A form that comes back with 200 is not told from a success. */
const FAILED: ReadonlySet<number> = new Set([400, 401, 403, 404, 422, 423]);
const QUICK_MS = 1_000;
const PAUSE_MS = 10_000;
/** How long an account remembers the clients that signed in to it. */
const KNOWN_MS = 2_592_000_000;
/** Clients whose failures of the last second are remembered. Whoever failed first goes first. */
const MAX_QUICK = 10_000;

/** A login on its way through the application. */
interface Attempt {
  /** Fingerprints of the accounts that its body names; empty until the body was read. */
  accounts: readonly string[];
}

/** Who tries: the client itself, or a page in its browser, which could send a login form as often as it takes to lock the reader out. */
const guesserOf = (request: WafRequest): string => (isByPage(request) ? `page:${request.client.key}` : request.client.key);

/** Failures of a client within a second, and until when it has to wait. */
interface Haste {
  since: number;
  count: number;
  until: number;
}

/**
 * Limits failed logins, by client and by account: two detectors of one name, for head and body. What counts is the application's answer, so an office full of
 * people who sign in is never limited; and an account that is being guessed from thousands of addresses gives each of them one try instead of several,
 * while its owner goes on signing in from where it did before.
 *
 * Only POSTs to login paths are looked at, at one read of the store each, and one more in the body. Where the framework hides how a response ended, nothing is
 * learned and nothing blocked. Accounts are remembered as fingerprints of 64 bits, never by name. Logins that pages of other sites send are counted apart
 * from those of the client itself.
 *
 * @example
 * createWaf({ detectors: [...logins({ max: 10 })], store: memoryStore() });
 */
export function logins(options?: LoginsOptions): readonly [Detector, Detector] {
  const { max, quickMax, accountMax, windowMs, paths } = readOptions("logins", LOGINS_OPTIONS, options);
  const rules = Object.keys(RULES) as RuleId[];
  const own = new Set(paths.map(foldedPath));
  const hasteOf = perFirewall(() => new Map<string, Haste>());
  const attempts = new WeakMap<WafRequest, Attempt>();

  const isLogin = ({ method, policy, path }: WafRequest): boolean =>
    method === "POST" && (policy.rateLimit?.bucket === LOGIN_BUCKET || isLoginPath(path) || (own.size > 0 && own.has(foldedPath(path))));

  const counter = ({ store }: Services, name: string, by: number, ttlMs: number, request: WafRequest): Awaitable<Counter> =>
    store.increment(`login-${name}`, by, ttlMs, request.receivedAt);

  /** What is weighed against each other has to begin anew at one moment. */
  const ofWindow = (services: Services, name: string, what: string, by: number, request: WafRequest): Awaitable<Counter> =>
    counter(services, `${name}:${Math.floor(request.receivedAt / windowMs)}:${what}`, by, windowMs, request);

  const noteFailure = (request: WafRequest, services: Services): void => {
    const { receivedAt } = request;
    const who = guesserOf(request);
    const hastes = hasteOf(services);
    let haste = hastes.get(who);
    if (haste === undefined || receivedAt - haste.since >= QUICK_MS || receivedAt < haste.since) {
      haste = { since: receivedAt, count: 0, until: 0 };
      hastes.delete(who);
      if (hastes.size >= MAX_QUICK) for (const oldest of hastes.keys()) if (hastes.delete(oldest)) break;
      hastes.set(who, haste);
    }
    haste.count += 1;
    if (haste.count >= quickMax) haste.until = receivedAt + PAUSE_MS;
  };

  const judgeClient = (request: WafRequest, services: Services): Awaitable<Findings> => {
    const { client, receivedAt } = request;
    if (client.key === "") return undefined;
    const who = guesserOf(request);
    const waitMs = (hasteOf(services).get(who)?.until ?? 0) - receivedAt;
    if (waitMs > 0) return stopped("logins/quick", Math.min(waitMs, PAUSE_MS));
    return chain(ofWindow(services, "failed", who, 0, request), (failed) =>
      failed.value < max
        ? undefined
        : chain(ofWindow(services, "passed", who, 0, request), (passed) =>
            passed.value * 2 >= failed.value ? undefined : stopped("logins/guessing", windowMs - (receivedAt % windowMs)),
          ),
    );
  };

  /** What stops one of the accounts stops the login; being warned of the first must not hide the second. */
  const judgeAccounts = (accounts: readonly string[], request: WafRequest, services: Services): Awaitable<Finding | undefined> => {
    const [account, ...rest] = accounts;
    if (account === undefined) return undefined;
    return chain(judgeAccount(account, request, services), (found) =>
      found?.block !== undefined ? found : chain(judgeAccounts(rest, request, services), (other) => other ?? found),
    );
  };

  const judgeAccount = (account: string, request: WafRequest, services: Services): Awaitable<Finding | undefined> => {
    const { client, receivedAt } = request;
    return chain(counter(services, `account:${account}`, 0, windowMs, request), (failed) => {
      if (failed.value < accountMax) return undefined;
      // Who cannot be told from others cannot have had its try.
      if (client.key === "") return targeted;
      return chain(counter(services, `known:${account}:${client.key}`, 0, KNOWN_MS, request), (known) =>
        known.value > 0
          ? undefined
          : chain(counter(services, `tries:${account}:${guesserOf(request)}`, 1, windowMs, request), (tries) =>
              tries.value > 1 ? stopped("logins/account", tries.expiresAt - receivedAt) : targeted,
            ),
      );
    });
  };

  const learnFailure = (request: WafRequest, accounts: readonly string[], services: Services): Count[] => {
    const counts = accounts.map(
      (account): Count =>
        () =>
          counter(services, `account:${account}`, 1, windowMs, request),
    );
    if (request.client.key === "") return counts;
    noteFailure(request, services);
    return [...counts, () => ofWindow(services, "failed", guesserOf(request), 1, request)];
  };

  /** A client's own account, signed in to again and again, makes up for one failure and not for a hundred. */
  const learnSuccess = (request: WafRequest, accounts: readonly string[], services: Services): Count[] => {
    const { key } = request.client;
    if (key === "") return [];
    const passed: Count = () => ofWindow(services, "passed", guesserOf(request), 1, request);
    if (accounts.length === 0) return [passed];
    return accounts.flatMap((account): Count[] => [
      () => counter(services, `known:${account}:${key}`, 1, KNOWN_MS, request),
      () => chain(ofWindow(services, "seen", `${account}:${key}`, 1, request), ({ value }) => (value === 1 ? passed() : undefined)),
    ]);
  };

  return [
    {
      name: "logins",
      phase: "head",
      rules,
      inspect(request, services) {
        if (!isLogin(request)) return undefined;
        attempts.set(request, { accounts: [] });
        return judgeClient(request, services);
      },
      wantsOutcome: ({ request }) => request.method === "POST" && attempts.has(request),
      observe({ request, action }, { status }, services) {
        const attempt = action === "allow" ? attempts.get(request) : undefined;
        if (attempt === undefined) return undefined;
        const { accounts } = attempt;
        if (FAILED.has(status)) return inTurn(learnFailure(request, accounts, services));
        return status >= 200 && status < 400 ? inTurn(learnSuccess(request, accounts, services)) : undefined;
      },
    },
    {
      name: "logins",
      phase: "body",
      rules,
      inspect(request, services) {
        const attempt = request.method === "POST" ? attempts.get(request) : undefined;
        if (attempt === undefined) return undefined;
        attempt.accounts = accountsIn(request);
        return judgeAccounts(attempt.accounts, request, services);
      },
      wantsOutcome: () => false,
    },
  ];
}

/** One more in the store. */
type Count = () => Awaitable<unknown>;

/** One after the other: of several that fail at once, all but one would be nobody's to catch. */
const inTurn = (counts: readonly Count[]): Awaitable<void> =>
  counts.reduce<Awaitable<void>>((before, count) => chain(before, () => chain(count(), () => undefined)), undefined);

const targeted: Finding = { rule: "logins/targeted", score: RULES["logins/targeted"], where: "body" };

const stopped = (rule: "logins/guessing" | "logins/quick" | "logins/account", retryAfterMs: number): Finding => ({
  rule,
  score: RULES[rule],
  where: rule === "logins/account" ? "body" : "path",
  block: { status: 429, retryAfterMs: Math.max(1, retryAfterMs) },
});

/** Routers differ in case and in the slash at the end. */
const foldedPath = (path: string): string => (path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path).toLowerCase();

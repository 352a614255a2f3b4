import { describe, expect, test } from "vitest";
import { type LoginsOptions, logins } from "../../src/detectors/logins.ts";
import { recommended } from "../../src/recommended.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import type { Blocked, Decision, RawRequest, Store, WafOptions } from "../../src/types.ts";
import { createWaf } from "../../src/waf.ts";
import { range } from "./site.ts";

const encoder = new TextEncoder();
/** The beginning of a window. */
const START = 1_700_100_000_000;
const WINDOW_MS = 900_000;

interface Try {
  readonly user?: string;
  /** Whether the password is right. */
  readonly right?: boolean;
  readonly peer?: string | undefined;
  readonly target?: string;
  readonly method?: string;
  readonly type?: string;
  readonly body?: string;
  /** What the application answers. */
  readonly status?: number;
}

/** A sign-in that answers 401 to a wrong password and 303 to a right one; `knock` gives the rule that stopped a try, or that answer. */
function door(options: LoginsOptions = {}, waf: Partial<WafOptions> = {}) {
  let now = START;
  const firewall = createWaf({
    detectors: logins(options),
    store: memoryStore(),
    clock: () => now,
    log: { warn() {}, error() {} },
    ...waf,
  });
  const decide = async (one: Try = {}): Promise<Decision> => {
    const { user = "ann", target = "/login", method = "POST", type = "application/x-www-form-urlencoded" } = one;
    const bytes = encoder.encode(one.body ?? `user=${encodeURIComponent(user)}&password=x`);
    const raw: RawRequest = {
      method,
      target,
      headers: new Headers({ "content-type": type }),
      peer: "peer" in one ? one.peer : "192.0.2.1",
      readBody: () => ({ bytes, complete: true }),
    };
    return firewall.inspect(raw);
  };
  return {
    firewall,
    decide,
    async knock(one: Try = {}): Promise<string | number> {
      const decision = await decide(one);
      const status = decision.action === "block" ? decision.status : (one.status ?? (one.right === true ? 303 : 401));
      if (firewall.wantsOutcome(decision)) firewall.observe(decision, { status, durationMs: 1 });
      // A store that answers later has learned of it by then.
      await new Promise((resolve) => setImmediate(resolve));
      return decision.action === "block" ? decision.rule : status;
    },
    wait: (ms: number): void => {
      now += ms;
    },
  };
}

/** So many tries, `everyMs` apart. */
async function row(place: ReturnType<typeof door>, count: number, everyMs: number, make: (index: number) => Try = () => ({})) {
  const answers: (string | number)[] = [];
  for (let index = 0; index < count; index++) {
    answers.push(await place.knock(make(index)));
    place.wait(everyMs);
  }
  return answers;
}

const count = (answers: readonly (string | number)[], wanted: string | number): number => answers.filter((one) => one === wanted).length;

const STORES: readonly (readonly [string, () => Store])[] = [
  ["a store that answers at once", memoryStore],
  ["a store that answers later", later],
];

/** The memory store behind promises. */
function later(): Store {
  const store = memoryStore();
  return {
    name: "later",
    increment: (...given) => Promise.resolve(store.increment(...given)),
    get: (...given) => Promise.resolve(store.get(...given)),
    set: (...given) => Promise.resolve(store.set(...given)),
    delete: (key) => Promise.resolve(store.delete(key)),
    list: (...given) => Promise.resolve(store.list(...given)),
  };
}

describe.each(STORES)("failed logins of one client, in %s", (_, create) => {
  const at = (options?: LoginsOptions) => door(options, { store: create() });

  test("twenty in a quarter of an hour are the last, until the quarter is over", async () => {
    const place = at();
    const answers = await row(place, 40, 2_000, (index) => ({ user: `user${index}` }));
    expect([answers.slice(0, 20).every((one) => one === 401), answers.slice(20).every((one) => one === "logins/guessing")]).toEqual([
      true,
      true,
    ]);
    expect(await place.knock({ peer: "192.0.2.2" })).toBe(401);
    const { status, retryAfterMs } = (await place.decide()) as Blocked;
    expect({ status, retryAfterMs }).toEqual({ status: 429, retryAfterMs: WINDOW_MS - 80_000 });
    place.wait(WINDOW_MS);
    expect(await place.knock()).toBe(401);
  });

  test("an office whose people sign in is never limited, however many mistype", async () => {
    const answers = await row(at(), 600, 3_000, (index) => ({ user: `colleague${index >> 1}`, right: index % 2 === 1 }));
    expect([count(answers, 401), count(answers, 303)]).toEqual([300, 300]);
  });

  test("an account of the guesser's own makes up for one failure, not for every one", async () => {
    const answers = await row(at(), 100, 1_500, (index) => (index % 2 === 0 ? { user: "mine", right: true } : { user: `other${index}` }));
    expect(count(answers, 401)).toBe(20);
  });

  test("five within a second are no hands: logins wait ten seconds, and no longer for those who keep trying", async () => {
    const place = at();
    const answers = await row(place, 60, 50);
    expect(answers.slice(0, 6)).toEqual([401, 401, 401, 401, 401, "logins/quick"]);
    expect(count(answers, 401)).toBe(5);
    place.wait(10_000);
    expect(await place.knock()).toBe(401);
  });

  test("a password that is sent twice, and another at once, is no haste", async () => {
    const answers = await row(at(), 18, 0, () => ({})).then(() => row(at(), 18, 300));
    expect(answers.every((one) => one === 401)).toBe(true);
  });
});

describe.each(STORES)("an account that is guessed from everywhere, in %s", (_, create) => {
  const at = (options?: LoginsOptions) => door({ accountMax: 30, ...options }, { store: create() });
  const peer = (index: number): string => `198.${18 + (index >> 14)}.${(index >> 7) & 127}.${1 + (index & 127)}`;

  test("gives each unknown address one try instead of three", async () => {
    const answers = await row(at(), 900, 100, (index) => ({ peer: peer(Math.floor(index / 3)), user: "admin" }));
    // Ten addresses have three tries each until it is noticed.
    expect([count(answers, 401), count(answers, "logins/account")]).toEqual([30 + 290, 580]);
  });

  test("stays open to its owner: where he signed in before without limits, elsewhere at the first try", async () => {
    const place = at();
    expect(await place.knock({ user: "Ann@Mail.example", right: true, peer: "203.0.113.5" })).toBe(303);
    await row(place, 200, 100, (index) => ({ peer: peer(index), user: "ann@mail.example" }));
    for (const right of [false, false, false, true]) {
      place.wait(1_000);
      expect(await place.knock({ user: " ann@mail.example", right, peer: "203.0.113.5" })).toBe(right ? 303 : 401);
    }
    const decision = await place.decide({ user: "ann@mail.example", peer: "203.0.113.77" });
    expect([decision.action, decision.score, decision.findings.map(({ rule }) => rule)]).toEqual(["allow", 40, ["logins/targeted"]]);
    // Every other account is as it was.
    expect(await place.knock({ user: "ben@mail.example", peer: peer(3) })).toBe(401);
  });

  test("cannot be hidden behind accounts that nobody guesses, nor behind ones that are guessed", async () => {
    const place = at();
    await row(place, 60, 100, (index) => ({ peer: peer(index), user: "decoy" }));
    const json = (index: number, first: string): Try => ({
      peer: peer(1_000 + index),
      type: "application/json",
      body: JSON.stringify({ username: first, user: { email: "victim" }, password: "x" }),
    });
    await row(place, 30, 100, (index) => json(index, `free${index}`));
    expect([await place.knock(json(1, "free")), await place.knock(json(1, "fresh"))]).toEqual([401, "logins/account"]);
    expect([await place.knock(json(2, "free")), await place.knock(json(2, "decoy"))]).toEqual([401, "logins/account"]);
  });

  test("is warned of, and not closed, where addresses are hidden", async () => {
    const place = at();
    const answers = await row(place, 100, 100, () => ({ peer: undefined, user: "admin" }));
    expect(count(answers, 401)).toBe(100);
    expect((await place.decide({ peer: undefined, user: "admin" })).score).toBe(40);
  });
});

describe("what counts as a login", () => {
  const strict: LoginsOptions = { max: 1 };

  test("is a POST to a usual path, to one of yours, or to one with a limit in the bucket `login`", async () => {
    const paths = { "/enter/*": { rateLimit: { max: 9, windowMs: 60_000, bucket: "login" } } };
    for (const [target, expected] of [
      ["/login", "logins/guessing"],
      ["/API/Auth/Login/", "logins/guessing"],
      ["/%6cogin?next=/", "logins/guessing"],
      ["/door", "logins/guessing"],
      ["/Door/", "logins/guessing"],
      ["/enter/staff", "logins/guessing"],
      ["/enter", 401],
      ["/logins", 401],
      ["/", 401],
    ] as const) {
      const place = door({ ...strict, paths: ["/door"] }, { paths });
      await place.knock({ target });
      expect(await place.knock({ target }), target).toBe(expected);
    }
    const place = door(strict);
    for (const method of ["GET", "PUT", "OPTIONS"])
      expect([await place.knock({ method }), await place.knock({ method })]).toEqual([401, 401]);
    expect(place.firewall.wantsOutcome(await place.decide({ method: "GET" }))).toBe(false);
  });

  test.each([400, 401, 403, 404, 422, 423])("fails with %i", async (status) => {
    const place = door(strict);
    expect([await place.knock({ status }), await place.knock({ status })]).toEqual([status, "logins/guessing"]);
  });

  test.each([200, 204, 302, 405, 413, 429, 500, 503])("does not fail with %i", async (status) => {
    const place = door(strict);
    expect([await place.knock({ status }), await place.knock({ status })]).toEqual([status, status]);
  });

  test("teaches nothing when it was blocked, and nothing while the framework hides its end", async () => {
    const place = door(strict, {
      detectors: [...logins(strict), { name: "wall", phase: "head", rules: ["wall/up"], inspect: () => wall }],
    });
    const wall = { rule: "wall/up", score: 100, block: { status: 403 } } as const;
    expect([await place.knock(), await place.knock(), await place.knock()]).toEqual(["wall/up", "wall/up", "wall/up"]);
    const hidden = door(strict);
    for (const _ of range(5, () => 0)) {
      const decision = await hidden.decide();
      hidden.firewall.observe(decision, undefined);
      expect(decision.action).toBe("allow");
    }
  });

  test("is let through by a store that fails, whose errors end in the log", async () => {
    const failing: Store = { ...later(), increment: () => Promise.reject(new Error("gone")) };
    const errors: string[] = [];
    const place = door(strict, { store: failing, log: { warn: (text) => errors.push(text), error: (text) => errors.push(text) } });
    expect([await place.knock(), await place.knock({ right: true })]).toEqual([401, 303]);
    expect(errors.length).toBeGreaterThan(0);
  });
});

test("the recommended set has it only when it is asked for, and counts logins of any limit", async () => {
  const now = START;
  const answersOf = async (options: object): Promise<number> => {
    const waf = createWaf(recommended({ clock: () => now, headers: false, log: { warn() {}, error() {} }, ...options }));
    let allowed = 0;
    for (const _ of range(40, () => 0)) {
      const raw: RawRequest = { method: "POST", target: "/login", headers: new Headers(), peer: "192.0.2.1" };
      const decision = await waf.inspect(raw);
      if (decision.action === "allow") allowed += 1;
      waf.observe(decision, { status: 401, durationMs: 1 });
    }
    return allowed;
  };
  expect([await answersOf({}), await answersOf({ logins: false }), await answersOf({ logins: {} })]).toEqual([40, 40, 5]);
  expect(() => recommended({ logins: 3 as unknown as false })).toThrow("logins");
  expect(() => recommended({ logins: { paths: ["login"] } })).toThrow("logins.paths");
});

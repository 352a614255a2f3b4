import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { isDeepStrictEqual } from "node:util";
import { createWaf, type Decision, type Detector, type Store, type Waf } from "@aiwaf/core";
import { blocklist, probes, rateLimit } from "@aiwaf/core/detectors";
import { writeBan } from "@aiwaf/core/lists";
import { sqliteStore } from "@aiwaf/core/stores/sqlite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FAULTS, type Fault, memorySubject, redisSubject, type Subject, sqliteSubject } from "./fault-subjects.ts";
import { ENABLE_REDIS, provisionRedis } from "./redis-server.ts";

/**
 * What a request meets:
 * - `as usual`: decided as if nothing were wrong
 * - `fails`: the detector is reported as failed within the deadline, and the path's policy decides: allow lets pass, deny answers 503
 * - `fails or not`: either of the two, as the store comes and goes
 * - `fails for whom it is about`: the client whose ban or counter is spoilt; others are decided as usual
 * - `soon as usual`: the first may fail, until the store is left alone
 * - anything else: why there is nothing to test here
 */
type Outcome = "as usual" | "fails" | "fails for whom it is about" | "fails or not" | "soon as usual" | { readonly never: string };

const MAX = 50;
const DEADLINE_MS = 100;
const PATIENCE_MS = 30_000;
const ATTEMPTS = 5;
const ASKED = 6;
const MINUTE = 60_000;
const hasRedis = provisionRedis();

const DETECTORS = {
  blocklist: () => blocklist(),
  "rate-limit": () => rateLimit({ max: MAX, windowMs: 10 * MINUTE, floodMax: 10_000 }),
  // Counts after the response, so no request waits for it.
  probes: () => probes(),
} as const satisfies Record<string, () => Detector>;
type DetectorName = keyof typeof DETECTORS;

const inProcess: Outcome = { never: "state in this process is neither away nor late nor of another type" };
const always = (outcome: Outcome): Record<DetectorName, Outcome> => ({ blocklist: outcome, "rate-limit": outcome, probes: outcome });
const refused: Outcome = { never: "refused at the start, see below" };

const MATRIX: Readonly<Record<string, Readonly<Record<Fault, Readonly<Record<DetectorName, Outcome>>>>>> = {
  memory: {
    down: always(inProcess),
    slow: always(inProcess),
    flapping: always(inProcess),
    full: always("as usual"),
    "read-only": always(inProcess),
    "wrong type": always(inProcess),
  },
  // Down means here: another process holds the file for writing. Readers never wait for it.
  sqlite: {
    down: { blocklist: "as usual", "rate-limit": "fails", probes: "as usual" },
    slow: { blocklist: "as usual", "rate-limit": "fails or not", probes: "as usual" },
    flapping: { blocklist: "as usual", "rate-limit": "fails or not", probes: "as usual" },
    full: always("as usual"),
    "read-only": always(refused),
    "wrong type": always(refused),
  },
  redis: {
    down: { blocklist: "fails", "rate-limit": "fails", probes: "as usual" },
    slow: { blocklist: "fails", "rate-limit": "fails", probes: "as usual" },
    flapping: { blocklist: "fails or not", "rate-limit": "fails or not", probes: "as usual" },
    full: { blocklist: "as usual", "rate-limit": "fails", probes: "as usual" },
    "read-only": { blocklist: "as usual", "rate-limit": "fails", probes: "as usual" },
    "wrong type": { blocklist: "fails for whom it is about", "rate-limit": "fails", probes: "as usual" },
  },
  "redis with an insurance": {
    down: always("as usual"),
    slow: { blocklist: "soon as usual", "rate-limit": "soon as usual", probes: "as usual" },
    flapping: { blocklist: "soon as usual", "rate-limit": "soon as usual", probes: "as usual" },
    full: always("as usual"),
    "read-only": always("as usual"),
    "wrong type": always("as usual"),
  },
};

const SUBJECTS: Readonly<Record<string, () => Promise<Subject>>> = {
  memory: memorySubject,
  sqlite: sqliteSubject,
  redis: () => redisSubject(),
  "redis with an insurance": () => redisSubject(true),
};

const headers = new Headers();

/** Clients that no cell has seen before. The stores' keys of the second octet 18 are what `wrong type` spoils. */
let clients = 0;
const newClient = (octet: number): string => `10.${octet}.${(clients >> 8) & 255}.${clients++ & 255}`;

const sent: string[] = [];
const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
beforeAll(() => void process.on("unhandledRejection", note));
afterAll(() => {
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
  // Announced once a process, whatever number of requests met it.
  expect(new Set(sent).size).toBe(sent.length);
});

const protectedBy = (store: Store, detector: DetectorName, onFailure: "allow" | "deny", deadlineMs: number): Waf =>
  createWaf({
    detectors: [DETECTORS[detector]()],
    store,
    deadlineMs,
    onFailure,
    log: { warn: (message, data) => void sent.push(String(data?.["code"] ?? message)), error: () => {} },
  });

interface Asked {
  readonly decision: Decision;
  /** Beyond the deadline and what a timer of the same length was late by: this machine has other work too. */
  readonly overMs: number;
}

async function ask(waf: Waf, peer: string): Promise<Asked> {
  const since = performance.now();
  const control = new Promise<number>((resolve) => setTimeout(() => resolve(performance.now() - since), DEADLINE_MS));
  const decision = await waf.inspect({ method: "GET", target: "/", headers, peer });
  const tookMs = performance.now() - since;
  waf.observe(decision, { status: 404, durationMs: tookMs });
  return { decision, overMs: tookMs > DEADLINE_MS ? tookMs - (await control) : 0 };
}

const isUsual = ({ decision }: Asked, detector: DetectorName, isBanned: boolean): boolean =>
  decision.failures.length === 0 &&
  (detector === "blocklist" && isBanned
    ? decision.action === "block" && decision.rule === "blocklist/banned"
    : decision.action === "allow");

const isFailed = ({ decision }: Asked, detector: DetectorName, onFailure: "allow" | "deny"): boolean =>
  decision.failures.some((failure) => failure.detector === detector) &&
  (onFailure === "allow" ? decision.action === "allow" : decision.action === "block" && decision.status === 503);

/** What twelve requests met while the store was broken. */
interface Met {
  readonly usual: number;
  readonly failed: number;
  readonly other: number;
  /** The last four were decided as usual. */
  readonly endsUsual: boolean;
  /** At most 5 ms beyond the deadline, for half of them at least: a machine that stalls makes any one late. */
  readonly isInTime: boolean;
}

function summary(all: readonly { readonly usual: boolean; readonly failed: boolean; readonly overMs: number }[]): Met {
  const usual = all.filter((one) => one.usual).length;
  const failed = all.filter((one) => one.failed).length;
  const over = all.map(({ overMs }) => overMs).sort((a, b) => a - b);
  return {
    usual,
    failed,
    other: all.length - usual - failed,
    endsUsual: all.slice(-4).every((one) => one.usual),
    isInTime: over[Math.floor(over.length / 2)]! <= 5,
  };
}

function expected(outcome: Exclude<Outcome, object>, met: Met): Met {
  const right = { ...met, other: 0, isInTime: true };
  switch (outcome) {
    case "as usual":
      return { ...right, usual: 2 * ASKED, failed: 0 };
    case "fails":
      return { ...right, usual: 0, failed: 2 * ASKED };
    case "fails for whom it is about":
      return { ...right, usual: ASKED, failed: ASKED };
    case "soon as usual":
      return { ...right, endsUsual: true };
    case "fails or not":
      return right;
  }
}

async function untilUsual(waf: Waf, detector: DetectorName): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const asked = await ask(waf, newClient(1));
    if (isUsual(asked, detector, false)) return;
    if (performance.now() > until) throw new Error(`still failing: ${JSON.stringify(asked.decision.failures)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Also for detectors that never wait for the store: its client may still be on its way back from the fault before. */
async function untilWritable(store: Store): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      await store.set("writable", "1", MINUTE, Date.now());
      return;
    } catch (error) {
      if (performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

for (const [name, faults] of Object.entries(MATRIX)) {
  const needsRedis = name.startsWith("redis");
  describe.skipIf(needsRedis && !hasRedis)(needsRedis && !hasRedis ? `${name} (${ENABLE_REDIS})` : name, () => {
    let subject: Subject;
    beforeAll(async () => {
      subject = await SUBJECTS[name]!();
    });
    afterAll(() => subject?.end());

    for (const fault of FAULTS) {
      for (const detector of Object.keys(DETECTORS) as DetectorName[]) {
        const outcome = faults[fault][detector];
        if (typeof outcome === "object") {
          test.skip(`${fault}, ${detector}: ${outcome.never}`, () => {});
          continue;
        }
        for (const onFailure of ["allow", "deny"] as const) {
          test(`${fault}, ${detector}, onFailure ${onFailure}: ${outcome}; ${MAX} requests pass after it, and bans hold`, async () => {
            // Without a fault nothing is about the deadline, and a machine that stalls must not make it so.
            const patient = protectedBy(subject.store, detector, onFailure, PATIENCE_MS);
            const waf = protectedBy(subject.store, detector, onFailure, DEADLINE_MS);
            let banned = "";
            const meet = async (): Promise<Met> => {
              await untilUsual(patient, detector);
              await untilWritable(subject.store);
              const guest = newClient(18);
              banned = newClient(18);
              await writeBan(subject.store, banned, "probes/scan", 10 * MINUTE, Date.now());
              // So that there are keys to spoil.
              for (const peer of [guest, banned]) expect(isUsual(await ask(patient, peer), detector, peer === banned)).toBe(true);
              const mend = await subject.break(fault);
              const all: { readonly usual: boolean; readonly failed: boolean; readonly overMs: number }[] = [];
              try {
                for (let index = 0; index < ASKED; index++) {
                  for (const peer of [guest, banned]) {
                    const asked = await ask(waf, peer);
                    all.push({
                      usual: isUsual(asked, detector, peer === banned),
                      failed: isFailed(asked, detector, onFailure),
                      overMs: asked.overMs,
                    });
                  }
                  if (fault === "flapping") await new Promise((resolve) => setTimeout(resolve, 25));
                }
              } finally {
                await mend();
              }
              return summary(all);
            };
            // A machine that stalls for longer than the deadline makes failures of its own, but not each time.
            let met = await meet();
            for (let attempt = 1; attempt < ATTEMPTS && !isDeepStrictEqual(met, expected(outcome, met)); attempt++) met = await meet();
            expect(met).toEqual(expected(outcome, met));

            await untilUsual(patient, detector);
            await recovered(patient, detector, banned);
          });
        }
      }
    }
  });
}

/** The ban written before holds, and a client that comes now gets exactly its limit. */
async function recovered(waf: Waf, detector: DetectorName, banned: string): Promise<void> {
  if (detector === "blocklist") {
    const until = performance.now() + PATIENCE_MS;
    // With an insurance, the shared store answers again only once it was tried.
    while (!isUsual(await ask(waf, banned), detector, true) && performance.now() < until)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isUsual(await ask(waf, banned), detector, true)).toBe(true);
  }
  if (detector !== "rate-limit") return;
  let passed = 0;
  for (let attempt = 0; attempt < ATTEMPTS && passed !== MAX; attempt++) {
    // Let an insurance hand over first: what is counted in both tiers would pass twice.
    await new Promise((resolve) => setTimeout(resolve, 120));
    await untilUsual(waf, detector);
    const peer = newClient(2);
    passed = 0;
    for (let index = 0; index < MAX + 10; index++) if ((await ask(waf, peer)).decision.action === "allow") passed += 1;
  }
  expect(passed).toBe(MAX);
}

describe("a SQLite file that cannot be used is refused at the start", () => {
  test("of another program", () => {
    const folder = mkdtempSync(join(tmpdir(), "aiwaf-fault-"));
    try {
      const path = join(folder, "other.db");
      const other = new DatabaseSync(path);
      other.exec("CREATE TABLE theirs (a)");
      other.close();
      expect(() => sqliteStore({ path })).toThrow("AIWAF_STORE_FILE");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("in a folder that may not be written to", () => {
    expect(() => sqliteStore({ path: "/proc/aiwaf.db" })).toThrow("AIWAF_STORE_FILE");
  });
});

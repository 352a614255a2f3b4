/**
 * Sees what others changed in the store: other consoles, other processes, the command line. Pages that are open are told, and bans are counted as they are made
 * and undone, whoever does.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import type { Logger, Store } from "@aiwaf/core";
import { type ListedBan, listBans } from "@aiwaf/core/lists";
import type { ChangeEvent } from "./api.ts";
import type { Events } from "./events.ts";
import type { Tallies } from "./tallies.ts";

type What = ChangeEvent["what"];

/** Looks at the store: every two seconds while somebody watches, or every ten where a look takes long, else twice a minute. */
export interface StoreWatch {
  /** Says that this console changed something, to its own pages at once and to those of other consoles when they look. */
  tell(what: What, user: string, now: number): Promise<void>;
  /** Looks at the bans now. @returns those that run, newest first, at most 2,000. */
  bans(now: number): Promise<readonly ListedBan[]>;
  close(): void;
}

const LOOK_MS = 2_000;
const IDLE_MS = 30_000;
/** A store in memory looks through all its keys, some milliseconds where there are hundreds of thousands: never more than a two-hundredth of the thread. */
const REST_FACTOR = 200;
const REST_MAX_MS = 10_000;
const BANS_MAX = 2_000;
const MARK_MS = 3_600_000;
const MARK = "console:changed:";
const WHATS: readonly What[] = ["bans", "exemptions", "exceptions", "rules", "mode", "models"];
/** What the command line and libraries leave behind when they change a list: the name of its state. */
const STATES: readonly (readonly [key: string, whats: readonly What[]])[] = [
  ["version:switch:", ["rules", "exceptions", "mode"]],
  ["version:list:exempt:", ["exemptions"]],
  ["version:list:exempt-path:", ["exemptions"]],
];
/** A ban that is gone so long before its end was undone; clocks of processes differ a little. */
const UNDONE_MS = 2_000;

/** Begins to look; the timer keeps no process alive. */
export function watchStore(store: Store, events: Events, tallies: Tallies, log: Logger): StoreWatch {
  const seen = new Map<string, string | undefined>();
  let known: ReadonlyMap<string, ListedBan> | undefined;
  const startedAt = Date.now();
  let lastLook = startedAt;
  let restUntil = 0;
  let isLooking = false;
  let hasFailed = false;

  /** Compares with the last look; a first look tells nothing. */
  const isNew = async (key: string, now: number): Promise<string | undefined> => {
    const value = await store.get(key, now);
    const isFirst = !seen.has(key);
    const before = seen.get(key);
    seen.set(key, value);
    return isFirst || value === before ? undefined : (value ?? "");
  };

  const bans = async (now: number): Promise<readonly ListedBan[]> => {
    const listed = await listBans(store, {}, now, BANS_MAX);
    const running = new Map(listed.map((ban) => [ban.client, ban]));
    const before = known ?? new Map(listed.filter(({ since }) => since < startedAt).map((ban) => [ban.client, ban]));
    known = running;
    let changes = 0;
    for (const { client, since, until } of listed) {
      const old = before.get(client);
      if (old !== undefined && old.since === since && old.until === until) continue;
      changes++;
      tallies.banned(Math.min(Math.max(since, lastLook - IDLE_MS), now));
    }
    let undone = 0;
    // Of so many bans that not all are read, one that is not among them may run all the same.
    if (listed.length < BANS_MAX)
      for (const { client, until } of before.values()) if (!running.has(client) && until > now + UNDONE_MS) undone++;
    if (undone > 0) tallies.undone(undone, now);
    if (changes + undone > 0) events.tell("change", { what: "bans", user: "" } satisfies ChangeEvent);
    return listed;
  };

  const look = async (now: number): Promise<void> => {
    const changed = new Map<What, string>();
    for (const [key, whats] of STATES) if ((await isNew(key, now)) !== undefined) for (const what of whats) changed.set(what, "");
    for (const what of WHATS) {
      const mark = await isNew(MARK + what, now);
      if (mark !== undefined && mark !== "") changed.set(what, userOf(mark));
    }
    for (const [what, user] of changed) events.tell("change", { what, user } satisfies ChangeEvent);
    await bans(now);
  };

  const timer = setInterval(() => {
    const now = Date.now();
    if (isLooking || now < restUntil || (events.counts().viewers === 0 && now - lastLook < IDLE_MS)) return;
    isLooking = true;
    const startedAt = performance.now();
    look(now)
      .then(() => {
        hasFailed = false;
      })
      .catch((error: unknown) => {
        if (!hasFailed) log.warn("The console cannot see what others change", { error: String(error).slice(0, 200) });
        hasFailed = true;
      })
      .finally(() => {
        lastLook = now;
        restUntil = now + Math.min(REST_MAX_MS, (performance.now() - startedAt) * REST_FACTOR);
        isLooking = false;
      });
  }, LOOK_MS).unref();

  return {
    async tell(what, user, now) {
      const mark = JSON.stringify({ user, id: randomBytes(6).toString("base64url") });
      seen.set(MARK + what, mark);
      await store.set(MARK + what, mark, MARK_MS, now);
      // What this console changed itself is told once.
      for (const [key, whats] of STATES) if (whats.includes(what)) seen.set(key, await store.get(key, now));
      if (what === "bans") await bans(now);
      events.tell("change", { what, user } satisfies ChangeEvent);
    },
    bans,
    close: () => clearInterval(timer),
  };
}

function userOf(mark: string): string {
  try {
    const { user } = JSON.parse(mark) as { readonly user?: unknown };
    return typeof user === "string" ? user.slice(0, 100) : "";
  } catch {
    return "";
  }
}

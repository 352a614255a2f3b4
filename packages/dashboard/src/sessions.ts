/**
 * Sessions of the console's own login: in the firewall's store, so that every process knows them, and only as hashes, so that whoever reads the store
 * gets into none.
 *
 * @module
 */
import { createHash, randomBytes } from "node:crypto";
import type { Store } from "@aiwaf/core";

/** A session as it is stored: written once, so that no late write can bring one back that was ended. */
export interface StoredSession {
  readonly csrf: string;
  readonly since: number;
  readonly needsPassword: boolean;
}

/** A session that runs, and the name of its place in the store. */
export interface OpenSession extends StoredSession {
  readonly key: string;
}

/** How long sessions last, and how many there may be. */
export interface SessionLimits {
  readonly idleMs: number;
  readonly longestMs: number;
  readonly maxSessions: number;
}

export interface Sessions {
  /** Makes a session. The oldest ends when there are too many. */
  open(needsPassword: boolean, now: number): Promise<{ readonly id: string; readonly session: OpenSession }>;
  /** The session of that id, if it runs; notes that it is used. */
  find(id: string, now: number): Promise<OpenSession | undefined>;
  /** Whether a session still runs; does not note that it is used. */
  runs(key: string, now: number): Promise<boolean>;
  end(key: string): Promise<void>;
  /** Ends all of them. */
  endAll(now: number): Promise<void>;
}

const PREFIX = "console:session:";
/** When each was seen last, beside the sessions. */
const SEEN = "console:seen:";
/** Being seen is noted at most so often: a page that polls must not write with each request. */
const NOTED_EACH_MS = 60_000;
const ID = /^[\w-]{43}$/;

/** Sessions of one console, in that store. */
export function createSessions(store: Store, { idleMs, longestMs, maxSessions }: SessionLimits): Sessions {
  const keyOf = (id: string): string => PREFIX + createHash("sha256").update(id).digest("base64url");
  const seenKeyOf = (key: string): string => SEEN + key.slice(PREFIX.length);
  const see = (key: string, now: number) => store.set(seenKeyOf(key), JSON.stringify(now), idleMs, now);
  const end = async (key: string): Promise<void> => {
    await store.delete(key);
    await store.delete(seenKeyOf(key));
  };
  /** The session of that place, and when it was seen; `undefined` once it is over. */
  const running = async (key: string, now: number): Promise<{ readonly session: OpenSession; readonly seenAt: number } | undefined> => {
    const session = read(key, await store.get(key, now));
    if (session === undefined || now - session.since > longestMs) return undefined;
    const seenAt = Number(await store.get(seenKeyOf(key), now));
    // Beside the store's own clearing away, which may come late.
    return seenAt > 0 && now - seenAt <= idleMs ? { session, seenAt } : undefined;
  };
  const all = async (now: number): Promise<readonly OpenSession[]> => {
    const keys = await store.list(PREFIX, 1_000, now);
    const sessions = await Promise.all(keys.map(async (key) => read(key, await store.get(key, now))));
    return sessions.filter((one) => one !== undefined);
  };
  return {
    async open(needsPassword, now) {
      const open = [...(await all(now))].sort((one, other) => one.since - other.since);
      for (const { key } of open.slice(0, Math.max(0, open.length - maxSessions + 1))) await end(key);
      const id = randomBytes(32).toString("base64url");
      const key = keyOf(id);
      const session: StoredSession = { csrf: randomBytes(24).toString("base64url"), since: now, needsPassword };
      await see(key, now);
      await store.set(key, JSON.stringify(session), longestMs, now);
      return { id, session: { ...session, key } };
    },
    async find(id, now) {
      if (!ID.test(id)) return undefined;
      const key = keyOf(id);
      const found = await running(key, now);
      if (found !== undefined && now - found.seenAt > NOTED_EACH_MS) await see(key, now);
      return found?.session;
    },
    async runs(key, now) {
      return (await running(key, now)) !== undefined;
    },
    end,
    async endAll(now) {
      for (const key of await store.list(PREFIX, 1_000, now)) await end(key);
    },
  };
}

function read(key: string, text: string | undefined): OpenSession | undefined {
  try {
    const value = JSON.parse(text ?? "") as Partial<StoredSession> | null;
    const { csrf, since, needsPassword } = value ?? {};
    return typeof csrf === "string" && csrf.length >= 20 && typeof since === "number"
      ? { key, csrf, since, needsPassword: needsPassword !== false }
      : undefined;
  } catch {
    return undefined;
  }
}

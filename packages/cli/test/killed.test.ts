import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Store } from "@aiwaf/core";
import { addBans, addEntries, listBans, listEntries } from "@aiwaf/core/lists";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CLI, testFolder } from "./command.ts";
import { ENABLE_REDIS, hasRedis, type Place, redisPlace, sqlitePlace, startRedis } from "./places.ts";

const folder = testFolder();
afterAll(() => folder.remove());
let server: Awaited<ReturnType<typeof startRedis>> | undefined;
beforeAll(async () => {
  if (hasRedis) server = await startRedis();
});
afterAll(() => server?.stop());

const MANY = 1_500;
const WAITS_MS = [0, 5, 15, 40];
let round = 0;

async function fill(store: Store): Promise<void> {
  const now = Date.now();
  const names = Array.from({ length: MANY }, (_, index) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`);
  await addEntries(
    store,
    "block",
    names.map((name) => ({ name })),
    now,
  );
  await addEntries(
    store,
    "keyword",
    names.map((name) => ({ name: `word${name}` })),
    now,
  );
  const ban = { rule: "probes/scan" as const, since: now - 1, until: now + 3_600_000, strike: 2 };
  await addBans(
    store,
    names.slice(0, 200).map((client) => ({ client, ...ban })),
    now,
  );
}

const counts = (place: Place): Promise<readonly number[]> =>
  place.with(async (store) => {
    const now = Date.now();
    return [
      (await listEntries(store, "block", now)).length,
      (await listEntries(store, "keyword", now)).length,
      (await listBans(store, {}, now)).length,
    ];
  });

/** Starts the command, and kills it `waitMs` after `isUnderWay`, as a crash would, unless it has ended by then. */
async function kill(args: readonly string[], isUnderWay: () => boolean, waitMs: number): Promise<void> {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: "ignore" });
  const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  while (child.exitCode === null && !isUnderWay()) await pause(1);
  await pause(waitMs);
  child.kill("SIGKILL");
  return ended;
}

const OLD = [MANY, MANY, 200];
const NEW = [0, 0, 0];

describe.each([
  ["a SQLite file", () => sqlitePlace(folder.path), true],
  [hasRedis ? "a Redis server" : `a Redis server (${ENABLE_REDIS})`, () => redisPlace(server!.url), hasRedis],
] as readonly (readonly [string, () => Place, boolean])[])("kill -9 on %s", (_, open, isThere) => {
  test.skipIf(!isThere)(
    "leaves a reset undone or done, and the file restores all of what is gone",
    async () => {
      const place = open();
      await place.with(fill);
      for (const waitMs of WAITS_MS) {
        const undoFile = join(folder.path, `undo-${++round}.json`);
        await kill(["reset", "--confirm", "--undo-file", undoFile, ...place.flags], () => existsSync(undoFile), waitMs);
        const left = await counts(place);
        expect([OLD, NEW]).toContainEqual(left);
        if (left[0] !== 0) continue;
        // The way back is killed, too, and leaves all or nothing.
        const before = Date.now();
        await kill(["reset", "--undo", undoFile, ...place.flags], () => Date.now() > before + 100, waitMs);
        expect([OLD, NEW]).toContainEqual(await counts(place));
        if ((await counts(place))[0] === 0) await place.with(fill);
      }
    },
    300_000,
  );
});

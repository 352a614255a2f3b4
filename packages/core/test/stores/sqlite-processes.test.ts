import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sqliteStore } from "../../src/stores/sqlite.ts";
import { pause } from "../wait.ts";

const t0 = 1_700_000_000_000;
/** How often a writer is killed. More on demand: each takes about 0.2 s. */
const KILLS = Number(process.env["AIWAF_KILLS"] ?? 40);

const folder = mkdtempSync(join(tmpdir(), "aiwaf-sqlite-processes-"));
const program = join(folder, "child.mjs");
const running = new Set<ChildProcess>();

beforeAll(async () => {
  const entry = fileURLToPath(new URL("./sqlite.child.ts", import.meta.url));
  await build({ entryPoints: [entry], outfile: program, bundle: true, format: "esm", platform: "node" });
});

afterAll(() => {
  for (const child of running) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

interface Ended {
  readonly output: string;
  readonly errors: string;
  readonly code: number | null;
}

function start(...args: readonly string[]): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  return startAs({}, ...args);
}

function startAs(
  ids: { readonly uid?: number; readonly gid?: number },
  ...args: readonly string[]
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const child = spawn(process.execPath, ["--no-warnings", program, ...args], { stdio: ["ignore", "pipe", "pipe"], cwd: folder, ...ids });
  running.add(child);
  let output = "";
  let errors = "";
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (code) => {
      running.delete(child);
      resolve({ output, errors, code });
    });
  });
  return { child, ended };
}

/** Waits until the child has printed so many lines. */
function printed(child: ChildProcess, lines: number): Promise<void> {
  return new Promise((resolve) => {
    let seen = 0;
    child.stdout!.on("data", (text: string) => {
      seen += text.split("\n").length - 1;
      if (seen >= lines) resolve();
    });
  });
}

async function finished(run: { readonly ended: Promise<Ended> }): Promise<string> {
  const { output, errors, code } = await run.ended;
  if (code !== 0) throw new Error(`the process ended with ${code}: ${errors}`);
  return output;
}

test.each(["count", "windows"])(
  "two processes that count the same key 4,000 times each lose none, and no two see the same value (%s)",
  async (task) => {
    const path = join(folder, `${task}.db`);
    const outputs = await Promise.all(["a", "b"].map(() => finished(start(task, path, "4000", "rate::192.0.2.1:1"))));
    const values = outputs.flatMap((output) => JSON.parse(output) as number[]);
    expect(values).toHaveLength(8_000);
    expect(new Set(values).size).toBe(8_000);
    expect(Math.max(...values)).toBe(8_000);
    const store = sqliteStore({ path });
    expect([
      await store.increment("rate::192.0.2.1:1", 0, 1, t0),
      await store.incrementWindow?.("rate::192.0.2.1:1", 0, 3_600_000, t0),
    ]).toContainEqual(task === "count" ? { value: 8_000, expiresAt: t0 + 3_600_000 } : { current: 8_000, previous: 0 });
    store.close?.();
  },
);

test("six processes that make the same file at once all get to use it", async () => {
  for (let round = 0; round < 3; round++) {
    const path = join(folder, `made-${round}.db`);
    await Promise.all(Array.from({ length: 6 }, () => finished(start("open", path))));
    const database = new DatabaseSync(path);
    expect(database.prepare("SELECT value FROM counter WHERE key = 'opened'").get()?.["value"]).toBe(6);
    database.close();
  }
});

test(`a writer killed with SIGKILL ${KILLS} times loses no ban that it was told is stored`, async () => {
  const path = join(folder, "kill.db");
  let acknowledged = 0;
  for (let round = 0; round < KILLS; round++) {
    const { child, ended } = start("ban", path, `${round}`);
    await Promise.race([printed(child, 20), ended]);
    await pause(Math.random() * 40);
    child.kill("SIGKILL");
    const { output, errors, code } = await ended;
    expect([code, errors]).toEqual([null, ""]);
    // A line cut in half was printed after `set` returned, but does not say which ban it was.
    const lines = output.slice(0, output.lastIndexOf("\n")).split("\n");
    const database = new DatabaseSync(path);
    const stored = new Set(
      database
        .prepare("SELECT key FROM value WHERE key >= ? AND key < ?")
        .all(`ban:${round}:`, `ban:${round};`)
        .map(({ key }) => key),
    );
    expect(database.prepare("PRAGMA quick_check").get()).toEqual({ quick_check: "ok" });
    database.close();
    for (const line of lines) expect(stored).toContain(`ban:${round}:${line}`);
    acknowledged += lines.length;
  }
  // Otherwise the kills came too soon to show anything.
  expect(acknowledged).toBeGreaterThan(KILLS * 10);
}, 300_000);

test("while another process is stuck with the write lock one call waits for busyTimeoutMs, later ones do not, reads go on, and then all is well", () => {
  const path = join(folder, "locked.db");
  const store = sqliteStore({ path, busyTimeoutMs: 1_000 });
  store.increment("k", 1, 60_000, t0);
  store.set("ban:192.0.2.1", "1", 60_000, t0);
  const other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE; UPDATE counter SET value = 5 WHERE key = 'k'");
  const before = performance.now();
  expect(() => store.increment("k", 1, 60_000, t0)).toThrow(/locked/);
  const waitedMs = performance.now() - before;
  expect(waitedMs).toBeGreaterThanOrEqual(999);
  for (let i = 0; i < 50; i++) {
    expect(() => store.increment("k", 1, 60_000, t0)).toThrow(/locked/);
    expect(store.get("ban:192.0.2.1", t0)).toBe("1");
  }
  expect(() => store.set("ban:192.0.2.2", "1", 60_000, t0)).toThrow(/locked/);
  expect(() => store.delete("k")).toThrow(/locked/);
  // 52 waits would take 52 s.
  expect(performance.now() - before - waitedMs).toBeLessThan(26_000);
  expect(store.increment("k", 0, 1, t0)).toEqual({ value: 1, expiresAt: t0 + 60_000 });
  other.exec("COMMIT");
  other.close();
  expect(store.increment("k", 1, 60_000, t0)).toEqual({ value: 6, expiresAt: t0 + 60_000 });
  store.close?.();
});

test("a store that is not shared keeps every other process out, and says so", () => {
  const path = join(folder, "alone.db");
  const store = sqliteStore({ path, shared: false });
  expect(() => sqliteStore({ path })).toThrow(/^AIWAF_STORE_FILE: .*alone\.db.*another process holds it/);
  store.increment("k", 1, 60_000, t0);
  store.close?.();
  const next = sqliteStore({ path });
  expect(next.increment("k", 1, 60_000, t0)).toEqual({ value: 2, expiresAt: t0 + 60_000 });
  next.close?.();
});

test.skipIf(process.getuid === undefined)(
  "a file or a folder that may not be written to is refused at the start, with the reason",
  async () => {
    const closed = join(folder, "closed");
    mkdirSync(closed);
    const path = join(closed, "a.db");
    sqliteStore({ path }).close?.();
    chmodSync(folder, 0o755);
    chmodSync(closed, 0o555);
    chmodSync(path, 0o444);
    // Root may write anything, so another user tries.
    const ids = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    const [existing, missing] = await Promise.all([startAs(ids, "open", path).ended, startAs(ids, "open", join(closed, "new.db")).ended]);
    chmodSync(closed, 0o755);
    expect(existing.errors).toMatch(/AIWAF_STORE_FILE: .*closed\/a\.db": (?:this process may not write to it|it cannot be opened or made)/);
    expect(missing.errors).toMatch(/AIWAF_STORE_FILE: .*closed\/new\.db": it cannot be opened or made/);
    expect([existing.output, missing.output]).toEqual(["", ""]);
  },
);

test.skipIf(process.platform !== "linux")(
  "with no more room on the disk calls throw and count nothing they did not store, and go on by themselves when there is room again",
  async () => {
    const path = join(folder, "full.db");
    // A limit on the size of files stands in for a full disk: the system refuses the same writes. The soft one can be lifted again.
    const child = spawn("bash", ["-c", `ulimit -S -f 300; exec "$0" --no-warnings "$@"`, process.execPath, program, "try", path]);
    running.add(child);
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (text.includes("fails")) spawn("prlimit", ["--fsize=unlimited", `--pid=${child.pid}`]);
    });
    await new Promise((resolve) => child.on("close", resolve));
    running.delete(child);
    const said = output.trimEnd().split("\n");
    expect(said.map((line) => line.split(":")[0])).toEqual(["works", "fails", "works", '{"counted"']);
    const { counted } = JSON.parse(said.at(-1)!) as { counted: number };
    const database = new DatabaseSync(path);
    expect(database.prepare("SELECT count(*) AS n FROM counter").get()?.["n"]).toBe(counted);
    database.close();
  },
);

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { ENABLE_REDIS, provisionRedis, startRedis } from "./redis-server.ts";

const PROCESSES = 4;
const REQUESTS = 5_000;
const MAX = 1_000;

const worker = fileURLToPath(new URL("./limit-worker.ts", import.meta.url));

async function admitted(kind: string, where: string): Promise<void> {
  const args = ["--no-warnings", worker, kind, where, `${REQUESTS}`, `${MAX}`, `${Date.now()}`];
  const runs = await Promise.all(Array.from({ length: PROCESSES }, () => promisify(execFile)(process.execPath, args)));
  const counts = runs.map(({ stdout }) => JSON.parse(stdout) as { allowed: number; blocked: number; failed: number });
  const sum = (of: (count: (typeof counts)[number]) => number): number => counts.reduce((total, count) => total + of(count), 0);
  expect({ allowed: sum(({ allowed }) => allowed), blocked: sum(({ blocked }) => blocked), failed: sum(({ failed }) => failed) }).toEqual({
    allowed: MAX,
    blocked: PROCESSES * REQUESTS - MAX,
    failed: 0,
  });
}

test("four processes on one SQLite file, 20,000 requests of one client, a limit of 1,000: exactly 1,000 are allowed", async () => {
  const folder = mkdtempSync(join(tmpdir(), "aiwaf-limit-"));
  try {
    await admitted("sqlite", join(folder, "shared.db"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 120_000);

const hasRedis = provisionRedis();
test.skipIf(!hasRedis)(
  `four processes on one Redis, 20,000 requests of one client at once, a limit of 1,000: exactly 1,000 are allowed${hasRedis ? "" : ` (${ENABLE_REDIS})`}`,
  async () => {
    const server = await startRedis();
    try {
      await admitted("redis", `${server.port}`);
    } finally {
      await server.kill();
    }
  },
  120_000,
);

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

interface Counts {
  readonly allowed: number;
  readonly blocked: number;
  readonly failed: number;
}

async function count(kind: string, where: string, reserve = 1, atOnce = REQUESTS): Promise<Counts> {
  const args = ["--no-warnings", worker, kind, where, `${REQUESTS}`, `${MAX}`, `${Date.now()}`, `${reserve}`, `${atOnce}`];
  const runs = await Promise.all(Array.from({ length: PROCESSES }, () => promisify(execFile)(process.execPath, args)));
  const counts = runs.map(({ stdout }) => JSON.parse(stdout) as Counts);
  const sum = (of: (count: Counts) => number): number => counts.reduce((total, one) => total + of(one), 0);
  return { allowed: sum(({ allowed }) => allowed), blocked: sum(({ blocked }) => blocked), failed: sum(({ failed }) => failed) };
}

const EXACT: Counts = { allowed: MAX, blocked: PROCESSES * REQUESTS - MAX, failed: 0 };

test("four processes on one SQLite file, 20,000 requests of one client, a limit of 1,000: exactly 1,000 are allowed", async () => {
  const folder = mkdtempSync(join(tmpdir(), "aiwaf-limit-"));
  try {
    expect(await count("sqlite", join(folder, "shared.db"))).toEqual(EXACT);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 120_000);

const hasRedis = provisionRedis();
test.skipIf(!hasRedis)(
  `S2-179 S2-180 S5-037 D-56: four processes on one Redis, 20,000 requests of one client at once, a limit of 1,000: exactly 1,000 are allowed${hasRedis ? "" : ` (${ENABLE_REDIS})`}`,
  async () => {
    const server = await startRedis();
    try {
      expect(await count("redis", `${server.port}`)).toEqual(EXACT);
    } finally {
      await server.kill();
    }
  },
  120_000,
);

test.skipIf(!hasRedis).each([
  ["at once", REQUESTS],
  ["50 at a time", 50],
])(
  `local first, four processes on one Redis, 20,000 requests of one client %s, a limit of 1,000: none too many are allowed and at most a twentieth too few${hasRedis ? "" : ` (${ENABLE_REDIS})`}`,
  async (_, atOnce) => {
    const server = await startRedis();
    try {
      const counts = await count("redis", `${server.port}`, 5, atOnce);
      expect(counts.failed).toBe(0);
      expect(counts.allowed).toBeLessThanOrEqual(MAX);
      expect(counts.allowed).toBeGreaterThanOrEqual(MAX * 0.95);
    } finally {
      await server.kill();
    }
  },
  120_000,
);

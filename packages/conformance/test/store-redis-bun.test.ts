import { execFile, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { ENABLE_REDIS, provisionRedis, startRedis } from "./redis-server.ts";

const hasBun = spawnSync("bun", ["--version"]).status === 0;
const hasRedis = hasBun && provisionRedis();
const missing = hasBun ? (hasRedis ? "" : ` (${ENABLE_REDIS})`) : " (needs Bun: npm install --global bun)";

test.skipIf(!hasRedis)(
  `the Redis store passes the store suite inside Bun, on Bun's own client${missing}`,
  async () => {
    const server = await startRedis();
    try {
      const suite = fileURLToPath(new URL("./bun-suite.ts", import.meta.url));
      const { stdout } = await promisify(execFile)("bun", [suite, `${server.port}`]);
      const { passed, failed } = JSON.parse(stdout) as { passed: number; failed: string[] };
      expect(failed).toEqual([]);
      expect(passed).toBeGreaterThan(20);
    } finally {
      await server.kill();
    }
  },
  120_000,
);

import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: [
      "packages/*/test/**/*.test.ts",
      "sandbox/test/**/*.test.ts",
      "examples/*/test/**/*.test.ts",
      "scripts/**/*.test.ts",
      "bench/test/**/*.test.ts",
    ],
    // Two at least: most files wait for servers and browsers of their own half of the time, and nothing of them is timed.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Guards against hanging, not measures: on a busy machine with two cores honest tests have taken ten times as long as on an idle one.
    testTimeout: 120_000,
    hookTimeout: 240_000,
    expect: { poll: { timeout: 60_000, interval: 20 } },
  },
});

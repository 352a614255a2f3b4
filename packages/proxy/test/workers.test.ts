import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serveInWorkers } from "../src/workers.ts";
import { exchange, PATIENCE_MS, type Running, serve } from "./servers.ts";

const folder = mkdtempSync(join(tmpdir(), "aiwaf-workers-"));
const program = fileURLToPath(new URL("./workers.child.ts", import.meta.url));
const started = new Set<ChildProcess>();
let upstream: Running;

beforeAll(async () => {
  upstream = await serve((_, response) => response.end("hello"));
});
afterAll(async () => {
  for (const child of started) child.kill("SIGKILL");
  await upstream.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A program with workers, and what it prints. */
function start(...flags: readonly string[]): { readonly child: ChildProcess; said(pattern: RegExp): Promise<RegExpExecArray> } {
  const path = join(folder, `store-${started.size}.db`);
  const child = spawn(process.execPath, ["--no-warnings", program, "2", String(upstream.port), path, ...flags], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  started.add(child);
  let output = "";
  const listeners = new Set<() => void>();
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    for (const look of listeners) look();
  });
  return {
    child,
    said: (pattern) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = pattern.exec(output);
          if (found === null) return;
          listeners.delete(look);
          resolve(found);
        };
        listeners.add(look);
        look();
      }),
  };
}

const REQUEST = "GET / HTTP/1.1\r\nhost: a.example\r\nuser-agent: Mozilla/5.0\r\naccept: */*\r\nconnection: close\r\n\r\n";
const statusOf = async (port: number): Promise<number> => Number((await exchange(port, REQUEST)).slice(9, 12));

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe("workers on one port", () => {
  test(
    "share a limit through the store's file, are replaced when they are killed, and end together",
    async () => {
      const { child, said } = start();
      const port = Number((await said(/port (\d+)/))[1]);
      const pids = (await said(/pids (\d+) (\d+)/)).slice(1, 3).map(Number);

      const statuses: number[] = [];
      for (let batch = 0; batch < 10; batch++) statuses.push(...(await Promise.all(Array.from({ length: 8 }, () => statusOf(port)))));
      expect(statuses.filter((status) => status === 200)).toHaveLength(40);
      expect(statuses.filter((status) => status === 429)).toHaveLength(40);

      process.kill(pids[0] ?? 0, "SIGKILL");
      await said(/ended SIGKILL/);
      await said(/port \d+[\s\S]*port \d+[\s\S]*port \d+/);
      for (let count = 0; count < 4; count++) expect(await statusOf(port)).toBe(429);

      const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
      child.stdin?.end();
      await said(/closed/);
      expect(await exited).toBe(0);
      expect(pids.filter(isRunning)).toEqual([]);
    },
    2 * PATIENCE_MS,
  );

  test(
    "that cannot serve are not started for ever",
    async () => {
      const { child, said } = start("fail");
      const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
      await said(/failed: Workers end before they serve \(3\)/);
      expect(await exited).toBe(1);
    },
    2 * PATIENCE_MS,
  );

  test("are a whole number, and not too many", async () => {
    for (const workers of [0, 1.5, 257, Number.NaN]) {
      await expect(serveInWorkers({ workers, serve: () => Promise.reject(new Error("not called")) })).rejects.toThrow(/workers/);
    }
  });
});

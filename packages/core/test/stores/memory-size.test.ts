import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";

interface Measured {
  readonly everySeventhFound: boolean;
  readonly heldBytesPerClient: number;
  readonly residentBytesPerClient: number;
  readonly residentBytes: number;
}

const folder = mkdtempSync(join(tmpdir(), "aiwaf-memory-size-"));
const program = join(folder, "million-clients.mjs");

beforeAll(async () => {
  // Compiled first: Node's own type stripping would keep 30 MB in the process that is measured.
  await build({
    entryPoints: [fileURLToPath(new URL("./million-clients.child.ts", import.meta.url))],
    outfile: program,
    bundle: true,
    format: "esm",
    platform: "node",
  });
});

afterAll(() => rmSync(folder, { recursive: true }));

/** A process of its own, so that neither vitest nor the other tests are measured. */
function measure(family: "ipv4" | "ipv6", windows: number): Measured {
  return JSON.parse(execFileSync(process.execPath, ["--expose-gc", program, family, String(windows)], { encoding: "utf8" })) as Measured;
}

test.each(["ipv4", "ipv6"] as const)(
  "a million %s clients with a counter each take less than 100 bytes a client, and the process less than 128 MB",
  (family) => {
    const measured = measure(family, 1);
    expect(measured.everySeventhFound).toBe(true);
    expect(measured.heldBytesPerClient).toBeGreaterThan(24);
    expect(measured.heldBytesPerClient).toBeLessThan(64);
    expect(measured.residentBytesPerClient).toBeLessThan(100);
    expect(measured.residentBytes).toBeLessThan(128_000_000);
  },
);

test("a million clients seen in this window and the last one, two counters each, still take less than 100 bytes a client", () => {
  const measured = measure("ipv4", 2);
  expect(measured.everySeventhFound).toBe(true);
  // Not the resident size: beside the store's own bytes, it holds what the system's allocator keeps of the arrays that were outgrown.
  expect(measured.heldBytesPerClient).toBeLessThan(100);
});

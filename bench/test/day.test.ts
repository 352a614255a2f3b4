import { describe, expect, test } from "vitest";
import { broken } from "../day/promises.ts";
import { runDay } from "../day/run.ts";

describe("a day of a shop in virtual time", () => {
  test.each([7, 8])("D-27: keeps every promise to a thousand users and to whoever attacks them (seed %i)", async (seed) => {
    const report = await runDay({ seed, users: 1_000 });
    expect(broken(report)).toEqual([]);
    expect(report.honestRequests).toBeGreaterThan(40_000);
    expect(report.attackerBlocks.size).toBeGreaterThan(5);
    const editors = report.kinds.find(({ kind }) => kind === "editor");
    expect(editors?.actors).toBe(10);
  });
});

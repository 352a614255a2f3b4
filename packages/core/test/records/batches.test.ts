import { describe, expect, test } from "vitest";
import type { DecisionRecord } from "../../src/record.ts";
import { type BatchSettings, createRecordWriter } from "../../src/records/batches.ts";
import { pause, waitUntil } from "../wait.ts";
import { makeRecord } from "./record-of.ts";

const writerOf = (send: BatchSettings["send"], settings: Partial<BatchSettings> = {}) =>
  createRecordWriter({ batchRecords: 10, flushMs: 10, maxWaiting: 100, only: "all", send, ...settings });

const many = (count: number): DecisionRecord[] => Array.from({ length: count }, (_, index) => makeRecord({ id: `${index}` }));

describe("a writer of records", () => {
  test("sends what waits in batches, in order, soon after it came", async () => {
    const batches: string[][] = [];
    const writer = writerOf((records) => {
      batches.push(records.map(({ id }) => id));
      return 0;
    });
    for (const record of many(25)) writer.write(record);
    await waitUntil(() => batches.flat().length === 25, "all records");
    expect(batches.flat()).toEqual(many(25).map(({ id }) => id));
    expect(batches.every(({ length }) => length <= 10)).toBe(true);
    await waitUntil(() => writer.waiting === 0, "the end of the last batch");
  });

  test("keeps what could not be sent, drops the oldest beyond its bound with a count, and sends the rest when the receiver is back", async () => {
    let isAway = true;
    const got: string[] = [];
    const writer = writerOf(async (records) => {
      if (isAway) throw new Error("connection refused");
      got.push(...records.map(({ id }) => id));
      return 0;
    });
    for (const record of many(250)) writer.write(record);
    await writer.flush();
    expect(writer).toMatchObject({ waiting: 100, problem: "connection refused" });
    expect(writer.lost.failures).toBeGreaterThan(0);
    expect(writer.lost.records).toBe(150);
    isAway = false;
    await writer.flush();
    expect(got).toEqual(
      many(250)
        .slice(150)
        .map(({ id }) => id),
    );
    expect(writer.problem).toBeUndefined();
  });

  test("tries a receiver that is away less and less often", async () => {
    const triedAt: number[] = [];
    const writer = writerOf(
      () => {
        triedAt.push(performance.now());
        throw new Error("away");
      },
      { flushMs: 10 },
    );
    writer.write(makeRecord());
    await waitUntil(() => triedAt.length >= 5, "five tries");
    // A timer is late on a busy machine, never early but for its rounding.
    for (const [index, leastMs] of [20, 40, 80, 160].entries()) expect(triedAt[index + 1]! - triedAt[index]!).toBeGreaterThan(leastMs - 2);
    await writer.close();
  });

  test("has one batch under way, however slow the receiver is, and stays within its bound", async () => {
    let underWay = 0;
    let most = 0;
    const writer = writerOf(async () => {
      most = Math.max(most, ++underWay);
      await pause(5);
      underWay -= 1;
      return 0;
    });
    for (let round = 0; round < 20; round++) {
      for (const record of many(30)) writer.write(record);
      expect(writer.waiting).toBeLessThanOrEqual(100);
      await pause(1);
    }
    await writer.flush();
    expect(most).toBe(1);
  });

  test("counts what the receiver refused for good, and what comes after the end", async () => {
    const writer = writerOf((records) => records.length);
    for (const record of many(7)) writer.write(record);
    await writer.close();
    writer.write(makeRecord());
    expect(writer.lost).toEqual({ records: 8, failures: 0 });
  });

  test("gives up at its end what nobody takes, and ends", async () => {
    const writer = writerOf(() => {
      throw new Error("away");
    });
    for (const record of many(30)) writer.write(record);
    await writer.close();
    expect(writer.lost.records).toBe(30);
  });
});

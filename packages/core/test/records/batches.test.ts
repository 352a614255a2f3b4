import { describe, expect, test } from "vitest";
import type { DecisionRecord } from "../../src/record.ts";
import { type BatchSettings, createRecordWriter } from "../../src/records/batches.ts";
import { makeRecord } from "./record-of.ts";

const writerOf = (send: BatchSettings["send"], settings: Partial<BatchSettings> = {}) =>
  createRecordWriter({ batchRecords: 10, flushMs: 10, maxWaiting: 100, only: "all", send, ...settings });

const many = (count: number): DecisionRecord[] => Array.from({ length: count }, (_, index) => makeRecord({ id: `${index}` }));
const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe("a writer of records", () => {
  test("sends what waits in batches, in order, soon after it came", async () => {
    const batches: string[][] = [];
    const writer = writerOf((records) => {
      batches.push(records.map(({ id }) => id));
      return 0;
    });
    for (const record of many(25)) writer.write(record);
    await later(60);
    expect(batches.flat()).toEqual(many(25).map(({ id }) => id));
    expect(batches.every(({ length }) => length <= 10)).toBe(true);
    expect(writer.waiting).toBe(0);
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
    let tries = 0;
    const writer = writerOf(
      () => {
        tries += 1;
        throw new Error("away");
      },
      { flushMs: 10 },
    );
    writer.write(makeRecord());
    await later(400);
    // 10, 20, 40, 80, 160 ms apart.
    expect(tries).toBeGreaterThanOrEqual(3);
    expect(tries).toBeLessThanOrEqual(6);
    await writer.close();
  });

  test("has one batch under way, however slow the receiver is, and stays within its bound", async () => {
    let underWay = 0;
    let most = 0;
    const writer = writerOf(async () => {
      most = Math.max(most, ++underWay);
      await later(5);
      underWay -= 1;
      return 0;
    });
    for (let round = 0; round < 20; round++) {
      for (const record of many(30)) writer.write(record);
      expect(writer.waiting).toBeLessThanOrEqual(100);
      await later(1);
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

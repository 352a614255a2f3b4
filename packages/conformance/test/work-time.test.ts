import { expect, test } from "vitest";
import { nonlinearity, type WorkTime } from "../src/work-time.ts";

const SIZES = [4_096, 65_536, 1_048_576];

/** Work that takes `cost` of the processor; on the calls that `isDisturbed` picks, others have their turn for `othersMs` meanwhile. */
function work(cost: (bytes: number) => number, othersMs = 0, isDisturbed: (call: number) => boolean = () => false) {
  let calls = 0;
  const time = async (bytes: number): Promise<WorkTime> => {
    calls += 1;
    const processorMs = cost(bytes);
    return { processorMs, clockMs: processorMs + (isDisturbed(calls) ? othersMs : 0) };
  };
  return { time, calls: () => calls };
}

test("linear work is linear, slow or fast", async () => {
  for (const msPerByte of [1e-7, 1e-5, 1e-3]) expect(await nonlinearity(work((bytes) => bytes * msPerByte).time, SIZES)).toBeUndefined();
});

test("n log n passes, n² and n^1.5 do not", async () => {
  expect(await nonlinearity(work((bytes) => bytes * Math.log2(bytes) * 1e-5).time, SIZES)).toBeUndefined();
  expect(await nonlinearity(work((bytes) => bytes ** 2 * 1e-9).time, SIZES)).toMatch(
    /1048576 bytes take 1099.5 ms, 256 times as long as 65536 bytes/,
  );
  expect(await nonlinearity(work((bytes) => bytes ** 1.5 * 1e-6).time, SIZES)).toMatch(/64 times as long/);
});

test("a machine that gives others their turn, at times or at every time, is not mistaken for slow code", async () => {
  for (const msPerByte of [1e-8, 1e-5, 1e-3]) {
    for (const every of [1, 2, 5, 7]) {
      const disturbed = work(
        (bytes) => bytes * msPerByte,
        5_000,
        (call) => call % every === 0,
      );
      expect(await nonlinearity(disturbed.time, SIZES)).toBeUndefined();
    }
  }
});

test("a processor time in whole ticks of 10 ms is precise enough, and slow collectors now and then are forgiven", async () => {
  const ticks = async (bytes: number): Promise<WorkTime> => ({ clockMs: bytes * 3e-4, processorMs: Math.ceil((bytes * 3e-4) / 10) * 10 });
  expect(await nonlinearity(ticks, SIZES)).toBeUndefined();
  let calls = 0;
  const collected = async (bytes: number): Promise<WorkTime> => {
    const processorMs = bytes * 3e-5 + (++calls % 3 === 0 && calls < 15 ? 400 : 0);
    return { clockMs: processorMs, processorMs };
  };
  expect(await nonlinearity(collected, SIZES)).toBeUndefined();
});

test("quadratic work is told on a machine that is busy all the time, too", async () => {
  const disturbed = work(
    (bytes) => bytes ** 2 * 1e-8,
    100,
    () => true,
  );
  expect(await nonlinearity(disturbed.time, SIZES)).toMatch(/1048576 bytes take 10995.1 ms/);
});

test("what explodes is told while it is small", async () => {
  const exploding = work((bytes) => bytes ** 2 * 1e-6);
  expect(await nonlinearity(exploding.time, SIZES)).toMatch(/65536 bytes take 4295.0 ms/);
  expect(exploding.calls()).toBe(3);
});

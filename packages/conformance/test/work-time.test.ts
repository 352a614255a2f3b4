import { expect, test } from "vitest";
import { nonlinearity } from "../src/work-time.ts";

const SIZES = [4_096, 65_536, 1_048_576];

/** Work whose time is `cost`, and `extraMs` more on the calls that `isDisturbed` picks. */
function work(cost: (bytes: number) => number, extraMs = 0, isDisturbed: (call: number) => boolean = () => false) {
  let calls = 0;
  const timeMs = async (bytes: number): Promise<number> => {
    calls += 1;
    return cost(bytes) + (isDisturbed(calls) ? extraMs : 0);
  };
  return { timeMs, calls: () => calls };
}

test("linear work is linear, slow or fast", async () => {
  for (const msPerByte of [1e-7, 1e-5, 1e-3]) expect(await nonlinearity(work((bytes) => bytes * msPerByte).timeMs, SIZES)).toBeUndefined();
});

test("n log n passes, n² and n^1.5 do not", async () => {
  expect(await nonlinearity(work((bytes) => bytes * Math.log2(bytes) * 1e-5).timeMs, SIZES)).toBeUndefined();
  expect(await nonlinearity(work((bytes) => bytes ** 2 * 1e-9).timeMs, SIZES)).toMatch(
    /1048576 bytes take 1099.5 ms, 256 times as long as 65536 bytes/,
  );
  expect(await nonlinearity(work((bytes) => bytes ** 1.5 * 1e-6).timeMs, SIZES)).toMatch(/64 times as long/);
});

test("a machine that now and then gives another process its turn is not mistaken for slow code", async () => {
  for (const every of [2, 5, 7]) {
    expect(
      await nonlinearity(
        work(
          (bytes) => bytes * 1e-8,
          200,
          (call) => call % every === 0,
        ).timeMs,
        SIZES,
      ),
    ).toBeUndefined();
  }
});

test("what explodes is told while it is small", async () => {
  const exploding = work((bytes) => bytes ** 2 * 1e-6);
  expect(await nonlinearity(exploding.timeMs, SIZES)).toMatch(/65536 bytes take 4295.0 ms/);
  expect(exploding.calls()).toBe(3);
});

import { describe, expect, it } from "vitest";
import { averagePathLength, halfPower } from "../../src/model/exact-math.ts";

describe("averagePathLength", () => {
  it("has the known values of c(n)", () => {
    expect(averagePathLength(0)).toBe(0);
    expect(averagePathLength(1)).toBe(0);
    expect(averagePathLength(2)).toBe(1);
    const known = { 3: 1.207392, 4: 1.851656, 8: 3.296252, 16: 4.695532, 32: 6.084906, 64: 7.471951, 128: 8.858431, 256: 10.244771 };
    for (const [size, length] of Object.entries(known)) expect(averagePathLength(Number(size))).toBeCloseTo(length, 6);
  });

  it("agrees with Math.log to the last few bits, looked up or computed", () => {
    for (const size of [5, 100, 1023, 1024, 1025, 99_999, 2 ** 31]) {
      const direct = 2 * (Math.log(size - 1) + 0.5772156649) - (2 * (size - 1)) / size;
      expect(Math.abs(averagePathLength(size) / direct - 1)).toBeLessThan(1e-15);
    }
  });
});

describe("halfPower", () => {
  it("agrees with the ** operator to the last few bits", () => {
    for (let exponent = 0; exponent < 60; exponent += 0.0371) expect(Math.abs(halfPower(exponent) * 2 ** exponent - 1)).toBeLessThan(2e-15);
  });

  it("is exact for whole exponents and 0 beyond what a number can hold", () => {
    for (const exponent of [0, 1, 2, 10, 52]) expect(halfPower(exponent)).toBe(1 / 2 ** exponent);
    expect(halfPower(5000)).toBe(0);
    expect(halfPower(Number.POSITIVE_INFINITY)).toBe(0);
  });
});

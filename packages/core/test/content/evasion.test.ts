import { describe, expect, test } from "vitest";
import { cells, ENCODINGS, PLACES, wronglyBlocked } from "../../tools/evasion-matrix.ts";

describe("evasions", () => {
  test("there are at least thirty encodings and twenty places", () => {
    expect(Object.keys(ENCODINGS).length).toBeGreaterThanOrEqual(30);
    expect(Object.keys(PLACES).length).toBeGreaterThanOrEqual(20);
  });

  const all = cells();
  test.each([...new Set(all.map((cell) => cell.family))])("%s is blocked in 97 of 100 encodings and places", (family) => {
    const own = all.filter((cell) => cell.family === family);
    const tried = own.reduce((sum, cell) => sum + cell.tried, 0);
    const missed = own.flatMap((cell) => cell.missed.map((text) => `${cell.name}: ${text}`));
    expect(missed.length / tried, missed.slice(0, 20).join("\n")).toBeLessThanOrEqual(0.03);
  });
  test.each([...new Set(all.map((cell) => cell.name))])("97 of 100 payloads are blocked with %s", (name) => {
    const own = all.filter((cell) => cell.name === name);
    const tried = own.reduce((sum, cell) => sum + cell.tried, 0);
    const missed = own.flatMap((cell) => cell.missed.map((text) => `${cell.family}: ${text}`));
    expect(missed.length / tried, missed.join("\n")).toBeLessThanOrEqual(0.03);
  });

  test("benign texts pass in the same encodings and places", () => {
    expect(wronglyBlocked()).toEqual([]);
  });
});

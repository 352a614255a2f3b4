import { describe, expect, test } from "vitest";
import { createCandidates, networkOf } from "../../src/behaviour/candidates.ts";
import { isValueLike, wordsOf } from "../../src/behaviour/path-words.ts";

const T0 = 1_700_000_000_000;
const HOUR = 3_600_000;
const make = (maxWords = 100) => createCandidates({ maxWords, minNetworks: 3, halfLifeMs: HOUR });

describe("words on probation", () => {
  test("are confirmed by different networks, not by one that repeats", () => {
    const candidates = make();
    for (let count = 0; count < 1_000; count++) expect(candidates.note("word", "10.0", T0).confirmedAt).toBeUndefined();
    candidates.note("word", "10.1", T0 + 1);
    expect(candidates.note("word", "10.2", T0 + 2).confirmedAt).toBe(T0 + 2);
    expect(candidates.note("word", "10.3", T0 + 9).confirmedAt).toBe(T0 + 2);
  });

  test("fade by half each half-life and start again once forgotten", () => {
    const candidates = make();
    for (const network of ["a", "b", "c"]) candidates.note("word", network, T0);
    expect(candidates.get("word", T0 + HOUR)?.count).toBeCloseTo(1.5);
    expect(candidates.get("word", T0 + 3 * HOUR)).toBeUndefined();
    expect(candidates.note("word", "a", T0 + 9 * HOUR)).toMatchObject({ count: 1, confirmedAt: undefined });
  });

  test("full of words, keep those of several networks against a flood from one", () => {
    const candidates = make(100);
    for (const network of ["a", "b", "c"]) candidates.note("kept", network, T0);
    for (let index = 0; index < 10_000; index++) candidates.note(`flood${index}`, "z", T0);
    expect(candidates.size).toBe(100);
    expect(candidates.get("kept", T0)?.confirmedAt).toBe(T0);
  });
});

test("a network is an IPv4 /16 or an IPv6 /32", () => {
  expect(["192.0.2.1", "2001:db8:1:2::/64", ""].map(networkOf)).toEqual(["192.0", "2001:db8", ""]);
});

describe("the words of a path", () => {
  test("are runs of word characters, 4 to 32 long, in lower case, and no numbers", () => {
    expect(wordsOf("/wp-content/Setup.PHP/a/1234/x_y_z/%2e")).toEqual(["content", "setup", "x_y_z"]);
    expect(wordsOf(`/${"a".repeat(33)}/${"b".repeat(32)}/caf\u00e9s`)).toEqual(["b".repeat(32), "caf\u00e9s"]);
    expect(wordsOf("")).toEqual([]);
    expect(wordsOf("/word".repeat(1_000_000))).toHaveLength(16);
  });

  test("are told from values", () => {
    expect(["deadbeef", "a1b2c3d4", "session4711x20"].map(isValueLike)).toEqual([true, true, true]);
    expect(["filemonger", "phase2", "shell", "web2print"].map(isValueLike)).toEqual([false, false, false, false]);
  });
});

import { createWaf, isThenable } from "@aiwaf/core";
import { memoryStore } from "@aiwaf/core/stores/memory";
import { expect, test } from "vitest";
import { randomRequests } from "../src/random-requests.ts";

const textOf = (seed: number, count: number): string[] =>
  [...randomRequests(seed, count)].map(({ method, target, peer }) => `${method} ${target} ${peer}`);

test("the same seed gives the same requests, another seed others", () => {
  expect(textOf(1, 5_000)).toEqual(textOf(1, 5_000));
  expect(textOf(1, 500)).not.toEqual(textOf(2, 500));
});

test("a longer run begins like a shorter one, so that a failure can be cut down", () => {
  expect(textOf(3, 5_000).slice(0, 1_000)).toEqual(textOf(3, 1_000));
});

test("requests differ, and every kind of hostility occurs", async () => {
  const requests = [...randomRequests(4, 20_000)];
  expect(new Set(requests.map(({ target }) => target)).size).toBeGreaterThan(10_000);
  expect(requests.some(({ brokenHeaders }) => brokenHeaders)).toBe(true);
  expect(requests.some(({ brokenBody }) => brokenBody)).toBe(true);
  expect(requests.some(({ target }) => target.length > 10_000)).toBe(true);
  expect(requests.some(({ target }) => target === "")).toBe(true);
  expect(requests.some(({ peer }) => peer === undefined)).toBe(true);
  const answers = await Promise.all(
    requests
      .filter(({ brokenBody }) => !brokenBody)
      .slice(0, 2_000)
      .map(({ readBody }) => readBody?.(100, new AbortController().signal)),
  );
  expect(answers.some((body) => body === undefined)).toBe(true);
  expect(answers.some((body) => body?.complete === false)).toBe(true);
  expect(answers.every((body) => body === undefined || body.bytes.length <= 100)).toBe(true);
});

test("headers that throw do so, the others never", () => {
  const reads = (request: { headers: Iterable<unknown> & { get(name: string): unknown } }): boolean => {
    try {
      request.headers.get("host");
      for (const line of request.headers) void line;
      return true;
    } catch {
      return false;
    }
  };
  for (const request of randomRequests(5, 5_000)) expect(reads(request)).toBe(!request.brokenHeaders);
});

test("a firewall without detectors answers every generated request", async () => {
  const waf = createWaf({ detectors: [], store: memoryStore() });
  for (const request of randomRequests(6, 20_000)) {
    const answer = waf.inspect(request);
    const decision = isThenable(answer) ? await answer : answer;
    expect(decision.action).toBe("allow");
  }
});

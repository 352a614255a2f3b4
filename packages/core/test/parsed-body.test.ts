import { describe, expect, test } from "vitest";
import { encodeParsed } from "../src/parsed-body.ts";

const text = (value: unknown, limit = 10_000): string => new TextDecoder().decode(encodeParsed(value, limit).bytes);

describe("a body that a parser has read before us", () => {
  test("text and binary come back as they were", () => {
    expect(encodeParsed("plain é", 100)).toEqual({ bytes: new TextEncoder().encode("plain é"), complete: true });
    expect(encodeParsed(Buffer.from([0, 255, 7]), 100)).toEqual({ bytes: new Uint8Array([0, 255, 7]), complete: true });
  });

  test("anything else comes back as the JSON that JSON.stringify would write", () => {
    const nested = { q: "' OR 1=1 --", list: [1, -2.5, true, null, "\u0000\ud800 é"], deep: { a: { b: [] } }, empty: {} };
    for (const value of [nested, [nested, nested], 5, true, null, "", [], {}]) {
      if (typeof value === "string") continue;
      expect(text(value)).toBe(JSON.stringify(value));
      expect(encodeParsed(value, 10_000).complete).toBe(true);
    }
    expect(text(Object.assign(Object.create(null), { a: "1" }))).toBe('{"a":"1"}');
  });

  test("every value is cut at the limit and says so, for every limit", () => {
    const value = { name: "aé漢😀".repeat(8), list: [1, { deeper: "x".repeat(40) }], tail: true };
    const whole = new TextEncoder().encode(JSON.stringify(value));
    for (let limit = 0; limit <= whole.byteLength + 3; limit++) {
      const { bytes, complete } = encodeParsed(value, limit);
      expect(bytes.byteLength).toBeLessThanOrEqual(limit);
      // A character that does not fit whole is left out: at most three bytes are missing.
      expect(bytes.byteLength).toBeGreaterThan(Math.min(limit, whole.byteLength) - 4);
      expect(bytes).toEqual(whole.slice(0, bytes.byteLength));
      expect(complete).toBe(limit >= whole.byteLength);
    }
    for (let limit = 0; limit < 12; limit++) {
      expect(encodeParsed("aé漢😀", limit).complete).toBe(limit >= 10);
      expect(encodeParsed(Buffer.from("aé漢😀"), limit).complete).toBe(limit >= 10);
    }
  });

  test("binary inside an object is read as text, and says when it was cut", () => {
    expect(text({ file: Buffer.from("<script>") })).toBe('{"file":"<script>"}');
    expect(encodeParsed({ file: Buffer.from("漢".repeat(100)) }, 150).complete).toBe(false);
  });

  test("cycles, throwing getters, proxies and endless depth end in an incomplete body", () => {
    const cyclic: Record<string, unknown> = { q: "seen" };
    cyclic["self"] = cyclic;
    expect(encodeParsed(cyclic, 10_000).complete).toBe(false);
    expect(text(cyclic)).toBe('{"q":"seen","self":null}');

    const throwing = {
      q: "seen",
      get bad(): never {
        throw new Error("hostile");
      },
    };
    expect(text(throwing)).toContain('"q":"seen"');
    expect(encodeParsed(throwing, 10_000).complete).toBe(false);

    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    expect(encodeParsed({ q: "seen", revoked: revoked.proxy }, 10_000).complete).toBe(false);

    let deep: unknown = "needle";
    for (let level = 0; level < 100_000; level++) deep = [deep];
    expect(encodeParsed(deep, 1_000)).toMatchObject({ complete: false });
    expect(text(deep, 1_000_000)).toContain("needle");
  });

  test("a value shared by two fields is no cycle", () => {
    const shared = { a: 1 };
    expect(encodeParsed({ x: shared, y: shared }, 1_000)).toEqual({
      bytes: new TextEncoder().encode('{"x":{"a":1},"y":{"a":1}}'),
      complete: true,
    });
  });

  test("toJSON of a hostile body is not called", () => {
    expect(text({ toJSON: () => "hidden", q: "seen" })).toContain('"q":"seen"');
  });

  test("a huge parsed body costs no more than the limit", () => {
    let reads = 0;
    const list = new Proxy(new Array(50_000_000), {
      get(target, key) {
        reads += 1;
        return Reflect.get(target, key);
      },
      has(target, key) {
        reads += 1;
        return Reflect.has(target, key);
      },
    });
    const text = "x".repeat(50_000_000);
    for (const huge of [{ list, text }, { text }, text]) expect(encodeParsed(huge, 1_000).bytes.byteLength).toBe(1_000);
    expect(reads).toBeLessThan(2_000);
  });
});

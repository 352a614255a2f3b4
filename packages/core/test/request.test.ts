import { describe, expect, test } from "vitest";
import { pathReadings, readTarget } from "../src/request.ts";

describe("a request target", () => {
  const cases: readonly (readonly [target: string, path: string, query: string, canonical: boolean])[] = [
    ["/", "/", "", true],
    ["/a/b?x=1", "/a/b", "x=1", true],
    ["/a/b/", "/a/b/", "", true],
    ["/a?b?c", "/a", "b?c", true],
    ["/caf%C3%A9/%F0%9F%98%80", "/café/😀", "", true],
    ["/a%20b", "/a b", "", true],
    ["/Admin", "/Admin", "", true],
    ["*", "/", "", true],
    ["/a/%2e%2e/b", "/b", "", false],
    ["/a/../../b", "/b", "", false],
    ["/a/.", "/a/", "", false],
    ["/a//b", "/a/b", "", false],
    ["//evil.example/admin", "/evil.example/admin", "", false],
    ["/a\\b", "/a/b", "", false],
    ["/a%5cb", "/a/b", "", false],
    ["/a%2fb", "/a/b", "", false],
    ["/a%252fb", "/a%2fb", "", false],
    ["/%61dmin", "/admin", "", false],
    ["/a;v=1/b", "/a;v=1/b", "", false],
    ["/a%00.png", "/a\0.png", "", false],
    ["/%c0%ae%c0%ae/etc", "/etc", "", false],
    ["/%e0%80%af", "/", "", false],
    ["/%ff%fe", "/\ufffd\ufffd", "", false],
    ["/%zz%4", "/%zz%4", "", false],
    ["/a#b?c", "/a", "c", false],
    ["http://host:80/x?y", "/x", "y", false],
    ["http://host", "/", "", false],
    ["http://host?q", "/", "q", false],
    ["host:443", "/host:443", "", false],
    ["", "/", "", false],
    ["?q", "/", "q", false],
  ];
  test.each(cases)("%s reads as %s", (target, path, query, canonical) => {
    expect(readTarget(target)).toMatchObject({ path, query, canonical });
  });

  test("reads 200,000 random byte strings without a throw, into a path that starts with a slash and has no dot segment", () => {
    const random = seeded(7);
    const parts = [
      "/",
      "//",
      "..",
      ".",
      "%2e",
      "%2F",
      "%5c",
      "\\",
      ";",
      "%",
      "%25",
      "%c0%af",
      "%e2%82",
      "?",
      "#",
      "a",
      "Z",
      "\0",
      "%00",
      "é",
      "\ud83d",
      "http://",
      "*",
      " ",
    ];
    for (let round = 0; round < 200_000; round++) {
      let target = "";
      for (let count = random() * 8; count > 0; count--)
        target += random() < 0.2 ? String.fromCharCode(random() * 256) : parts[Math.floor(random() * parts.length)]!;
      const { path, query } = readTarget(target);
      if (!path.startsWith("/") || /\/\.{1,2}(?:\/|$)/.test(path) || path.includes("//"))
        throw new Error(`${JSON.stringify(target)} gave ${JSON.stringify(path)}`);
      expect(typeof query).toBe("string");
    }
  });

  test("of plain characters, which is read in one walk, reads as the same target in absolute form, which is not", () => {
    const random = seeded(11);
    const parts = [
      "/",
      "/",
      ".",
      "..",
      ".well-known",
      "a",
      "Z9",
      "-_~",
      "@:!$&'()*+,=",
      '[]|^`{}"<>',
      " ",
      "?",
      "x=1",
      "%41",
      ";",
      "#",
      "\\",
      "\x7f",
      "é",
    ];
    let plain = 0;
    for (let round = 0; round < 100_000; round++) {
      let target = "/";
      for (let count = random() * 8; count > 0; count--) target += parts[Math.floor(random() * parts.length)]!;
      const { canonical, ...read } = readTarget(target);
      const { canonical: _, ...absolute } = readTarget(`http://host${target}`);
      if (JSON.stringify(read) !== JSON.stringify(absolute)) throw new Error(`${target}: ${JSON.stringify([read, absolute])}`);
      const path = target.split("?")[0]!;
      if (!/[%;#\\\x7fé]|\/\/|\/\.{1,2}(?:\/|$)/.test(path)) {
        expect(canonical, target).toBe(true);
        plain++;
      } else if (/[;#\\\x7fé]|\/\/|\/\.{1,2}(?:\/|$)/.test(path)) expect(canonical, target).toBe(false);
    }
    expect(plain).toBeGreaterThan(20_000);
  });

  test("takes time linear in its length", () => {
    // At 4 MiB the square of the length would be hours.
    for (const unit of ["/../", "%2e%2e/", "%c0%af", "%", ";a/", "//", "\\", "é"])
      expect(readTarget(unit.repeat(4_194_304 / unit.length)).path, unit).toMatch(/^\//);
  });
});

describe("the readings of an ambiguous path", () => {
  const holds = (raw: string, ...expected: string[]): void =>
    expect([...(pathReadings(raw) ?? [])]).toEqual(expect.arrayContaining([raw, ...expected]));

  test("hold every way a router could see it", () => {
    holds("/a/%2e%2e/admin", "/a/../admin", "/admin");
    holds("/a%2fadmin", "/a/admin");
    holds("/%252561dmin", "/%2561dmin", "/%61dmin", "/admin");
    holds("//host/admin", "/admin", "/host/admin");
    holds("/\\host/admin", "/admin", "/host/admin");
    holds("/admin;x=/b", "/admin/b");
    holds("/admin%00.css", "/admin");
    holds("/admin%3f/b", "/admin");
    holds("/ad\tmin", "/admin");
    holds("/a//../admin", "/a/admin", "/admin");
    holds("/%c0%afadmin", "//admin", "/admin");
  });

  test("are too many to list for whoever combines them all", () => {
    expect(pathReadings("//a/%252f..;b\\c/./%2e%2e/%5c;d=1//e%00f#g?h/;i/..//j")).toBeUndefined();
    expect(pathReadings(`/${"a%2f".repeat(1000)}`)).toBeUndefined();
  });
});

/** A small seeded generator (mulberry32), 0 to 1. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { aiwafHere } from "./command.ts";

test("the README's first request is one that is read and blocked, with the reason: it once had a blank in its path", async () => {
  const readme = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");
  const [, request = ""] = /^npx aiwaf score "([^"]+)"/m.exec(readme) ?? [];
  const { code, out, err } = await aiwafHere(["score", request]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toMatch(/^BLOCK {2}403 {2}sql\/\w+/);
});

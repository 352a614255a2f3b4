import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const page = readFileSync(new URL("../../../docs/stores.md", import.meta.url), "utf8");
const source = readFileSync(new URL("./redis-recipes.ts", import.meta.url), "utf8");

/** The text between the marks, moved to the left edge, without the punctuation that belongs to where it stands. */
const recipes = [...source.matchAll(/^ *\/\/ recipe: (.+)\n([\s\S]*?)\n *\/\/ end$/gm)].map(([, name = "", body = ""]) => {
  const indent = /^ */.exec(body)![0];
  return { name, text: body.replaceAll(`\n${indent}`, "\n").slice(indent.length).replace(/[,;]$/, "") };
});

test("there is a recipe for each client", () => {
  expect(recipes.map(({ name }) => name)).toEqual([
    "ioredis client",
    "node-redis client",
    "ioredis",
    "ioredis cluster",
    "node-redis",
    "node-redis cluster",
    "Bun",
    "REST",
  ]);
});

test.each(recipes)("docs/stores.md shows the recipe for $name as the tests run it", ({ text }) => {
  expect(page).toContain(text);
});

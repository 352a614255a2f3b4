import { expect, test } from "vitest";
import { readValue } from "../../src/content/carried-text.ts";
import { LEXED, TEXT } from "../../src/content/prose.ts";
import { inspect, score } from "./inspect.ts";

test.each([
  "We moved the garden bench twice this spring, and it still wobbles.",
  "The left leg is short by about a thumb's width; we put a tile under it.",
  'My neighbour said: "take the oak one", so I did (and paid 40 more).',
  "C'est l'idée de ma sœur: la peindre en bleu – puis la mettre sous le tilleul !",
  "Was kostet das? 5% mehr als 2023, also $40 & ein Trinkgeld.",
  "Dear all,\r\n\r\nplease find the dates below.\r\n- 12/05/2026\r\n- 14/05/2026\r\n\r\nKind regards",
  "Мы переехали весной; скамейка всё ещё шатается.",
  "春に二回動かした。まだ揺れる",
])("sentences are told from code: %s", (text) => {
  expect(readValue(text, "plain")).not.toBe(LEXED);
});

test.each([
  ["a quote that ends a string", "x' or 1 like 1"],
  ["a quote between words of SQL", "a'or true or'a"],
  ["a quote that closes before one was opened", 'y" or true or "z'],
  ["words of SQL behind a quote that opens", 'y "or true or" z'],
  ["a bracket behind a name", "sleep(5) and more words"],
  ["a bracket that closes what nothing opened", "x) or true or (x"],
  ["a statement in brackets", "x (select a from b) y"],
  ["a command behind a semicolon", "a picture; id"],
  ["a command with an argument behind a semicolon", "a picture; wget example.org"],
  ["a statement behind a semicolon", "a picture; drop table legs"],
  ["a command behind an ampersand", "a picture & whoami"],
  ["a command on a line of its own", "a picture\nwhoami"],
  ["a field of a header on a line of its own", "a picture\r\nSet-Cookie: a"],
  ["a command behind many blanks", `a picture;${" ".repeat(40)}id`],
  ["a command behind empty lines", "a picture\n\n\n\nwhoami"],
  ["an option", "the bench's -rf is old"],
  ["a command and its argument", "nohup ifconfig!"],
  ["a tag", "the <b> is bold"],
  ["a mark of a template", "the {{name}} is bold"],
  ["a step up", "look into ../list"],
  ["an address", "see https://example.org"],
  ["an equals sign", "a = b"],
  ["an escape", "the %41 is a letter"],
  ["a backtick", "the `id` is a number"],
])("%s is no sentence", (_, text) => {
  expect(readValue(text, "plain")).toBe(LEXED);
});

test("a second line is no prose where one line is expected", () => {
  expect(readValue("first\nsecond", "plain") & TEXT.lines).not.toBe(0);
  expect(score(inspect({ target: "/go?next=first%0D%0Asecond%20line%20of%20words" }))).toBeGreaterThanOrEqual(100);
});

test("what is handed to programs is read by the lexers, whatever it looks like", () => {
  expect(score(inspect({ target: "/check?host=example.org%20%26%20touch" }))).toBeGreaterThanOrEqual(100);
});

test("an attack behind pages of prose is found", () => {
  const pages = "We moved the garden bench twice this spring; it still wobbles (the left leg is short). ".repeat(300);
  expect(score(inspect({ type: "application/json", body: JSON.stringify({ text: pages }) }))).toBe(0);
  expect(
    score(inspect({ type: "application/json", body: JSON.stringify({ text: `${pages}<script>run(1)</script>` }) })),
  ).toBeGreaterThanOrEqual(100);
});

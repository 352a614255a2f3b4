import { expect, test } from "vitest";
import { readValue } from "../../src/content/carried-text.ts";
import { LEXED } from "../../src/content/prose.ts";
import * as TEXT from "../../src/content/text-kinds.ts";
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

const LONG =
  "We moved the garden bench twice this spring, and it still wobbles. The left leg is short by a bit; we put a tile under it, which held for a week or so, and then it did not hold any more.";

test.each([
  ["an apostrophe that ends a word", "The painters' own brush was not ours."],
  ["words in single quotes", "He called it 'the oak one', and so do we."],
  ["an address", "It is at https://shop.example/benches/oak-17?size=2&page=3 since May."],
  ["a time and a number in brackets", "We met at 8:30 (2 of us)."],
  ["a slash between words", "Take it and/or leave it."],
  ["two dashes between words", "It rained -- all day -- and nobody came."],
  ["a list, a heading and a quotation", "What we need:\n* a tile\n* an oak leg\n# Later\n> who said that"],
  ["names and labels", "Thanks to @anna for #bench and #3."],
  ["an apostrophe at which it was cut", "It is the idea of l'"],
  ["a quotation mark at which it was cut", 'And then my neighbour said: "'],
])("a long text may have %s", (_, text) => {
  expect(readValue(`${LONG} ${text}`, "plain")).not.toBe(LEXED);
  expect(readValue(JSON.stringify(`${LONG} ${text}`).slice(1, -1), "json")).not.toBe(LEXED);
});

test.each([
  "the users' or 1 like 1",
  "the users' union all",
  "the users' -- and so on",
  "the users'; and so on",
  "the users' = 1",
  "the users' except select name from customers",
  "the users' sounds like it",
  "the users' own and an 'oak",
  "the users' own -- and so on",
  "the users' own #tag",
  "an 'oak -- and so on",
  "an 'oak and a 'tile",
  "an 'except select name from customers where name like' and so on",
  "it 'or 1 like 1",
  "it 'drop table legs'",
  "it is (select 1)",
  "it is (1)(2)",
  "see https://shop.example/%2e%2e/x",
  "see https://shop.example/<b>",
  "see javascript:alert",
  "see ftp://shop.example/x",
  "read /etc/passwd",
  "a // b",
  "it is --x",
  "it is x --; y",
  "a @(1) b",
  "a #{x} b",
  "a >b",
  "a *b",
])("a long text with %j is read by the lexers", (text) => {
  expect(readValue(`${LONG} ${text}`, "plain")).toBe(LEXED);
});

test("a long text that begins like a command line is read by the lexers", () => {
  expect(readValue(`wget https://shop.example/x.sh and so on. ${LONG}`, "plain")).toBe(LEXED);
});

test("where an address in a long text leads is looked at", () => {
  const scoreOf = (address: string): number =>
    score(inspect({ type: "application/json", body: JSON.stringify({ text: `${LONG} See ${address} for more.` }) }));
  expect(scoreOf("http://abc123.oastify.com/x")).toBeGreaterThanOrEqual(100);
  expect(scoreOf("https://shop.example/benches/oak")).toBe(0);
});

test.each([
  "¿Dónde está la mesa que pedí ayer? ¡No ha llegado!",
  "Stół przyszedł wczoraj, ale noga jest krótsza, więc podłożyłem książkę.",
  "Stůl přišel včera, ale noha je kratší; žádný problém.",
  "Az asztal megérkezett, de gyűrött volt; a lába rövidebb.",
  "És una taula de la col·lecció nova.",
  "A mesa chegou, 2ª vez, nº 4, ótima!",
  "Galds pienāca vakar, bet kāja ir īsāka, ļoti žēl.",
  "Great bench ★★★★★ ✓ © 2024",
])("letters and marks of other languages are read in passing: %s", (text) => {
  expect(readValue(text, "plain")).not.toBe(LEXED);
});

test.each(["a \u037e drop table x", "\u017felect x from y; z", "a \u2039b\u203a c"])("what is folded to ASCII is no letter: %j", (text) => {
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

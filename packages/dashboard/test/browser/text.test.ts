import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { piecesOf, visibleText } from "../../app/src/text/visible.ts";

const SOURCES = new URL("../../app/", import.meta.url).pathname;

test("controls, overrides, zero-width characters, lone surrogates and odd blanks are shown by number", () => {
  const hidden = [
    "\0",
    "\t",
    "\n",
    "\r",
    "\u001b",
    "\u007f",
    "\u0085",
    "\u00a0",
    "\u00ad",
    "\u061c",
    "\u115f",
    "\u180e",
    "\u200b",
    "\u200d",
    "\u200e",
  ];
  hidden.push(
    "\u2028",
    "\u202e",
    "\u2066",
    "\u2069",
    "\u2800",
    "\u3164",
    "\ud800",
    "\udfff",
    "\ue000",
    "\ufeff",
    "\ufff9",
    "\u{e0041}",
    "\u{f0000}",
  );
  for (const character of hidden) {
    const shown = visibleText(`a${character}b`);
    expect(shown, JSON.stringify(character)).toMatch(/^a\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|u\{[0-9a-f]+\})b$/);
  }
  expect(piecesOf("a\u202eb")).toContainEqual({ text: "\\u202e", name: "right-to-left override", isMatched: false });
});

test("what people write in any script stays as it is", () => {
  for (const text of ["Søren's café – 100 %", "東京 タワー", "שלום", "نص", "ไทย น้ำ", "👍🏽", "naïve", "{{x}} <b>&amp;"])
    expect(visibleText(text)).toBe(text);
});

test("a pile of accents is cut down to what one line can hold", () => {
  const shown = visibleText(`e${"\u0301".repeat(50)}`, 500);
  expect(shown.startsWith("e\u0301\u0301\u0301\\u0301")).toBe(true);
});

test("marks what was matched, also in the middle of what cannot be seen", () => {
  const pieces = piecesOf("ab\0cd", [{ start: 1, end: 4 }]);
  expect(pieces.map(({ text, isMatched }) => `${text}${isMatched ? "!" : ""}`)).toEqual(["a", "b!", "\\x00!", "c!", "d"]);
  expect(piecesOf("ab", [{ start: 5, end: 9 }])).toEqual([{ text: "ab", isMatched: false }]);
  expect(piecesOf("", [{ start: 0, end: 1 }])).toEqual([]);
});

test("a long name for a button is cut, and says so", () => {
  expect(visibleText("x".repeat(500), 10)).toBe(`${"x".repeat(10)}…`);
});

test("no source of the pages makes markup, code or styles out of text", () => {
  const files = readdirSync(SOURCES, { recursive: true, encoding: "utf8" }).filter((name) => /\.(?:tsx?|html)$/.test(name));
  expect(files.length).toBeGreaterThan(20);
  const forbidden =
    /innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|createContextualFragment|DOMParser|\beval\(|new Function|javascript:|<style|\sstyle="|\son[a-z]+="|https?:\/\/(?!www\.w3\.org)/;
  for (const name of files)
    expect(`${name}: ${forbidden.exec(readFileSync(join(SOURCES, name), "utf8"))?.[0] ?? "nothing"}`).toBe(`${name}: nothing`);
});

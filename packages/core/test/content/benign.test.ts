import { expect, test } from "vitest";
import { benignTexts } from "../../tools/benign-texts.ts";
import { inspect, score } from "./inspect.ts";

const TEXTS = benignTexts(2500);

test("two thousand five hundred honest texts in eleven languages pass as query, form, JSON and multipart values", () => {
  expect(TEXTS.length).toBeGreaterThanOrEqual(2000);
  const blocked = TEXTS.filter((text) =>
    [
      { target: `/search?q=${encodeURIComponent(text)}` },
      { type: "application/x-www-form-urlencoded", body: `text=${encodeURIComponent(text)}` },
      { type: "application/json", body: JSON.stringify({ posts: [{ text }] }) },
      { type: "multipart/form-data; boundary=b", body: `--b\r\ncontent-disposition: form-data; name="text"\r\n\r\n${text}\r\n--b--\r\n` },
    ].some((sent) => score(inspect(sent)) >= 100),
  );
  expect(blocked.length / TEXTS.length, blocked.join("\n---\n")).toBeLessThanOrEqual(0.0005);
});

test("a request's weak findings never add up to a block", () => {
  const fields = Array.from(
    { length: 60 },
    (_, index) => `f${index}=${encodeURIComponent("drop table legs; select a size -- or <b>")}`,
  ).join("&");
  expect(score(inspect({ type: "application/x-www-form-urlencoded", body: fields }))).toBeLessThan(50);
});

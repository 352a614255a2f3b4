import { describe, expect, test } from "vitest";
import { formTokens } from "../src/forms.ts";

const SECRET = "sixteen characters and more";
const NOW = 1_700_000_000_000;

describe("a form token", () => {
  const forms = formTokens({ secret: SECRET });

  test("says when its form was shown, at the path it was made for", async () => {
    const token = await forms.issue("/orders", NOW);
    expect(token).toMatch(/^1\.[0-9a-z]+\.[\w-]{16}\.[\w-]{43}$/);
    expect(await forms.verify(token, "/orders")).toMatchObject({ valid: true, issuedAt: NOW });
    for (const path of ["/orders/", "/orders?page=2", "/orders/?x"]) expect((await forms.verify(token, path)).valid, path).toBe(true);
    for (const path of ["/", "/order", "/orders/1", "/Orders", ""]) expect((await forms.verify(token, path)).valid, path).toBe(false);
  });

  test("changed in any one character is worth nothing", async () => {
    const token = await forms.issue("/orders", NOW);
    for (let at = 0; at < token.length - 1; at++) {
      const other = token[at] === "a" ? "b" : "a";
      expect((await forms.verify(token.slice(0, at) + other + token.slice(at + 1), "/orders")).valid, `${at}`).toBe(false);
    }
  });

  test("of any shape has an answer", async () => {
    const hostile = [
      "",
      ".",
      "1...",
      "a".repeat(1e6),
      "1.zzzzzzzzzzz.AAAAAAAAAAAAAAAA.".padEnd(90, "A"),
      "2.0.AAAAAAAAAAAAAAAA.".padEnd(64, "A"),
      "\0",
      "💥",
    ];
    for (const token of hostile) expect(await forms.verify(token, "/orders")).toEqual({ valid: false });
  });

  test("is never the same twice, and of another secret worth nothing", async () => {
    const [one, other] = [await forms.issue("/", NOW), await forms.issue("/", NOW)];
    expect(one).not.toBe(other);
    expect((await formTokens({ secret: "another secret of sixteen" }).verify(one, "/")).valid).toBe(false);
  });

  test("outlives a change of the secret while the old one is still listed", async () => {
    const token = await forms.issue("/", NOW);
    const changed = formTokens({ secret: ["a new secret of sixteen", SECRET] });
    expect((await changed.verify(token, "/")).valid).toBe(true);
    expect((await forms.verify(await changed.issue("/", NOW), "/")).valid).toBe(false);
  });

  test("S3-009: comes as HTML with a trap that neither eyes, keyboards nor screen readers meet", async () => {
    const html = await forms.fields("/orders", NOW);
    expect(html).toMatch(/^<input type="hidden" name="form_token" value="1\.[\w.-]+">/);
    expect(html).toContain('name="remarks_2" value="" tabindex="-1" autocomplete="off"');
    expect(html).toContain('<div hidden aria-hidden="true">');
    expect(html).not.toContain("style=");
  });

  test("needs a secret that is one, and two names", () => {
    expect(() => formTokens({} as never)).toThrow(/formTokens\.secret/);
    expect(() => formTokens({ secret: "short" })).toThrow(/16 to 1,024/);
    expect(() => formTokens({ secret: [] })).toThrow(/formTokens\.secret/);
    expect(() => formTokens({ secret: SECRET, tokenField: "a b" })).toThrow(/tokenField/);
    expect(() => formTokens({ secret: SECRET, tokenField: "same", trapField: "same" })).toThrow(/trapField/);
  });
});

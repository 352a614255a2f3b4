import { expect, test } from "vitest";
import { accountsIn } from "../src/login-accounts.ts";
import type { WafRequest } from "../src/types.ts";

const encoder = new TextEncoder();
const FORM = "application/x-www-form-urlencoded";

const read = (type: string, body: string | Uint8Array): readonly string[] =>
  accountsIn({
    headers: new Headers(type === "" ? {} : { "content-type": type }),
    body: { bytes: typeof body === "string" ? encoder.encode(body) : body, complete: true },
  } as unknown as WafRequest);

const [ann] = read(FORM, "email=ann%40mail.example");

test.each([
  [FORM, "password=x&email=ann%40mail.example"],
  [`${FORM}; charset=utf-8`, "user%5Bemail%5D=+Ann%40Mail.example+"],
  [FORM, "1_E-Mail=ann@mail.example"],
  ["application/json", '{"password":"x","userName":"ANN@mail.example"}'],
  ["application/json", '{"input":{"login_id":"ann@mail.example"}}'],
  ["", '{"identifier":"ann@mail.example"}'],
  ['multipart/form-data; boundary="b"', '--b\r\ncontent-disposition: form-data; name="username"\r\n\r\nann@mail.example\r\n--b--'],
])("an account has one fingerprint, whichever way it is sent: %s, %s", (type, body) => {
  expect(read(type, body)).toEqual([ann]);
});

test("different accounts have different ones, and none is in clear", () => {
  const all = Array.from({ length: 2_000 }, (_, index) => read(FORM, `email=user${index}`)[0]);
  expect(new Set(all).size).toBe(2_000);
  expect(ann).toMatch(/^[0-9a-z]{1,7}-[0-9a-z]{1,7}$/);
});

test("a body without an account, or one that cannot be read, names none", () => {
  for (const body of [
    "",
    "password=x",
    "email=",
    "email=%20",
    "email",
    "{",
    "[]",
    "null",
    '"email"',
    '{"email":null,"user":[]}',
    "\0\u00ff",
  ])
    for (const type of [FORM, "application/json", "multipart/form-data", "multipart/form-data; boundary=b", ""])
      expect(read(type, body)).toEqual([]);
  expect(accountsIn({ headers: new Headers(), body: undefined } as unknown as WafRequest)).toEqual([]);
});

test("hostile bodies name at most eight accounts, and are read no further than a login is long", () => {
  const many = Array.from({ length: 1_000 }, (_, index) => `a[${index}][email]=user${index}`).join("&");
  expect(read(FORM, many.slice(0, 16_000))).toHaveLength(8);
  expect(read(FORM, `email=ann&${"x".repeat(20_000)}`)).toEqual([]);
  expect(read("application/json", `${"[".repeat(16_000)}`)).toEqual([]);
  expect(read(FORM, `${"%".repeat(3_000)}=1&email=%zz`)).toHaveLength(1);
  expect(
    read(
      FORM,
      Uint8Array.from({ length: 4_096 }, (_, index) => index & 255),
    ),
  ).toEqual([]);
  expect(read(FORM, `email=${"a".repeat(5_000)}`)).toEqual(read(FORM, `email=${"a".repeat(256)}`));
});

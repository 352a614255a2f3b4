import { BROWSER, blocked, loggedFor, testConsole, testExample } from "example-suite";
import { expect, test } from "vitest";

const example = testExample({
  testFile: import.meta.url,
  args: ["node_modules/next/dist/bin/next", "start"],
  env: (port) => ({ PORT: port, HOSTNAME: "127.0.0.1", ADMIN_TOKEN: "secret" }),
  logs: true,
});

testConsole(example, "secret");

/** Without JavaScript, a form names its Server Action in a hidden field; with it, scripts send the same id as a header. */
async function actionId(): Promise<string> {
  const page = await (await fetch(example.origin, { headers: BROWSER })).text();
  return /name="\$ACTION_ID_([0-9a-f]+)"/.exec(page)?.[1] ?? "";
}

/** The arguments of a Server Action as React's client sends a form: its fields under numbers, and a reference to them. */
function flightForm(fields: Readonly<Record<string, string>>): FormData {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.set(`_1_${name}`, value);
  body.set("0", '["$K1"]');
  return body;
}

async function callAction(body: FormData | string): Promise<RequestInit> {
  return {
    method: "POST",
    headers: {
      ...BROWSER,
      accept: "text/x-component",
      origin: example.origin,
      "next-action": await actionId(),
      ...(typeof body === "string" ? { "content-type": "text/plain;charset=UTF-8" } : {}),
    },
    body,
  };
}

const entries = async (): Promise<string> => (await fetch(`${example.origin}/api/entries`, { headers: BROWSER })).text();

test("a visitor reads the page, signs it and finds the entry", async () => {
  const body = new FormData();
  body.set(`$ACTION_ID_${await actionId()}`, "");
  body.set("text", "Bread & <butter>");
  const signed = await fetch(example.origin, { method: "POST", headers: { ...BROWSER, origin: example.origin }, body });
  expect(signed.status).toBe(200);
  expect(await signed.text()).toContain("Bread &amp; &lt;butter&gt;");
});

test("a Server Action that a script calls runs with what was sent", async () => {
  const response = await fetch(example.origin, await callAction(flightForm({ text: "O'Brien & sons: 1 < 2" })));
  expect([response.status, response.headers.get("x-aiwaf-id")]).toEqual([200, null]);
  expect(await entries()).toContain("O'Brien & sons: 1 < 2");
});

test("an attack in a form's Server Action is blocked at its field", async () => {
  const id = await blocked(example, "/", await callAction(flightForm({ text: "x' UNION SELECT password FROM users--" })));
  expect(await loggedFor(example, id)).toMatch(/^sql\/\S+ body:_1_text$/);
  expect(await entries()).not.toContain("UNION");
});

test("an attack in a Server Action's plain arguments is blocked at its place", async () => {
  const id = await blocked(example, "/", await callAction(JSON.stringify([{ note: { text: "<img src=x onerror=alert(1)>" } }])));
  expect(await loggedFor(example, id)).toMatch(/^xss\/\S+ body:\S*text$/);
});

test("CVE-2025-55182: references through what every object inherits reach no Server Action", async () => {
  // As text: an object with this first field would be a promise to JavaScript.
  const chunk = '{"then":"$1:__proto__:then","status":"resolved_model","reason":-1,"value":"{}","_response":{"_prefix":"1;"}}';
  const body = new FormData();
  body.set("0", chunk);
  body.set("1", '"$@0"');
  const id = await blocked(example, "/", await callAction(body));
  expect(await loggedFor(example, id)).toMatch(/^flight\/reference body:/);
});

test("the payload of a page that a script asks for is inspected like the page", async () => {
  const headers = { ...BROWSER, rsc: "1", "next-url": "/" };
  const honest = await fetch(`${example.origin}/about?_rsc=1a2b3`, { headers });
  expect([honest.headers.get("content-type"), honest.headers.get("x-aiwaf-id")]).toEqual([
    expect.stringContaining("text/x-component"),
    null,
  ]);
  const id = await blocked(example, "/about?_rsc=1a2b3&q=%3Cscript%3Ealert(1)%3C%2Fscript%3E", { headers });
  expect(await loggedFor(example, id)).toMatch(/^xss\/\S+ query:q$/);
});

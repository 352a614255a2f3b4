import { existsSync, readdirSync, readFileSync } from "node:fs";
import { BROWSER, blocked, loggedFor, testConsole, testExample } from "example-suite";
import { expect, test } from "vitest";

const example = testExample({
  testFile: import.meta.url,
  args: ["build/index.js"],
  env: (port, origin) => ({ PORT: port, HOST: "127.0.0.1", ORIGIN: origin, BODY_SIZE_LIMIT: "3M", ADMIN_TOKEN: "secret" }),
  logs: true,
});

testConsole(example, "secret");

const ATTACK = "x' UNION SELECT password FROM users--";
/** SvelteKit takes itself for https, and refuses forms of other origins. */
const own = (): Record<string, string> => ({ ...BROWSER, origin: example.origin.replace("http:", "https:") });

test("a visitor reads the page, signs it and finds the entry", async () => {
  const body = new URLSearchParams({ text: "Bread & <butter>" });
  const signed = await fetch(`${example.origin}/`, { method: "POST", headers: own(), body, redirect: "manual" });
  expect(signed.status).toBe(303);
  const page = await fetch(example.origin, { headers: BROWSER });
  expect(await page.text()).toMatch(/Bread &amp; &lt;butter(?:&gt;|>)/);
});

test("a form action that a script calls answers in devalue, and an attack in it is blocked at its field", async () => {
  const headers = { ...own(), accept: "application/json", "x-sveltekit-action": "true" };
  const told = await fetch(`${example.origin}/`, { method: "POST", headers, body: new URLSearchParams({ text: " " }) });
  expect(await told.json()).toMatchObject({ type: "failure", status: 400 });
  const id = await blocked(example, "/", { method: "POST", headers, body: new URLSearchParams({ text: ATTACK }) });
  expect(await loggedFor(example, id)).toMatch(/^sql\/\S+ body:text$/);
});

test("handlers after the firewall, in a sequence, read its decision", async () => {
  const response = await fetch(example.origin, { headers: BROWSER });
  expect(response.headers.get("x-request-id")).toMatch(/^\w{10,}$/);
});

test("a prerendered page was built without the firewall in its way, and is guarded when it is served", async () => {
  expect(existsSync(new URL("../build/prerendered/about.html", import.meta.url))).toBe(true);
  const honest = await fetch(`${example.origin}/about`, { headers: BROWSER });
  expect([honest.status, await honest.text()]).toEqual([200, expect.stringContaining("behind a firewall")]);
  await blocked(example, "/about?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E", { headers: BROWSER });
});

/** The path of the example's remote function, whose name holds a hash of its file. */
function remotePath(): string {
  const folder = new URL("../build/client/_app/immutable/", import.meta.url);
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const found = file.endsWith(".js") ? /["'`](\w+\/find)["'`]/.exec(readFileSync(new URL(file, folder), "utf8")) : null;
    if (found !== null) return `/_app/remote/${found[1]}`;
  }
  throw new Error("The build names no remote function");
}

/** Arguments as devalue writes a text, in base64url. */
const devalued = (text: string): string => Buffer.from(JSON.stringify([text])).toString("base64url");

test("a remote function is called with what was sent, and an attack in its payload is blocked", async () => {
  const path = remotePath();
  const headers = { ...own(), accept: "application/json" };
  const honest = await fetch(`${example.origin}${path}?payload=${devalued("Nice")}`, { headers });
  expect([honest.status, await honest.text()]).toEqual([200, expect.stringContaining("Nice shop!")]);
  const id = await blocked(example, `${path}?payload=${devalued(ATTACK)}`, { headers });
  expect(await loggedFor(example, id)).toMatch(/^sql\/\S+ query:payload/);
  const body = JSON.stringify({ payload: devalued(ATTACK), refreshes: [] });
  const called = await blocked(example, path, { method: "POST", headers: { ...headers, "content-type": "application/json" }, body });
  expect(await loggedFor(example, called)).toMatch(/^sql\/\S+ body:\$\.payload\[0\]$/);
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTarget } from "../src/targets/start.ts";
import type { DecisionEvent, TargetHandle, TargetName } from "../src/types.ts";

async function ask(target: TargetHandle, path: string, init: RequestInit = {}, address = "198.18.7.7") {
  const headers = { "user-agent": "okhttp/5.1.0", accept: "*/*", "x-forwarded-for": address, ...(init.headers as Record<string, string>) };
  const response = await fetch(target.url + path, { redirect: "manual", ...init, headers });
  return { status: response.status, id: response.headers.get("x-aiwaf-id"), text: await response.text() };
}

const login = { method: "POST", body: "email=a&password=b", headers: { "content-type": "application/x-www-form-urlencoded" } };

describe.each([
  "direct",
  "protected_express",
  "protected_proxy",
  "direct_sveltekit",
  "protected_next",
  "protected_sveltekit",
  "protected_nuxt",
] satisfies TargetName[])("the target %s", (name) => {
  let target: TargetHandle;
  const events: DecisionEvent[] = [];
  beforeAll(async () => {
    target = await startTarget(name);
    target.onDecision((event) => events.push(event));
  });
  afterAll(() => target.stop());
  const isProtected = name.startsWith("protected_");

  it("serves the shop on loopback", async () => {
    expect(target.url).toBe(`http://127.0.0.1:${target.port}`);
    expect((await ask(target, "/product/3")).text).toContain("Trail lantern");
    expect((await ask(target, "/events")).text).toContain("id: 3");
  });

  it("hands the application every byte of a body", async () => {
    const body = `--b\r\ncontent-disposition: form-data; name="file"; filename="big.txt"\r\n\r\n${"x".repeat(300_000)}\r\n--b--\r\n`;
    const sent = await ask(target, "/upload", { method: "POST", body, headers: { "content-type": "multipart/form-data; boundary=b" } });
    expect(JSON.parse(sent.text)).toMatchObject({ bytes: 300_000 });
  });

  it(isProtected ? "blocks a probe and tells the runner by which rule" : "gives away what lies about", async () => {
    const { status, id } = await ask(target, "/.env");
    await target.drain();
    if (!isProtected) expect([status, id, events]).toEqual([200, null, []]);
    else
      expect([status, events.find((event) => event.id === id)]).toMatchObject([
        403,
        { action: "block", status: 403, rule: "probes/dotfile" },
      ]);
  });

  it(isProtected ? "limits logins by the forwarded address and forgets all of it on reset" : "lets anybody guess", async () => {
    const guess = async (address: string) => {
      const statuses: number[] = [];
      for (let count = 0; count < 8; count += 1) statuses.push((await ask(target, "/login", login, address)).status);
      return statuses;
    };
    const statuses = await guess("198.18.9.1");
    // Three within a second, or five within a minute, are the last: which of them, is the machine's.
    expect(isProtected ? [3, 4, 5] : [8]).toContain(statuses.filter((status) => status === 401).length);
    expect(statuses.at(-1)).toBe(isProtected ? 429 : 401);
    expect((await ask(target, "/login", login, "198.18.9.2")).status).toBe(401);
    await target.reset();
    expect((await ask(target, "/login", login, "198.18.9.1")).status).toBe(401);
  });

  it("a reset gives a shop without what visitors left", async () => {
    await ask(target, "/reviews", { method: "POST", body: "product=3&name=Mo&text=left-behind", headers: login.headers });
    expect((await ask(target, "/product/3")).text).toContain("left-behind");
    await target.reset();
    expect((await ask(target, "/product/3")).text).not.toContain("left-behind");
  });
});

describe("starting and stopping", () => {
  it("refuses a target that does not exist and leaves no process behind", async () => {
    await expect(startTarget("nothing" as TargetName)).rejects.toThrow(/nothing/);
  });

  it("can be stopped twice, and then refuses connections", async () => {
    const target = await startTarget("direct");
    await target.stop();
    await target.stop();
    await expect(fetch(target.url)).rejects.toThrow();
    await expect(target.reset()).rejects.toThrow(/ended/);
  });

  it("in report mode lets everything through and says what it would have blocked", async () => {
    const target = await startTarget("protected_express", { mode: "report" });
    const events: DecisionEvent[] = [];
    target.onDecision((event) => events.push(event));
    expect((await ask(target, "/.env")).status).toBe(200);
    await target.drain();
    expect(events).toMatchObject([{ action: "would-block", rule: "probes/dotfile" }]);
    await target.stop();
  });
});

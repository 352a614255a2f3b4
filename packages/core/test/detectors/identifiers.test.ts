import { describe, expect, test } from "vitest";
import { type IdentifiersOptions, identifiers } from "../../src/detectors/identifiers.ts";
import type { Awaitable, Decision, RawRequest } from "../../src/types.ts";
import { range, site } from "./site.ts";

const uuid = (index: number): string => `00000000-0000-4000-8000-${index.toString(16).padStart(12, "0")}`;
const EXISTING = 1_000;
/** Users 1,000 and above exist. */
const users = (path: string): number => {
  const found = /^\/users\/00000000-0000-4000-8000-([0-9a-f]{12})$/.exec(path);
  return path === "/" || path === "/item" || (found !== null && Number.parseInt(found[1]!, 16) >= EXISTING) ? 200 : 404;
};
const at = (options?: IdentifiersOptions) => site([identifiers(options)], users);
const user = (index: number): string => `/users/${uuid(index)}`;
const BROKEN = "/users/00000000-0000-4000-8000-00000000000z";

describe("tried ids", () => {
  test("S2-036, S2-038, S2-040: five 404s of valid UUIDs within the window are let through, and the next id is refused", () => {
    const { visit } = at();
    expect(range(5, (index) => visit(user(index)))).toEqual(Array(5).fill(404));
    expect(visit(user(5))).toBe("identifiers/enumeration");
  });

  test("S2-039: an answer in order takes two misses off", () => {
    const { visit } = at();
    for (const index of [0, 1]) visit(user(index));
    visit(user(EXISTING));
    expect(range(5, (index) => visit(user(10 + index)))).toEqual(Array(5).fill(404));
    expect(visit(user(20))).toBe("identifiers/enumeration");
  });

  test("D-13: many hits buy no misses, because the score stops at zero", () => {
    const { visit } = at();
    visit(user(0));
    for (const index of range(100, (value) => value)) visit(user(EXISTING + index));
    expect(range(6, (index) => visit(user(10 + index))).at(-1)).toBe("identifiers/enumeration");
  });

  test("D-13: one hit after every two misses is caught by the ratio within 15 misses", () => {
    const { visit } = at();
    let missed = 0;
    for (let index = 0; index < 60; index++) {
      const answer = visit(user(index % 3 === 2 ? EXISTING + index : index));
      if (answer === 404) missed++;
      if (answer === "identifiers/ratio") break;
    }
    expect(missed).toBeLessThanOrEqual(15);
    expect(visit(user(500))).toBe("identifiers/ratio");
  });

  test("S2-037: a malformed UUID reaches the default threshold at once, and bans nobody", () => {
    const { visit, store, now } = at();
    expect(visit(BROKEN)).toBe("identifiers/malformed");
    expect(visit("/")).toBe(200);
    expect(store.get("ban:192.0.2.1", now())).toBeUndefined();
  });

  test("one malformed UUID, as of a link that was cut off, holds nothing against other ids", () => {
    const { visit } = at();
    visit(BROKEN);
    expect([visit(user(EXISTING)), visit(BROKEN.replace("z", "y"))]).toEqual([200, "identifiers/malformed"]);
  });

  test("S2-086, D-12: the weight of a malformed UUID is a setting, and the threshold is honoured", () => {
    const light = at({ malformedWeight: 2 });
    const broken = (index: number): string => BROKEN.replace("z", `${index}z`);
    expect(range(3, (index) => light.visit(broken(index)))).toEqual([404, 404, "identifiers/malformed"]);
    const none = at({ malformedWeight: 0 });
    expect(range(9, (index) => none.visit(broken(index)))).toEqual(Array(9).fill(404));
  });

  test("S2-083, D-12: switched off, it stops nothing", () => {
    const { visit } = at({ enabled: false });
    expect([BROKEN, ...range(50, user)].map((target) => visit(target)).every((answer) => answer === 404)).toBe(true);
  });

  test("S2-084: the window is a setting", () => {
    const { visit, wait } = at({ windowMs: 10_000 });
    for (const index of range(5, (value) => value)) visit(user(index));
    expect(visit(user(5))).toBe("identifiers/enumeration");
    wait(12_501);
    expect(visit(user(6))).toBe(404);
  });

  test("S2-085: the threshold is a setting", () => {
    const { visit } = at({ threshold: 8 });
    expect(range(9, (index) => visit(user(index))).indexOf("identifiers/enumeration")).toBe(8);
  });

  test("S2-087: the weight of a missing id is a setting", () => {
    const { visit } = at({ notFoundWeight: 3 });
    expect(range(3, (index) => visit(user(index)))).toEqual([404, 404, "identifiers/enumeration"]);
  });

  test("S2-088: the decay of a success is a setting", () => {
    const { visit } = at({ successDecay: 0 });
    const answers = range(9, (index) => visit(user(index % 2 === 0 ? index : EXISTING + index)));
    expect(answers).toEqual([404, 200, 404, 200, 404, 200, 404, 200, 404]);
    expect(visit(user(50))).toBe("identifiers/enumeration");
  });

  test("S2-122, D-57: a parameter of the route is checked by its name, and other routes are left alone", () => {
    const routes = (path: string) => ({ pattern: path.startsWith("/files/") ? "/files/:uuid" : "/user/:name", methods: undefined });
    const { visit } = site([identifiers()], () => 200, { routes });
    expect([visit("/files/not-a-uuid"), visit("/user/profile"), visit(`/files/${uuid(1)}`)]).toEqual(["identifiers/malformed", 200, 200]);
  });

  test("a parameter of the query is checked by its name, decoded once", () => {
    const { visit } = at();
    expect(visit(`/item?uuid=${uuid(1).replaceAll("-", "%2D")}`)).toBe(200);
    expect(visit("/item?uuid=")).toBe(200);
    expect(visit("/item?UUID=1%27%20or%201")).toBe("identifiers/malformed");
    expect(visit("/item?uuid2=1%27%20or%201&a=uuid=1")).toBe(200);
    expect(at().visit("/item?uuid=%zz")).toBe("identifiers/malformed");
  });

  test("S2-213: an application without ids is not touched", () => {
    const { visit } = at();
    for (const target of ["/a", "/b/c", "/news/2024-in-review", "/c/d-e-f-g-h", "/x".repeat(900)]) {
      for (let count = 0; count < 9; count++) expect(visit(target)).toBe(404);
    }
  });

  test("the same missing id again is a stale bookmark", () => {
    const { visit, wait } = at();
    for (let count = 0; count < 200; count++) {
      expect(visit(user(1))).toBe(404);
      wait(10_000);
    }
  });

  test("what was answered before stays open to a client that is over the threshold, also once it is deleted", () => {
    let deleted = false;
    const { visit } = site([identifiers()], (path) => (path === "/orders/7" && !deleted ? 200 : 404));
    visit("/orders/7", { peer: "198.51.100.9" });
    for (const index of range(6, (value) => value + 100)) visit(`/orders/${index}`);
    expect(visit("/orders/300")).toBe("identifiers/enumeration");
    expect(visit("/orders/7")).toBe(200);
    deleted = true;
    expect(visit("/orders/7")).toBe(404);
  });

  test("only who goes on long after the block is banned, and for five minutes", () => {
    const { visit, store, now } = at();
    for (const index of range(99, (value) => value)) visit(user(index));
    expect(store.get("ban:192.0.2.1", now())).toBeUndefined();
    for (const index of range(3, (value) => value + 99)) visit(user(index));
    const ban = JSON.parse(store.get("ban:192.0.2.1", now()) as string);
    expect(ban).toMatchObject({ rule: "identifiers/persistent", until: now() + 300_000 });
  });

  test("who edits ids is banned sooner", () => {
    const { visit, store, now } = at();
    for (const index of range(3, (value) => value)) visit(`${BROKEN.slice(0, -2)}${index}z`);
    expect(store.get("ban:192.0.2.1", now())).toBeUndefined();
    for (const index of range(3, (value) => value + 3)) visit(`${BROKEN.slice(0, -2)}${index}z`);
    expect(JSON.parse(store.get("ban:192.0.2.1", now()) as string)).toMatchObject({ rule: "identifiers/persistent" });
  });
});

describe("a resolver", () => {
  const exists = (id: string): boolean => id >= uuid(EXISTING);

  test("S3-030: says before the handler runs that an id does not exist, and each counts once", () => {
    const { decide, visit } = at({ resolve: exists });
    const decision = decide(user(1));
    expect([decision.action, decision.findings[0]?.rule]).toEqual(["allow", "identifiers/unknown"]);
    expect(range(3, (index) => visit(user(2 + index)))).toEqual([404, 404, 404]);
    expect(visit(user(9))).toBe("identifiers/enumeration");
  });

  test("is asked once for an id, and again a minute later", () => {
    let calls = 0;
    const resolve = (): boolean => {
      calls++;
      return true;
    };
    const { decide, wait } = at({ resolve });
    for (let count = 0; count < 50; count++) decide(user(1));
    expect(calls).toBe(1);
    wait(60_000);
    decide(user(1));
    expect(calls).toBe(2);
  });

  test("may be asynchronous, throw, reject or never answer", async () => {
    const ask = (resolve: (id: string) => Awaitable<boolean>): Awaitable<Decision> =>
      site([identifiers({ resolve })], users, { deadlineMs: 20 }).waf.inspect({
        method: "GET",
        target: user(1),
        headers: new Headers(),
        peer: "192.0.2.1",
      } satisfies RawRequest);
    expect((await ask(async (id) => exists(id))).findings.map(({ rule }) => rule)).toEqual(["identifiers/unknown"]);
    for (const bad of [
      () => {
        throw new Error("database");
      },
      () => Promise.reject(new Error("database")),
    ])
      expect(await ask(bad)).toMatchObject({ action: "allow", findings: [], failures: [] });
    expect(await ask(() => new Promise(() => {}))).toMatchObject({ action: "allow", failures: [{ kind: "deadline" }] });
  });

  test("is asked by no more than 64 requests at a time", () => {
    let calls = 0;
    const resolve = (): Promise<boolean> => {
      calls++;
      return new Promise(() => {});
    };
    const { waf } = at({ resolve });
    for (let index = 0; index < 500; index++)
      waf.inspect({ method: "GET", target: user(index), headers: new Headers(), peer: `198.51.100.${index % 250}` });
    expect(calls).toBe(64);
  });
});

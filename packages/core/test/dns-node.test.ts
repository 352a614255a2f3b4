import { createSocket } from "node:dgram";
import type { Resolver } from "node:dns/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { systemResolver } from "../src/dns/node.ts";
import { createProofs } from "../src/dns/proofs.ts";

type ResolverOptions = ConstructorParameters<typeof Resolver>[0];

/** The system's name server is one of this test, and is given up on soon. */
const system = vi.hoisted(() => ({ server: "" }));
vi.mock("node:dns/promises", async (original) => {
  const real = await original<{ Resolver: new (options: ResolverOptions) => Resolver }>();
  return {
    Resolver: class extends real.Resolver {
      constructor(options: ResolverOptions) {
        super({ ...options, timeout: 100 });
        this.setServers([system.server]);
      }
    },
  };
});

const NO_SUCH_NAME = 3;
const SERVER_FAILED = 2;
const PTR = 12;

/** What the name server says to each question: a name, a code, or nothing at all. */
let answer: string | number | undefined;
const asked: string[] = [];
const server = createSocket("udp4");

const wire = (name: string): Buffer =>
  Buffer.concat([...name.split(".").map((label) => Buffer.from([label.length, ...Buffer.from(label)])), Buffer.from([0])]);

server.on("message", (question, from) => {
  const labels: string[] = [];
  let at = 12;
  for (let length = question[at]!; length > 0; length = question[at]!) {
    labels.push(question.subarray(at + 1, at + 1 + length).toString());
    at += 1 + length;
  }
  asked.push(labels.join("."));
  if (answer === undefined) return;
  const isName = typeof answer === "string" && question.readUInt16BE(at + 1) === PTR;
  const data = isName ? wire(String(answer)) : Buffer.alloc(0);
  const code = typeof answer === "number" ? answer : 0;
  const head = Buffer.from([question[0]!, question[1]!, 0x81, 0x80 | code, 0, 1, 0, isName ? 1 : 0, 0, 0, 0, 0]);
  const record = isName ? Buffer.from([0xc0, 12, 0, PTR, 0, 1, 0, 0, 0, 60, 0, data.length]) : data;
  server.send(Buffer.concat([head, question.subarray(12, at + 5), record, data]), from.port, from.address);
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", resolve));
  system.server = `127.0.0.1:${server.address().port}`;
});
afterAll(() => server.close());
beforeEach(() => asked.splice(0));

describe("the resolver of the system", () => {
  test("gives the names of an address, and none where there is no such name", async () => {
    answer = "crawl.example.com";
    expect(await systemResolver().reverse("66.249.66.1")).toEqual(["crawl.example.com"]);
    answer = NO_SUCH_NAME;
    expect(await systemResolver().reverse("66.249.66.1")).toEqual([]);
    expect(await systemResolver().forward("crawl.example.com")).toEqual([]);
    answer = 0;
    expect(await systemResolver().reverse("66.249.66.1")).toEqual([]);
  });

  test.each([
    ["fails", SERVER_FAILED, "ESERVFAIL"],
    ["refuses", 5, "EREFUSED"],
    ["is silent", undefined, "ETIMEOUT"],
  ])("rejects when the name server %s: a real bot was an impostor to it", async (_, said, code) => {
    answer = said;
    await expect(systemResolver().reverse("66.249.66.1")).rejects.toMatchObject({ code });
    await expect(systemResolver().forward("crawl.example.com")).rejects.toMatchObject({ code });
  });

  test("asks for one name, however the address is spelled", async () => {
    answer = NO_SUCH_NAME;
    const resolver = systemResolver();
    for (const address of ["192.0.2.10", "::ffff:192.0.2.10", "::FFFF:c000:20a", "2001:db8::a", "2001:0DB8:0:0:0:0:0:A%eth0", "ffff::"])
      await resolver.reverse(address);
    const documentation = `a.${"0.".repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`;
    expect(asked).toEqual([
      ...Array(3).fill("10.2.0.192.in-addr.arpa"),
      documentation,
      documentation,
      `${"0.".repeat(28)}f.f.f.f.ip6.arpa`,
    ]);
    await expect(resolver.reverse("crawl.example.com")).rejects.toThrow('"crawl.example.com" is no address');
  });

  test("an outage proves nothing of a bot; no such name proves that it is none", async () => {
    const bot = { name: "googlebot", domains: [".googlebot.com"] };
    const proofs = createProofs(systemResolver(), 3_600_000);
    const known = (now: number) => proofs.of(bot, "66.249.66.1", now);
    answer = SERVER_FAILED;
    expect(known(0)).toBeUndefined();
    // A question that ended makes room for the next one: several have ended when so much was asked.
    const again = (): number => {
      expect(known(1_000)).toBeUndefined();
      return asked.length;
    };
    await expect.poll(again).toBeGreaterThan(8);
    answer = NO_SUCH_NAME;
    await expect.poll(() => known(3_000)).toBe(false);
  });
});

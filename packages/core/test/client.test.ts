import { describe, expect, test } from "vitest";
import { clientResolver } from "../src/client.ts";
import type { ClientSource, HeaderReader } from "../src/types.ts";
import { mutate, randomGroups, randomIPv4, seeded, spellIPv4, spellIPv6 } from "./addresses-cases.ts";

const headers = (fields: Record<string, string>): HeaderReader => new Headers(fields);
const lines = (...pairs: [string, string][]): HeaderReader => new Headers(pairs);
const none = headers({});

function resolve(source: ClientSource | undefined, peer: string | undefined, fields: HeaderReader | string = none): string {
  return clientResolver(source)(peer, typeof fields === "string" ? headers({ "x-forwarded-for": fields }) : fields).address;
}

describe("without a source", () => {
  test("the client is the socket's peer, in its canonical form", () => {
    expect(clientResolver(undefined)("::ffff:192.0.2.1", none)).toEqual({ address: "192.0.2.1", key: "192.0.2.1" });
    expect(clientResolver(undefined)("2001:DB8:1:2::3", none)).toEqual({ address: "2001:db8:1:2::3", key: "2001:db8:1:2::/64" });
    expect(clientResolver(undefined)("fe80::1%eth0", none)).toEqual({ address: "fe80::1", key: "fe80::/64" });
  });

  test("no header is believed", () => {
    const spoofed = headers({
      "x-forwarded-for": "127.0.0.1",
      forwarded: "for=127.0.0.1",
      "x-real-ip": "127.0.0.1",
      "cf-connecting-ip": "127.0.0.1",
      "true-client-ip": "127.0.0.1",
      "x-client-ip": "127.0.0.1",
    });
    expect(resolve(undefined, "203.0.113.9", spoofed)).toBe("203.0.113.9");
    expect(resolve(undefined, undefined, spoofed)).toBe("");
  });

  test("a hidden or unreadable peer is an unknown client", () => {
    for (const peer of [undefined, "", "unix:", "/run/app.sock", "1.2.3", "x".repeat(1_000_000), null, 7, {}]) {
      expect(clientResolver(undefined)(peer as string | undefined, none)).toEqual({ address: "", key: "" });
    }
  });
});

describe("with proxies", () => {
  const proxies = { proxies: ["10.0.0.0/8", "2001:db8:aaaa::/48"] };

  test("a spoofed header never changes the client of a peer that is no proxy of ours", () => {
    expect(resolve(proxies, "203.0.113.9", "127.0.0.1")).toBe("203.0.113.9");
    expect(resolve(proxies, "203.0.113.9", "10.0.0.1, 10.0.0.2")).toBe("203.0.113.9");
    expect(resolve(proxies, undefined, "127.0.0.1")).toBe("");
  });

  test("the client is the first foreign hop from the right, whatever stands left of it", () => {
    expect(resolve(proxies, "10.0.0.1", "203.0.113.9")).toBe("203.0.113.9");
    expect(resolve(proxies, "10.0.0.1", "127.0.0.1, 203.0.113.9")).toBe("203.0.113.9");
    expect(resolve(proxies, "10.0.0.1", "127.0.0.1, 203.0.113.9, 10.0.0.2, 2001:db8:aaaa::7")).toBe("203.0.113.9");
    expect(resolve(proxies, "::ffff:10.0.0.1", "127.0.0.1,203.0.113.9,::ffff:a00:2")).toBe("203.0.113.9");
    expect(resolve(proxies, "10.0.0.1", "evil\t,\t203.0.113.9:4711 ")).toBe("203.0.113.9");
    expect(resolve(proxies, "10.0.0.1", "[2001:db8::9]:443")).toBe("2001:db8::9");
  });

  test("when every hop is ours, the client is the leftmost", () => {
    expect(resolve(proxies, "10.0.0.1", "10.0.0.3, 10.0.0.2")).toBe("10.0.0.3");
    expect(resolve(proxies, "10.0.0.1", none)).toBe("10.0.0.1");
  });

  test("text that is no address ends the walk, and the client is the last valid hop", () => {
    for (const junk of [
      "",
      " ",
      "unknown",
      "_hidden",
      "1.2.3.256",
      "01.2.3.4",
      "127.1",
      "' OR 1=1",
      "1.2.3.4 1.2.3.4",
      "1.2.3.4;",
      '"1.2.3.4"',
      "x".repeat(5_000),
    ]) {
      expect(resolve(proxies, "10.0.0.1", junk)).toBe("10.0.0.1");
      expect(resolve(proxies, "10.0.0.1", `127.0.0.1, ${junk}`)).toBe("10.0.0.1");
      expect(resolve(proxies, "10.0.0.1", `127.0.0.1, ${junk}, 10.0.0.2`)).toBe("10.0.0.2");
      expect(resolve(proxies, "10.0.0.1", `${junk}, 203.0.113.9`)).toBe("203.0.113.9");
    }
  });

  test("repeated header lines are one list: a line the client sent first stays on the left", () => {
    const sent = lines(["x-forwarded-for", "127.0.0.1"], ["x-forwarded-for", "203.0.113.9"], ["x-forwarded-for", "10.0.0.2"]);
    expect(resolve(proxies, "10.0.0.1", sent)).toBe("203.0.113.9");
  });

  test("only the one configured header is read", () => {
    const both = headers({ "x-forwarded-for": "192.0.2.1", forwarded: "for=203.0.113.9" });
    expect(resolve(proxies, "10.0.0.1", both)).toBe("192.0.2.1");
    expect(resolve({ ...proxies, forwardedHeader: "forwarded" }, "10.0.0.1", both)).toBe("203.0.113.9");
    expect(resolve({ ...proxies, forwardedHeader: "forwarded" }, "10.0.0.1", "192.0.2.1")).toBe("10.0.0.1");
  });

  test("at most 64 entries are followed", () => {
    const trusted = (count: number) => Array.from({ length: count }, () => "10.0.0.2").join(", ");
    expect(resolve(proxies, "10.0.0.1", `203.0.113.9, ${trusted(63)}`)).toBe("203.0.113.9");
    expect(resolve(proxies, "10.0.0.1", `203.0.113.9, ${trusted(64)}`)).toBe("10.0.0.2");
  });

  test("an entry that the end of the 8 KiB cuts in two is not read", () => {
    // The last 8,192 characters begin with 1.2.3.4, and nothing tells whether that is all of it.
    const tail = `,${" ".repeat(8_176)}10.0.0.2`;
    for (const cut of ["81.2.3.4", "1.2.3.4"]) {
      const value = `9.9.9.9,${cut}${tail}`;
      expect(value.length).toBeGreaterThan(8_192);
      expect(resolve(proxies, "10.0.0.1", { get: () => value, [Symbol.iterator]: none[Symbol.iterator] })).toBe("10.0.0.2");
    }
    const whole = `1.2.3.4,${" ".repeat(8_000)}10.0.0.2`;
    expect(resolve(proxies, "10.0.0.1", { get: () => whole, [Symbol.iterator]: none[Symbol.iterator] })).toBe("1.2.3.4");
  });

  test("a client of an IPv6 network is counted by its /64 behind a proxy too", () => {
    expect(clientResolver(proxies)("10.0.0.1", headers({ "x-forwarded-for": "2001:db8:1:2:3:4:5:6" }))).toEqual({
      address: "2001:db8:1:2:3:4:5:6",
      key: "2001:db8:1:2::/64",
    });
  });
});

describe("with RFC 7239 Forwarded", () => {
  const forwarded = { proxies: ["10.0.0.0/8"], forwardedHeader: "forwarded" } as const;
  const client = (value: string) =>
    resolve(forwarded, "10.0.0.1", { get: (name) => (name === "forwarded" ? value : null), [Symbol.iterator]: none[Symbol.iterator] });

  test.each([
    ["for=203.0.113.9", "203.0.113.9"],
    ["FOR=203.0.113.9", "203.0.113.9"],
    ['for="203.0.113.9"', "203.0.113.9"],
    ['for="203.0.113.9:4711"', "203.0.113.9"],
    ['for="[2001:db8::1]:4711"', "2001:db8::1"],
    ['for="[2001:db8::1]"', "2001:db8::1"],
    ['for="\\[2001:db8::1\\]"', "2001:db8::1"],
    ["for=2001:db8::1", "2001:db8::1"],
    ["for=203.0.113.9;proto=https;by=10.0.0.1", "203.0.113.9"],
    ["proto=https; by=10.0.0.1; for=203.0.113.9", "203.0.113.9"],
    ["for=203.0.113.9;", "203.0.113.9"],
    ['for=203.0.113.9;host="a,b;for=127.0.0.1"', "203.0.113.9"],
    ['for=203.0.113.9;host="a\\",for=127.0.0.1"', "203.0.113.9"],
    ['for=203.0.113.9;host="a\\\\"', "203.0.113.9"],
    ["for=127.0.0.1, for=203.0.113.9, for=10.0.0.2", "203.0.113.9"],
    ["for=127.0.0.1, for=203.0.113.9;by=x,for=10.0.0.2;proto=http", "203.0.113.9"],
    ['for="127.0.0.1, for=203.0.113.9', "203.0.113.9"],
    ['for=127.0.0.1;host="evil, for=203.0.113.9, for=10.0.0.2', "203.0.113.9"],
    ['for="127.0.0.1\\", for=203.0.113.9', "203.0.113.9"],
  ])("%s names %s", (value, expected) => expect(client(value)).toBe(expected));

  test.each([
    "for=unknown",
    'for="unknown"',
    "for=_hidden",
    'for="_gateway:80"',
    "for=",
    'for=""',
    "for",
    "proto=https",
    "",
    "for =203.0.113.9",
    "for= 203.0.113.9",
    "for=203.0.113.9;for=127.0.0.1",
    "for=203.0.113.9;for=unknown",
    'for="203.0.113.9',
    'for=203.0.113.9"',
    'for="203.0.113.9"x',
    "for='203.0.113.9'",
    "for=203.0.113.9 for=127.0.0.1",
    "xfor=203.0.113.9",
    "203.0.113.9",
    'for=203.0.113.9;host="open',
  ])("%j names nobody, and the proxy itself stays the client", (value) => {
    expect(client(value)).toBe("10.0.0.1");
    expect(client(`for=127.0.0.1, ${value}`)).toBe("10.0.0.1");
  });

  test("megabytes of quotes and backslashes take time that grows with their length and no faster", () => {
    for (const piece of ['"', '\\"', '"\\', '\\\\"', ";", 'for="', ",", " ", "for=10.0.0.2,", "for=10.0.0.2;"]) {
      // At 4 MiB the square of the length would be hours.
      expect(client(`${piece.repeat(Math.ceil(4_194_304 / piece.length))}, for=10.0.0.2`), piece).toMatch(/^10\./);
    }
  });
});

describe("with hops", () => {
  test("the client is so many entries from the right, whoever the proxies are", () => {
    expect(resolve({ hops: 1 }, "198.51.100.7", "127.0.0.1, 203.0.113.9")).toBe("203.0.113.9");
    expect(resolve({ hops: 2 }, "198.51.100.7", "127.0.0.1, 203.0.113.9, 198.51.100.8")).toBe("203.0.113.9");
    expect(resolve({ hops: 1 }, undefined, "127.0.0.1, 203.0.113.9")).toBe("203.0.113.9");
    expect(
      resolve({ hops: 1, forwardedHeader: "forwarded" }, "198.51.100.7", headers({ forwarded: "for=127.0.0.1, for=203.0.113.9" })),
    ).toBe("203.0.113.9");
  });

  test("with fewer entries the leftmost is the client, and without any the peer", () => {
    expect(resolve({ hops: 3 }, "198.51.100.7", "203.0.113.9, 198.51.100.8")).toBe("203.0.113.9");
    expect(resolve({ hops: 3 }, "198.51.100.7", none)).toBe("198.51.100.7");
    expect(resolve({ hops: 3 }, undefined, none)).toBe("");
  });

  test("an entry that is no address ends the walk before it", () => {
    expect(resolve({ hops: 2 }, "198.51.100.7", "127.0.0.1, unknown, 198.51.100.8")).toBe("198.51.100.8");
    expect(resolve({ hops: 1 }, "198.51.100.7", "127.0.0.1, unknown")).toBe("198.51.100.7");
    expect(resolve({ hops: 2 }, "198.51.100.7", "127.0.0.1, unknown")).toBe("198.51.100.7");
  });
});

describe("with a header of the platform", () => {
  const source = { header: "CF-Connecting-IP" };
  const client = (value: string) => resolve(source, "198.51.100.7", headers({ "cf-connecting-ip": value, "x-forwarded-for": "127.0.0.1" }));

  test("its one address is the client", () => {
    expect(client("203.0.113.9")).toBe("203.0.113.9");
    expect(client(" 203.0.113.9:4711 ")).toBe("203.0.113.9");
    expect(client("2001:DB8::1")).toBe("2001:db8::1");
    // Readers are asked for lower-case names, however the option is written.
    const exact: HeaderReader = {
      get: (name) => (name === "cf-connecting-ip" ? "203.0.113.9" : null),
      [Symbol.iterator]: none[Symbol.iterator],
    };
    expect(resolve(source, "198.51.100.7", exact)).toBe("203.0.113.9");
    expect(resolve(source, undefined, headers({ "cf-connecting-ip": "203.0.113.9" }))).toBe("203.0.113.9");
  });

  test("when it is missing, repeated or no address, the peer is the client", () => {
    for (const value of ["", "unknown", "203.0.113.9, 127.0.0.1", "203.0.113.256", "x".repeat(10_000)])
      expect(client(value)).toBe("198.51.100.7");
    expect(resolve(source, "198.51.100.7", none)).toBe("198.51.100.7");
  });
});

test("headers that throw or answer nonsense leave the peer as the client", () => {
  const readers = [
    {
      get: () => {
        throw new Error("closed");
      },
    },
    { get: () => ["203.0.113.9"] },
    { get: () => Promise.resolve("203.0.113.9") },
    { get: () => 7 },
    {},
    undefined,
  ] as unknown as HeaderReader[];
  for (const source of [{ proxies: ["198.51.100.7"] }, { hops: 2 }, { header: "x-real-ip" }]) {
    for (const reader of readers) expect(clientResolver(source)("198.51.100.7", reader).address).toBe("198.51.100.7");
  }
});

test("a flood of distinct peers neither grows the resolver nor changes an answer", () => {
  const resolver = clientResolver(undefined);
  for (let count = 0; count < 20_000; count++) expect(resolver(spellIPv4(count * 65_537), none).address).toBe(spellIPv4(count * 65_537));
  const [first, again] = [resolver("192.0.2.1", none), resolver("192.0.2.1", none)];
  expect(again).toBe(first);
  expect(Object.isFrozen(first)).toBe(true);
});

test("over 100,000 requests, no header decides who an untrusted peer is, and only its nearest foreign hop who comes through a proxy", () => {
  const random = seeded(20_260_104);
  const proxies = ["10.0.0.0/8", "2001:db8:aaaa::/48"];
  const resolvers = (["x-forwarded-for", "forwarded"] as const).map((forwardedHeader) => clientResolver({ proxies, forwardedHeader }));
  const trusted = () =>
    random(2) === 0 ? `10.${random(256)}.${random(256)}.${random(256)}` : `2001:db8:aaaa:${random(65_536).toString(16)}::${random(9)}`;
  const foreign = () => (random(2) === 0 ? `203.0.113.${random(256)}` : `2001:db8:bbbb::${random(65_536).toString(16)}`);
  const anything = () => (random(2) === 0 ? spellIPv6(random, randomGroups(random)) : spellIPv4(randomIPv4(random)));
  for (let count = 0; count < 100_000; count++) {
    const which = random(2);
    // RFC 7239 wants quotes around what is not a token; open quotes and separators of the client's are its own affair.
    const write = (address: string) => (which === 0 ? address : `for="${address.includes(":") ? `[${address}]` : address}"`);
    const sent = Array.from({ length: random(4) }, () =>
      random(2) === 0 ? write(anything()) : mutate(random, `for="${anything()}";host=a, `),
    );
    const client = foreign();
    const appended = [client, ...Array.from({ length: random(3) }, trusted)].map(write);
    const [forwardedHeader, resolver] = [["x-forwarded-for", "forwarded"][which]!, resolvers[which]!];
    const read = (value: string): HeaderReader => ({
      get: (name) => (name === forwardedHeader ? value : null),
      [Symbol.iterator]: none[Symbol.iterator],
    });
    const spoofed = resolver(client, read([...sent, ...appended].join(", ")));
    const behind = resolver(trusted(), read([...sent, ...appended].join(", ")));
    const plain = clientResolver(undefined)(client, none);
    if (spoofed.address !== plain.address || spoofed.key !== plain.key) throw new Error(`${client} became ${spoofed.address} by ${sent}`);
    if (behind.address !== plain.address || behind.key !== plain.key)
      throw new Error(`${client} became ${behind.address} by ${[...sent, ...appended]}`);
  }
});

describe("a wrong source is refused at start", () => {
  test.each([
    [{ proxies: ["10.0.0.1/8"] }, "AIWAF_ADDRESS_INVALID", '"client.proxies": "10.0.0.1/8"'],
    [{ proxies: ["::ffff:10.0.0.0/8"] }, "AIWAF_ADDRESS_INVALID", "write 10.0.0.0/8"],
    [{ proxies: "10.0.0.0/8" }, "AIWAF_OPTION_INVALID", '"client.proxies"'],
    [{ proxies: [7] }, "AIWAF_OPTION_INVALID", '"client.proxies"'],
    [{ hops: 0 }, "AIWAF_OPTION_INVALID", '"client.hops" must be a whole number from 1 to 32'],
    [{ hops: 33 }, "AIWAF_OPTION_INVALID", '"client.hops"'],
    [{ hops: "1" }, "AIWAF_OPTION_INVALID", '"client.hops"'],
    [{ header: "" }, "AIWAF_OPTION_INVALID", '"client.header"'],
    [{ header: "x forwarded" }, "AIWAF_OPTION_INVALID", '"client.header"'],
    [{ hops: 1, forwardedHeader: "x-real-ip" }, "AIWAF_OPTION_INVALID", '"client.forwardedHeader"'],
    [{ header: "x-real-ip", forwardedHeader: "forwarded" }, "AIWAF_OPTION_INVALID", '"client.forwardedHeader"'],
    [{ hop: 1 }, "AIWAF_OPTION_UNKNOWN", 'Did you mean "hops"'],
    [{ proxies: [], hops: 1 }, "AIWAF_OPTION_INVALID", "one of proxies, hops and header"],
    [{}, "AIWAF_OPTION_INVALID", "one of proxies, hops and header"],
    [true, "AIWAF_OPTION_INVALID", '"client"'],
    [null, "AIWAF_OPTION_INVALID", '"client"'],
  ])("%j", (source, code, hint) => {
    const build = () => clientResolver(source as unknown as ClientSource);
    expect(build).toThrow(expect.objectContaining({ name: "WafError", code }));
    expect(build).toThrow(hint);
  });
});

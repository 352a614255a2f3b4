import { describe, expect, test } from "vitest";
import { addressKey, compileAddressSet, formatAddress, parseAddress, parseHop } from "../src/addresses.ts";
import { mutate, randomGroups, randomIPv4, seeded, spellIPv4, spellIPv6 } from "./addresses-cases.ts";

const canonical = (text: string): string | undefined => {
  const address = parseAddress(text);
  return address === undefined ? undefined : formatAddress(address);
};
const key = (text: string): string => addressKey(parseAddress(text)!);

describe("one host has one text", () => {
  test.each([
    ["192.0.2.1", "192.0.2.1"],
    ["255.255.255.255", "255.255.255.255"],
    ["0.0.0.0", "0.0.0.0"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::FFFF:c000:0201", "192.0.2.1"],
    ["0:0:0:0:0:ffff:c000:201", "192.0.2.1"],
    ["::ffff:7f00:1", "127.0.0.1"],
    ["64:ff9b::c000:201", "192.0.2.1"],
    ["64:ff9b::192.0.2.1", "192.0.2.1"],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["2001:0db8::0001", "2001:db8::1"],
    ["fe80::1%eth0", "fe80::1"],
    ["fe80::1%br_lan~1", "fe80::1"],
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["::192.0.2.1", "::c000:201"],
  ])("%s is %s", (text, expected) => expect(canonical(text)).toBe(expected));

  test.each([
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1", "a single zero group is not shortened"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1", "the longest run is shortened"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1", "of equal runs, the first is shortened"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0", "a shortened single group is written out"],
    ["1:2:3:4:5:6:0:0", "1:2:3:4:5:6::", "a run at the end is shortened"],
  ])("%s is written %s, because %s (RFC 5952)", (text, expected) => expect(canonical(text)).toBe(expected));

  test("neighbours of the mapped and the NAT64 range stay IPv6", () => {
    expect(canonical("::fffe:192.0.2.1")).toBe("::fffe:c000:201");
    expect(canonical("::ffff:0:192.0.2.1")).toBe("::ffff:0:c000:201");
    expect(canonical("64:ff9b:1::192.0.2.1")).toBe("64:ff9b:1::c000:201");
    expect(canonical("64:ff9b::1:192.0.2.1")).toBe("64:ff9b::1:c000:201");
    expect(canonical("1::ffff:192.0.2.1")).toBe("1::ffff:c000:201");
  });
});

test.each([
  "",
  " ",
  "192.0.2.1 ",
  "1.2.3.256",
  "01.2.3.4",
  "1.2.3.04",
  "1.2.3.00",
  "1.2.3",
  "1.2.3.4.5",
  "1.2.3.",
  ".1.2.3",
  "1..2.3",
  "0x7f.1",
  "0x7f.0.0.1",
  "2130706433",
  "１.2.3.4",
  "1.2.3.4%eth0",
  "1.2.3.4:80",
  "[::1]",
  ":",
  ":::",
  "1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:8:9",
  "1:2:3:4:5:6:7:8::",
  "::1:2:3:4:5:6:7:8",
  "1::2::3",
  ":1::2",
  "1::2:",
  "12345::",
  "::g",
  "::1.2.3",
  "::1.2.3.4:5",
  "::1.2.3.256",
  "::01.2.3.4",
  "::ffff:1.2.3.4.5",
  "1.2.3.4::",
  "1:2:3:4:5:6:7:1.2.3.4",
  "fe80::1%",
  "fe80::1%a b",
  "fe80::1%a%b",
  `fe80::1%${"a".repeat(65)}`,
  "localhost",
  "unknown",
  "::1\0",
  "\ud800::1",
])("%j is no address", (text) => expect(parseAddress(text)).toBeUndefined());

test("a megabyte of anything is refused at once", () => {
  for (const piece of ["1", "1.", ":", "::", "0:", "f", "%", "[", "1.2.3.4,"]) {
    const text = piece.repeat(1_000_000);
    // Were the megabyte read each time, this would take many minutes.
    for (let count = 0; count < 100_000; count++) {
      if (parseAddress(text) !== undefined || parseHop(text) !== undefined) throw new Error("accepted");
    }
  }
});

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["192.0.2.1:4711", "192.0.2.1"],
  ["192.0.2.1:65535", "192.0.2.1"],
  ["192.0.2.1:_gateway", "192.0.2.1"],
  ["2001:db8::1", "2001:db8::1"],
  ["[2001:db8::1]", "2001:db8::1"],
  ["[2001:db8::1]:443", "2001:db8::1"],
  ["[::ffff:192.0.2.1]:443", "192.0.2.1"],
  ["2001:db8::1:443", "2001:db8::1:443"],
  ["192.0.2.1:", undefined],
  ["192.0.2.1:65536", undefined],
  ["192.0.2.1:+80", undefined],
  ["192.0.2.1:80:80", undefined],
  ["[192.0.2.1]", undefined],
  ["[2001:db8::1", undefined],
  ["[2001:db8::1]443", undefined],
  ["[2001:db8::1]:", undefined],
  ["[]", undefined],
  ["[[::1]]", undefined],
  [":80", undefined],
  ["unknown", undefined],
  ["_hidden", undefined],
  ["", undefined],
])("a forwarding header's entry %j names %s", (text, expected) => {
  const address = parseHop(text);
  expect(address === undefined ? undefined : formatAddress(address)).toBe(expected);
});

describe("counters", () => {
  test("count an IPv4 address, mapped or not, under one key", () => {
    expect(key("192.0.2.1")).toBe("192.0.2.1");
    expect(key("::ffff:192.0.2.1")).toBe("192.0.2.1");
    expect(key("64:ff9b::192.0.2.1")).toBe("192.0.2.1");
  });

  test("count a whole IPv6 /64 under one key", () => {
    expect(key("2001:db8:1:2:3:4:5:6")).toBe("2001:db8:1:2::/64");
    expect(key("2001:db8:1:2:ffff::")).toBe("2001:db8:1:2::/64");
    expect(key("2001:db8:1:3::")).toBe("2001:db8:1:3::/64");
    expect(key("2001:db8::1")).toBe("2001:db8::/64");
    expect(key("::1")).toBe("::/64");
  });

  test("count all 6to4 networks of one IPv4 address under that address", () => {
    expect(key("2002:c000:201::1")).toBe("192.0.2.1");
    expect(key("2002:c000:201:ffff::1")).toBe("192.0.2.1");
    expect(key("2003:c000:201::1")).toBe("2003:c000:201::/64");
  });
});

describe("address sets", () => {
  const holds = (entries: string[], text: string) => compileAddressSet(entries, "test")(text);

  test("hold the first and the last address of a range, and not their neighbours", () => {
    const set = compileAddressSet(["192.0.2.64/26", "2001:db8::/33"], "test");
    expect(["192.0.2.63", "192.0.2.64", "192.0.2.127", "192.0.2.128"].map(set)).toEqual([false, true, true, false]);
    expect(
      ["2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::", "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff", "2001:db8:8000::"].map(set),
    ).toEqual([false, true, true, false]);
  });

  test("hold a mapped or NAT64 spelling of an IPv4 address that lies in a range", () => {
    expect(holds(["10.0.0.0/8"], "::ffff:10.1.2.3")).toBe(true);
    expect(holds(["10.0.0.0/8"], "64:ff9b::a01:203")).toBe(true);
    expect(holds(["10.1.2.3"], "::ffff:a01:203")).toBe(true);
  });

  test("read a mapped range as the IPv4 range it is", () => {
    const set = compileAddressSet(["::ffff:10.0.0.0/104"], "test");
    expect(["9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0", "::1"].map(set)).toEqual([false, true, true, false, false]);
    expect(holds(["64:ff9b::10.0.0.0/104"], "10.9.9.9")).toBe(true);
    expect(holds(["::ffff:0:0/96"], "203.0.113.9")).toBe(true);
  });

  test("keep the families apart: 0.0.0.0/0 is all of IPv4 only, ::/0 all of IPv6 only", () => {
    expect(["0.0.0.0", "255.255.255.255", "::ffff:1.2.3.4"].every(compileAddressSet(["0.0.0.0/0"], "test"))).toBe(true);
    expect(["::", "::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"].some(compileAddressSet(["0.0.0.0/0"], "test"))).toBe(false);
    expect(["::", "::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"].every(compileAddressSet(["::/0"], "test"))).toBe(true);
    expect(["0.0.0.0", "255.255.255.255", "::ffff:1.2.3.4"].some(compileAddressSet(["::/0"], "test"))).toBe(false);
  });

  test("merge ranges that hold each other, in whatever order they come", () => {
    const set = compileAddressSet(["10.1.2.3", "10.0.0.0/8", "10.0.0.0/30", "10.0.0.0/8", "2001:db8::1", "2001:db8::/32"], "test");
    expect(["10.0.0.9", "10.1.2.4", "10.255.0.0", "2001:db8:5::"].every(set)).toBe(true);
    expect(["9.9.9.9", "11.0.0.0", "2001:db9::"].some(set)).toBe(false);
  });

  test("an empty set holds nothing, and text that is no address lies in no set", () => {
    expect(holds([], "1.2.3.4")).toBe(false);
    expect(["", "unknown", "10.0.0", "10.0.0.0/8", "10.1.2.3 "].some(compileAddressSet(["0.0.0.0/0", "::/0"], "test"))).toBe(false);
  });

  test("a hundred thousand ranges answer in the time of a few comparisons", () => {
    const set = compileAddressSet(
      Array.from({ length: 100_000 }, (_, index) => `${spellIPv4(index * 4_096 * 8)}/25`),
      "test",
    );
    const inside = parseAddress("10.0.0.1")!;
    // Were the list scanned each time, this would take many minutes.
    for (let count = 0; count < 3_000_000; count++) set(inside);
    expect(set("10.0.0.1")).toBe(true);
    expect(set("10.0.0.128")).toBe(false);
  });

  test.each([
    ["::ffff:10.0.0.0/8", "write 10.0.0.0/8"],
    ["::ffff:10.0.0.0/40", "use a prefix from 96 to 128"],
    ["::ffff:0:0/95", "use a prefix from 96 to 128"],
    ["64:ff9b::/32", "contradicts its address"],
    ["64:ff9b::/96", "write 0.0.0.0/0"],
    ["10.0.0.1/8", "write 10.0.0.0/8 for the range, or 10.0.0.1 for the one address"],
    ["::ffff:10.0.0.1/104", "write 10.0.0.0/8"],
    ["2001:db8::1/32", "write 2001:db8::/32"],
    ["2001:db8:0:0:0:0:0:1/127", "write 2001:db8::/127"],
    ["10.0.0.0/33", "no prefix from 0 to 32"],
    ["::/129", "no prefix from 0 to 128"],
    ["10.0.0.0/", "no prefix"],
    ["10.0.0.0/08", "no prefix"],
    ["10.0.0.0/+8", "no prefix"],
    ["10.0.0.0/-0", "no prefix"],
    ["10.0.0.0/8 ", "no prefix"],
    ["10.0.0.0/8/8", "no prefix"],
    ["10.0.0.0/255.0.0.0", "no prefix"],
    [" 10.0.0.0/8", "neither an address nor a CIDR range"],
    ["10.0.0/8", "neither an address nor a CIDR range"],
    ["010.0.0.0/8", "neither an address nor a CIDR range"],
    ["10.*", "neither an address nor a CIDR range"],
    ["localhost", "neither an address nor a CIDR range"],
    ["[::1]", "neither an address nor a CIDR range"],
    ["", "neither an address nor a CIDR range"],
    ["fe80::%eth0/10", "names a zone"],
  ])("refuse %j, naming the option, the value and what to write", (entry, hint) => {
    const compile = () => compileAddressSet(["192.0.2.1", entry], "blocklist.deny");
    expect(compile).toThrow(expect.objectContaining({ name: "WafError", code: "AIWAF_ADDRESS_INVALID" }));
    expect(compile).toThrow(`Option "blocklist.deny": ${JSON.stringify(entry)}`);
    expect(compile).toThrow(hint);
  });

  test("refuse what is not a list of text, and never show more than the beginning of a value", () => {
    expect(() => compileAddressSet("10.0.0.0/8" as never, "x")).toThrow(expect.objectContaining({ code: "AIWAF_OPTION_INVALID" }));
    for (const entry of [undefined, null, 7, {}, Object.create(null), Symbol("x")]) {
      expect(() => compileAddressSet([entry] as never, "x")).toThrow(expect.objectContaining({ code: "AIWAF_ADDRESS_INVALID" }));
    }
    expect(() => compileAddressSet(["1".repeat(10_000)], "x")).toThrow(/^.{0,250}$/);
  });
});

test("what is formatted reads back as the same address, for 50,000 addresses", () => {
  const random = seeded(41);
  for (let count = 0; count < 50_000; count++) {
    const text = random(2) === 0 ? spellIPv6(random, randomGroups(random)) : spellIPv4(randomIPv4(random));
    const address = parseAddress(text)!;
    if (formatAddress(parseAddress(formatAddress(address))!) !== formatAddress(address)) throw new Error(text);
    if (String(parseAddress(formatAddress(address))) !== String(address)) throw new Error(text);
    if (String(parseHop(text)) !== String(address)) throw new Error(text);
    parseHop(mutate(random, text));
  }
});

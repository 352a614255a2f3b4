import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createWaf, type Decision, type WafOptions } from "@aiwaf/core";
import { type GeoOptions, geo } from "@aiwaf/core/detectors";
import { addEntries, removeEntries } from "@aiwaf/core/lists";
import { recordOf } from "@aiwaf/core/records";
import { memoryStore } from "@aiwaf/core/stores/memory";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type GeoDatabaseOptions, openGeoDatabase } from "../src/index.ts";
import { type MmdbOptions, type Value, writeMmdb } from "./mmdb-writer.ts";

const folder = mkdtempSync(join(tmpdir(), "aiwaf-geo-"));
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
function file(bytes: Uint8Array): string {
  const path = join(folder, `${count++}.mmdb`);
  writeFileSync(path, bytes);
  return path;
}
const database = (networks: Readonly<Record<string, Value>>, layout: MmdbOptions = {}, options: GeoDatabaseOptions = {}) =>
  openGeoDatabase(file(writeMmdb(networks, layout)), options);

const COUNTRIES = {
  "192.0.2.0/24": { country: { iso_code: "DE" } },
  "198.51.100.0/24": { country: { iso_code: "CN" } },
  "2001:db8:1::/48": { country: { iso_code: "FR" } },
};

describe("S2-042 a database", () => {
  test.each([24, 28, 32] as const)("of IPv4 and IPv6 networks answers with records of %d bits", (recordSize) => {
    const { lookup } = database(COUNTRIES, { recordSize });
    expect(lookup("192.0.2.200")).toEqual({ country: "DE" });
    expect(lookup("198.51.100.1")).toEqual({ country: "CN" });
    expect(lookup("2001:db8:1::5")).toEqual({ country: "FR" });
    expect(lookup("192.0.3.1")).toBeUndefined();
    expect(lookup("2001:db8:2::5")).toBeUndefined();
  });

  test("of IPv4 networks alone answers, and knows no IPv6 address", () => {
    const { lookup } = database({ "192.0.2.0/24": { country: { iso_code: "DE" } } }, { ipVersion: 4, recordSize: 24 });
    expect(lookup("192.0.2.1")).toEqual({ country: "DE" });
    expect(lookup("2001:db8::1")).toBeUndefined();
  });

  test.each<[string, Value, object | undefined]>([
    [
      "MaxMind and DB-IP: nested",
      { country: { iso_code: "DE", names: { en: "Germany" } }, registered_country: { iso_code: "NL" } },
      { country: "DE" },
    ],
    ["MaxMind: only where the network is registered", { registered_country: { iso_code: "NL" } }, { country: "NL" }],
    ["MaxMind: networks", { autonomous_system_number: 64_500, autonomous_system_organization: "Example" }, { asn: 64_500 }],
    [
      "IPinfo Lite: flat, with the country's name",
      { country: "Germany", country_code: "DE", asn: "AS64500" },
      { country: "DE", asn: 64_500 },
    ],
    ["IPinfo: flat, with the country's code", { country: "DE", country_name: "Germany", asn: "AS64500" }, { country: "DE", asn: 64_500 }],
    ["other tools: a flat key", { country_code2: "de" }, { country: "DE" }],
    ["other tools: a dotted key", { "country.iso_code": "DE" }, { country: "DE" }],
    ["a record of something else", { city: "Berlin", country: 7, asn: -1 }, undefined],
    ["a text", "DE", undefined],
  ])("reads the fields of %s", (_, record, place) => {
    expect(database({ "192.0.2.0/24": record, "8.0.0.0/8": { country: "US" } }).lookup("192.0.2.1")).toEqual(place);
  });

  test("beside one of networks gives both", () => {
    const networks = file(writeMmdb({ "192.0.2.0/24": { autonomous_system_number: 64_500 } }));
    const both = database(COUNTRIES, {}, { networks });
    expect(both.lookup("192.0.2.1")).toEqual({ country: "DE", asn: 64_500 });
    expect(both.lookup("198.51.100.1")).toEqual({ country: "CN" });
    expect(both.files.map(({ type, builtAt }) => [type, builtAt.getTime()])).toEqual(Array(2).fill(["Test-Country", 1_700_000_000_000]));
  });

  test("is asked about whatever a request may bring, and throws never", () => {
    const { lookup } = database(COUNTRIES);
    for (const address of ["", "x", "999.1.1.1", "::ffff:192.0.2.1", "1.2.3.4/8", "\u0000", ":".repeat(999)])
      expect(() => lookup(address)).not.toThrow();
  });
});

describe("S2-205 S2-223 a database that cannot be used ends the start with the command that gets one", () => {
  const refused = (path: string): string => {
    try {
      openGeoDatabase(path);
      return "opened";
    } catch (error) {
      return (error as Error).message;
    }
  };

  test.each<[string, () => string, RegExp]>([
    ["missing", () => join(folder, "none.mmdb"), /cannot be read: ENOENT/],
    ["a folder", () => folder, /it is no file/],
    ["empty", () => file(new Uint8Array()), /no MMDB file/],
    ["of another kind", () => file(Buffer.from("GIF89a".repeat(100))), /no MMDB file/],
    ["cut short", () => file(writeMmdb(COUNTRIES).subarray(0, 300)), /no MMDB file/],
    ["about something else", () => file(writeMmdb({ "8.0.0.0/8": { city: "x" }, "9.0.0.0/8": { city: "y" } })), /its records have city/],
  ])("%s", (_, make, why) => {
    expect(refused(make())).toMatch(why);
    expect(refused(make())).toMatch(/^AIWAF_GEO_DATABASE: .*npm install @ip-location-db\//s);
  });

  test("and a detector without a database names the option", () => {
    expect(() => geo({} as GeoOptions)).toThrow('Option "geo.database" must be what openGeoDatabase() of @aiwaf/geo returns');
    expect(() => openGeoDatabase(file(writeMmdb(COUNTRIES)), { reloadMs: 1 })).toThrow('"reloadMs"');
  });
});

test("a file with flipped bits is refused with a reason, or answers what is left of it, and never hangs or throws anything else", () => {
  const whole = writeMmdb({
    ...COUNTRIES,
    "203.0.113.0/24": { country: { iso_code: "US", names: { en: "x" } }, list: [1, 2, { a: true }] },
  });
  let state = 4_711;
  const next = (end: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.floor((state >>> 0) * 2 ** -32 * end);
  };
  let opened = 0;
  for (let run = 0; run < 400; run++) {
    const bytes = Buffer.from(whole);
    // The tail has the records and what describes the file; the tree before it is mostly empty.
    const from = run % 2 === 0 ? 0 : whole.length - 400;
    for (let count = 1 + next(4); count > 0; count--) bytes[from + next(whole.length - from)]! ^= 1 << next(8);
    try {
      const { lookup } = openGeoDatabase(file(bytes));
      opened++;
      for (const address of ["192.0.2.1", "198.51.100.1", "203.0.113.9", "2001:db8:1::5", "8.8.8.8"]) lookup(address);
    } catch (error) {
      expect((error as { readonly code?: string }).code, String(error)).toBe("AIWAF_GEO_DATABASE");
    }
  }
  expect(opened).toBeGreaterThan(50);
});

describe("a file that changes", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
  afterEach(() => void vi.useRealTimers());
  /** A look is under way for as long as the file system's threads take: minutes pass until one that began late enough has ended. */
  const later = (lookup: (address: string) => unknown, hasSeen: (place: unknown) => boolean): Promise<void> =>
    expect
      .poll(() => {
        vi.advanceTimersByTime(60_000);
        return hasSeen(lookup("192.0.2.1"));
      })
      .toBe(true);
  const lies = (country: string) => (place: unknown) => (place as { country: string }).country === country;

  test("takes over within a minute, for addresses that were asked before too", async () => {
    const path = file(writeMmdb(COUNTRIES));
    const { lookup } = openGeoDatabase(path);
    expect(lookup("192.0.2.1")).toEqual({ country: "DE" });
    writeFileSync(`${path}.new`, writeMmdb({ "192.0.2.0/24": { country: { iso_code: "AT" } }, "8.0.0.0/8": { country: "US" } }));
    renameSync(`${path}.new`, path);
    expect(lookup("192.0.2.1")).toEqual({ country: "DE" });
    await later(lookup, lies("AT"));
    expect(lookup("192.0.2.1")).toEqual({ country: "AT" });
  });

  test("to something damaged, or goes away, leaves the old one at work and is told", async () => {
    const path = file(writeMmdb(COUNTRIES));
    const warn = vi.fn();
    const { lookup } = openGeoDatabase(path, { log: { warn } });
    writeFileSync(path, "damaged");
    const isTold = (text: string) => () => warn.mock.lastCall?.[0].includes(text);
    await later(lookup, isTold("the state before answers on"));
    expect(lookup("192.0.2.1")).toEqual({ country: "DE" });
    rmSync(path);
    await later(lookup, isTold("ENOENT"));
    expect(lookup("192.0.2.1")).toEqual({ country: "DE" });
    writeFileSync(path, writeMmdb({ "192.0.2.0/24": { country: { iso_code: "CH" } } }));
    await later(lookup, lies("CH"));
    expect(lookup("192.0.2.1")).toEqual({ country: "CH" });
  });
});

describe("S2-041 S2-117 the detector", () => {
  const shared = database(COUNTRIES);
  function build(options: Omit<GeoOptions, "database"> = {}, more: Partial<WafOptions> = {}) {
    let now = 1_700_000_000_000;
    const store = memoryStore();
    const waf = createWaf({
      store,
      log: { warn() {}, error() {} },
      clock: () => now,
      detectors: [geo({ database: shared, ...options })],
      ...more,
    });
    return {
      store,
      send: (peer: string, headers = new Headers()) => waf.inspect({ method: "GET", target: "/", headers, peer }) as Decision,
      now: () => now,
      pass: (ms: number) => {
        now += ms;
      },
    };
  }

  test("S2-238 notes country and network for records, and blocks nobody without a list", () => {
    const { send } = build();
    const decision = send("198.51.100.1");
    expect(decision).toMatchObject({ action: "allow", findings: [], request: { place: { country: "CN" } } });
    expect(recordOf(decision)).toMatchObject({ country: "CN" });
    expect(send("203.0.113.1").request.place).toBeUndefined();
  });

  test("S2-094 blocks the countries it is told to with 403, IPv6 too, and never with a ban", () => {
    const { send } = build({ block: ["cn", "FR"] });
    expect(send("198.51.100.1")).toMatchObject({ action: "block", status: 403, rule: "geo/country" });
    expect(send("2001:db8:1::1")).toMatchObject({ action: "block" });
    expect(send("198.51.100.1").findings[0]?.block?.banMs).toBeUndefined();
    expect(send("192.0.2.1")).toMatchObject({ action: "allow" });
  });

  test("S2-095 lets only the allowed countries pass, and then no other list counts", async () => {
    const { send, store, now } = build({ allow: ["CN"], block: ["CN"] });
    await addEntries(store, "country", [{ name: "CN" }], now());
    expect(send("198.51.100.1")).toMatchObject({ action: "allow" });
    expect(send("192.0.2.1")).toMatchObject({ action: "block", rule: "geo/country" });
  });

  test("S2-115 blocks what the store lists at run time, also when no option lists a country, until it ends or is removed", async () => {
    const { send, store, now, pass } = build();
    expect(send("198.51.100.1")).toMatchObject({ action: "allow" });
    await addEntries(store, "country", [{ name: "cn" }, { name: "de", until: now() + 5_000 }], now());
    expect(send("198.51.100.1")).toMatchObject({ action: "block", rule: "geo/country" });
    expect(send("192.0.2.1")).toMatchObject({ action: "block" });
    pass(5_000);
    expect(send("192.0.2.1")).toMatchObject({ action: "allow" });
    await removeEntries(store, "country", ["CN"], now());
    expect(send("198.51.100.1")).toMatchObject({ action: "allow" });
  });

  test("treats whom nobody knows as it is told, and private networks as at home", () => {
    expect(build({ block: ["CN"] }).send("203.0.113.1")).toMatchObject({ action: "allow" });
    const strict = build({ unknown: "block", allow: ["DE"] });
    expect(strict.send("203.0.113.1")).toMatchObject({ action: "block", rule: "geo/unknown", status: 403 });
    for (const peer of ["10.1.2.3", "127.0.0.1", "::1", "192.168.0.9", "fd00::1"])
      expect(strict.send(peer)).toMatchObject({ action: "allow" });
  });

  test("believes no header about a client's country", () => {
    const { send } = build({ allow: ["DE"] });
    const headers = new Headers({ "x-country-code": "DE", "cf-ipcountry": "DE" });
    expect(send("198.51.100.1", headers)).toMatchObject({ action: "block" });
  });

  test("S2-211 answers a look-up from memory in far less than a millisecond", () => {
    // Were it a millisecond each, this would take longer than any test may.
    for (let index = 0; index < 200_000; index++) shared.lookup(`192.0.${index & 255}.${(index >> 8) & 255}`);
    expect(shared.lookup("192.0.2.9")).toEqual({ country: "DE" });
  });
});

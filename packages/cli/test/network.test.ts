import { createSocket } from "node:dgram";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { holds } from "../src/network/address-range.ts";
import { reverseNameOf } from "../src/network/reverse-dns.ts";
import { specialRange } from "../src/network/special-ranges.ts";
import { whoisFields } from "../src/network/whois-server.ts";
import { aiwafHere, testFolder } from "./command.ts";

const folder = testFolder();
const ends: (() => void)[] = [];
afterAll(() => {
  for (const end of ends) end();
  folder.remove();
});

/** A WHOIS server on this machine that answers each question as told; what it was asked is kept. */
async function whoisServer(answer: (question: string) => Iterable<string> | undefined): Promise<{ address: string; asked: string[] }> {
  const asked: string[] = [];
  const server: Server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (bytes) => {
      asked.push(bytes.toString());
      const texts = answer(bytes.toString().trim());
      if (texts === undefined) return;
      for (const text of texts) socket.write(text);
      socket.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ends.push(() => server.close());
  return { address: `127.0.0.1:${(server.address() as { port: number }).port}`, asked };
}

/** What an answer says of itself. */
const [NO_ERROR, SERVER_FAILED, NO_SUCH_NAME] = [0x80, 0x82, 0x83];

/** A name server that knows `names` by reverse name and addresses by name, and nothing else. Names of which it knows `""` it fails to look up. */
async function nameServer(names: Readonly<Record<string, string>>, addresses: Readonly<Record<string, string>>): Promise<string> {
  const socket = createSocket("udp4");
  socket.on("message", (question, from) => {
    const labels: string[] = [];
    let at = 12;
    for (let length = question[at]!; length > 0; length = question[at]!) {
      labels.push(question.subarray(at + 1, at + 1 + length).toString());
      at += 1 + length;
    }
    const name = labels.join(".");
    const type = question.readUInt16BE(at + 1);
    const wire = (text: string): Buffer =>
      Buffer.concat([...text.split(".").map((label) => Buffer.from([label.length, ...Buffer.from(label)])), Buffer.from([0])]);
    const data =
      type === 12 && names[name]
        ? wire(names[name])
        : type === 1 && addresses[name] !== undefined
          ? Buffer.from(addresses[name].split(".").map(Number))
          : undefined;
    const head = Buffer.from([
      question[0]!,
      question[1]!,
      0x81,
      names[name] === "" ? SERVER_FAILED : data === undefined ? NO_SUCH_NAME : NO_ERROR,
      0,
      1,
      0,
      data === undefined ? 0 : 1,
      0,
      0,
      0,
      0,
    ]);
    const record =
      data === undefined ? [] : [Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, data.length >> 8, data.length & 255]), data];
    socket.send(Buffer.concat([head, question.subarray(12, at + 5), ...record]), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  ends.push(() => socket.close());
  return `127.0.0.1:${socket.address().port}`;
}

/** MMDB files that say XX and AS64500 of 8.8.8.0/24, and nothing of anything else. */
const COUNTRIES = Buffer.from(
  "AAABAAAAGAAAAgAAABgAAAMAAAAYAAAEAAAAGAAAGAAAAAUAAAYAAAAYAAAHAAAAGAAACAAAABgAAAkAAAAYAAAKAAAAGAAACwAAABgAAAwAAAAYAAAYAAAADQAADgAAABgAAA8AAAAY" +
    "AAAQAAAAGAAAEQAAABgAABIAAAAYAAATAAAAGAAAFAAAABgAABgAAAAVAAAWAAAAGAAAFwAAABgAACgAAAAYAAAAAAAAAAAAAAAAAAAAAOFHY291bnRyeeFIaXNvX2NvZGVCWFirze9N" +
    "YXhNaW5kLmNvbelbYmluYXJ5X2Zvcm1hdF9tYWpvcl92ZXJzaW9uwQJbYmluYXJ5X2Zvcm1hdF9taW5vcl92ZXJzaW9uwEtidWlsZF9lcG9jaMRlU/EATWRhdGFiYXNlX3R5cGVMVGVz" +
    "dC1Db3VudHJ5S2Rlc2NyaXB0aW9u4UJlbk9tYWRlIGZvciBhIHRlc3RKaXBfdmVyc2lvbsEESWxhbmd1YWdlcwEEQmVuSm5vZGVfY291bnTBGEtyZWNvcmRfc2l6ZcEc",
  "base64",
);
const NETWORKS = Buffer.from(
  "AAABAAAAGAAAAgAAABgAAAMAAAAYAAAEAAAAGAAAGAAAAAUAAAYAAAAYAAAHAAAAGAAACAAAABgAAAkAAAAYAAAKAAAAGAAACwAAABgAAAwAAAAYAAAYAAAADQAADgAAABgAAA8AAAAY" +
    "AAAQAAAAGAAAEQAAABgAABIAAAAYAAATAAAAGAAAFAAAABgAABgAAAAVAAAWAAAAGAAAFwAAABgAACgAAAAYAAAAAAAAAAAAAAAAAAAAAOFYYXV0b25vbW91c19zeXN0ZW1fbnVtYmVy" +
    "wvv0q83vTWF4TWluZC5jb23pW2JpbmFyeV9mb3JtYXRfbWFqb3JfdmVyc2lvbsECW2JpbmFyeV9mb3JtYXRfbWlub3JfdmVyc2lvbsBLYnVpbGRfZXBvY2jEZVPxAE1kYXRhYmFzZV90" +
    "eXBlSFRlc3QtQVNOS2Rlc2NyaXB0aW9u4UJlbk9tYWRlIGZvciBhIHRlc3RKaXBfdmVyc2lvbsEESWxhbmd1YWdlcwEEQmVuSm5vZGVfY291bnTBGEtyZWNvcmRfc2l6ZcEc",
  "base64",
);

const json = async (...args: readonly string[]): Promise<Record<string, unknown>> => {
  const { out } = await aiwafHere([...args, "--json"]);
  return JSON.parse(out) as Record<string, unknown>;
};

describe("aiwaf whois, without asking anybody", () => {
  test.each([
    ["10.1.2.3", "10.0.0.0/8", "RFC 1918"],
    ["100.64.0.1", "100.64.0.0/10", "RFC 6598"],
    ["169.254.169.254", "169.254.169.254/32", "RFC 3927"],
    ["::ffff:192.168.1.1", "192.168.0.0/16", "RFC 1918"],
    ["255.255.255.255", "255.255.255.255/32", "RFC 919"],
    ["2001:DB8::1", "2001:db8::/32", "RFC 3849"],
    ["fd00::1", "fc00::/7", "RFC 4193"],
    ["64:ff9b::8.8.8.8", "64:ff9b::/96", "RFC 6052"],
  ])("names the range and the RFC of %s", async (address, range, rfc) => {
    expect((await json("whois", address))["special"]).toMatchObject({ range, rfc });
  });

  test.each(["9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.32.0.0", "8.8.8.8", "2001:db7:ffff::1", "2606:4700::1"])(
    "takes %s for what it is: public",
    (address) => {
      expect(specialRange(address)).toBeUndefined();
    },
  );

  test("never takes an IPv4 address for one of the mapped IPv6 range, nor nonsense for anything", () => {
    expect(holds("::ffff:0:0/96", "8.8.8.8")).toBe(false);
    for (const range of ["", "/", "x/8", "10.0.0.0/99", "10.0.0.0/-1", "::/x"]) expect(holds(range, "10.0.0.1")).toBe(false);
  });

  test("S2-238: reads country and network from databases of the user's", async () => {
    const countries = folder.write("country.mmdb", COUNTRIES);
    const networks = folder.write("asn.mmdb", NETWORKS);
    expect(await json("whois", "8.8.8.8", "--geoip", countries, "--networks", networks)).toMatchObject({ country: "XX", asn: 64_500 });
    expect((await aiwafHere(["whois", "8.8.8.8", "--geoip", countries])).out).toMatch(/registered +XX\n/);
    expect((await aiwafHere(["whois", "9.9.9.9", "--geoip", countries])).out).toMatch(/not in the database/);
  });

  test("knows a crawler by the ranges that are kept", async () => {
    const ranges = join(folder.path, "known");
    await aiwafHere(["ranges", "bot-one", folder.write("one.txt", "66.249.64.0/19\n2a00:1450::/48\n"), "--folder", ranges]);
    expect(await json("whois", "66.249.66.1", "--ranges", ranges)).toMatchObject({ bots: ["bot-one"] });
    expect(await json("whois", "66.249.96.1", "--ranges", ranges)).toMatchObject({ bots: [] });
  });
});

describe("aiwaf whois --server", () => {
  const ANSWER = [
    "% made up\r\nNetRange: 8.8.8.0 - 8.8.8.255\r\nCIDR:     8.8.8.0/24\r\n",
    "OrgName: Example \u001b[31mNet\r\nCountry: XX\r\nOrgAbuseEmail: abuse@example.net\r\n",
  ];

  test("sends one line to that server alone, and shows whose the network is", async () => {
    const { address, asked } = await whoisServer(() => ANSWER);
    const { code, out, err } = await aiwafHere(["whois", "8.8.8.8", "--server", address]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(asked).toEqual(["8.8.8.8\r\n"]);
    expect(out).toMatch(/range +8\.8\.8\.0\/24\n +owner +Example \\x1b\[31mNet\n +country +XX\n +abuse +abuse@example\.net\n/);
    expect(out).not.toContain("\u001b");
    expect((await aiwafHere(["whois", "8.8.8.8", "--server", address, "--full"])).out).toContain("  % made up\n");
  });

  test("asks for a domain, too, and never sends what is more than one line", async () => {
    const { address, asked } = await whoisServer(() => ["Registrar: Somebody\n"]);
    expect((await json("whois", "shop.example", "--server", address))["whois"]).toMatchObject({ fields: { registrar: "Somebody" } });
    expect((await aiwafHere(["whois", "shop.example\r\n-r x", "--server", address])).code).toBe(2);
    expect(asked).toEqual(["shop.example\r\n"]);
  });

  test.each([
    ["closes without a word", () => [] as string[], /without an answer/],
    ["never answers", () => undefined, /no whole answer within 0\.3 seconds/],
  ])("ends in one line, with what is known from here, where the server %s", async (_, answer, says) => {
    const { address } = await whoisServer(answer);
    const { code, out, err } = await aiwafHere(["whois", "8.8.8.8", "--server", address, "--timeout", "0.3"]);
    expect(code).toBe(1);
    expect(out).toMatch(/range +public/);
    expect(err).toMatch(says);
    expect(err.trimEnd()).not.toContain("\n");
  });

  test("ends where nobody listens, and takes no more than its share of an endless answer", async () => {
    expect((await aiwafHere(["whois", "8.8.8.8", "--server", "127.0.0.1:9"])).err).toMatch(
      /^aiwaf: --server 127\.0\.0\.1:9: .*ECONNREFUSED/,
    );
    const { address } = await whoisServer(() => Array.from({ length: 400 }, () => `${"x".repeat(1_023)}\n`));
    const { text } = (await json("whois", "8.8.8.8", "--server", address))["whois"] as { text: string };
    expect(text.length).toBe(256 * 1024);
  });

  test("finds the fields of each registry's way to write, and nothing in lines made to be slow", () => {
    expect(whoisFields("inetnum:        192.0.2.0 - 192.0.2.255\nnetname:        TEST\norg-name: A: B\norigin: AS64500\n")).toEqual({
      network: "TEST",
      range: "192.0.2.0 - 192.0.2.255",
      owner: "A: B",
      origin: "AS64500",
    });
    expect(whoisFields(`${" a".repeat(50_000)}\n`.repeat(50))).toEqual({});
  });
});

describe("aiwaf whois --dns", () => {
  test("names the address, and says whether the name confirms it", async () => {
    const server = await nameServer(
      { "1.66.249.66.in-addr.arpa": "crawl.example.com", "2.66.249.66.in-addr.arpa": "liar.example.com" },
      { "crawl.example.com": "66.249.66.1", "liar.example.com": "192.0.2.1" },
    );
    const dns = async (address: string) => (await json("whois", address, "--dns", "--name-server", server))["dns"];
    expect(await dns("66.249.66.1")).toEqual({ names: [{ name: "crawl.example.com", confirmed: true }], error: null });
    expect(await dns("66.249.66.2")).toEqual({ names: [{ name: "liar.example.com", confirmed: false }], error: null });
    expect(await dns("66.249.66.3")).toEqual({ names: [], error: null });
    expect((await aiwafHere(["whois", "66.249.66.2", "--dns", "--name-server", server])).out).toMatch(/NOT confirmed/);
  });

  test("says that the server could not be asked, and not that there is no name, and ends with 1", async () => {
    const server = await nameServer({ "1.66.249.66.in-addr.arpa": "" }, {});
    for (const [name, why] of [
      [server, "ESERVFAIL"],
      ["127.0.0.1:1", "ECONNREFUSED"],
    ] as const) {
      const args = ["whois", "66.249.66.1", "--dns", "--name-server", name, "--timeout", "2"];
      const { code, out, err } = await aiwafHere(args);
      expect({ code, err }).toEqual({ code: 1, err: `aiwaf: --dns: the name server does not answer (${why})\n` });
      expect(out).not.toMatch(/name +none/);
      const { out: text } = await aiwafHere([...args, "--json"]);
      expect((JSON.parse(text) as { dns: unknown }).dns).toEqual({ names: [], error: `the name server does not answer (${why})` });
    }
    const { code, out } = await aiwafHere(["whois", "66.249.66.2", "--dns", "--name-server", server]);
    expect({ code, none: /name +none/.test(out) }).toEqual({ code: 0, none: true });
  });

  test("asks for one name, however the address is spelled", () => {
    const documentation = `a.${"0.".repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`;
    for (const address of ["2001:db8::a", "2001:DB8::A", "2001:0db8:0:0:0:0:0:000a", "2001:db8::0.0.0.10", "2001:db8::a%eth0"])
      expect(reverseNameOf(address), address).toBe(documentation);
    for (const address of ["192.0.2.10", "::ffff:192.0.2.10", "::FFFF:c000:20a", "0:0:0:0:0:ffff:192.0.2.10"])
      expect(reverseNameOf(address), address).toBe("10.2.0.192.in-addr.arpa");
    expect(["::", "::1", "ffff::", "1:2:3:4:5:6:7::"].map(reverseNameOf)).toEqual([
      `${"0.".repeat(32)}ip6.arpa`,
      `1.${"0.".repeat(31)}ip6.arpa`,
      `${"0.".repeat(28)}f.f.f.f.ip6.arpa`,
      "0.0.0.0.7.0.0.0.6.0.0.0.5.0.0.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.ip6.arpa",
    ]);
  });

  test("ends in time where nobody answers", async () => {
    const silent = createSocket("udp4");
    await new Promise<void>((resolve) => silent.bind(0, "127.0.0.1", resolve));
    ends.push(() => silent.close());
    const { code, out, err } = await aiwafHere([
      "whois",
      "8.8.8.8",
      "--dns",
      "--name-server",
      `127.0.0.1:${silent.address().port}`,
      "--timeout",
      "0.5",
    ]);
    expect(code).toBe(1);
    expect(out).toMatch(/range +public/);
    expect(err).toMatch(/^aiwaf: --dns: the name server does not answer/);
  });
});

import { createProxy, type ReverseProxy } from "@aiwaf/proxy";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exchange, PATIENCE_MS, pause, type Running, serveRaw } from "./servers.ts";
import { SMUGGLING_CASES } from "./smuggling-cases.ts";

let upstream: Running;
let proxy: ReverseProxy;
let port: number;
let received = "";

beforeAll(async () => {
  upstream = await serveRaw((socket) => {
    let seen = "";
    socket.on("data", (bytes) => {
      const text = bytes.toString("latin1");
      received += text;
      seen += text;
      const isWhole =
        /^\S+ \S+ HTTP\/1\.1\r\n/.test(seen) && seen.includes("\r\n\r\n") && (!/chunked/i.test(seen) || seen.endsWith("0\r\n\r\n"));
      if (!isWhole) return;
      seen = "";
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-upstream: 1\r\n\r\nok");
    });
  });
  // Inspection would hide what framing lets through.
  proxy = createProxy({ upstream: `http://127.0.0.1:${upstream.port}`, firewall: false, drainMs: 0 });
  ({ port } = await proxy.listen(0));
});
afterAll(async () => {
  await proxy.close();
  await upstream.stop();
});

describe(`the ${SMUGGLING_CASES.length} cases of smuggling`, () => {
  it("are more than a hundred", () => expect(SMUGGLING_CASES.length).toBeGreaterThanOrEqual(100));

  for (const { name, bytes, expect: expected } of SMUGGLING_CASES) {
    it(`${expected === "refused" ? "refuses" : "writes anew"}: ${name}`, async () => {
      received = "";
      const isEnough = (text: string): boolean => expected === "clean" && text.includes("\r\n\r\nok");
      const answered = await exchange(port, bytes, { quietMs: expected === "clean" ? PATIENCE_MS : 1_000, isEnough });
      await pause(10);
      const heads = readUpstream(received);
      if (expected === "refused") {
        // The head of a chunked request is on its way before its body breaks; it must then stay unfinished.
        expect(heads.filter(({ isWhole }) => isWhole)).toEqual([]);
        expect(received).not.toMatch(/smuggled HTTP|HTTP\/1\.1[\s\S]*HTTP\/1\.1/);
        expect(answered).not.toContain("x-upstream");
      } else {
        expect(heads).toHaveLength(1);
        expect(heads[0]?.isWhole).toBe(true);
        expect(heads[0]?.problems).toEqual([]);
        expect(answered).toMatch(/^HTTP\/1\.1 200/);
      }
    });
  }

  it("leave the proxy able to serve", async () => {
    const answered = await exchange(port, "GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n");
    expect(answered).toMatch(/^HTTP\/1\.1 200/);
  });
});

interface Seen {
  readonly isWhole: boolean;
  readonly problems: readonly string[];
}

/** Reads what the upstream was sent by the letter of RFC 9112, and lists everything that another reader could take differently. */
function readUpstream(text: string): Seen[] {
  const seen: Seen[] = [];
  for (let rest = text; rest !== ""; ) {
    const end = rest.indexOf("\r\n\r\n");
    if (end < 0) return [...seen, { isWhole: false, problems: ["no end of the head"] }];
    const [first = "", ...lines] = rest.slice(0, end).split("\r\n");
    const fields = lines.map((line) => /^([!#$%&'*+.^`|~\w-]+): ([\t\x20-\x7e\x80-\xff]*)$/.exec(line));
    const all = (name: string): string[] => fields.filter((field) => field?.[1]?.toLowerCase() === name).map((field) => field?.[2] ?? "");
    const lengths = all("content-length");
    const codings = all("transfer-encoding");
    const problems = [
      !/^[A-Z]+ (?:\/[\x21-\x7e\x80-\xff]*|\*) HTTP\/1\.1$/.test(first) && `the line ${first}`,
      fields.includes(null) && "a field that is none",
      all("host").length !== 1 && "no one host",
      lengths.length + codings.length > 1 && "two lengths",
      codings.some((coding) => coding !== "chunked") && "a coding",
      lengths.some((length) => !/^\d+$/.test(length)) && "a length",
      all("x-forwarded-for").join() !== "127.0.0.1" && "a chain that the client wrote",
      lines.some((line) => /^[^:]*_/.test(line)) && "an underscore",
    ].filter((problem) => problem !== false);
    const body = rest.slice(end + 4);
    if (codings.length > 0) {
      const chunks = /^(?:([0-9a-f]+)\r\n[\s\S]*?\r\n)*?0\r\n\r\n/.exec(body);
      seen.push({ isWhole: chunks !== null, problems });
      rest = body.slice(chunks?.[0].length ?? body.length);
    } else {
      const length = Number(lengths[0] ?? 0);
      seen.push({ isWhole: body.length >= length, problems });
      rest = body.slice(length);
    }
  }
  return seen;
}

import { describe, expect, test } from "vitest";
import { logReader } from "../../src/train/log-reader.ts";
import { readTimestamp } from "../../src/train/timestamps.ts";

const parseLogLine = (line: string) => logReader().read(line);

const AT = Date.UTC(2000, 9, 10, 20, 55, 36);
const TIME = "[10/Oct/2000:13:55:36 -0700]";

describe("parseLogLine", () => {
  test("reads the common format, which knows neither referer nor agent", () => {
    expect(parseLogLine(`127.0.0.1 - frank ${TIME} "GET /apache_pb.gif?x=1 HTTP/1.0" 200 2326`)).toEqual({
      client: "127.0.0.1",
      at: AT,
      method: "GET",
      target: "/apache_pb.gif?x=1",
      httpVersion: "1.0",
      status: 200,
      durationMs: 0,
      referer: undefined,
      userAgent: undefined,
      fields: undefined,
    });
  });

  test("reads the combined format with further fields behind it", () => {
    const line = `2001:db8::1 - - ${TIME} "POST /a b HTTP/2" 404 - "https://a/?q=\\"x\\"" "-" "10.0.0.1" response-time=0.25`;
    expect(parseLogLine(line)).toMatchObject({
      client: "2001:db8::1",
      target: "/a b",
      httpVersion: "2.0",
      status: 404,
      durationMs: 250,
      referer: 'https://a/?q="x"',
      userAgent: "",
    });
  });

  test("undoes the escapes of Apache and nginx", () => {
    expect(parseLogLine(`1.2.3.4 - - ${TIME} "GET /\\x22\\xC3\\xA9\\\\\\n HTTP/1.1" 200 1 "-" "a\\tb"`)).toMatchObject({
      target: '/"\u00c3\u00a9\\\n',
      userAgent: "a\tb",
    });
  });

  test("finds the client behind a virtual host, without a port, and gives a host name one address of its own", () => {
    const clientOf = (start: string): unknown =>
      (parseLogLine(`${start} - - ${TIME} "GET / HTTP/1.1" 200 1`) as { client: unknown }).client;
    expect(clientOf("shop.example:443 203.0.113.5")).toBe("203.0.113.5");
    expect(clientOf("203.0.113.5:5123")).toBe("203.0.113.5");
    expect(clientOf("[2001:db8::5]:5123")).toBe("2001:db8::5");
    expect(clientOf("-")).toBeUndefined();
    expect(clientOf("dial-up.example.net")).toMatch(/^fd[\da-f]{2}:[\da-f]{4}:[\da-f]{4}:[\da-f]{4}::1$/);
    expect(clientOf("dial-up.example.net")).toBe(clientOf("DIAL-UP.example.net"));
    expect(clientOf("dial-up.example.net")).not.toBe(clientOf("dial-up2.example.net"));
  });

  test("is not led astray by a user name that looks like the rest of a line", () => {
    const user = "x [01/Jan/1999:00:00:00 +0000] y";
    expect(parseLogLine(`1.2.3.4 - ${user} ${TIME} "GET /real HTTP/1.1" 200 1`)).toMatchObject({ at: AT, target: "/real" });
  });

  test("reads requests whose quotes an old server did not escape", () => {
    expect(parseLogLine(`1.2.3.4 - - ${TIME} "GET /?q="a" HTTP/1.0" 501 345 "-" "Nikto"`)).toMatchObject({
      target: '/?q="a"',
      userAgent: "Nikto",
    });
  });

  test("tells what was no HTTP request from what is no line of a log", () => {
    for (const request of ["-", "", "\\x16\\x03\\x01\\x02", "GET", "GET "])
      expect(parseLogLine(`1.2.3.4 - - ${TIME} "${request}" 400 0 "-" "-"`)).toBe("no-request");
    const bad = [
      "",
      "junk",
      `1.2.3.4 - - ${TIME}`,
      `1.2.3.4 - - ${TIME} "GET / HTTP/1.1`,
      `1.2.3.4 - - ${TIME} "GET / HTTP/1.1" ok 1`,
      '1.2.3.4 - - [today] "GET / HTTP/1.1" 200 1',
      "{",
      "{}",
      '{"request":{}}',
      "[]",
    ];
    for (const line of bad) expect(parseLogLine(line), line).toBe("unparsed");
  });

  test("reads Caddy's JSON with all its fields", () => {
    const line = JSON.stringify({
      level: "info",
      ts: 1_646_861_401.5241024,
      request: {
        remote_ip: "127.0.0.1",
        client_ip: "203.0.113.8",
        proto: "HTTP/2.0",
        method: "GET",
        host: "localhost",
        uri: "/a?b=c",
        headers: { "User-Agent": ["curl/7.82.0"], Accept: ["*/*"], "X-Two": ["1", "2"] },
      },
      duration: 0.000929675,
      status: 200,
    });
    expect(parseLogLine(line)).toEqual({
      client: "203.0.113.8",
      at: 1_646_861_401_524,
      method: "GET",
      target: "/a?b=c",
      httpVersion: "2.0",
      status: 200,
      durationMs: expect.closeTo(0.929675, 9),
      referer: undefined,
      userAgent: undefined,
      fields: [
        ["host", "localhost"],
        ["user-agent", "curl/7.82.0"],
        ["accept", "*/*"],
        ["x-two", "1"],
        ["x-two", "2"],
      ],
    });
  });

  test.each([
    ["quotes", '"'],
    ["escaped quotes", '\\"'],
    ["backslashes", "\\"],
    ["brackets", "["],
    ["times", "[10/Oct/2000:13:55:36 -0700] "],
    ["blanks", " "],
    ["open JSON", '{"a":'],
  ])("takes time that is linear in the length of hostile %s", (_, unit) => {
    // At 4 MiB the square of the length would be hours.
    for (const start of ["", `1.2.3.4 - - ${TIME} "`, `1.2.3.4 - - ${TIME} "GET / HTTP/1.1" 200 1 "`])
      expect(() => parseLogLine(start + unit.repeat((1 << 22) / unit.length))).not.toThrow();
  });
});

describe("readTimestamp", () => {
  test.each([
    ["10/Oct/2000:13:55:36 -0700", AT],
    ["10/Oct/2000:20:55:36", AT],
    ["2000-10-10T20:55:36Z", AT],
    ["2000-10-10 22:55:36.000+02:00", AT],
    ["2000-10-10T20:55:36", AT],
  ])("%s", (text, at) => {
    expect(readTimestamp(text)).toBe(at);
  });

  test.each([
    "31/Feb/2000:00:00:00 +0000",
    "10/Foo/2000:00:00:00 +0000",
    "10/Oct/2000:25:00:00 +0000",
    "2000-13-10T00:00:00Z",
    "",
    "now",
    "01/Jan/1960:00:00:00 +0000",
  ])("%j is no time", (text) => {
    expect(readTimestamp(text)).toBeUndefined();
  });
});

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { logReader } from "../../src/train/log-reader.ts";
import type { LoggedRequest } from "../../src/train/logged-request.ts";

const AT = Date.UTC(2025, 9, 10, 13, 55, 36);

function readAll(lines: readonly string[], template?: string): LoggedRequest[] {
  const reader = logReader(template === undefined ? {} : { template });
  return lines.map((line) => reader.read(line)).filter((read): read is LoggedRequest => typeof read !== "string");
}

describe("logReader", () => {
  test("reads Traefik's common format with its router and duration", () => {
    const line =
      '203.0.113.7 - - [10/Oct/2025:13:55:36 +0000] "GET /a?b=c HTTP/2.0" 200 512 "https://r.example/" "Mozilla/5.0" 12 "web@docker" "http://10.0.0.2:80" 34ms';
    expect(readAll([line])).toMatchObject([
      { client: "203.0.113.7", at: AT, target: "/a?b=c", httpVersion: "2.0", status: 200, durationMs: 34, referer: "https://r.example/" },
    ]);
  });

  test("reads Traefik's JSON", () => {
    const line = JSON.stringify({
      ClientAddr: "203.0.113.7:51111",
      ClientHost: "203.0.113.7",
      DownstreamStatus: 404,
      Duration: 2_500_000,
      RequestMethod: "POST",
      RequestPath: "/login?next=%2F",
      RequestProtocol: "HTTP/1.1",
      StartUTC: "2025-10-10T13:55:36.5Z",
      "request_User-Agent": "curl/8",
    });
    expect(readAll([line])).toMatchObject([
      { client: "203.0.113.7", at: AT + 500, method: "POST", target: "/login?next=%2F", status: 404, durationMs: 2.5, userAgent: "curl/8" },
    ]);
  });

  test("reads Vercel's drains, and passes over what functions print", () => {
    const reader = logReader();
    const request = {
      id: "1",
      source: "lambda",
      deploymentId: "dpl_1",
      timestamp: AT,
      proxy: {
        timestamp: AT,
        method: "GET",
        path: "/api?x=1",
        userAgent: ["Mozilla/5.0"],
        statusCode: 200,
        clientIp: "198.51.100.4",
        referer: "r",
      },
    };
    expect(reader.read(JSON.stringify(request))).toMatchObject({
      client: "198.51.100.4",
      at: AT,
      target: "/api?x=1",
      userAgent: "Mozilla/5.0",
    });
    const { proxy: _, ...print } = request;
    expect(reader.read(JSON.stringify({ ...print, message: "hello" }))).toBe("no-request");
  });

  test("reads W3C logs of IIS in the order their own head gives, and again in the next head's", () => {
    const lines = [
      "#Software: Microsoft Internet Information Services 10.0",
      "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken",
      "2025-10-10 13:55:36 10.0.0.1 GET /a.aspx id=1 443 - 203.0.113.7 Mozilla/5.0+(X11;+Linux) - 200 0 0 156",
      "#Fields: date time c-ip cs-method cs-uri-stem cs-uri-query sc-status cs-version s-port cs-host x y time-taken",
      "2025-10-10 13:55:36 203.0.113.8 POST /b - 500 HTTP/1.1 443 h x y 2",
    ];
    expect(readAll(lines)).toMatchObject([
      {
        client: "203.0.113.7",
        at: AT,
        method: "GET",
        target: "/a.aspx?id=1",
        status: 200,
        durationMs: 156,
        userAgent: "Mozilla/5.0 (X11; Linux)",
      },
      { client: "203.0.113.8", at: AT, method: "POST", target: "/b", status: 500, httpVersion: "1.1", durationMs: 2 },
    ]);
  });

  test("reads CloudFront's standard logs with and without their head", () => {
    const values =
      "2025-10-10\t13:55:36\tFRA56-C1\t1045\t203.0.113.7\tGET\td1.cloudfront.net\t/index.html\t200\thttps://r.example/\tMozilla/5.0%2520(X11)\ta=b&c=%2527\t-\tHit\tid==\twww.example\thttps\t23\t0.25\t-\tTLSv1.3\tTLS_AES\tHit\tHTTP/2.0";
    const expected = {
      client: "203.0.113.7",
      at: AT,
      target: "/index.html?a=b&c=%2527",
      status: 200,
      durationMs: 250,
      userAgent: "Mozilla/5.0 (X11)",
    };
    expect(readAll([values])).toMatchObject([expected]);
    const head =
      "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version";
    expect(readAll(["#Version: 1.0", head, values])).toMatchObject([{ ...expected, httpVersion: "2.0" }]);
  });

  test("reads AWS load balancers, with the target in origin form", () => {
    const line =
      'https 2025-10-10T13:55:36.000000Z app/lb/50dc6c495c0c9188 203.0.113.7:2817 10.0.0.1:80 0.001 0.002 0.003 200 200 34 366 "GET https://shop.example:443/a?b=1 HTTP/1.1" "curl/8.1" ECDHE TLSv1.2 arn "Root=1-58" "shop.example" "arn" 0 2025-10-10T13:55:36.000000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-"';
    expect(readAll([line])).toMatchObject([
      {
        client: "203.0.113.7",
        at: AT,
        target: "/a?b=1",
        httpVersion: "1.1",
        status: 200,
        durationMs: expect.closeTo(6, 6),
        userAgent: "curl/8.1",
      },
    ]);
    expect(logReader().read(line.replace("GET https://shop.example:443/a?b=1 HTTP/1.1", "- http://lb:80- -"))).toBe("no-request");
  });

  test("S2-043 S2-183 S3-031 S3-035 reads our own records and the JSON and CSV logs of the originals, and says which requests had been blocked", () => {
    const record = {
      id: "x",
      at: AT,
      label: "unknown",
      class: "live",
      method: "GET",
      url: "/a?b",
      headers: { "user-agent": "c" },
      client: "203.0.113.7",
    };
    const lines = [
      JSON.stringify({ ...record, action: "block", status: 403, durationMs: 1 }),
      JSON.stringify({
        timestamp: "2025-10-10T13:55:36",
        ip: "203.0.113.7",
        method: "GET",
        path: "/p",
        query_string: "q=1",
        status_code: 200,
        response_time_ms: 3,
        blocked: false,
      }),
      JSON.stringify({
        timestamp: AT / 1000,
        ip: "203.0.113.7",
        method: "GET",
        path: "/p",
        status: 404,
        responseTime: 7,
        blocked: true,
        userAgent: "x",
      }),
      "timestamp,ip,method,path,status_code,content_length,response_time,referer,user_agent",
      '2025-10-10T13:55:36,203.0.113.7,GET,"/with,comma ""q""",200,5,0.25,-,"\'=cmd"',
    ];
    expect(readAll(lines)).toMatchObject([
      { at: AT, target: "/a?b", status: 403, isBlocked: true, fields: [["user-agent", "c"]] },
      { at: AT, target: "/p?q=1", status: 200, durationMs: 3 },
      { at: AT, target: "/p", status: 404, durationMs: 7, isBlocked: true, userAgent: "x" },
      { at: AT, target: '/with,comma "q"', status: 200, durationMs: 250, userAgent: "=cmd" },
    ]);
    expect(readAll(lines)[1]).not.toHaveProperty("isBlocked");
    const wouldBlock = { ...record, action: "allow", status: 200, wouldBlock: { status: 403, rule: "sql/tautology" } };
    const flask = '203.0.113.7 - - [10/Oct/2025:13:55:36 +0000] "GET /a HTTP/1.1" 403 5 "-" "x"';
    expect(readAll([JSON.stringify(wouldBlock), `${flask} 12ms BLOCKED "sql"`])).toMatchObject([
      { isBlocked: true },
      { isBlocked: true, userAgent: "x" },
    ]);
    expect(readAll([`${flask} 12ms - "-"`])[0]).not.toHaveProperty("isBlocked");
  });

  test("reads nginx's JSON with its own variable names", () => {
    const line = JSON.stringify({
      time_iso8601: "2025-10-10T13:55:36+00:00",
      remote_addr: "203.0.113.7",
      request: "GET /a HTTP/1.1",
      status: "200",
      request_time: "0.012",
    });
    expect(readAll([line])).toMatchObject([{ at: AT, target: "/a", status: 200, durationMs: 12, client: "203.0.113.7" }]);
  });

  test.each([
    ['%h %l %u %t \\"%r\\" %>s %b %D', '203.0.113.7 - - [10/Oct/2025:13:55:36 +0000] "GET /a?b HTTP/1.1" 200 5 12000'],
    ["%{X-Forwarded-For}i %a %t %m %U%q %H %s %{ms}T", undefined],
    [
      '$remote_addr|$time_iso8601|$request_method|$request_uri|$status|$request_time|"$http_user_agent"',
      '203.0.113.7|2025-10-10T13:55:36Z|GET|/a?b|200|0.012|"say \\"x\\""',
    ],
    ['$msec $remote_addr "$request" ${status} $request_time', '1760104536.000 203.0.113.7 "GET /a?b HTTP/1.1" 200 0.012'],
  ])("reads logs by the template %s", (template, line) => {
    if (line === undefined) {
      expect(() => logReader({ template })).toThrow(/nothing between %U and %q/);
      return;
    }
    expect(readAll([line], template)).toMatchObject([
      { client: "203.0.113.7", at: AT, method: "GET", target: "/a?b", status: 200, durationMs: 12 },
    ]);
  });

  test("refuses templates without a time or a request, and lines that do not fit", () => {
    expect(() => logReader({ template: "%h %r" })).toThrow(/names no time/);
    expect(() => logReader({ template: "%t %h" })).toThrow(/names no request/);
    expect(() => logReader({ template: "x".repeat(3_000) })).toThrow(/2000 characters/);
    expect(logReader({ template: '%t "%r"' }).read("junk")).toBe("unparsed");
  });

  test("counts lines, requests and what it could not read", () => {
    const reader = logReader();
    for (const line of [
      "junk",
      '1.2.3.4 - - [10/Oct/2025:13:55:36 +0000] "-" 408 -',
      "#Version: 1.0",
      '1.2.3.4 - - [10/Oct/2025:13:55:36 +0000] "GET / HTTP/1.1" 200 1',
    ])
      reader.read(line);
    expect(reader.counts).toEqual({ lines: 3, requests: 1, unparsed: 1, withoutRequest: 1 });
  });

  test.each(["#Fields: ", "date\t", "a,method,", '{"a":', "http 2025-10-10T", "'", '""', "%25", "\t", ", "])(
    "takes time that is linear in the length of hostile %j",
    (unit) => {
      const reader = logReader();
      reader.read("#Fields: date time c-ip cs-method cs-uri-stem sc-status");
      reader.read("timestamp,ip,method,path");
      for (const template of [undefined, '$remote_addr [$time_local] "$request" $status']) {
        const one = template === undefined ? reader : logReader({ template });
        // At 4 MiB the square of the length would be hours.
        const long = unit.repeat((1 << 22) / unit.length);
        expect(() => one.read(long)).not.toThrow();
        expect(() => one.read(`2025-10-10\t13:55:36\t${long}`)).not.toThrow();
      }
    },
  );
});

const logs = new URL("../../../../../shared/corpora/logs/", import.meta.url);
describe.skipIf(!existsSync(logs))("the access logs of the development corpus (skipped where ../shared/corpora is absent)", () => {
  const files = existsSync(logs) ? readdirSync(logs).filter((name) => name.endsWith(".log")) : [];
  test.each(files)("%s: at least 99.9 per cent of the lines are read", (name) => {
    const reader = logReader();
    for (const line of readFileSync(new URL(name, logs), "latin1").split("\n"))
      if (line.trim() !== "") reader.read(line.replace(/\r$/, ""));
    expect(reader.counts.unparsed / reader.counts.lines).toBeLessThanOrEqual(0.001);
  });
});

import { describe, expect, test } from "vitest";
import { fromLine, normalizeParts, normalizeRequest, toLine } from "../src/index.ts";
import { createDraws } from "../src/train/fit.ts";
import { parseAccessLogLine } from "../src/train.ts";

const lineOf = (target: string): string => normalizeRequest("GET", target);
const markedAs = (value: string): string => lineOf(`/?v=${value}`).slice("GET /?v=".length);

describe("S4-032 the normaliser", () => {
  test("S4-034 writes method, address and user agent as one line in lower case", () => {
    expect(normalizeRequest("get", "/Shop//Item/42?Q=Red+Shoes", "Mozilla/5.0 (X11)")).toBe(
      "GET /shop/item/<INT>?q=red+shoes user-agent=mozilla/<NUM>+(x<INT>)",
    );
    expect(normalizeRequest("GET", "https://shop.example:8443/a?b")).toBe("GET /a?b");
    expect(toLine(normalizeParts({ method: "POST", target: "/login", form: "user=ann&remember=on" }))).toBe(
      "POST /login body?remember=on&user=ann",
    );
  });

  test.each([
    ["123e4567-e89b-12d3-a456-426614174000", "<UUID>"],
    ["2024-05-06T07:08:09.123Z", "<TIME>"],
    ["2024-05-06", "<DATE>"],
    ["06.05.2024", "<DATE>"],
    ["ann.lee%40example.co.uk", "<EMAIL>"],
    ["203.0.113.7", "<IP>"],
    ["0xDEADbeef", "<HEX>"],
    ["d41d8cd98f00b204e9800998ecf8427e", "<HASH>"],
    ["QWxhZGRpbjpPcGVuU2VzYW1lMTIzNDU2Nzg5MGFiY2RlZg", "<BASE64>"],
    ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "<TOKEN>"],
    ["ghp_0123456789abcdefghij", "<TOKEN>"],
    ["12.50", "<NUM>"],
    ["007", "<INT>"],
  ])("S4-035 D-25 makes of %s the mark %s, and each kind has its own", (value, mark) => {
    expect(markedAs(value)).toBe(mark);
  });

  test("S4-036 decodes first, layer by layer, and notes each layer beyond the first", () => {
    expect(markedAs("%27%20OR%201%3D1")).toBe("'+or+<INT>=<INT>");
    expect(markedAs("%2527")).toBe("<ENC>'");
    expect(markedAs("%25252527")).toBe("<ENC><ENC><ENC>'");
    expect(markedAs("caf%C3%A9")).toBe("café");
    expect(markedAs("caf%E9")).toBe("café");
    // Overlong slashes, broken and private characters are no letters.
    expect(markedAs("%c0%af")).toBe("<BAD><BAD>");
    expect(markedAs("%e0%80%af")).toBe("<BAD><BAD><BAD>");
    expect(markedAs("%ee%80%80")).toBe("<BAD>");
    expect(markedAs("%zz%2")).toBe("%zz%<INT>");
  });

  test("S4-037 D-25 puts parameters in one order, however they were sent, and keeps the order of a name's values", () => {
    const draw = createDraws(7);
    const names = ["b", "a", "id", "q", "page", "zz"];
    for (let round = 0; round < 200; round++) {
      const pairs = names.filter(() => draw() % 3 > 0).map((name) => `${name}=${"xyz"[draw() % 3]}`);
      const shuffled = pairs.map((pair) => ({ pair, at: draw() })).sort((left, right) => left.at - right.at);
      expect(lineOf(`/?${shuffled.map(({ pair }) => pair).join("&")}`)).toBe(lineOf(`/?${pairs.join("&")}`));
    }
    expect(lineOf("/?b=2&a=x&b=1")).toBe("GET /?a=x&b=<INT>&b=<INT>");
    expect(lineOf("/?b=y&a=x&b=w")).toBe("GET /?a=x&b=y&b=w");
  });

  test("D-25 leaves nothing of a secret, wherever it is encoded, but what an injection in its place needs", () => {
    const draw = createDraws(11);
    const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~!*$,@";
    for (let round = 0; round < 300; round++) {
      const name = ["token", "session", "password", "api_key", "access_token", "jwt", "auth"][draw() % 7]!;
      const secret = Array.from({ length: 4 + (draw() % 40) }, () => letters[draw() % letters.length]).join("");
      const sent = draw() % 2 === 0 ? encodeURIComponent(secret) : encodeURIComponent(encodeURIComponent(secret));
      const line = lineOf(`/a?${name}=${sent}&b=1`);
      expect(line).toMatch(/^GET \/a\?.*<SECRET>/);
      expect(line.toLowerCase()).not.toContain(secret.toLowerCase());
    }
    expect(lineOf("/a?password=x' or '1'='1")).toBe("GET /a?password=<SECRET>'+<SECRET>+'<SECRET>'<SECRET>'<SECRET>");
  });

  test("lets no client write a mark, structure or a second line", () => {
    expect(markedAs("%3CINT%3E")).toBe("<int>");
    expect(markedAs("%EE%80%8B")).toBe("<BAD>");
    expect(markedAs("x%26admin%3D1")).toBe("x<AMP>admin=<INT>");
    expect(markedAs("x%20user-agent%3Dcurl")).toBe("x+user-agent=curl");
    expect(markedAs("a%2Bb%3Fc")).toBe("a<PLUS>b<QM>c");
    expect(markedAs("a%0D%0Ab%00c%1Bd%E2%80%A8e")).toBe("a<NL><NL>b<NUL>c<CTL>d<CTL>e");
    expect(lineOf("/a%3Fb=c%20HTTP")).toBe("GET /a<QM>b=c+http");
    expect(normalizeRequest("G\nET", "/")).toBe("<BAD> /");
  });

  test("answers any text with one line that reads back as it was written, and cuts what is too long", () => {
    const draw = createDraws(3);
    for (let round = 0; round < 2_000; round++) {
      const text = Array.from({ length: draw() % 60 }, () => String.fromCharCode(draw() % 4 === 0 ? draw() % 0x10000 : draw() % 256)).join(
        "",
      );
      const line = normalizeParts({ method: text.slice(0, 3), target: text, form: text, userAgent: text });
      expect(toLine(line)).not.toMatch(/[\n\r\0\u2028\u2029]/);
      expect(fromLine(toLine(line))).toBe(line);
    }
    const long = lineOf(`/${"a/".repeat(500_000)}?${"b=%2527&".repeat(200_000)}`);
    expect(long).toMatch(/<CUT>/);
    expect(long.length).toBeLessThan(60_000);
  });
});

test("S4-033 parse_access_log_line gives method, address and agent, or nothing", () => {
  const line = '203.0.113.7 - - [10/Oct/2025:13:55:36 +0000] "GET /a?b=c HTTP/1.1" 200 512 "-" "curl/8.5.0"';
  expect(parseAccessLogLine(line)).toEqual({ method: "GET", uri: "/a?b=c", userAgent: "curl/8.5.0" });
  for (const other of ["", "nonsense", "\0\0\0", '"GET', "{".repeat(10_000)]) expect(parseAccessLogLine(other)).toBeUndefined();
});

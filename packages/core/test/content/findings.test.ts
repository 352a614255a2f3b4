import { describe, expect, test } from "vitest";
import { CONTENT_RULES } from "../../src/content/rules.ts";
import { content } from "../../src/detectors/content.ts";
import { inspect, inspectValue, request, score } from "./inspect.ts";

describe("findings", () => {
  test("say where, what, and through which decoding steps", () => {
    const raw = "%2527%2520or%25201%253D1%2520--";
    const [finding] = inspect({ target: `/a?id=${raw}` });
    expect(finding).toMatchObject({ rule: "sql/tautology", where: "query:id" });
    expect(finding!.match!.decoded).toEqual(["percent", "percent"]);
    expect(raw.slice(finding!.match!.start, finding!.match!.end)).toMatch(/^or/);
  });

  test.each([
    ["/?q=%3Cscript%3Ealert(1)%3C/script%3E", "query:q"],
    ["/a/%3Cscript%3Ealert(1)%3C%2Fscript%3E", "path"],
  ])("name the place of %s", (target, where) => {
    expect(inspect({ target })[0]!.where).toBe(where);
  });

  test("name a JSON member by its path", () => {
    expect(inspect({ type: "application/json", body: '{"a":{"b":[1,"<script>alert(1)</script>"]}}' })[0]!.where).toBe("body:$.a.b[1]");
  });

  test("carry at most 120 characters of the match and a label without control characters", () => {
    const findings = inspect({ target: `/?${"n".repeat(500)}%00=${encodeURIComponent(`<script>${"alert(1);".repeat(400)}</script>`)}` });
    for (const finding of findings) {
      expect(finding.match!.text.length).toBeLessThanOrEqual(120);
      expect(finding.where!.length).toBeLessThanOrEqual(80);
    }
  });

  test("use only documented rules", () => {
    for (const value of ["' or 1=1--", "<svg onload=alert(1)>", ";id", "../../../etc/passwd", "{{7*7}}", "${jndi:ldap://x}"]) {
      for (const finding of inspectValue(value)) expect(Object.keys(CONTENT_RULES)).toContain(finding.rule);
    }
  });

  test("offsets lie inside the value as sent", () => {
    for (const raw of ["%27+or+1%3D1--", "&lt;script&gt;alert(1)&lt;/script&gt;", "%u003cscript%u003ealert(1)", "JyBvciAxPTEgLS0g"]) {
      for (const finding of inspect({ target: `/?q=${raw}` })) {
        expect(finding.match!.start).toBeGreaterThanOrEqual(0);
        expect(finding.match!.end).toBeLessThanOrEqual(raw.length);
        expect(finding.match!.start).toBeLessThanOrEqual(finding.match!.end);
      }
    }
  });
});

describe("the detector", () => {
  const services = { log: { warn: () => undefined, error: () => undefined }, warnOnce: () => undefined } as never;

  test("has a head part and a body part of one name", () => {
    const [head, body] = content();
    expect([head.name, body.name, head.phase, body.phase]).toEqual(["content", "content", "head", "body"]);
    expect(head.inspect(request({ target: "/?q=1%20or%201=1" }), services)).toHaveLength(1);
    expect(body.inspect(request({ target: "/?q=1%20or%201=1" }), services)).toBeUndefined();
    expect(body.inspect(request({ type: "text/plain", body: "1 or 1=1" }), services)).toHaveLength(1);
  });

  test("asks for more evidence when lenient and for less when strict", () => {
    const value = "/?q=%27%3D%27";
    const total = (preset: "lenient" | "balanced" | "strict"): number =>
      score((content({ preset })[0].inspect(request({ target: value }), services) ?? []) as never);
    expect(total("strict")).toBeGreaterThan(total("lenient"));
  });
});

describe("bodies", () => {
  const ATTACK = "<script>alert(1)</script>";
  test.each([
    [
      "UTF-16 with a mark",
      "text/plain",
      Uint8Array.from([0xff, 0xfe, ...[...ATTACK].flatMap((character) => [character.charCodeAt(0), 0])]),
    ],
    [
      "a part in base64",
      "multipart/form-data; boundary=b",
      `--b\r\ncontent-disposition: form-data; name=a\r\ncontent-transfer-encoding: base64\r\n\r\n${btoa(ATTACK)}\r\n--b--`,
    ],
    ["a boundary nobody declared", "", `--kelp\r\nContent-Disposition: form-data; name="a"\r\n\r\n${ATTACK}\r\n--kelp--`],
    ["broken JSON", "application/json", `{"a": ${ATTACK}`],
    ["JSON cut off in a string", "application/json", `{"a": "${ATTACK}`],
    ["a form declared as JSON", "application/json", `a=${encodeURIComponent(ATTACK)}`],
    ["a name repeated so that its halves join", "application/x-www-form-urlencoded", `a=1/*&a=*/union select 1,2`],
  ])("are read: %s", (_, type, body) => {
    expect(score(inspect({ type, body }))).toBeGreaterThanOrEqual(100);
  });

  test("an upload that the server would run is blocked, a picture is not", () => {
    const upload = (name: string): number =>
      score(
        inspect({
          type: "multipart/form-data; boundary=b",
          body: `--b\r\ncontent-disposition: form-data; name=f; filename="${name}"\r\ncontent-type: image/png\r\n\r\nPNG\r\n--b--`,
        }),
      );
    expect(upload("shell.php.png;.php")).toBeGreaterThanOrEqual(100);
    expect(upload("holiday (1).png")).toBe(0);
  });
});

describe("values of words and escapes alone", () => {
  test.each([
    "%2527%2520or%25201%253d1",
    "%25252527%252520or%2525201%25253d1",
    "0x2e0x2e0x2f0x2e0x2e0x2fetc0x2fpasswd%41",
    "%08x%08x%08x%08x",
    "%41%42%n%n%n%n",
    "aaaa%x",
  ])("are judged by what is behind the escapes, and for orders to print before: %s", (value) => {
    for (const sent of [
      { target: `/?q=${value}` },
      { type: "application/json", body: JSON.stringify([value]) },
      { headers: [["cookie", `a=${value}`]] as const },
    ])
      expect(inspect(sent).reduce((sum, { score }) => sum + score, 0)).toBeGreaterThanOrEqual(100);
  });

  test("are read however long they are", () => {
    const body = JSON.stringify([`${"%41b".repeat(1 << 18)}%27 or 1=1-- `]);
    expect(() => inspect({ type: "application/json", body })).not.toThrow();
    expect(() => inspect({ type: "application/json", body: JSON.stringify(["%41b".repeat(1 << 18)]) })).not.toThrow();
  });
});

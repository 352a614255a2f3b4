import { describe, expect, test } from "vitest";
import { inspect, score } from "./inspect.ts";

const upload = (disposition: string, content = "xx", type = "application/octet-stream") =>
  inspect({
    type: "multipart/form-data; boundary=kelp",
    body: `--kelp\r\nContent-Disposition: ${disposition}\r\nContent-Type: ${type}\r\n\r\n${content}\r\n--kelp--\r\n`,
  });

describe("the name of an upload", () => {
  test.each([
    ["in two pieces", 'form-data; name="f"; filename*0="a.p"; filename*1="hp"'],
    ["in bare pieces", "form-data; name=f; filename*0=a.p; filename*1=h; filename*2=p"],
    ["in pieces out of order", 'form-data; name="f"; filename*1="hp"; filename*0="a.p"'],
    ["in encoded pieces", "form-data; name=\"f\"; filename*0*=UTF-8''a.p; filename*1*=%68p"],
    ["in an encoded and a plain piece", 'form-data; name="f"; filename*0*=UTF-8\'en\'a.; filename*1="jsp"'],
    ["in pieces beside an honest one", 'form-data; name="f"; filename="a.png"; filename*0="a.p"; filename*1="hp"'],
    ["in pieces up to a gap", 'form-data; name="f"; filename*0="a.p"; filename*1="hp"; filename*3="x.png"'],
    ["in pieces over a gap", 'form-data; name="f"; filename*0="a.p"; filename*2="hp"'],
    ["in pieces of which one is there twice", 'form-data; name="f"; filename*0="a.p"; filename*1="hp"; filename*1="x"'],
    ["in more than ten pieces", `form-data; name="f"; ${[..."long-name.php"].map((one, index) => `filename*${index}=${one}`).join("; ")}`],
    ["in capitals", 'form-data; name="f"; FILENAME*0="A.P"; FileName*1="HP"'],
    ["behind a long parameter", `form-data; name="f"; x="${"a".repeat(5_000)}"; filename="a.php"`],
    ["behind a long way to here", `form-data; name="f"; filename="${"./".repeat(1_000)}a.php"`],
    ["when it is long", `form-data; name="f"; filename=${"a".repeat(5_000)}.php`],
    ["when it is encoded and long", `form-data; name="f"; filename*=UTF-8''${"%61".repeat(1_000)}.php`],
    ["encoded and in quotes", 'form-data; name="f"; filename*="UTF-8\'\'a.php"'],
    ["encoded with nothing for charset and language", "form-data; name=f; filename*=''a.php"],
    ["in single quotes", "form-data; name='f'; filename='a.php'"],
    ["behind a single quote that nothing closes", "form-data; name=f; filename='a.php"],
    ["behind a double quote that nothing closes", 'form-data; name=f; filename="a.php'],
    ["encoded without a charset", 'form-data; name="f"; filename*=a.ph%70'],
    ["in the first of two with a star", "form-data; name=\"f\"; filename*=UTF-8''a.php; filename*=UTF-8''a.png"],
    ["on a line of its own", 'form-data; name="f";\r\n filename="a.php"'],
    ["in pieces on lines of their own", 'form-data; name="f";\r\n\tfilename*0="a.p";\r\n\tfilename*1="hp"'],
  ])("is read %s", (_how, disposition) => {
    expect(upload(disposition).map(({ rule }) => rule)).toContain("upload/runnable-file");
    expect(score(upload(disposition))).toBeGreaterThanOrEqual(100);
  });

  test.each([
    'form-data; name="f"; filename*0="holiday-"; filename*1="photo.png"',
    "form-data; name=\"f\"; filename*0*=UTF-8''caf%C3%A9%20; filename*1*=menu.pdf",
    'form-data; name="f"; filename="notes.pdf"; filename*0="a.p"; filename*1="df"',
    'form-data; name="f";\r\n filename="report.pdf"',
    'form-data; name="f"; filename*0=""; filename*1=""',
    'form-data; name="f"; filename*x="a.php"',
    'form-data; name="rating*0"',
  ])("may be honest in %s", (disposition) => {
    expect(upload(disposition)).toEqual([]);
  });

  test("that is a document in one spelling is a document, whatever the others say", () => {
    const svg = "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(document.cookie)'></svg>";
    const rules = (disposition: string, type: string) => upload(disposition, svg, type).map(({ rule }) => rule);
    expect(rules('form-data; name="f"; filename="a.svg"; filename*=UTF-8\'\'a.png', "application/octet-stream")).toContain(
      "upload/active-document",
    );
    expect(rules('form-data; name="f"; filename*0="a.s"; filename*1="vg"', "application/octet-stream")).toContain("upload/active-document");
    expect(rules('form-data; name="f"; filename="a.html"; filename*=UTF-8\'\'a.png', "image/png")).toContain("upload/disguised-file");
  });

  test("leaves content that begins with a blank to the content", () => {
    const found = inspect({
      type: "multipart/form-data; boundary=kelp",
      body: '--kelp\r\nContent-Disposition: form-data; name="q"\r\n\r\n \' UNION SELECT password FROM users--\r\n--kelp--\r\n',
    });
    expect(score(found)).toBeGreaterThanOrEqual(100);
    const noHeaders = inspect({
      type: "multipart/form-data; boundary=kelp",
      body: "--kelp\r\n\r\n ' UNION SELECT password FROM users--\r\n--kelp--\r\n",
    });
    expect(score(noHeaders)).toBeGreaterThanOrEqual(100);
  });

  test("costs time linear in what is sent of it", () => {
    for (const unit of [
      ";filename*0=a",
      ";filename*=",
      ";filename=",
      "; name='",
      ";filename*='",
      ';filename*1="',
      "\r\n x",
      "'",
      "filename*0",
    ]) {
      // At this length its square would be many minutes.
      expect(() => upload(`form-data; name="f"; ${unit.repeat(100_000)}`), unit).not.toThrow();
    }
  });
});

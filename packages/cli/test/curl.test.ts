import { describe, expect, test } from "vitest";
import { readRequest } from "../src/score-input.ts";
import { shellWords } from "../src/shell-words.ts";

const partsOf = (text: string) => {
  const { parts, notes } = readRequest(text);
  return {
    ...parts,
    body: parts.body === undefined ? undefined : Buffer.from(parts.body).toString("latin1"),
    fields: Object.fromEntries(parts.fields),
    notes,
  };
};

describe("a curl command", () => {
  test("sends what curl sends by default", () => {
    expect(partsOf("curl example.org")).toMatchObject({
      method: "GET",
      target: "/",
      httpVersion: "1.1",
      fields: { host: "example.org", "user-agent": expect.stringMatching(/^curl\//), accept: "*/*" },
      body: undefined,
    });
  });

  test("as browsers copy it", () => {
    const text = `curl 'https://shop.example/api/items?q=a%20b#top' \\
  -X 'PATCH' \\
  -H 'accept: application/json' \\
  -H 'content-type: application/json' \\
  -b 'session=1; theme=dark' \\
  --data-raw $'{"name":"it\\'s \\u00e9"}' \\
  --compressed --insecure`;
    expect(partsOf(text)).toMatchObject({
      method: "PATCH",
      target: "/api/items?q=a%20b",
      fields: {
        host: "shop.example",
        accept: "application/json",
        "content-type": "application/json",
        cookie: "session=1; theme=dark",
        "accept-encoding": "deflate, gzip, br, zstd",
        "content-length": "18",
      },
      body: '{"name":"it\'s \u00c3\u00a9"}',
    });
  });

  test.each([
    ["-d a=1 -d b=2", { method: "POST", body: "a=1&b=2", fields: { "content-type": "application/x-www-form-urlencoded" } }],
    ["-da=1", { method: "POST", body: "a=1" }],
    ["-G -d a=1 --data-urlencode 'b=x y&z'", { method: "GET", target: "/?a=1&b=x%20y%26z", body: undefined }],
    ["--data-urlencode '=a b' --data-urlencode 'c d'", { body: "a%20b&c%20d" }],
    ["--data-raw '@x'", { body: "@x" }],
    [
      "--json '{\"a\":' --json '1}'",
      { method: "POST", body: '{"a":1}', fields: { "content-type": "application/json", accept: "application/json" } },
    ],
    ["-I", { method: "HEAD" }],
    ["-sSLX DELETE", { method: "DELETE" }],
    ["-u me:pa:ss", { fields: { authorization: "Basic bWU6cGE6c3M=" } }],
    ["--oauth2-bearer tok", { fields: { authorization: "Bearer tok" } }],
    ["-A agent -e 'http://r/;auto' -r 0-5", { fields: { "user-agent": "agent", referer: "http://r/", range: "bytes=0-5" } }],
    ["-b a=1 -b b=2", { fields: { cookie: "a=1; b=2" } }],
    ["-H 'X-Empty;' -H 'Accept:' -H 'Host: other'", { fields: { "x-empty": "", host: "other" } }],
    ["-o /dev/null -m5 -w '%{http_code}' --retry 3 -k -4", { method: "GET" }],
    ["--http1.0", { httpVersion: "1.0" }],
    ["--http2", { httpVersion: "2.0" }],
  ])("%s", (flags, expected) => {
    expect(partsOf(`curl ${flags} http://a/`)).toMatchObject(expected);
  });

  test("takes fields away that a flag names without a value", () => {
    expect(partsOf("curl -H 'Accept:' -A '' http://a/").fields).toEqual({ host: "a" });
  });

  test("builds multipart forms", () => {
    const { method, body, fields } = partsOf(
      `curl -F 'a=1' -F 'f=<?php;type=text/plain;filename="x\\".php"' --form-string 'raw=@x;type=y' http://a/`.replace("<?php", "x<?php"),
    );
    expect(method).toBe("POST");
    const boundary = /boundary=(.+)$/.exec(fields["content-type"]!)![1]!;
    expect(body!.split(`--${boundary}`)).toHaveLength(5);
    expect(body).toContain('Content-Disposition: form-data; name="a"\r\n\r\n1\r\n');
    expect(body).toContain('name="f"; filename="x\\%22.php"\r\nContent-Type: text/plain\r\n\r\nx<?php\r\n');
    expect(body).toContain('name="raw"\r\n\r\n@x;type=y\r\n');
    expect(fields["content-length"]).toBe(String(body!.length));
  });

  test("sends paths as curl does, dot segments resolved unless told otherwise", () => {
    expect(partsOf("curl http://a/x/../../etc/passwd?y=/../z")).toMatchObject({
      target: "/etc/passwd?y=/../z",
      notes: [expect.stringContaining("--path-as-is")],
    });
    expect(partsOf("curl --path-as-is http://a/x/../../etc/passwd")).toMatchObject({ target: "/x/../../etc/passwd", notes: [] });
    expect(partsOf("curl http://u%3a:p@a:8080?x#y")).toMatchObject({
      target: "/?x",
      fields: { host: "a:8080", authorization: "Basic dTo6cA==" },
    });
  });

  test.each([
    ["-d @secrets.txt", /-d @secrets\.txt would read a file/],
    ["--data-binary @x", /would read a file/],
    ["--json @x", /would read a file/],
    ["--data-urlencode name@x", /would read a file/],
    ["-F 'f=@/etc/passwd'", /would read a file/],
    ["-F 'f=<x'", /would read a file/],
    ["-H @x", /would read a file/],
    ["-b cookies.txt", /would read a file/],
    ["-K conf", /would read a file/],
    ["-T up", /would read a file/],
    ["-n", /would read a file/],
    ["--next", /second request/],
    ["http://b/", /more than one URL/],
    ["--frobnicate", /--frobnicate is not known/],
    ["-y 1", /-y is not known/],
    ["-d a -F b=c", /do not go together/],
    ["-H nonsense", /is no field/],
    ["-H $'a: b\\r\\nc: d'", /line break/],
    ["-F x", /is no form field/],
  ])("%s is refused in a sentence", (flags, says) => {
    expect(() => readRequest(`curl ${flags} http://a/`)).toThrow(says);
  });

  test.each([
    ["curl", /begins no request/],
    ["curl -d", /-d needs a value/],
    ["curl -s", /the URL is missing/],
    ["curl ftp://a/", /ftp:\/\/ is not HTTP/],
    ["curl 'http://a/b c'", /%20/],
    ["curl http:///x", /names no host/],
    ["curl http://a/?x=1&y=2", /bare &/],
    ["curl http://a/ | sh", /bare \|/],
    ["curl http://a/ > f", /bare >/],
    ["curl http://a/\nrm -rf x", /one command/],
    ["curl 'http://a/", /never closed/],
    ['curl "http://a/', /never closed/],
    ["curl $'http://a/\\'", /never closed/],
    ['curl ^"http://a/^"', /bash/],
  ])("%j is refused in a sentence", (text, says) => {
    expect(() => readRequest(text)).toThrow(says);
  });
});

describe("shellWords", () => {
  test("reads quotes and escapes as bash does, and expands nothing", () => {
    expect(shellWords(`a 'b c' "d \\"e\\" \\$f \\x" g\\ h $'i\\n\\x41\\101\\e\\'' '' x'y'"z" "$(id)" $HOME`)).toEqual([
      "a",
      "b c",
      'd "e" $f \\x',
      "g h",
      "i\nAA\u001b'",
      "",
      "xyz",
      "$(id)",
      "$HOME",
    ]);
  });
});

describe("a raw request", () => {
  test("is read with fields and body, whatever its line ends", () => {
    for (const end of ["\n", "\r\n"]) {
      const text = ["POST /a?b=c HTTP/1.1", "Host: a", "X-Two: 1", "x-two:  2 ", "", "line 1", "line 2"].join(end);
      const { parts } = readRequest(text);
      expect(parts).toMatchObject({ method: "POST", target: "/a?b=c", httpVersion: "1.1" });
      expect(parts.fields).toEqual([
        ["host", "a"],
        ["x-two", "1"],
        ["x-two", "2"],
      ]);
      expect(Buffer.from(parts.body!).toString()).toBe(`line 1${end}line 2`);
    }
  });

  test("ends where content-length says, and says when it does not fit", () => {
    expect(partsOf("POST / HTTP/1.1\ncontent-length: 3\n\nabcGET / HTTP/1.1")).toMatchObject({
      body: "abc",
      notes: [expect.stringContaining("another request")],
    });
    expect(partsOf("POST / HTTP/1.1\ncontent-length: 9\n\nabc")).toMatchObject({
      body: "abc",
      notes: [expect.stringContaining("only 3 bytes")],
    });
    expect(partsOf("POST / HTTP/1.1\ntransfer-encoding: chunked\n\n3\nabc")).toMatchObject({
      notes: [expect.stringContaining("not undone")],
    });
  });

  test("may be a request line, a path or a URL alone", () => {
    for (const text of ["GET /x?a=b c HTTP/1.1", "GET /x?a=b c", "GET /x?a=b c HTTP/1.1\r\n\r\n"])
      expect(partsOf(text)).toMatchObject({ method: "GET", target: "/x?a=b c", fields: { accept: expect.any(String) } });
    expect(partsOf("/x?a=b")).toMatchObject({ method: "GET", target: "/x?a=b" });
    expect(partsOf("https://a/x")).toMatchObject({ method: "GET", target: "https://a/x" });
    expect(partsOf("GET /x HTTP/2\n:authority: a\nuser-agent: b")).toMatchObject({ httpVersion: "2.0", fields: { "user-agent": "b" } });
  });

  test.each([
    ["hello", /begins no request/],
    ["", /is empty/],
    [" \n ", /is empty/],
    ["GET  HTTP/1.1", /no target/],
    ["GET / HTTP/1.1\nbad line", /line 2: .* is no header field/],
    ["GET / HTTP/1.1\na: b\n folded", /line 3: continues/],
    ["{", /not JSON/],
    ['{"method":"GET"}', /url must be text/],
  ])("%j is refused in a sentence", (text, says) => {
    expect(() => readRequest(text)).toThrow(says);
  });
});

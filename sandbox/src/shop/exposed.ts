import { secrets } from "./secrets.ts";

/** A file that somebody left in the web root. */
export interface ExposedFile {
  readonly contentType: string;
  readonly text: string;
}

/** What lies about by exact path, in lower case: everything a careless deployment forgets, each with the planted text in it. */
export const exposedFiles: ReadonlyMap<string, ExposedFile> = new Map(
  [
    plain("/.env", `APP_ENV=production\nDB_PASSWORD=${secrets.exposed}\n`),
    plain("/.env.bak", `DB_PASSWORD=${secrets.exposed}\n`),
    plain(
      "/.git/config",
      `[core]\n\tbare = false\n[remote "origin"]\n\turl = https://shop:${secrets.exposed}@git.harbour-pine.example/shop\n`,
    ),
    plain("/.git/head", `ref: refs/heads/main\n# ${secrets.exposed}\n`),
    plain("/.svn/entries", `12\n\ndir\n42\nhttps://svn.harbour-pine.example/${secrets.exposed}\n`),
    plain("/.htpasswd", `shop:$apr1$${secrets.exposed}\n`),
    plain("/.ds_store", `\0\0\0\u0001Bud1 ${secrets.exposed}\n`),
    plain("/.aws/credentials", `[default]\naws_secret_access_key = ${secrets.exposed}\n`),
    plain("/.npmrc", `//registry.example/:_authToken=${secrets.exposed}\n`),
    plain("/.vscode/sftp.json", `{"host":"quay4","password":"${secrets.exposed}"}\n`),
    plain("/.idea/workspace.xml", `<project><!-- ${secrets.exposed} --></project>\n`),
    plain("/id_rsa", `-----BEGIN MAKE-BELIEVE KEY-----\n${secrets.exposed}\n`),
    file("/backup.zip", "application/zip", `PK\u0003\u0004 ${secrets.exposed}`),
    file("/backup.sql", "application/sql", `-- ${secrets.exposed}\nINSERT INTO users VALUES (1);\n`),
    file("/dump.sql", "application/sql", `-- ${secrets.exposed}\n`),
    file("/db.sqlite3", "application/octet-stream", `SQLite format 3\0 ${secrets.exposed}`),
    plain("/config.php.bak", `<?php $password = "${secrets.exposed}";\n`),
    plain("/wp-config.php.bak", `<?php define('DB_PASSWORD', '${secrets.exposed}');\n`),
    file("/phpinfo.php", "text/html; charset=utf-8", `<h1>PHP Version 5.3.3 (make-believe)</h1><p>${secrets.exposed}</p>`),
    // The page for people. What monitors read (`?auto`) has counters alone.
    file("/server-status", "text/html; charset=utf-8", `<h1>Server Status</h1><p>${secrets.exposed}</p>`),
    file(
      "/actuator/env",
      "application/json",
      JSON.stringify({ propertySources: [{ name: "systemEnvironment", secret: secrets.exposed }] }),
    ),
    file("/actuator/heapdump", "application/octet-stream", `JAVA PROFILE ${secrets.exposed}`),
    file("/debug/vars", "application/json", JSON.stringify({ cmdline: ["shop"], secret: secrets.exposed })),
    file("/debug/pprof/heap", "application/octet-stream", `heap profile ${secrets.exposed}`),
    plain("/docker-compose.yml", `services:\n  shop:\n    environment:\n      SECRET: ${secrets.exposed}\n`),
    file("/composer.lock", "application/json", JSON.stringify({ note: secrets.exposed })),
    plain("/web.config", `<configuration><add key="secret" value="${secrets.exposed}" /></configuration>\n`),
    plain("/cgi-bin/test-cgi", `SERVER_SOFTWARE = make-believe\nSECRET = ${secrets.exposed}\n`),
  ].map(([path, found]) => [path, found] as const),
);

function plain(path: string, text: string): [string, ExposedFile] {
  return file(path, "text/plain; charset=utf-8", text);
}

function file(path: string, contentType: string, text: string): [string, ExposedFile] {
  return [path, { contentType, text }];
}

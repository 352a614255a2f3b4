import { createAuthor, type Draft } from "./draft.ts";

/** Single requests, each from a client of its own, for files that should not be there: some are, with a planted text in them. */
export function probeAttacks(): Draft[] {
  const { get } = createAuthor("probe");
  const lies = { oracle: "exposed-file", expectDirect: 200 } as const;
  return [...lying.map((path) => get(path, lies)), ...missing.map((path) => get(path, { expectDirect: 404 }))];
}

const lying = list(`
  /.env /.env.bak /.ENV //.env /./.env /%2eenv /%2e%65%6e%76 /.env?v=2 /static/..;/.env /.git/config /.git/HEAD /.git//config
  /.Git/Config /.git%2fconfig /x/../.git/config /.svn/entries /.htpasswd /.DS_Store /.aws/credentials /.npmrc /.vscode/sftp.json
  /.idea/workspace.xml /id_rsa /backup.zip /backup.sql /dump.sql /db.sqlite3 /config.php.bak /wp-config.php.bak /phpinfo.php
  /phpinfo.php?=PHPE9568F36 /server-status /server-status?refresh=5 /actuator/env /actuator/heapdump /actuator//env /debug/vars
  /debug/pprof/heap /docker-compose.yml /composer.lock /web.config /cgi-bin/test-cgi
`);

const missing = list(`
  /.env.production /.env.local /app/.env /.git/index /.gitlab-ci.yml /.ssh/id_rsa /.bash_history /.kube/config /.docker/config.json
  /wp-login.php /wp-admin/ /xmlrpc.php /phpmyadmin/ /phpmyadmin/index.php /adminer.php /config.php /shell.php
  /vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php /cgi-bin/luci /boaform/admin/formLogin /HNAP1/ /manager/html /jenkins/script
  /solr/admin/info/system /console/login/LoginForm.jsp /owa/auth/logon.aspx /actuator/mappings /telescope/requests
  /_ignition/execute-solution /elmah.axd /trace.axd /WEB-INF/web.xml /site.tar.gz /www.zip /database.sql.gz /index.php.bak
  /settings.py.old /terraform.tfstate /etc/passwd /windows/win.ini
`);

/** Paths between white space. */
function list(text: string): string[] {
  return text.trim().split(/\s+/);
}

import type { ClientKind } from "./clients.ts";
import { createAuthor, type Draft } from "./draft.ts";

/**
 * Runs of scanners: one client each, 60 to 120 requests, written down from what such programs ask a shop for. Each begins the way they do, with
 * a look at the front page or an error page, and mixes guesses that are telling with guesses that any visitor might make.
 */
export function scannerRuns(): Draft[] {
  return [
    ...run("secrets", "go", secretFiles),
    ...run("php-site", "chrome", phpSite),
    ...run("java-consoles", "java", javaConsoles),
    ...run("router-holes", "bare", routerHoles),
    ...run("archives", "axios", archives()),
    ...run("folders", "firefox", folders()),
    ...run("build-and-cloud", "fetch", buildAndCloud),
    ...run("api-explorer", "okhttp", apiExplorer()),
    ...run("secret-hunter", "dart", secretHunter()),
    ...run("mixed-templates", "chrome", mixedTemplates()),
  ];
}

/** Paths between white space. */
function list(text: string): string[] {
  return text.trim().split(/\s+/);
}

function run(name: string, from: ClientKind, paths: readonly string[]): Draft[] {
  const { get } = createAuthor("scanner");
  return ["/", "/robots.txt", ...paths].map((path) => get(path, { scenario: `scanner-${name}`, from }));
}

const secretFiles = list(`
  /.env /.env.local /.env.production /.env.staging /.env.development /.env.example /.env.old /.env~ /api/.env /app/.env /backend/.env
  /admin/.env /config/.env /laravel/.env /public/.env /src/.env /web/.env /env /env.js /config.js /config.json /app-config.json
  /settings.py /settings.json /secrets.json /secrets.yml /credentials.json /credentials.txt /service-account.json /firebase.json
  /.git/HEAD /.git/config /.git/index /.git/logs/HEAD /.git/refs/heads/main /.gitignore /.git-credentials /.gitlab-ci.yml /.svn/wc.db
  /.svn/entries /.hg/hgrc /.bzr/branch/branch.conf /.DS_Store /.htaccess /.htpasswd /.bash_history /.ssh/id_rsa /.ssh/id_ed25519
  /.ssh/authorized_keys /.aws/credentials /.aws/config /.docker/config.json /.dockerenv /.kube/config /.npmrc /.yarnrc /.pypirc
  /.netrc /.vscode/settings.json /.vscode/sftp.json /.idea/workspace.xml /.idea/dataSources.xml /sftp-config.json /id_rsa /id_rsa.pub
  /server.key /private.pem /.well-known/security.txt /.travis.yml /.circleci/config.yml
`);

const phpSite = list(`
  /wp-login.php /wp-admin/ /wp-admin/install.php /wp-admin/setup-config.php?step=1 /wp-config.php /wp-config.php.bak /wp-config.php~
  /wp-config.old /wp-content/debug.log /wp-content/uploads/ /wp-content/plugins/hello.php
  /wp-content/plugins/wp-file-manager/lib/php/connector.minimal.php /wp-content/themes/twentytwenty/style.css
  /wp-includes/wlwmanifest.xml /wp-json/wp/v2/users /?author=1 /xmlrpc.php /blog/wp-login.php /wordpress/wp-login.php
  /wp/wp-includes/wlwmanifest.xml /site/wp-includes/wlwmanifest.xml /joomla/ /administrator/ /administrator/index.php
  /configuration.php /configuration.php.bak /components/com_jce/ /user/login?destination=node/add /CHANGELOG.txt
  /sites/default/settings.php /core/install.php /index.php?s=/Index/\\think\\app/invokefunction&function=call_user_func_array
  /index.php?lang=../../../../etc/passwd /phpmyadmin/ /phpmyadmin/index.php /phpMyAdmin/scripts/setup.php /pma/ /mysql/ /dbadmin/
  /adminer.php /adminer-4.8.1.php /phpinfo.php /info.php /test.php /i.php /php.php /shell.php /cmd.php /c99.php /r57.php /wso.php
  /upload.php /uploads/shell.php /images/x.php /config.php /config.php.bak /config.inc.php /db.php /admin.php /login.php /install.php
  /setup.php /vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php /vendor/composer/installed.json /composer.json /composer.lock
  /_ignition/execute-solution /telescope/requests /storage/logs/laravel.log /artisan /server-status /server-info /downloader/
  /magento_version /app/etc/local.xml /typo3/index.php /bitrix/admin/ /old/ /test/
`);

const javaConsoles = list(`
  /actuator /actuator/env /actuator/auditevents /actuator/heapdump /actuator/mappings /actuator/beans /actuator/configprops
  /actuator/httptrace /actuator/gateway/routes /actuator/jolokia/list /actuator/threaddump /actuator/loggers /actuator;/env
  /manage/env /management/env /env /heapdump /jolokia/list /jolokia/version /trace /dump /metrics /health /info /manager/html
  /manager/status /host-manager/html /examples/servlets/index.html /docs/ /WEB-INF/web.xml /WEB-INF/classes/application.properties
  /META-INF/MANIFEST.MF /..;/manager/html /console/ /console/login/LoginForm.jsp /h2-console/ /web-console/ /jmx-console/
  /invoker/JMXInvokerServlet /admin-console/ /wls-wsat/CoordinatorPortType /_async/AsyncResponseService /bea_wls_deployment_internal/
  /solr/ /solr/admin/info/system /jenkins/ /jenkins/script /script /login /hudson /nexus/ /artifactory/ /sonar/ /druid/index.html
  /druid/websession.html /swagger-ui.html /v2/api-docs /struts2-showcase/index.action /index.action /login.action /login.do
  /user.do?method=list /axis2/axis2-admin/ /geoserver/web/ /nacos/v1/auth/users?pageNo=1&pageSize=9 /eureka/apps /application.yml
  /application.properties
`);

const routerHoles = list(`
  /cgi-bin/luci /cgi-bin/luci/;stok=/locale?form=country /cgi-bin/test-cgi /cgi-bin/printenv /cgi-bin/php /cgi-bin/php-cgi
  /cgi-bin/bash /cgi-bin/status /cgi-bin/authLogin.cgi /cgi-bin/nas_sharing.cgi /cgi-bin/.%2e/.%2e/.%2e/.%2e/bin/sh
  /cgi-bin/../../../../etc/passwd /boaform/admin/formLogin /boaform/formPing /GponForm/diag_Form?images/ /goform/set_LimitClient_cfg
  /goform/formLogin /HNAP1/ /HNAP1 /setup.cgi?next_file=netgear.cfg /currentsetting.htm /shell?cd+/tmp;rm+-rf+* /tmUnblock.cgi
  /hndUnblock.cgi /evox/about /sdk /sdk/webLanguage /owa/auth/logon.aspx /owa/
  /ecp/Current/exporttool/microsoft.exchange.ediscovery.exporttool.application /autodiscover/autodiscover.json
  /Autodiscover/Autodiscover.xml /remote/login /remote/fgt_lang?lang=/../../../..//////////dev/cmdb/sslvpn_websession
  /dana-na/auth/url_default/welcome.cgi /vpn/index.html /vpns/portal/scripts/newbm.pl /global-protect/login.esp /+CSCOE+/logon.html
  /mgmt/tm/util/bash /tmui/login.jsp /portal/redlion /webfig/ /winbox/index /onvif/device_service /PSIA/Custom/SelfExt/userCheck
  /ISAPI/Security/userCheck /device.rsp?opt=user&cmd=list /system.ini?loginuse&loginpas /level/15/exec/-/sh/run/CR /solr/admin/cores
  /ab2g /ab2h /nmaplowercheck1700000000 /NmapUpperCheck1700000000 /Trinity.txt.bak /w00tw00t.at.ISC.SANS.DFind:)
  /phpMyAdmin-5.2/index.php /stalker_portal/c/version.js /streaming/clients_live.php /api/v1/pods /version /favicon.ico
`);

/** Names of archives tried with the endings of archives; sites' own names first. */
function archives(): string[] {
  const names = ["backup", "shop", "harbour-pine", "www", "site", "db", "dump", "html", "old", "public_html"];
  const endings = ["zip", "tar.gz", "sql", "rar", "bak", "7z", "sql.gz"];
  const crossed = names.flatMap((name) => endings.map((ending) => `/${name}.${ending}`));
  return [
    ...crossed,
    "/backup/",
    "/backups/",
    "/backup/backup.zip",
    "/backups/db.sql",
    "/old/",
    "/old.zip",
    "/bak/",
    "/archive/",
    "/dump/",
    "/sql/dump.sql",
    "/database.sqlite",
    "/db.sqlite3",
    "/data.db",
    "/users.csv",
    "/customers.xlsx",
    "/index.html.bak",
    "/index.html~",
    "/server.js.bak",
    "/app.js.old",
    "/2024.zip",
  ];
}

/** A folder guesser: a word list in alphabetical order, as they come, so that what begins with a dot is asked for first. */
function folders(): string[] {
  const words = list(`
    .bash_history .env .git/HEAD .htaccess .svn/entries .well-known/ about account admin admin/login adminpanel administrator api app apps
    archive assets auth backoffice backup beta bin blog cache cart catalog cgi-bin checkout client config console contact content control
    crossdomain.xml css dashboard data db debug default.aspx demo dev docs download export files forum help hidden home images img import
    include index.php internal js lib log login logs mail manage manager media mobile monitor new news old orders panel phpmyadmin portal
    private public report root scripts secret secure server-status service shop site sql staff stage staging static stats store support sys
    system temp test test.html tests tmp tools update upload user users v1 v2 vendor web webadmin webmail work wp-admin www xml
  `);
  return words.map((word) => (word.includes(".") || word.endsWith("/") ? `/${word}` : `/${word}/`));
}

/** One secret's usual name in every folder that a deployment might have. */
function secretHunter(): string[] {
  const homes = list(`
    / /admin/ /api/ /api/v1/ /app/ /apps/ /assets/ /auth/ /backend/ /backup/ /beta/ /blog/ /client/ /cms/ /code/ /conf/ /config/ /core/ /cron/
    /current/ /dev/ /dist/ /docker/ /en/ /frontend/ /html/ /laravel/ /lib/ /live/ /local/ /mail/ /new/ /node/ /old/ /portal/ /prod/ /project/
    /public/ /release/ /server/ /shop/ /site/ /src/ /staging/ /store/ /test/ /v1/ /v2/ /web/ /website/ /www/
  `);
  return homes.flatMap((home, index) => [`${home}.env`, ...(index % 5 === 0 ? [`${home}.env.production`, `${home}.git/config`] : [])]);
}

/** What a template-driven scanner sends: every list of this file, a few of each in turn. */
function mixedTemplates(): string[] {
  const lists = [javaConsoles, phpSite, apiExplorer(), secretFiles, routerHoles, buildAndCloud, archives()];
  return Array.from({ length: 98 }, (_, index) => lists[index % lists.length]?.[(Math.floor(index / lists.length) * 5 + 3) % 60] ?? "/");
}

const buildAndCloud = list(`
  /latest/meta-data/ /latest/meta-data/iam/security-credentials/ /computeMetadata/v1/ /.aws/credentials /aws.json /aws-exports.js
  /s3cmd.ini /.s3cfg /.boto /gcloud.json /google-credentials.json /azure.json /.azure/accessTokens.json /terraform.tfstate
  /terraform.tfvars /.terraform/terraform.tfstate /ansible/hosts /Vagrantfile /Dockerfile /docker-compose.yml
  /docker-compose.override.yml /.dockerignore /Jenkinsfile /Makefile /.github/workflows/deploy.yml /.gitlab-ci.yml /.drone.yml
  /bitbucket-pipelines.yml /azure-pipelines.yml /cloudbuild.yaml /buildspec.yml /serverless.yml /k8s/deployment.yaml
  /kubernetes/secrets.yaml /helm/values.yaml /api/v1/namespaces/default/secrets /v2/_catalog /v1/agent/self /v1/kv/?recurse
  /_cat/indices /_cluster/health /_all_dbs /_utils/ /kibana/app/kibana /grafana/login /prometheus/targets /metrics /debug/vars
  /debug/pprof/ /debug/pprof/heap /package.json /package-lock.json /yarn.lock /node_modules/express/package.json /webpack.config.js
  /static/js/main.js.map /next.config.js /_next/static/development/_buildManifest.js /Gemfile /requirements.txt /Pipfile /pom.xml
  /build.gradle /web.config /appsettings.json /appsettings.Development.json /elmah.axd /trace.axd /nginx.conf /httpd.conf
`);

/** Looks for documentation and resources of an API: generic guesses first, then what such tools add. */
function apiExplorer(): string[] {
  const documents = [
    "/swagger.json",
    "/swagger-ui.html",
    "/swagger/index.html",
    "/swagger/v1/swagger.json",
    "/openapi.json",
    "/openapi.yaml",
    "/api-docs",
    "/docs",
    "/redoc",
  ];
  const resources =
    "users user accounts admin orders customers config settings login auth token keys roles health status version debug internal export".split(
      " ",
    );
  const listed = ["/api", "/api/v1", "/api/v2", "/rest"].flatMap((base) => [
    `${base}/`,
    ...resources.slice(0, 14).map((name) => `${base}/${name}`),
  ]);
  const generic = [...documents, ...list("/graphql /graphiql /playground /altair /v1/graphql"), ...listed];
  const telling = list(`
    /api/jsonws /api/jsonws/invoke /actuator/env /actuator/mappings /.env /api/.env /api/.git/config /api/swagger.php /api/users/1 /api/users/2
    /api/products/0 /api/products/999999 /api/internal /wsdl /service.asmx?wsdl /soap /odata/ /jsonrpc /rpc
  `);
  // Mostly guesses that an honest program might make, one of the other kind after every fourth.
  return generic.flatMap((path, index) => (index % 4 === 3 ? [path, telling[Math.floor(index / 4)] ?? "/rest/"] : [path]));
}

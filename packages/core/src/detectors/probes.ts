import { chain } from "../awaitable.ts";
import { isByPage } from "../behaviour/by-page.ts";
import { integer, type OptionTable, readOptions } from "../options.ts";
import type { Awaitable, Decision, Detector, RuleId, Store, WafRequest } from "../types.ts";
import { ordinaryPaths } from "./ordinary-paths.ts";
import { SCANNED_STEPS, scannerShape } from "./scanner-paths.ts";

/** What `probes` takes. */
export interface ProbesOptions {
  /** How many different probes a client may send in a window before it is banned, 1 to 1,000. Default 3. */
  readonly banAfter?: number;
  /** Length of that window in milliseconds, 1,000 to 86,400,000. Default 300,000. */
  readonly windowMs?: number;
  /** Length of a first ban in milliseconds, 1,000 to 86,400,000; the second is 12 times as long, later ones 288 times. Default 300,000. */
  readonly banMs?: number;
}

export const PROBES_OPTIONS = {
  banAfter: integer(3, 1, 1_000),
  windowMs: integer(300_000, 1_000, 86_400_000),
  banMs: integer(300_000, 1_000, 86_400_000),
} as const satisfies OptionTable;

export const RULES = {
  /** A file or folder that is private by name: `.env`, `.git`, `.ssh`, `.htpasswd` and their kind, by its beginning or ending. `.well-known` passes. */
  "probes/dotfile": 100,
  /**
   * A backup, dump, log or archive left behind: `*.bak`, `*.sql`, `/backup.zip`, `index.php~`, `web.config::$DATA`. Sitemaps, and archives and
   * databases in directories of their own, pass.
   */
  "probes/backup": 100,
  /**
   * An administration or debugging console of other software, or what a cloud tells its own machines: `/phpmyadmin`, `/actuator/env`, `/server-status`,
   * `/manager/html`, `/latest/meta-data/`. What monitors read passes: `/actuator/health`, `/actuator/info`, `/server-status?auto`.
   */
  "probes/console": 100,
  /** A script that only a scanner asks a JavaScript server for: `wp-login.php`, `xmlrpc.php`, `phpinfo.php`, web shells, scripts among uploads. */
  "probes/foreign-script": 100,
  /** A long known hole: `/cgi-bin/test.cgi`, `/fcgi-bin/`. Products that still live in a CGI directory, such as mailing list software, pass. */
  "probes/legacy": 100,
  /** A file of the project itself, whole name: `docker-compose.yml`, `composer.lock`, `id_rsa`, `web.config`, `/WEB-INF/…`. */
  "probes/project-file": 100,
  /** A system file: `/etc/passwd`, `/proc/self/environ`, `/windows/win.ini`, also when dot segments led there. */
  "probes/system-file": 100,
  /** Any other hidden, script or configuration name. Old links point at such paths, so it blocks only together with more. */
  "probes/suspicious-name": 40,
  /**
   * This client sent `banAfter` different probes in the window and is banned. Suspicious names count half, and only those that ended in 404; so do
   * the plain words that scanners guess (`/administrator`, `/old`, `/api-docs`), each once whatever is below it, and each kind of
   * attack that it was refused for (SQL, scripts, shell), once. What a page made a browser ask for is refused and not counted.
   */
  "probes/scan": 100,
} as const satisfies Record<RuleId, number>;

type Rule = keyof typeof RULES;

/**
 * Recognises what scanners ask for by anchored shapes on the decoded path: whole segments, whole extensions, names at the root. Never by substring:
 * `/profile.php-guide`, `/environment` and `/docs/gitignore` pass. Reads no store; a client that keeps probing is banned after its responses.
 *
 * @example
 * probes({ banAfter: 5 })
 */
export function probes(options?: ProbesOptions): Detector {
  const { banAfter, windowMs, banMs } = readOptions("probes", PROBES_OPTIONS, options);
  const shapes = new Map<string, Shape>();
  const isOrdinary = ordinaryPaths(TELLING_STEPS);
  // A request's path is asked about twice in a row.
  let lastPath = "";
  let lastShape = NO_SHAPE;
  const shapeOf = (path: string): Shape => {
    if (path !== lastPath) {
      lastShape = readShape(path);
      lastPath = path;
    }
    return lastShape;
  };
  const readShape = (path: string): Shape => {
    if (path.length > MAX_KNOWN_LENGTH) return { rule: probeShape(path), guess: guessIn(path) };
    if (isOrdinary(path)) return NO_SHAPE;
    let shape = shapes.get(path);
    if (shape === undefined) {
      shape = { rule: probeShape(path), guess: guessIn(path) };
      if (shapes.size >= MAX_KNOWN) shapes.clear();
      shapes.set(path, shape);
    }
    return shape;
  };
  return {
    name: "probes",
    phase: "head",
    rules: Object.keys(RULES) as RuleId[],
    inspect({ path, query }) {
      const { rule } = shapeOf(path);
      return rule === undefined || isReading(path, query) ? undefined : { rule, score: RULES[rule], where: "path" };
    },
    wantsOutcome: ({ request, findings }) => findings.length > 0 || shapeOf(request.path).guess !== undefined,
    observe(decision, { status }, services) {
      const { request, findings } = decision;
      if (status !== 404 && findings.length === 0) return undefined;
      // Three pictures in a comment would ban all who read it.
      if (request.client.key === "" || isByPage(request)) return undefined;
      const probe = findings.find(({ rule }) => rule.startsWith("probes/"));
      const certain = probe !== undefined && probe.score >= 100;
      const guess = status === 404 && probe === undefined ? shapeOf(request.path).guess : undefined;
      const what = guess ?? (certain || (probe !== undefined && status === 404) ? request.path : kindOfAttack(decision));
      if (what === undefined) return undefined;
      return chain(addPoints(request, what, services.store, certain ? 2 : 1, windowMs), (sum) =>
        sum >= 2 * banAfter ? services.ban(request, "probes/scan", banMs) : undefined,
      );
    },
  };
}

/** Apache's counters for machines; only the page for people tells addresses and targets of others. */
const isReading = (path: string, query: string): boolean => query === "auto" && path === "/server-status";

interface Shape {
  readonly rule: Rule | undefined;
  /** The part of the path that scanners guess: counts only when the path turns out to be missing. */
  readonly guess: string | undefined;
}

const NO_SHAPE: Shape = { rule: undefined, guess: undefined };

/** Paths repeat: looking one up costs a fifth of reading it. Cleared when full, so random paths gain nothing and cost at most 0.5 MB. */
const MAX_KNOWN = 2_000;
const MAX_KNOWN_LENGTH = 100;

/**
 * What a refused request attacked, by the first certain finding alone: a report that quotes three attacks and is sent again is one kind. Never a path,
 * because it has no slash.
 */
function kindOfAttack({ action, findings }: Decision): string | undefined {
  if (action !== "block") return undefined;
  for (const { rule, score } of findings) {
    const kind = rule.slice(0, rule.indexOf("/"));
    if (score >= 100 && ATTACKS.has(kind)) return kind;
  }
  return undefined;
}

/** Adds points for what this client has not been counted for yet in the window, and returns the client's sum. */
function addPoints({ client, receivedAt }: WafRequest, what: string, store: Store, points: number, windowMs: number): Awaitable<number> {
  return chain(store.increment(`probed:${client.key}:${what.slice(0, 200)}`, 1, windowMs, receivedAt), (seen) =>
    chain(store.increment(`probes:${client.key}`, seen.value === 1 ? points : 0, windowMs, receivedAt), ({ value }) => value),
  );
}

const set = (words: string): ReadonlySet<string> => new Set(words.split(" "));

/** Kinds of attack that content inspection names its rules by. */
const ATTACKS = set("code crlf ldap lookup nosql path shell sql ssi ssrf template xpath xss xxe");

/** Private at any depth. */
const PRIVATE_DOTFILES = set(
  ".git .svn .hg .bzr .cvs .aws .ssh .docker .kube .gnupg .azure .gcloud .terraform .s3cfg .boto .npmrc .yarnrc .pypirc .netrc .pgpass .my.cnf .htaccess .htpasswd " +
    ".bash_history .zsh_history .sh_history .mysql_history .psql_history .python_history .node_repl_history .bashrc .bash_profile .zshrc .profile .passwd .shadow " +
    ".ds_store .git-credentials .dockercfg .ftpconfig .ftpaccess .remote-sync.json .viminfo .vault-token .esmtprc .mailrc",
);

/** Left in a web root by mistake; deeper down, sites that show source code link to them. */
const PROJECT_DOTFILES = set(
  ".vscode .idea .project .settings .travis.yml .gitlab-ci.yml .circleci .gitignore .gitattributes .gitmodules .gitconfig .dockerenv .dockerignore .sublime .vimrc " +
    ".claude .cursor .streamlit .openai .rsync-filter .config .github .babelrc .eslintrc .editorconfig",
);

/** Consoles of other software, as the first segment. */
const CONSOLES = set(
  "phpmyadmin phpmyadmin2 pma myadmin dbadmin mysqladmin sqladmin phppgadmin adminer server-status server-info jmx-console web-console _ignition _profiler hnap1 boaform " +
    "goform gponform nacos geoserver webmin struts2 axis2 axis2-admin wls-wsat bea_wls_internal autodiscover owa ecp webfig luci _cat _cluster _all_dbs _utils " +
    "hystrix.stream phpunit elmah.axd trace.axd debug.cgi evox onvif balancer-manager stub_status xxl-job-admin struts2-showcase _async scripttext runningpods +cscoe+ " +
    "tmui dana-na sslvpn vpns",
);

/** Other software's own folders: honest where a site is built on it or forwards to it. */
const FOREIGN_FOLDERS = set(
  "cgi-bin wp-admin wp-content wp-includes wp-json administrator bitrix typo3 umbraco sitecore magento_version weblogic",
);
const STATIC_FILE = /\.(?:jpe?g|png|gif|webp|avif|svg|css|js|woff2?|mp4|pdf)$/;

/** Where the first segment is an honest word too, the first two decide. */
const CONSOLE_PAGES = set(
  "manager/html manager/text manager/status solr/admin vendor/phpunit debug/pprof debug/vars debug/default api/jsonws telescope/requests telescope/exceptions " +
    "telescope/dashboard telescope/queries hudson/script jenkins/script console/login console/css sdk/web v1/agent v2/_catalog administrator/index.php " +
    "administrator/components administrator/manifests wp-admin/install.php wp-admin/setup-config.php wp-admin/upgrade.php wp-content/debug.log wp-content/plugins " +
    "wp-content/themes wp-content/backup cgi-bin/luci actuator/env actuator/heapdump actuator/beans actuator/mappings actuator/configprops " +
    "actuator/loggers actuator/trace actuator/httptrace actuator/gateway actuator/jolokia actuator/threaddump actuator/shutdown actuator/ wp-admin/ " +
    "latest/meta-data latest/user-data latest/dynamic computemetadata/v1 opc/v1 opc/v2 openstack/latest metadata/instance 2009-04-04/meta-data hetzner/v1 containers/json rails/info " +
    "global-protect/login.esp remote/logincheck mgmt/tm cvs/entries cvs/root",
);

const SCRIPTS = set(
  "php php3 php4 php5 php7 php8 phtml phar asp aspx ashx asmx axd jsp jspx jspa do action cgi pl cfm cfml cfc dll exe sh bat cmd ps1 lua",
);
const CONFIGURATIONS = set(
  "old orig save copy tmp pem key db sqlite sqlite3 mdb dump log conf cnf ini cfg inc yml yaml toml properties config secret passwd lock dist",
);
const BACKUPS = set("bak bak1 bak2 swp swo swn sql bkp kdbx ppk jks keystore htpasswd tfstate tfvars");

const COPIES = set("old orig save copy tmp dist 1 txt");
const SOURCES = /\.(?:php|asp|aspx|jsp|py|rb|pl|js|ts|env|ini|conf|cfg|ya?ml|json|xml|properties|htaccess|sql)\.[a-z0-9]+$/;

const SCANNED_SCRIPT =
  /\/(?:wp-[a-z-]+|xmlrpc|php-?info|info|i|pi|test|phptest|shell|shell\d|cmd|c99|r57|wso\d*|alfa\w*|b374k|webshell|eval-stdin|adminer(?:-[\d.]+)?|admin|administrator|admin_?login|login_?admin|config|configuration|setup|install|installer|upgrade|upload|uploader|filemanager|elfinder|connector|timthumb|settings|database|db|dbconfig|backup|mysql|sql|pma|phpmyadmin|index_old|about|radio|wp|xx|x|1|0|a|ok|up|lv|mini|ws|sh|doc|bypass|gank|fox|chosen|moon|makeasmtp|marijuana|simple|themes|content|cong|dropdown|autoload_classmap|defaults)\.(?:php[3578]?|phtml|asp|aspx|ashx|jsp|jspx|cgi|pl|cfm)(?:\.(?:bak|old|save|swp|txt|orig|dist|1)|~)?(?:\/|$)/;

const ROOT_ARCHIVE =
  /^\/(?:[a-z0-9-]{0,20}[._-])?(?:back-?ups?|bak|bkp|dump|db|database|mysql|data|sql|www|wwwroot|web|webroot|website|site|html|public_html|htdocs|home|root|old|src|source|code|app|prod|production|1)(?:[._-][a-z0-9-]{0,20})?\.(?:zip|tar|tar\.gz|tgz|gz|bz2|tar\.bz2|xz|rar|7z|war)$/;

const SYSTEM_FILE =
  /(?:^|\/)(?:etc\/(?:passwd|shadow|group|hosts|hostname|issue|fstab|crontab|resolv\.conf|my\.cnf|ssh\/|nginx\/|apache2?\/|httpd\/|php)|proc\/(?:self|version|cpuinfo|\d+)(?:\/|$)|windows\/(?:win\.ini|system32|repair)|winnt\/|boot\.ini|win\.ini|var\/log\/|root\/\.)/;

/** Files of a project that no site publishes, as a whole segment. `package.json` and its kind are published often, so they are not here. */
const PROJECT_FILES = set(
  "docker-compose.yml docker-compose.yaml docker-compose.override.yml compose.yaml dockerfile composer.json composer.lock gemfile.lock pipfile.lock poetry.lock requirements.txt " +
    "web.config web-inf meta-inf id_rsa id_dsa id_ecdsa id_ed25519 authorized_keys known_hosts credentials.json service-account.json serviceaccountkey.json secrets.json " +
    "secrets.yml secrets.yaml local.settings.json appsettings.json appsettings.development.json appsettings.staging.json appsettings.production.json client_secret.json client_secrets.json gcp-credentials.json credentials.csv database.yml wp-config.php wp-config.txt " +
    "settings.py local_settings.py manage.py application.properties application.yml application.yaml bootstrap.yml sftp-config.json jenkinsfile vagrantfile procfile " +
    "terraform.tfstate ansible.cfg playbook.yml db.sqlite3 db.sqlite database.sqlite dump.rdb error_log access_log phpunit.xml sftp.json npm-debug.log yarn-error.log",
);

/** Words that scanners try as a whole first or last segment. Honest where they exist, so only their absence tells. */
const GUESSES = set(
  "admin admin1 admin2 admins administrator administration adminpanel admin-panel admin_area admin-console adminarea cpanel controlpanel panel manage management manager " +
    "moderator webadmin sysadmin siteadmin superadmin backend backoffice console debug test tests testing dev development staging stage beta demo old new bak backup backups " +
    "back tmp temp cache private secret hidden internal restricted upload uploads dump db sql database mysql logs log config configuration setup install installer " +
    "api-docs apidocs api-doc swagger swagger-ui swagger-resources openapi redoc graphiql playground altair voyager v1 v2 v3 jmx metrics prometheus heapdump trace env " +
    "status server-status actuator healthz jolokia portal intranet phpinfo shell cmd webdav dav svn cvs git latest meta-data user-data computemetadata instance identity",
);

/** What a path of letters, digits and hyphens has a step of where it is a probe or a guess. */
export const TELLING_STEPS: readonly string[] = [
  ...[CONSOLES, CONSOLE_PAGES, FOREIGN_FOLDERS, PROJECT_FILES, GUESSES, SCANNED_STEPS].flatMap((names) => [...names]),
  ..."etc proc windows winnt var root".split(" "),
];

/** Databases as they are dumped. */
const DUMP = /^(?:\w{1,12}[_-])?(?:back-?up|dump|database|db|mysql)\.(?:sql|sqlite3?|dump)$/;

const ENV_TEMPLATE = /\.(?:example|sample|template|dist)$/;
const ENV_FILE = /^\.env(?:[._~]\w{0,20})*$/;
const MAX_PATH = 4096;

/** Which probe a decoded path is, if any. Linear in its length. What is only suspicious by itself gives way to a certain shape. */
export function probeShape(decodedPath: string): Rule | undefined {
  const path = flatten(decodedPath);
  const shape = flatShape(path) ?? slashedShape(path);
  if (shape !== undefined && shape !== "probes/suspicious-name") return shape;
  // `/dump.sql%3Fa/b`: who decodes once more before the query is cut off serves `/dump.sql`.
  const mark = decodedPath.search(/[?#]/);
  return mark < 2 || decodedPath.indexOf("/", mark) < 0 ? shape : (flatShape(flatten(decodedPath.slice(0, mark + 1))) ?? shape);
}

function flatShape(path: string): Rule | undefined {
  const shape = namedShape(path);
  return shape === undefined || shape === "probes/suspicious-name" ? (scannerShape(path) ?? shape) : shape;
}

/**
 * A file with a slash behind it (`/dump.sql/`, `/id_rsa/.`), which servers that resolve paths take off. Pages have such addresses, too
 * (`/docs/nginx.conf/`), so only names that no page has count.
 */
function slashedShape(path: string): Rule | undefined {
  if (!path.endsWith("/") || path.length < 3) return undefined;
  const bare = path.slice(0, -1);
  const name = bare.slice(bare.lastIndexOf("/") + 1);
  const isFile = PROJECT_FILES.has(name) || name.endsWith("~") || SOURCES.test(name) || DUMP.test(name) || ROOT_ARCHIVE.test(bare);
  const shape = isFile ? flatShape(bare) : undefined;
  return shape === "probes/suspicious-name" ? undefined : shape;
}

/** The shapes that whole names and the first two segments tell. */
function namedShape(path: string): Rule | undefined {
  const slash = path.indexOf("/", 1);
  const first = slash < 0 ? path.slice(1) : path.slice(1, slash);
  if (CONSOLES.has(first)) return "probes/console";
  if (CONSOLE_PAGES.has(firstTwo(path, slash))) return STATIC_FILE.test(path) ? undefined : "probes/console";
  if (SYSTEM_FILE.test(path)) return "probes/system-file";
  if (PROJECT_FILES.has(path.slice(path.lastIndexOf("/") + 1)) || PROJECT_FILES.has(first))
    return isShallow(path) ? "probes/project-file" : "probes/suspicious-name";
  const dotted = path.includes(".") || path.endsWith("~") ? dottedShape(path) : undefined;
  return dotted ?? (FOREIGN_FOLDERS.has(first) && !STATIC_FILE.test(path) ? "probes/suspicious-name" : undefined);
}

/** At most two segments: where a deployment leaves its files. `/owner/project/blob/main/Dockerfile` is a page about one. */
const isShallow = (path: string): boolean => path.split("/", 4).length <= 3;

/**
 * The path, where its last segment is a word that scanners guess and it is no deeper than they look for one; else its first segment, where that is
 * one. Whatever is missing below `/v1` is one guess, because clients of an API ask for many things that are not there.
 */
function guessIn(decodedPath: string): string | undefined {
  const path = flatten(decodedPath);
  const segments = path.split("/").filter(Boolean);
  const isWord = (segment: string | undefined): boolean => segment !== undefined && GUESSES.has(segment.replace(/\.[a-z]{2,5}$/, ""));
  if (segments.length <= 2 && isWord(segments.at(-1))) return path;
  return isWord(segments[0]) ? `/${segments[0]}/` : undefined;
}

/** `/a/b/c` gives `a/b`; `/a` and `/a/` give `a/`. */
function firstTwo(path: string, slash: number): string {
  if (slash < 0) return `${path.slice(1)}/`;
  const end = path.indexOf("/", slash + 1);
  return end < 0 ? path.slice(1) : path.slice(1, end);
}

function dottedShape(path: string): Rule | undefined {
  if (SCANNED_SCRIPT.test(path)) return "probes/foreign-script";
  if (ROOT_ARCHIVE.test(path)) return "probes/backup";
  let suspicious = false;
  for (const segment of path.split("/")) {
    const dot = segment.lastIndexOf(".");
    if (dot < 0) continue;
    if (dot === 0 || segment.charCodeAt(0) === 46 /* . */) {
      if (PRIVATE_DOTFILES.has(segment)) return "probes/dotfile";
      if (ENV_FILE.test(segment)) return ENV_TEMPLATE.test(segment) ? "probes/suspicious-name" : "probes/dotfile";
      if (PROJECT_DOTFILES.has(segment) && isShallow(path)) return "probes/dotfile";
      if (segment !== ".well-known") suspicious = true;
    } else if (SCRIPTS.has(segment.slice(dot + 1))) suspicious = true;
  }
  return backupShape(path) ?? (suspicious ? "probes/suspicious-name" : undefined);
}

/** Copies and configurations, told by the last segment alone: `/wrap.backup/main.py` is a page in a folder. */
function backupShape(path: string): Rule | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  if (dot < 0) return undefined;
  const extension = name.slice(dot + 1).replace(/~$/, "");
  // An old copy beside a script or a configuration: `settings.py.old`, `index.js~`.
  if ((name.endsWith("~") || COPIES.has(extension)) && (SOURCES.test(name) || name.endsWith("~"))) return "probes/backup";
  if (BACKUPS.has(extension)) return isShallow(path) || SOURCES.test(name) ? "probes/backup" : "probes/suspicious-name";
  return CONFIGURATIONS.has(extension) ? "probes/suspicious-name" : undefined;
}

/** Lower case, at most three further decodings of ASCII, and no tails behind names: the spellings that file servers forgive. */
function flatten(path: string): string {
  let flat = (path.length > MAX_PATH ? path.slice(0, MAX_PATH) : path).toLowerCase();
  for (let round = 0; round < 3 && flat.includes("%"); round++) {
    flat = flat.replace(/%([0-7][0-9a-f])/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)).toLowerCase());
  }
  return hasTail(flat) ? flat.split("/").map(withoutTail).join("/") : flat;
}

/** True when some segment has what {@link withoutTail} takes off, or may have. */
function hasTail(path: string): boolean {
  for (let index = 1; index < path.length; index++) {
    const code = path.charCodeAt(index);
    if (code <= 32 || code === 35 /* # */ || code === 59 /* ; */ || code === 63 /* ? */) return true;
    if (code === 46 /* . */ && (index + 1 === path.length || path.charCodeAt(index + 1) === 47)) return true;
  }
  return false;
}

/**
 * A segment without `;parameters`, what comes after NUL, an escaped query or fragment, and the dots and blanks that Windows drops from the ends of names.
 * Dots alone stay, and so do names that begin with a mark (`#draft#`) and questions of three words and more: titles of pages.
 */
function withoutTail(segment: string): string {
  const isTitle = segment.startsWith("#") || (segment.indexOf("?") === segment.length - 1 && segment.split(/[-_ ]/, 3).length === 3);
  const cut = segment.search(isTitle ? /[;\0]/ : /[;\0?#]/);
  const name = cut < 0 ? segment : segment.slice(0, cut);
  for (let end = name.length; end > 0; end--) {
    const code = name.charCodeAt(end - 1);
    if (code > 32 && code !== 46 /* . */) return name.slice(0, end);
  }
  return name;
}

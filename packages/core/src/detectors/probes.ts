import { chain } from "../awaitable.ts";
import { integer, type OptionTable, readOptions } from "../options.ts";
import type { Awaitable, Detector, RuleId, Store, WafRequest } from "../types.ts";

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
  /** A file or folder that is private by name: `.env`, `.git`, `.ssh`, `.htpasswd` and their kind, as a whole segment. `.well-known` passes. */
  "probes/dotfile": 100,
  /** A backup, dump or archive left in the web root: `*.bak`, `*.sql`, `/backup.zip`, `/db.tar.gz`. */
  "probes/backup": 100,
  /** An administration or debugging console of other software: `/phpmyadmin`, `/actuator/env`, `/server-status`, `/manager/html`. */
  "probes/console": 100,
  /** A script that only a scanner asks a JavaScript server for: `wp-login.php`, `xmlrpc.php`, `phpinfo.php`, web shells. */
  "probes/foreign-script": 100,
  /** A system file: `/etc/passwd`, `/proc/self/environ`, `/windows/win.ini`, also when dot segments led there. */
  "probes/system-file": 100,
  /** Any other hidden, script or configuration name. Old links point at such paths, so it blocks only together with more. */
  "probes/suspicious-name": 40,
  /** This client sent `banAfter` different probes in the window and is banned. Suspicious names count half, and only those that ended in 404. */
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
  return {
    name: "probes",
    phase: "head",
    rules: Object.keys(RULES) as RuleId[],
    inspect({ path }) {
      const rule = probeShape(path);
      return rule === undefined ? undefined : { rule, score: RULES[rule], where: "path" };
    },
    observe({ request, findings }, { status }, services) {
      const probe = findings.find(({ rule }) => rule.startsWith("probes/"));
      if (probe === undefined || request.client.key === "") return undefined;
      const points = probe.score >= 100 ? 2 : status === 404 ? 1 : 0;
      if (points === 0) return undefined;
      return chain(addPoints(request, services.store, points, windowMs), (sum) =>
        sum >= 2 * banAfter ? services.ban(request, "probes/scan", banMs) : undefined,
      );
    },
  };
}

/** Adds points for a path this client has not been counted for yet in the window, and returns the client's sum. */
function addPoints({ client, path, receivedAt }: WafRequest, store: Store, points: number, windowMs: number): Awaitable<number> {
  return chain(store.increment(`probed:${client.key}:${path.slice(0, 200)}`, 1, windowMs, receivedAt), (seen) =>
    chain(store.increment(`probes:${client.key}`, seen.value === 1 ? points : 0, windowMs, receivedAt), ({ value }) => value),
  );
}

const set = (words: string): ReadonlySet<string> => new Set(words.split(" "));

const PRIVATE_DOTFILES = set(
  ".git .svn .hg .bzr .cvs .aws .ssh .docker .kube .gnupg .azure .gcloud .terraform .s3cfg .boto .npmrc .yarnrc .pypirc .netrc .pgpass .my.cnf .htaccess .htpasswd " +
    ".bash_history .zsh_history .sh_history .mysql_history .psql_history .python_history .node_repl_history .bashrc .bash_profile .zshrc .profile .passwd .shadow " +
    ".ds_store .vscode .idea .project .settings .travis.yml .gitlab-ci.yml .circleci .gitignore .gitattributes .gitmodules .gitconfig .git-credentials .dockerenv " +
    ".dockerignore .dockercfg .ftpconfig .ftpaccess .remote-sync.json .sublime .vimrc .viminfo .rsync-filter .vault-token .esmtprc .mailrc .config",
);

/** Consoles of other software, as the first segment. */
const CONSOLES = set(
  "phpmyadmin phpmyadmin2 pma myadmin dbadmin mysqladmin sqladmin phppgadmin adminer server-status server-info jmx-console web-console invoker solr jenkins hudson " +
    "_ignition telescope _profiler cgi-bin hnap1 boaform goform gponform druid nacos geoserver webmin struts struts2 axis2 axis2-admin weblogic wls-wsat bea_wls_internal " +
    "wp-admin wp-content wp-includes wp-json autodiscover owa ecp webfig luci kibana _cat _cluster _all_dbs _utils portainer hystrix.stream zabbix nagios phpunit " +
    "administrator bitrix typo3 umbraco sitecore magento_version elmah.axd trace.axd console_login vendor debug.cgi sdk evox onvif manager",
);

/** Where a first segment is an honest word too, the console's own second segment decides. */
const CONSOLE_PAIRS =
  /^\/(?:manager\/(?:html|text|status)|actuator(?:\/(?:env|heapdump|health|beans|mappings|configprops|loggers|trace|httptrace|gateway|jolokia|threaddump|info|shutdown))?|solr\/admin|vendor\/phpunit|debug\/(?:pprof|vars|default)|api\/jsonws|_ignition\/|telescope\/|hudson\/script|jenkins\/script|console\/(?:login|css)|sdk\/web|v1\/agent\/self|v2\/_catalog|administrator\/(?:index\.php|components|manifests))(?:\/|$)/;
const AMBIGUOUS_CONSOLES = set(
  "manager solr vendor sdk administrator jenkins hudson telescope druid kibana zabbix nagios struts portainer typo3 invoker",
);

const SCRIPTS = set(
  "php php3 php4 php5 php7 php8 phtml phar asp aspx ashx asmx axd jsp jspx jspa do action cgi pl cfm cfml cfc dll exe sh bat cmd ps1 lua",
);
const CONFIGURATIONS = set(
  "old orig save copy tmp pem key db sqlite sqlite3 mdb dump log conf cnf ini cfg inc yml yaml toml properties config secret passwd lock dist",
);
const BACKUPS = set("bak bak1 bak2 backup swp swo swn sql bkp kdbx ppk jks keystore htpasswd");

const SCANNED_SCRIPT =
  /\/(?:wp-[a-z-]+|xmlrpc|php-?info|info|i|pi|test|phptest|shell|shell\d|cmd|c99|r57|wso\d*|alfa\w*|b374k|webshell|eval-stdin|adminer(?:-[\d.]+)?|admin|administrator|admin_?login|login_?admin|config|configuration|setup|install|installer|upgrade|upload|uploader|filemanager|elfinder|connector|timthumb|settings|database|db|dbconfig|backup|mysql|sql|pma|phpmyadmin|index_old|about|radio|wp|xx|x|1|0|a|ok|up|lv|mini|ws|sh|doc|bypass|gank|fox|chosen|moon|makeasmtp|marijuana|simple|themes|content|cong|dropdown|autoload_classmap|defaults)\.(?:php[3578]?|phtml|asp|aspx|ashx|jsp|jspx|cgi|pl|cfm)(?:\.(?:bak|old|save|swp|txt|orig|dist|1)|~)?(?:\/|$)/;

const ROOT_ARCHIVE =
  /^\/(?:[a-z0-9-]{0,20}[._-])?(?:back-?ups?|bak|bkp|dump|db|database|mysql|data|sql|www|wwwroot|web|webroot|website|site|html|public_html|htdocs|home|root|old|src|source|code|app|prod|production|1)(?:[._-][a-z0-9-]{0,20})?\.(?:zip|tar|tar\.gz|tgz|gz|bz2|tar\.bz2|xz|rar|7z|war)$/;

const SYSTEM_FILE =
  /(?:^|\/)(?:etc\/(?:passwd|shadow|group|hosts|hostname|issue|fstab|crontab|resolv\.conf|my\.cnf|ssh\/|nginx\/|apache2?\/|httpd\/|php)|proc\/(?:self|version|cpuinfo|\d+)|windows\/(?:win\.ini|system32|repair)|winnt\/|boot\.ini|win\.ini|var\/log\/|root\/\.)/;

const ENV_FILE = /^\.env(?:[._~]\w{0,20})*$/;
const MAX_PATH = 4096;

/** Which probe a decoded path is, if any. Linear in its length; a path without a dot and without a console's name costs one set lookup. */
export function probeShape(decodedPath: string): Rule | undefined {
  const path = flatten(decodedPath);
  const slash = path.indexOf("/", 1);
  const first = slash < 0 ? path.slice(1) : path.slice(1, slash);
  if (CONSOLES.has(first) && !AMBIGUOUS_CONSOLES.has(first)) return "probes/console";
  if (
    first === "actuator" ||
    first === "debug" ||
    first === "console" ||
    first === "api" ||
    first === "v1" ||
    first === "v2" ||
    AMBIGUOUS_CONSOLES.has(first)
  ) {
    if (CONSOLE_PAIRS.test(path)) return "probes/console";
  }
  if (SYSTEM_FILE.test(path)) return "probes/system-file";
  return path.includes(".") || path.endsWith("~") ? dottedShape(path) : undefined;
}

function dottedShape(path: string): Rule | undefined {
  if (SCANNED_SCRIPT.test(path)) return "probes/foreign-script";
  if (ROOT_ARCHIVE.test(path)) return "probes/backup";
  let suspicious = false;
  for (const segment of path.split("/")) {
    const dot = segment.lastIndexOf(".");
    if (dot < 0 && !segment.endsWith("~")) continue;
    if (segment.charCodeAt(0) === 46 /* . */) {
      if (PRIVATE_DOTFILES.has(segment) || ENV_FILE.test(segment)) return "probes/dotfile";
      if (segment !== ".well-known") suspicious = true;
      continue;
    }
    const extension = segment.slice(dot + 1).replace(/~$/, "");
    if (BACKUPS.has(extension) || (segment.endsWith("~") && dot > 0)) return "probes/backup";
    if (SCRIPTS.has(extension) || CONFIGURATIONS.has(extension)) suspicious = true;
  }
  return suspicious ? "probes/suspicious-name" : undefined;
}

/** Lower case, at most three further decodings of ASCII, and no `;parameters` or NUL tails: the spellings that file servers forgive. */
function flatten(path: string): string {
  let flat = (path.length > MAX_PATH ? path.slice(0, MAX_PATH) : path).toLowerCase();
  for (let round = 0; round < 3 && flat.includes("%"); round++) {
    flat = flat.replace(/%([0-7][0-9a-f])/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)).toLowerCase());
  }
  if (flat.includes(";") || flat.includes("\0")) flat = flat.replace(/[;\0][^/]*/g, "");
  return flat;
}

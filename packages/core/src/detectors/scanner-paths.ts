/**
 * Request paths that only scanners ask for: dot files, backups, consoles and old holes. Looked up by segment, not searched: an ordinary
 * path costs a few set lookups.
 *
 * @module
 */
/** The rule of the `probes` detector that a path breaks. */
export type ScannerRule =
  | "probes/dotfile"
  | "probes/backup"
  | "probes/console"
  | "probes/project-file"
  | "probes/foreign-script"
  | "probes/legacy";

const words = (text: string): Set<string> => new Set(text.split(" "));

/** Dot names of version control, shells, editors, clouds and servers, by beginning. What merely begins with a dot (`/.csv`) passes. */
const HIDDEN =
  /^\.(?:env|git|svn|hg|bzr|cvs|ssh|aws|azure|gcloud|docker|kube|ht|ds_store|idea|vscode$|project$|settings$|classpath$|config$|cache|bak|backup|old|swp|swo|sql|db|log|pass|secret|cred|access|admin|user|wp-|web|www|bash|zsh|ksh|sh_|mysql|psql|sqlite|python|node|npm|yarn|composer|travis|circleci|jenkins|ansible|vagrant|terraform|serverless|netrc|ftp|sftp|s3cfg|pgpass|viminfo|nano|rsync|remote|subversion|cobalt|fhp|nsf|psci|keys?|pem|pki|elb|php|tconn|trash|listing|index|local|temp|tmp|inc|helm|pip|cargo)/;
const HIDDEN_ENDS =
  /(?:rc|history|profile|ignore|conf|config|\.ya?ml|\.json|\.ini|\.lock|\.cfg|\.sw[opn]|\.bak|\.old|~|\.sql|\.log|\.key|\.pem|\.db|\.sh|\.xml|\.toml|_logout|passwd|group|acl|\.tmp)$/;
/** Names that the platform and hosts serve on purpose, and samples that documentation is full of. */
const HARMLESS_DOT =
  /^\.(?:well-known|netlify|auth|vercel|storybook|vite|nuxt|next|svelte-kit|rsc)$|^\.env\.(?:example|sample|template|dist)$/;

/** Directories and files of consoles. */
const CONSOLES = words(
  "exampleswebapp phpinfo phpinfo.php php-info.php pinfo.php info.php i.php phpminiadmin myadmin pmyadmin mysqladmin mysql-admin dbadmin sqladmin phppgadmin adminer sqlbuddy websql " +
    "actuator actuators jolokia hawtio heapdump threaddump jmx-console web-console admin-console invoker jbossws jbossmq-httpil server-info fpm-status host-manager " +
    "wls-wsat bea_wls_internal bea_wls_deployment_internal uddiexplorer uddi trace.axd elmah.axd telescope _profiler _wdt app_dev.php _debugbar _ignition laravel-filemanager " +
    "eval-stdin.php druid v2/_catalog _cat _cluster _nodes _all_dbs _utils cfide lucee railo-context globalprotect dana-na hnap1 boaform goform setup.cgi evox openfire " +
    "web-inf meta-inf web-inf. web.config global.asa global.asax " +
    "npm-debug.log authorized_keys known_hosts id_rsa id_dsa id_ecdsa id_ed25519 .htpasswd localsettings.php wp-config.php wp-config.inc " +
    "sftp-config.json filezilla.xml recentservers.xml sitemanager.xml ws_ftp.ini ws_ftp.log winscp.ini dwsync.xml _vti_bin _vti_pvt _vti_cnf _vti_inf.html _vti_log _vti_txt _mmserverscripts " +
    "msadc iisadmin iisadmpwd iissamples iishelp rockmongo phpredisadmin phpsysinfo xampp webalizer awstats fckeditor kcfinder uploadify cmdasp.aspx cmdasp.asp root.exe cmd.exe cmd1.exe nsn " +
    "error_log access_log errors.log php_errors.log php_error.log pwd.db passwd.txt service.pwd authors.pwd administrators.pwd users.pwd config.inc.php config.php.bak configuration.php settings.inc.php " +
    "thumbs.db asynchpeople trinidad-config.xml sqlnet.log .listing build_config_private.ini",
);
/** Files of a project: left behind at the root or in a folder there, shown deeper down by sites that show source code. */
const PROJECT = words(
  "composer.lock gemfile gemfile.lock pipfile pipfile.lock dockerfile vagrantfile jenkinsfile procfile gruntfile.js gulpfile.js yarn.lock cmakefiles",
);
const PROJECT_DOT = /^\.git(?:ignore|attributes|modules|hub|lab-ci\.yml)$/;
const COMPOSE = /^docker-compose[\w.-]{0,24}\.ya?ml$/;
const CONSOLE_BEGINNINGS =
  /^(?:phpmyadmin|phpmy-admin|php-myadmin|phymyadmin|phmyadmin|2phpmyadmin|_?l?phpmyadmin|adminer[-._]|pma\d{0,4}$|webadminer|dbadmin|mysql-?manager|_phpmyadmin|\w{1,16}_phpinfo)|phpinfo\.php\d?$/;
/** Something about a console, not the console. */
const DOWNLOADED = /\.(?:key|css|js|png|jpe?g|gif|svg|html?|txt|pdf|md|zip)$/;
/** Products that still live in a CGI directory behind somebody's proxy. */
const LIVING_CGI = words("koha mailman gitweb cvsweb imagemap viewvc mapserv smokeping bugzilla twiki foswiki munin mt");
/** Endings of copies that editors and administrators make. */
const COPIES = words("bak bak1 bak2 old old1 inc orig original swp swo swn backup bkp bck bk copy tmp~ bakup disabled rej");
/** Endings of what belongs to the server; asked for at the root or in a directory of its own kind. */
const SERVER_FILES = words(
  "sql sqlite sqlite3 mdb accdb dbf log logs conf cnf cfg ini key pem ppk pfx p12 jks keystore kdbx ovpn passwd pwd dump bas lst env tfstate pgsql",
);
const ARCHIVES = words("zip tar gz tgz bz2 tbz rar 7z war ear jar xz lzma");
const OWN_DIRECTORIES = words(
  "log logs var db database databases data backup backups admin sql tmp temp config conf install private old ext certs keys secrets ccbill dashboard",
);
/** Archive names that hold a whole site. */
const WHOLE_SITES =
  /^(?:backup|dump|db|database|site|www|wwwroot|web|public_html|htdocs|html|sql|data|users?|admin|old|config|mysql|localhost|website|bak|archive|source|src|code|home|root|wordpress|wp|joomla|drupal|magento|app|application|server|private|prod(?:uction)?|staging|stage|release|deploy|all|full)[\w.-]{0,12}\./;
/** Directories of what is served and never run: a copy there tells nothing of the server, and is left to the `probes` detector. */
const STATIC = words(
  "js javascript javascripts css style styles img image images pics icons fonts static assets media files file download downloads blob container storage",
);
/** Directories that hold what users sent. */
const UPLOADS = words("upload uploads uploadfile uploadfiles uploaded attachment attachments userfiles avatar avatars resourcepic");
/** Scripts that sites offer for download on purpose. */
const OFFERED = /^(?:install|get|setup|bootstrap|run|i|start|cli|download|init|update|uninstall)\w{0,12}\.(?:sh|ps1)$/;

/** Settings under another name or through an alternate stream, and scripts with something behind their ending: sources instead of pages. */
const SOURCES =
  /::\$(?:data|index_allocation)|^wp-config(?!\.php$)[\w.~-]{1,24}$|^web\.config.{1,12}$|^(?:localsettings|configuration)\.php[._~-]\w{0,12}$|\.(?:php|aspx?|jsp|inc|env)[-_](?:bak|backup|copy|new|old|orig|save|tmp|\d{0,3})$/;
/** Databases of desktops, logs and settings of the server, wherever they lie. */
const LEFT = /\.(?:mdb|accdb|pwd)$|^(?:\w{1,16}_)?error_?logs?(?:\.txt)?$|^(?:application|db|database)\.ini$/;
/** Dumps of a database, packed or not. */
const DUMPS =
  /^(?:\w{0,12}[_-])?(?:dump|backup|database|db|mysql|export|customers|users?|site|www|full|prod)[\w.-]{0,12}\.(?:sql|mdb|sqlite3?|dump)$/;

const SHELL_NAMES =
  /^(?:[\w-]{0,24}(?:backdoor|reverse-shell)|c9\d{1,2}\w{0,10}|c100|r57\w{0,10}|b374k\w{0,10}|wso\w{0,6}|alfa\w{0,10}|\w{0,12}shell\d{0,3}|\w{1,12}[-_]shell|\w{0,10}r00t\w{0,12}|cmd\w{0,4}|getcmd|perlcmd|backdoor\w{0,4}|hack(?:ed|er)?\w{0,4}|indoxploit|phpspy\w{0,8}|jspspy|aspxspy\w{0,6}|aspydrv|antsword|behinder|godzilla|regeorg|tunnel|ntdaddy|zehir\w{0,3}|zacosmall|rhtools|safe0ver|stressbypass|remview|weevely\d?|\d{0,3}day|mysql_tool|php-findsock-shell|simattacker|nstview|simple-backdoor|up|upl|uploader)\.(?:php\d?|phtml|asp|aspx|ashx|jsp|jspx|cfm|cgi|pl|txt)$/;

/** What a path of letters, digits and hyphens has a step of, or one that begins like it, where {@link scannerShape} says anything of it. */
export const SCANNED_STEPS: readonly string[] = [
  ...CONSOLES,
  ...PROJECT,
  ..."phpmy-admin php-myadmin phymyadmin phmyadmin 2phpmyadmin lphpmyadmin webadminer mysql-manager cgi cgi-bin fcgi-bin webapp wp-config errorlog".split(
    " ",
  ),
  ...Array.from({ length: 10 }, (_, digit) => `pma${digit}`),
];

/**
 * Which shape of scanners a decoded path in lower case has, if any. Certain shapes only: names that are as often honest are judged by whether
 * the path was there. One walk over the segments, each looked up by at most 120 characters.
 */
export function scannerShape(path: string): ScannerRule | undefined {
  if (path.startsWith("/webapp/examples/")) return "probes/legacy";
  let from = 1;
  let depth = 0;
  let cgi = false;
  let directory = "";
  while (from < path.length) {
    let to = path.indexOf("/", from);
    if (to < 0) to = path.length;
    if (to > from) {
      const segment = path.slice(from, Math.min(to, from + 120));
      const isLast = to === path.length;
      if (/^_vti_[a-z]{2,8}$/.test(segment) || CONSOLES.has(segment) || (CONSOLE_BEGINNINGS.test(segment) && !DOWNLOADED.test(segment))) {
        // Health checks and metrics are public on purpose.
        const open =
          segment === "actuator" && /^\/(?:health(?:\/(?:live|readi)ness)?$|info|prometheus|metrics)/.test(path.slice(to, to + 24));
        if (!open) return "probes/console";
      }
      if (depth < 2 && (PROJECT.has(segment) || COMPOSE.test(segment))) return "probes/project-file";
      if (segment.charCodeAt(0) === 46) {
        const isShown = depth > 1 && PROJECT_DOT.test(segment);
        if (!isShown && !HARMLESS_DOT.test(segment) && (HIDDEN.test(segment) || HIDDEN_ENDS.test(segment))) return "probes/dotfile";
      } else if (isLast && (segment.includes(".") || segment.endsWith("~") || segment.includes("error"))) {
        const shape = fileShape(segment, directory, depth);
        if (shape !== undefined) return shape;
      }
      // A JavaScript application has no CGI directory; what lies deeper in one is some old product that a proxy may still serve.
      if (cgi && depth === 1 && !LIVING_CGI.has(segment)) return "probes/legacy";
      if (depth === 0 && (segment === "cgi-bin" || segment === "fcgi-bin" || segment === "cgi-win" || segment === "cgi")) {
        cgi = true;
        if (to >= path.length - 1 && segment !== "cgi") return "probes/legacy";
      }
      directory = segment;
      depth++;
    }
    from = to + 1;
  }
  return undefined;
}

/** Judges a last segment with an ending. */
function fileShape(segment: string, directory: string, depth: number): ScannerRule | undefined {
  // A script among uploads is one that somebody uploaded.
  if (UPLOADS.has(directory) && /\.(?:php\d?|phtml|jspx?|aspx?|ashx|cfm)(?:\.\w{2,5})?$/.test(segment)) return "probes/foreign-script";
  if (segment.length > 6 && SHELL_NAMES.test(segment)) return "probes/foreign-script";
  if (isLeftBehind(segment, directory, depth)) return "probes/backup";
  return depth === 0 && segment.endsWith(".nsf") ? "probes/legacy" : undefined;
}

/** True for copies, dumps, logs and settings. */
function isLeftBehind(segment: string, directory: string, depth: number): boolean {
  if (SOURCES.test(segment) || (LEFT.test(segment) && !STATIC.has(directory))) return true;
  if (/^[\w.-]{0,100}~$/.test(segment) || (segment.startsWith("#") && segment.endsWith("#"))) return true;
  const dot = segment.lastIndexOf(".");
  const ending = segment.slice(dot + 1);
  const stem = segment.slice(0, dot);
  // Sources next to what was built from them, and directories that are files.
  if ((ending === "java" || ending === "class") && (depth === 0 || stem.includes(".") || stem === "" || directory.includes(".")))
    return true;
  if (COPIES.has(ending) && (!STATIC.has(directory) || /\.(?:php\d?|aspx?|jspx?|config|env|inc|ini|conf|sql)$/.test(stem))) return true;
  // Deeper down, sites serve databases and settings for download; a dump is none of theirs.
  if (SERVER_FILES.has(ending) && (depth === 0 || OWN_DIRECTORIES.has(directory) || DUMPS.test(segment))) return true;
  if (ARCHIVES.has(ending) && ((depth === 0 && WHOLE_SITES.test(segment) && !segment.startsWith("sitemap")) || DUMPS.test(stem)))
    return true;
  if ((ending === "sh" || ending === "bat") && depth === 0 && !OFFERED.test(segment)) return true;
  // A script or settings file with another ending behind its own is a copy of its source.
  return /\.(?:php\d?|aspx?|jsp|config|env|inc)$/.test(stem) && !/^(?:js|css|map|png|jpe?g|gif|svg|html?|json|txt|ico)$/.test(ending);
}

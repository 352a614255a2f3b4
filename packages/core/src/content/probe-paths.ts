/**
 * Request paths that only scanners ask for: dot files, backups, consoles and old holes. Looked up by segment, not searched.
 *
 * @module
 */
import type { Hits, RuleTable } from "./hits.ts";

export const PROBE_RULES: RuleTable = {
  /** `/.git/config`, `/.env`, `/.aws/credentials`: hidden files of the deployment. `/.well-known/` passes. */
  "scanner/hidden-file": { severity: 7, description: "A hidden file of the deployment" },
  /** `index.php~`, `web.config.bak`, `dump.sql.gz`: copies left behind. */
  "scanner/backup": { severity: 6, description: "A backup or dump left behind" },
  /** `/phpinfo.php`, `/actuator/env`, `/server-status`, `/manager/html`: consoles and self-descriptions. */
  "scanner/console": { severity: 6, description: "A console or self-description of server software" },
  /** `/shell.php`, `/c99.php`: shells that others planted. */
  "scanner/web-shell": { severity: 8, description: "A planted shell" },
  /** `/cgi-bin/test.cgi`, `/_vti_bin/`, `/scripts/root.exe`: holes of the last decades. */
  "scanner/legacy": { severity: 5, description: "A long known hole" },
};

/** Dot names of version control, shells, editors, clouds and servers. What merely begins with a dot (`/.csv`, `/.well-known/`) passes. */
const HIDDEN =
  /^\.(?:env|git|svn|hg|bzr|cvs|ssh|aws|azure|gcloud|docker|kube|ht|ds_store|idea$|vscode$|project$|settings$|classpath$|config$|cache|bak|backup|old|swp|swo|sql|db|log|pass|secret|cred|access|admin|user|wp-|web|www|bash|zsh|ksh|sh_|mysql|psql|sqlite|python|node|npm|yarn|composer|travis|circleci|jenkins|ansible|vagrant|terraform|serverless|netrc|ftp|sftp|s3cfg|pgpass|viminfo|nano|rsync|remote|subversion|proclog|cobalt|fhp|nsf|psci|keys?|pem|pki|elb|php|tconn|trash|listing|index|local|temp|tmp)/;
const HIDDEN_ENDS =
  /(?:rc|history|profile|ignore|conf|config|\.ya?ml|\.json|\.ini|\.lock|\.cfg|\.sw[opn]|\.bak|\.old|~|\.sql|\.log|\.key|\.pem|\.db|\.sh|\.xml|\.toml|_logout|passwd|group|acl)$/;
/** Samples and names that documentation is full of. */
const HARMLESS_DOT =
  /^\.(?:well-known|netlify|auth|vercel|storybook|vite|nuxt|next|svelte-kit|rsc)$|\.(?:example|sample|template|dist|md|txt)$/;

const CONSOLE =
  /^(?:exampleswebapp|phpinfo\d?|php-?info|info\.php|test\.php|i\.php|pinfo|phpmyadmin.{0,30}|pma.{0,10}|myadmin.{0,10}|mysqladmin|mysql-admin|dbadmin|sqladmin|phppgadmin.{0,10}|adminer.{0,40}|sqlbuddy|websql|phpminiadmin.{0,6}|actuator|jolokia|hawtio|heapdump|threaddump|jmx-console|web-console|admin-console|invoker|jbossws|jbossmq-httpil|status\?full|server-status|server-info|nginx_status|fpm-status|php-fpm|manager|host-manager|solr|jenkins|hudson|script|asynchpeople|wls-wsat|weblogic|console|bea_wls_.{0,30}|_async|uddiexplorer|elmah\.axd|trace\.axd|telescope|_profiler|_wdt|app_dev\.php|_debugbar|_ignition|horizon|laravel-filemanager|wp-config.{0,30}|xmlrpc\.php|wp-json|eval-stdin\.php|phpunit|druid|nacos|swagger.{0,20}|api-docs|graphiql|graphql-console|v2\/_catalog|_cat|_cluster|_nodes|_all_dbs|_utils|_session|axis2?.{0,20}|cfide|lucee|railo-context|coldfusion.{0,20}|globalprotect|remote\/fgt_lang|dana-na|vpns?|owa|ecp|autodiscover|exchange|rpc|aspnet_client|crossdomain\.xml\.bak|tmui|mgmt|hnap1|boaform|goform|setup\.cgi|cgi-mod|sdk|evox|nmaplowercheck.{0,30}|hudson|geoserver|openfire|zabbix|nagios.{0,10}|cacti|munin|awstats.{0,10}|webalizer|stats\.php|web-inf|meta-inf|web\.config.{0,20}|global\.asa.{0,3}|composer\.(?:json|lock|phar)|package(?:-lock)?\.json|yarn\.lock|gemfile(?:\.lock)?|pipfile(?:\.lock)?|requirements\.txt|gruntfile\.js|gulpfile\.js|webpack\.config\.js|dockerfile|docker-compose.{0,20}|vagrantfile|makefile|rakefile|jenkinsfile|procfile|\w{0,20}\.tfstate.{0,10}|id_[rd]sa.{0,10}|authorized_keys|known_hosts|credentials|credentials\.\w{2,5}|secrets?\.\w{2,5}|passwords?\.\w{2,5}|passwd(?:\.\w{2,5})?|shadow|users?\.(?:sql|db|csv|xls|txt|dat|mdb|sqlite)|database\.(?:sql|yml|php|inc|db|csv)|db\.(?:sql|sqlite\d?|inc|conf|log|mdb|php|xml|ini|yml)|config\.(?:inc(?:\.php)?|php.{0,10}|yml|yaml|ini|json.{0,10}|xml|old|bak|rb|asp|dat|txt|core|local|properties)|configuration\.(?:php.{1,12}|ini|xml|swp)|settings\.(?:php.{0,12}|py|ini|xml|yml|inc)|local(?:settings|\.xml|\.config|_settings\.py).{0,10}|parameters\.yml|application\.(?:yml|properties|ini|wadl)|appsettings.{0,20}|wp-content\.\w{2,4}|error[._-]?logs?.{0,8}|access[._-]?logs?.{0,8}|debug\.log|npm-debug\.log|yarn-error\.log|storage\/logs|php_?errors?\.log|laravel\.log|production\.log|development\.log|install\.(?:php|sql|log|bak|inc|mysql|pgsql|tpl)|installer\.php|setup\.php|upgrade\.php|connect\.inc|sftp-config\.json|filezilla\.xml|recentservers\.xml|sitemanager\.xml|ws_ftp\.(?:ini|log)|winscp\.ini|dwsync\.xml|thumbs\.db|desktop\.ini|cvs|svn\.revision|\.svn|rcs|sccs|_vti_.{0,12}|_private|_notes|_mmserverscripts|fcgi-bin|cgi(?:-bin|-win|-sys|bin|-local|-perl|-shl|-dos|-exe|-home|-lib|-scripts)?|htbin|mscgi-bin|msadc|scripts|iisadmin.{0,6}|iissamples|iishelp|adovbs\.inc|adminpanel|siteadmin|admin_area|administrator|webadmin|admincp|adm|dump\.\w{2,6}|backup.{0,30}|back-?up|bak|bck|old|test-cgi|printenv|cachemgr\.cgi|fileadmin|filemanager|elfinder|kcfinder|fckeditor|ckfinder|uploadify|tinymce|spaw2?|xampp|webdav|typo3.{0,10}|sitecore|umbraco|magmi|downloader|rockmongo|phpredisadmin|memcached?\.php|apc\.php|opcache.{0,10}|phpsysinfo|linusadmin-phpinfo\.php|aws\.ya?ml|trace\.log|heapdump\.hprof|core\.\d{1,6}|nohup\.out|crash\.log|cmd|cmdasp\.aspx?|root\.exe|cmd1?\.exe|shell)$/;

const BACKUP =
  /\.(?:bak\w{0,6}|backup\d?|back|old\d?|orig(?:inal)?|save|saved|swp|swo|swn|tmp|temp|copy|cop|dist|sample|default|bkp|bk|bck|1|2|~\d?~?|inc\.php~|php~|rej|sav|sql(?:\.\w{2,4})?|sqlite3?|db3?|mdb|accdb|dump|tar(?:\.\w{2,4})?|tgz|tar\.gz|tbz2?|gz|bz2|rar|7z|ace|arj|lzma|war|ear|jar|pem|key|ppk|pfx|p12|jks|keystore|kdbx|ovpn|rdp|pcap|core|log\.\d{1,2}|log|logs|cfg|conf|cnf|ini|inc|properties|ya?ml|toml|lock|env|passwd|htpasswd|bash_history|DS_Store|pgsql|mysql|trace|lst|dat|reg|out|pwd|xsql|nsf)$|~$|#$/;

const SHELL =
  /^(?:c99\w{0,10}|r57\w{0,10}|b374k\w{0,10}|wso\w{0,6}|alfa\w{0,10}|shell\w{0,6}|cmd\w{0,4}|webshell\w{0,4}|backdoor\w{0,4}|hack\w{0,6}|hacked|mini\w{0,4}|indoxploit|idx|up|upl|uploader?|upload\d|phpspy\w{0,8}|spy\w{0,6}|angel|shell_?exec|eval|exec|exploit|ant(?:i?sword)?|behinder|godzilla|ice|tunnel|reGeorg|jspspy|jspshell|aspxspy\w{0,6}|aspydrv|ntdaddy|zehir\w{0,3}|zacosmall|rhtools|safe0ver|stressbypass|locus7?s?|mysql_tool|myshell|nstview|nfm|dq|dx|dkshell|cyberspy5?|cybershell|crystal|ctt_sh|cpanel|elmaliseker|efso_?2?|fatal|ftpsearch|g00nshell\w{0,4}|gfs_sh|goon|h4ck\w{0,8}|itsec|iskorpitx|jackal|joomla_?shell|kacak|klasvayv|lamashell|liz0zim|loader'?z|macker|nix|nogrod|nsT|owned|pas|php-?backdoor|phpshell|phpftp|phvayv|predator|ps|pws|qsd-php-backdoor|remview|rootshell|ru24\w{0,10}|s72|simattacker|simple-backdoor|simple_?cmd|sincap|small|sniper|sosyete|stres|telnet|toolaspshell|tryag|uploader|w3d|w4k|worse|x00|x|xx|zone_?hackbar|0day|1|12345?|666|404|a|ak47shell|antichat|ayyildiz|aspcmd|accept_language|ajaxshell|cmdjsp|cmdasp|configkillerionkros|phvayv|pHpINJ|soldierofallah|sosyete|sst-?sheller|udf|vb|weevely\d?|winx|list|testshell|tmpshell|wp-shell|wshell)\.(?:php\d?|phtml|asp|aspx|ashx|jsp|jspx|cfm|cgi|pl)$/i;

const LEGACY =
  /^(?:.{0,40}\.(?:cgi|pl|dll|exe|ida|idq|htw|htr|idc|shtml|stm|bat|cfm|nsf|asa|asax|asmx|axd|cer|ds_store|fcgi|jhtml|mscgi|nasl|php3|php4|php5|phps|inc|mdb|box|ini|cnf|cfg))$/;

/** Scans the decoded path of a request (lower case). */
export function scanProbePath(path: string, hits: Hits): void {
  let from = 1;
  let depth = 0;
  let cgi = false;
  for (;;) {
    let to = path.indexOf("/", from);
    if (to < 0) to = path.length;
    const segment = path.slice(from, Math.min(to, from + 120));
    if (segment !== "") {
      const isLast = to >= path.length - 1;
      if (segment.charCodeAt(0) === 46 && !HARMLESS_DOT.test(segment) && (HIDDEN.test(segment) || HIDDEN_ENDS.test(segment)))
        hits.add("scanner/hidden-file", 100, from, to);
      if (SHELL.test(segment)) hits.add("scanner/web-shell", segment.length > 7 ? 100 : 60, from, to);
      if (CONSOLE.test(segment)) {
        const generic =
          /^(?:umbraco|ckfinder|server-status|nginx_status|printenv|elmah\.axd|autodiscover|swagger-ui|hudson|sitecore|trace\.log|rockmongo|script|scripts|old|bak|cmd|backup.{0,4}|console|manager|status|mgmt|sdk|owa|rpc|vpn|exchange|administrator|adm|cvs|rcs|shell|stats\.php|package\.json|makefile|test\.php|setup\.php|solr|jenkins|graphiql|horizon|credentials|swagger.{0,20}|api-docs|install\.php|wp-json|_session|nacos|horizon|cache|fileadmin|typo3.{0,10}|tinymce|webdav|upgrade\.php|script|vpns)$/.test(
            segment,
          );
        // Health checks and metrics are public on purpose.
        if (segment === "actuator" && /^\/(?:health|info|prometheus|metrics)/.test(path.slice(to, to + 12))) {
          from = to + 1;
          continue;
        }
        if (/^(?:cgi|cgi-bin|cgi-win|fcgi-bin|scripts|_vti_.{0,12}|msadc|iissamples)$/.test(segment)) {
          cgi = true;
          hits.add("scanner/legacy", segment.startsWith("_vti") || segment === "msadc" || segment === "iissamples" ? 100 : 50, from, to);
        } else hits.add("scanner/console", generic ? 40 : 100, from, to);
      }
      if (isLast) {
        const backup = BACKUP.exec(segment);
        if (backup !== null) {
          const strong =
            /\.(?:php\d?|asp|aspx|jsp|config|conf|cfg|ini|inc|env|html?|js|py|rb|xml|ya?ml|sql|cgi|pl|log|db)(?:\.\w{1,8}|~|#)$/.test(
              segment,
            ) ||
            /^(?:backup|dump|db|database|site|www|wwwroot|web|public_html|htdocs|html|sql|data|users?|admin|old|config|mysql|localhost|website|bak|archive|files?|upload|home|root|1|latest|localdump|temp|tmp|wordpress|wp|joomla|drupal|magento|error|access|debug|install|php|app|application|server|private|secret|key|cert|ssl|id_rsa|credentials|passwords?|shadow|passwd|settings?|local|test|dev|prod(?:uction)?|staging)[\w-]{0,12}\./.test(
              segment,
            );
          const plain =
            /\.(?:jar|gz|tar\.gz|tgz|zip|dat|lock|key|default|sample|1|2|log|out|reg|lst|trace|properties|ya?ml|toml|conf|cfg|ini|tmp)$/.test(
              segment,
            );
          hits.add(
            "scanner/backup",
            depth > 0 && !/\.(?:php\d?|asp|aspx|jsp|config|env)\.?[~\w]{1,8}$/.test(segment) ? 45 : strong ? 100 : plain ? 45 : 85,
            from,
            to,
          );
        }
        // A JavaScript application has no CGI directory; what lies deeper in one is some old product that a proxy may still serve.
        if (cgi && depth === 1) hits.add("scanner/legacy", 100, from, to);
        else if (cgi && LEGACY.test(segment)) hits.add("scanner/legacy", 50, from, to);
        else if (/\.(?:dll|exe|ida|idq|htw|htr|idc|mdb|cer|asa|nasl|nsf|mscgi)$/.test(segment))
          hits.add("scanner/legacy", depth === 0 ? 70 : 40, from, to);
      }
      depth++;
    }
    if (to >= path.length) return;
    from = to + 1;
  }
}

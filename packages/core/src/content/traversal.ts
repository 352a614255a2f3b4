/**
 * Paths that climb out of a directory, files nobody should ask for, and stream wrappers.
 *
 * @module
 */

import * as HAS from "./characters.ts";
import type { Hits, Place, RuleTable } from "./hits.ts";
import * as SAYS from "./meanings.ts";
import type { Survey } from "./survey.ts";
import { pattern, seek } from "./trigrams.ts";

export const PATH_RULES: RuleTable = {
  /**
   * `../../`, `..\..\`, `....//`, `..;/` in every encoding; a single step that ends in a script or leaves the root.
   *
   * Passes one step up, paths to pictures and pages, lists of dots.
   *
   * Exempt interfaces that take relative paths of a repository.
   */
  "path/traversal": [8, "A path that leaves its directory"],
  /**
   * `/etc/passwd`, `win.ini`, `WEB-INF/web.xml`, `/proc/self/environ`, `.ssh/id_rsa`.
   *
   * Passes such names in a sentence, documents below a user's own directory.
   *
   * Exempt interfaces of container hosts and of configuration management.
   */
  "path/sensitive-file": [8, "A file of the operating system"],
  /**
   * `php://filter`, `file:///`, `expect://`, `phar://`, `jar:http://`, as a value.
   *
   * Passes talk about them, pictures and fonts in data URLs.
   *
   * Exempt fields for addresses of local tools.
   */
  "path/wrapper": [8, "A stream wrapper or local file URL"],
  /**
   * A NUL that cuts a file name short.
   *
   * Passes a stray NUL elsewhere, which is only noted.
   *
   * Exempt nothing: text has none.
   */
  "path/null-byte": [7, "A NUL inside a value"],
};

/** Files whose names hardly occur outside of attacks. */
const FILES = pattern(
  /(etc(%\w{2}|0x2f|0x5c|2f|5c|[^a-z]){1,8}(passwd|shadow|master\.passwd|security|group\b|gshadow|issue\b|hosts\b|motd\b|fstab|crontab|sudoers|inetd|redhat-release|debian_version|lsb-release|ssh\/|nginx\/|apache2?\/|httpd\/|my\.cnf|mysql\/|php\d?(\.\d)?\/|php\.ini|resolv\.conf|networks?\b|profile\b|rc\d?\.|init\.d|pam\.|vsftpd|proftpd|pure-ftpd|logrotate|samba|exports|aliases|bashrc|environment|os-release|pki\/|ssl\/|cron|lighttpd|tomcat|openldap|snmp|squid)|(boot|win|system)\.ini|system32[\\/]|windows[\\/](system|repair|win\.|debug|temp[\\/]|panther|my\.ini|explorer|notepad|iis|windowsupdate|setup)|winnt[\\/]|inetpub[\\/]|autoexec\.bat|pagefile\.sys|config\.sys|ntuser\.dat|desktop\.ini|proc[\\/](self|version|cpuinfo|cmdline|mounts|net\b|\d{1,6}[\\/]|meminfo|stat\b|modules|filesystems|partitions|swaps|sched_debug)|var[\\/]log[\\/]|var[\\/]www[\\/]|var[\\/]lib[\\/](mysql|php|pgsql|mlocate)|var[\\/](mail|spool|run|adm|apache|webmin|cpanel|tmp[\\/]sess)\b|usr[\\/]local[\\/](apache|etc|php|cpanel|www|zeus|httpd|nginx|tomcat|mysql|pgsql|psa|lib[\\/]php|samba)|opt[\\/](lampp|xampp|apache|httpd|nginx|tomcat|zimbra|bitnami)|\.ssh[\\/]?(id_|authorized|known)|id_(rsa|dsa|ecdsa|ed25519)\b|\.(bash|mysql)_history|\.bashrc|\.ht(passwd|access)|(web|meta)-inf[\\/]|web\.config|global\.asa|wp-config\.php|config\.inc\.php|php\.ini|my\.cnf|(httpd|nginx|apache2?)\.conf|\.git[\\/](config|head|index)|\.env$|\.svn[\\/]|\.aws[\\/]credentials|(access|error|mysqld?|ftp)[._-]log\b|xampp[\\/]|apache\d?(\\| group|[\\/]logs|[\\/]conf)|program ?files|documents and settings|users[\\/]administrator|(^|[\\/])root[\\/]\.|localsettings\.php|(database|secrets)\.yml|credentials\.xml|tomcat-users\.xml|unattend(ed)?\.(xml|txt)|sam$|repair[\\/]sam|\$recycle|sysprep|applicationhost\.config|machine\.config|filezilla|\.pgpass|\.my\.cnf|(shadow|passwd)\.bak|\.kube[\\/]|docker\.sock)/,
);

const WRAPPER =
  /^[\s"'@[=]{0,4}(php:\/\/|phar:|expect:|zip:\/\/|glob:\/\/|compress\.(zlib|bzip2):|zlib:|rar:\/\/|ogg:\/\/|ssh2\.|data:(\/\/|[a-z]{1,20}\/[a-z+.-]{1,20}(;[a-z0-9=-]{1,40}){0,3},)|file:|local_file:|netdoc:|jar:(https?|file|ftp)|gopher:|dict:|ldaps?:\/\/|tftp:|sftp:|rmi:|iiop:|jndi:|unc:|mailto:\s{0,4}\S{1,40}(%0|\n)|view-source:|resource:\/\/|chrome:\/\/|smb:)/;

/** Scans one view; `lower` is its lower-case form. */
export function scanTraversal(value: string, survey: Survey, place: Place, script: boolean, hits: Hits): void {
  const lower = plainPath(value);
  if (value.length < 1200 && /[%?]|0x|\.[25]/.test(value) && !/\s/.test(value)) {
    const odd = value.match(ODD)?.length ?? 0;
    if ((odd >= 2 && TARGETS.test(value)) || (odd >= 6 && value.replace(ODD, "").replace(/[^a-z]/g, "").length < odd / 2))
      hits.add("path/traversal", 100, 0, value.length);
  }
  if ((survey.characters & HAS.control) !== 0 && (place === "path" || place === "query" || place === "form" || place === "json")) {
    const nul = value.indexOf("\u0000");
    // Behind a name it ends the name for C, whatever follows for everybody else.
    // Behind a path or an extension it ends the name for C, whatever follows for everybody else. Elsewhere it is only odd.
    if (nul >= 0) {
      const cuts = place === "path" || (!/\s/.test(value) && /(\.\w{1,6}|[\\/][\w-]{1,80})\u0000($|[./\\])|\u0000\.\w{2,5}$/.test(value));
      hits.add("path/null-byte", cuts ? 100 : 20, nul, nul + 1);
    }
  }
  // No URL of a site holds the letter of a drive.
  if (place === "path") {
    const drive = /\/[a-z]:[\\/]/.exec(lower);
    if (drive !== null) hits.add("path/sensitive-file", drive[0].endsWith("/") ? 60 : 100, drive.index, lower.length);
  }
  climbs(lower, place, script, hits);
  if (
    (survey.words & SAYS.file) !== 0 ||
    lower !== value ||
    (survey.characters & (HAS.percent | HAS.control)) !== 0 ||
    lower.includes("..")
  )
    files(
      lower.length < 6 || place === "path" || lower.includes("://") ? lower : lower.replace(/([\\/])(?:\.?[\\/]){1,40}/g, "$1"),
      place,
      hits,
    );
  if ((survey.characters & HAS.colon) === 0) return;
  const wrapper = WRAPPER.exec(lower);
  if (wrapper !== null) {
    const image = seek(
      /^[\s"']{0,4}data:(image\/(png|jpe?g|gif|webp|avif|x-icon|bmp|svg)|font\/|audio\/|video\/|application\/(pdf|font|octet-stream))/,
    ).test(lower);
    if (!image) {
      const rest = lower.slice(wrapper[0].length);
      const prose =
        (wrapper[0].endsWith("file:") && /^\S{0,200}\s{1,4}[a-z']{1,20}\s{1,4}[a-z']{1,20}\s{1,4}[a-z']{1,20}[\s,.;]/.test(rest)) ||
        /\s(vs|what|and|or|is|the|in|not|how|why|to|a|for)\b/.test(rest.slice(0, 80));
      const harmless =
        /^[\s"'@[=]{0,4}(chrome:|view-source:|resource:|data:text\/plain)/.test(wrapper[0]) && !wrapper[0].includes(";base64");
      hits.found("path/wrapper", harmless || prose || /^[\s/]{0,40}$/.test(rest.slice(0, 40)) ? 50 : 100, wrapper);
    }
  } else {
    hits.found(
      "path/wrapper",
      seek(/resource=|convert\.base64/).test(lower) ? 100 : /\s/.test(lower) ? 35 : 90,
      seek(
        /(php:\/\/(filter|input)([/\w]|$)|phar:\/\/|expect:\/\/|file:\/{2,3}[a-z/]|(^|[^a-z])gopher:\/\/|(^|[^a-z])dict:\/\/|\bjar:(https?|file):|netdoc:\/)/,
      ).exec(lower),
    );
  }
}

/** Spellings of a full stop and of the separators that only broken decoders understand, and that occur in nothing but traversal. */
const DOTS = /0x2e|%%32%%?65|%2%e|%c0\^|%u(002e|2024|ff0e)|%c0%(2e|ae|ee|fe|6e|5e|\.)|%%c0%6e|%c0\.|\u00c0\.|\u00c0%?5e/g;
const SLASHES =
  /0x2f|%%32%%66|%2%f|%u(002f|2215|2044|ff0f|f025|efc8)|%c0%(2f|af|qf|9v|ef|6f)|%c1%(pc|8s|af|1c|9c)|%bg%qf|%e0%80%af|%uf025|[\u00c0\u00c1\u00bf]%(qf|9v|pc|8s)|\uf025/g;
const BACKSLASHES = /0x5c|%%35%%63|%5%c|%u(005c|2216)/g;

/** Units that only serve to get past a filter: broken and overlong bytes, doubled percents, question marks for dots. */
const ODD =
  /%c[01]%?\w{1,2}|%c[01][\\/.]|%u([ef]{2}\w\w|f025|22\w\w)|%%\w\w|0x(2e|2f|5c)|%(e0|f0)%8|%f[8c]%8|%bg|\?\?(?=[\\/%0])|\.\?|\?\.|%0[01]|[\u00c0\u00c1][%\\]|\.2f|\.5c/g;
const TARGETS = /boot.{0,2}ini|win.{0,2}ini|passwd|issue|hosts|shadow|system32|access_?log|error_?log|[a-z]:(?!\/\/)/;

/** Text with the odd spellings made plain. The same string when there are none, which is nearly always. */
function plainPath(text: string): string {
  if (!/0x[25]|%[%ucbe25]|[\u00c0\u00c1\u00bf\uf025]|[?.]\?[\\/%]|\?\.[\\/%]/.test(text)) return text;
  return text
    .replace(DOTS, ".")
    .replace(SLASHES, "/")
    .replace(BACKSLASHES, "\\")
    .replace(/(\?\.|\.\?|\?\?)(?=[\\/])/g, "..");
}

/** Counts steps up, in all their spellings; a plain `../` in prose is one and stays silent. */
function climbs(text: string, place: Place, script: boolean, hits: Hits): void {
  let count = 0;
  let odd = 0;
  let first = -1;
  let last = -1;
  for (let at = text.indexOf(".."); at >= 0; ) {
    let to = at;
    while (text.charCodeAt(to) === 46) to++;
    const dots = to - at;
    const next = text.charCodeAt(to);
    const before = at === 0 ? "/" : text[at - 1]!;
    const opened = "/\\=\"': ,(;[".includes(before);
    let step = false;
    if (next === 47 || next === 92) {
      step = true;
      if (dots > 2 && /[/\\]|\.[/\\.]/.test(text.slice(to + 1, to + 3))) odd++;
      if (!opened && dots === 2) step = last === at || !/[a-z\d]/.test(before);
    } else if (next === 59 && (text.charCodeAt(to + 1) === 47 || text.charCodeAt(to + 1) === 92)) {
      step = true;
      odd += 2;
    } else if (
      /^(%2f|%5c|2f|5c|0x2f|0x5c|%25|%c0|%c1|%u221|%uf025|%%32|\u00c0|\u00c1|%bg|%25c|%e0|%f0|%f8|%fc|\\x2f|\|\/|[\u0000-\u001f\u0080-\u00ff]{1,2}[/\\])/.test(
        text.slice(to, to + 6),
      )
    ) {
      step = true;
      odd++;
    } else if (to === text.length && opened && at > 0 && dots === 2 && before !== " ") step = count > 0 || place === "path";
    if (step) {
      // Steps with words between them are not one path.
      if (count > 0 && at - last > 1 && /\s/.test(text.slice(last, Math.min(at, last + 40)))) {
        if (count >= 3 || odd >= 2) break;
        count = 0;
        odd = 0;
        first = -1;
      }
      if (first < 0) first = at;
      count++;
      last = to + 1;
    }
    at = text.indexOf("..", to);
  }
  if (count === 0) return;
  let score = count >= 3 || odd >= 2 ? 100 : count === 2 ? 80 : 35;
  if (place === "path" || place === "query" || place === "form" || place === "cookie")
    score += count >= 2 ? 20 : odd > 0 ? 40 : place === "path" ? 30 : 10;
  // A value that is nothing but a path to a picture or page of the same site.
  if (
    count === 2 &&
    odd === 0 &&
    place !== "path" &&
    seek(/\.(png|jpe?g|gif|svg|webp|css|js|html?|woff2?|md|tex|ts|tsx|mjs|json)($|["')\s?#])/).test(text)
  )
    score = 60;
  if (script && place !== "path" && (place !== "json" || (count > 1 && ENDS_IN_SOURCE.test(text))) && first <= 2 && !/\s/.test(text.trim()))
    score = 100;
  if (odd === 0 && count < 3 && text.length > 5 && /\s[a-z]{2,20}\s[a-z]{1,20}\s/.test(text.slice(0, 200))) score = Math.min(score, 40);
  // Browsers take dot segments out of a path before they send it: what is left was put there on purpose. A step that ends in a script or a
  // settings file asks for its source.
  if (place === "path" && (/^\/\.\.(?!\.)/.test(text) || ENDS_IN_SOURCE.test(text))) score = 100;
  else if (place !== "json" && place !== "file" && ENDS_IN_SCRIPT.test(text) && !/\s/.test(text)) score = 100;
  hits.add("path/traversal", Math.min(100, score), first, last);
  if (
    count === 1 &&
    text.length > 4 &&
    /(^|[=/\\"'])\.\.[\\/]{1,2}([\w.-]{1,40}[\\/]){0,6}(etc|windows|winnt|boot\.ini|web-inf|conf(ig)?|admin|include|proc|var|usr|install|\.\w)/.test(
      text,
    )
  )
    hits.add("path/traversal", seek(/^(\.\.[\\/]){1,8}\.\w[\w.-]{0,40}$|\.\.[\\/]{1,2}(web|meta)-inf/).test(text) ? 100 : 80, first, last);
}

const ENDS_IN_SCRIPT = /\.(php\d?|phtml|jspx?|aspx?|ashx|asmx|cfm|cgi)$/;
const ENDS_IN_SOURCE = /\.(php\d?|phtml|jspx?|aspx?|ashx|asmx|cfm|cgi|conf|cnf|cfg|ini|properties|env|key|pem|ya?ml|sql|log|bak|db)$/;

/** A value that is nothing but an absolute path into the operating system. */
const SYSTEM_PATH = pattern(
  /^[\s"']{0,3}(file:\/{0,3})?(\/{1,3}(((private\/)?etc|proc|root|sys|boot|sbin)\/[\w./@*?[\]-]{2}|(var\/)?run\/secrets\/|var\/lib\/(jenkins|kubelet|docker|cloud)\/|dev\/(null|u?random|zero|shm|tcp|mem|sd|fd|std)|(home|users)\/[\w.-]{1,40}\/\.(ssh|aws|kube|docker|git-cred|netrc|npmrc|pgpass|\w{1,20}_history))[\w./@*?[\]-]{0,200}|\/{1,2}(var|usr|opt)\/(cron|lp|saf|spool|adm|log|mail|run)\/[\w./-]{2,200}|(\/[\w.-]{1,40}){0,4}\/logs?\/[\w./-]{0,80}log(\.\d|\.gz)?|[\w./-]{0,80}\b(access|error)_log|\/?\.(ba|z|k|c|tc)?sh_history|[\\/](mysql|apache\d?|xampp|wamp|php\d?)[\\/](bin|data|conf|logs?)[\\/][\w.\\/-]{2,80}|\/{1,2}(var|usr|opt|bin|lib|srv)\/[\w./ -]{2,200}\.(conf|cnf|ini|log|php|err|cfg|pid|sock|inc|txt|dat|bak|py|pl)|[a-z]:[\\/]{1,2}(appserv|php\d?|mysql|apache\d?|logs?|inetpub|xampp|wamp|winnt|windows|perl|oracle|nginx|tomcat|boot|home|www|httpd|programdata)[\\/][^\n<>|"]{0,200})([\u0000#?]|%00)?["']?\s{0,4}$/,
);

function files(text: string, place: Place, hits: Hits): void {
  if (place !== "path" && place !== "header") {
    const system = SYSTEM_PATH.exec(text);
    if (system !== null) {
      // What goes on in words is talked about.
      const home = /^.?[a-z]:.{0,200}(\.(docx?|xlsx?|pdf|pptx?|jpe?g|png|lnk|zip|[ot]tf)|(\s[a-z]{2,40}){2})$/.test(text.trim());
      hits.add("path/sensitive-file", home ? 40 : 100, 0, text.length);
      return;
    }
  }
  const found = FILES.exec(text);
  if (found === null) return;
  const start = found.index;
  const end = start + found[0].length;
  const blank = /\s/.test(text.trim());
  const head = text.slice(0, start);
  // The whole value is a path, or the name follows a step up, a wrapper or an assignment.
  const lead =
    /(^|[=:"'(,\s|&;>@])([a-z]:|file:|[\\/.%~;@+\d\u0000-\u001f\u0080-\uffff-]|\b(usr|home|root|var|opt|etc|windows|program ?files( ?\(x86\))?|xampp|apache\d?|srv|private|static|public|download)\b){0,20}[\\/]?$/.test(
      head.slice(-120),
    );
  let score = 45;
  if (
    place === "path" &&
    !/\.\.|%|~|web-inf|meta-inf|\.ht(passwd|access)|\/\.git|\/\.svn/.test(text) &&
    !/^\/(etc|proc|windows|winnt|boot|win)|\/\/(etc|proc|usr|var)\/|\/[a-z]:[\\/]|etc[\\/](passwd|shadow)|(boot|win|system)\.ini|^\/(usr|var)\/(local|log|lib)\//.test(
      text,
    )
  )
    score = 40;
  else if (!blank && (lead || /^([a-z]:)?[\\/]/.test(text))) score = 100;
  else if (!blank && seek(/(^|[\\/])\.(htpasswd|htaccess|bash_history|mysql_history|pgpass|my\.cnf)$/).test(text)) score = 100;
  else if (!blank) score = place === "path" ? 50 : 80;
  else if (
    seek(/^([a-z]:)?[\\/]{1,3}[^\s]{0,80}(program ?files|documents and settings)/).test(text) &&
    !/\s(the|is|how|vs|not|in|on)\s/.test(text)
  )
    score = seek(/\.(ini|log|conf|cnf|php|err|txt|dat|bak|xml)\b/).test(text) ? 100 : 50;
  else if (/passwd|shadow|win\.ini|boot\.ini|proc[\\/]self/.test(found[0])) score = 70;
  if (place === "json" && score === 100 && !/^([a-z]:)?[\\/]/.test(text) && !/passwd|shadow|\.ini|\.\.|id_rsa|proc/.test(text)) score = 90;
  hits.add("path/sensitive-file", score, start, end);
}

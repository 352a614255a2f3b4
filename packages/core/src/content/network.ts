/**
 * URLs in values: requests the server should not make, code it should not include, places it should not send people to.
 *
 * @module
 */

import * as HAS from "./characters.ts";
import type { Hits, Place, RuleTable } from "./hits.ts";
import * as SAYS from "./meanings.ts";
import type { Survey } from "./survey.ts";
import { seek } from "./trigrams.ts";

export const NETWORK_RULES: RuleTable = {
  /**
   * A URL of a loopback, private, link-local or metadata host, in any spelling of the address: octal, hexadecimal, mapped into IPv6,
   * circled digits, names that resolve to it.
   *
   * Passes such URLs inside of longer texts (noted only), `redirect_uri` on the own machine as applications use it, and the request's own host for
   * clients of the same network.
   *
   * Exempt the settings page on which administrators enter hosts of the own network.
   */
  "ssrf/internal-host": [8, "A URL of an internal host"],
  /**
   * `?page=http://host/shell.txt?`: a remote file where a script expects a name; a URL in a parameter named for a directory of a script.
   *
   * Passes links to pages and pictures.
   *
   * Exempt legacy scripts behind the firewall that take URLs in such parameters.
   */
  "path/remote-file": [9, "A remote file to include"],
  /**
   * `?next=//evil.example`, `?url=https:evil`, `\\evil`, a name before an at sign and an address in octal: a redirect target that dodges
   * checks.
   *
   * Passes paths of the own site and plain URLs of any host; see `redirect/foreign-host`.
   *
   * Exempt a link checker's parameter.
   */
  "redirect/target": [5, "A redirect that dodges checks"],
  /**
   * `?next=https://other.example`, where the option `redirectHosts` says which hosts a redirect may lead to.
   *
   * Passes everything while the option is not given; the request's own host, the hosts listed and their subdomains.
   *
   * Exempt a host, by adding it to `redirectHosts`.
   */
  "redirect/foreign-host": [5, "A redirect to a foreign host"],
  /**
   * Hosts that only exist to be told when a payload ran.
   *
   * Passes talk about such services by name.
   *
   * Exempt nothing, unless you run such a service.
   */
  "ssrf/callback-host": [8, "An out-of-band testing service"],
};

const URL_START = /(?:^|[\s"'=(,>[|;`])(?:url:|u:)?([a-z][a-z0-9+.-]{1,20}):?(?:\/\/|\\\\|%2f%2f)([^\s"'<>\\^`{|}]{1,400})/g;

const CALLBACKS =
  /(^|[./@\s"'=])([\w-]{1,80}\.){0,4}(oast\.(pro|live|site|online|fun|me|example)|oastify\.com|burpcollaborator\.net|interact\.sh|interactsh\.com|dnslog\.cn|ceye\.io|requestbin\.(net|com)|requestcatcher\.com|webhook\.site|canarytokens\.com|bxss\.(me|in)|xss\.ht|xss\.report|ezxss\.com|xsshunter\.(com|trufflesecurity\.com)|dnsbin\.zhack\.ca|pipedream\.net|r87\.(me|com)|vcap\.me|lvh\.me|localtest\.me|nip\.io|sslip\.io|xip\.io|1u\.ms|rbndr\.us)([:/?\s"'})&]|$)/;

/** Names whose value decides where a response or a visitor goes. */
const REDIRECTS =
  /^(.{0,40}[_.-])?(next|url|uri|redirect\w{0,20}|return\w{0,8}|goto|dest\w{0,20}|continue|target|to|out|view|r|u|link|forward\w{0,6}|rurl|checkout_url|image_url|success\w{0,6}|callback\w{0,6}|back|location|href|page|go|jump|site|domain|host|service|login|logout|from|ref|path|file)$/;

/** Names of this machine and its cluster, without a scheme. */
const LOCAL_NAMES =
  /^(localhost[46]?|localhost[46]?\.localdomain[46]?|ip(v?6)?-?(localhost|loopback)|(host|gateway|kubernetes)\.docker\.internal|host\.containers\.internal|kubernetes\.default(\.svc(\.cluster\.local)?)?|metadata(\.google\.internal)?|localtest\.me|lvh\.me|instance-data|169\.254\.169\.254|127\.\d{1,3}\.\d{1,3}\.\d{1,3})(:\d{1,5})?\//;

/** Names of what old scripts include, wherever in a name they stand: short ones are found in many. */
const INCLUDES =
  /dir|root|inc|lang|mod|theme|skin|base|lib|class|header|content|doc|src|load|require|url|read|data|cmd|body|main|menu|right|section|view|show|site|addon|style|server|abs|action|cat|p|name|f|id|goto|gallery|setting|global/;

/** Members that name a file to be read. */
const INCLUDED = /^(file(_?(name|path))?|include|template|page|layout|module|plugin)$/;

/** Names that scripts put before the name of a file of their own. */
const DIRECTORIES = /(dir|path|root|inc|include|config|lib|basepath|classes)(ectory)?\]?$/;

/** Scans one lower-case view. `host` is the request's own host, `script` whether the path names a server script. */
/** Where the request itself goes. */
export interface Site {
  /** Lower case, without port. */
  readonly host: string;
  /** The same for clients of one network with it, whom nothing was forwarded for. */
  readonly house?: string | false;
  /** True when the path names a server script (`.php`, `.asp`, …). */
  readonly script: boolean;
}

export function scanNetwork(
  lower: string,
  survey: Survey,
  { place, name, setting }: { readonly place: Place; readonly name: string; readonly setting: Site },
  hits: Hits,
): void {
  const { host, script } = setting;
  const callback = (survey.words & SAYS.host) !== 0 ? CALLBACKS.exec(lower) : null;
  if (callback !== null)
    hits.found(
      "ssrf/callback-host",
      /\.(oast|oastify|burpcollaborator|interact|dnslog|ceye|bxss|xss\.ht|r87)/.test(`.${callback[0]}`) ? 100 : 55,
      callback,
    );
  if (name !== "" && REDIRECTS.test(name) && LOCAL_NAMES.test(lower)) hits.add("ssrf/internal-host", 100, 0, lower.length);
  // `?pathhttp://…`: the sign between name and URL was lost, and lenient scripts do without.
  if (script && name === "" && place === "query") {
    const glued = seek(
      /^[a-z][\w.[\]-]{2,80}?(https?|ftp):\/\/[^\s/]{3,200}\/[^\s?&]{0,200}\.(txt|php\d?|inc|gif|jpg|asp|pl)\?{0,2}$/,
    ).exec(lower);
    if (glued !== null) hits.add("path/remote-file", 100, 0, glued[0].length);
  }
  // A name before the at sign and an address in a spelling that only machines read behind it.
  const masked =
    (survey.characters & HAS.at) === 0
      ? null
      : /^\S{0,200}@(\[::ffff:[\da-f.:]{3,40}\]|0x[\da-f]{1,8}(\.[\da-fx]{1,20}){0,3}|0\d{2,20}(\.[\da-fx]{1,20}){1,3})($|[/:?#])/.exec(
          lower,
        );
  if (masked !== null) hits.add("redirect/target", 100, 0, masked[0].length);
  // Nobody links to another site like this, whatever the value is for.
  const dodge =
    place === "json" || place === "file" || place === "body"
      ? null
      : /^(https?:)?\/{2}[^/\s]{1,80}[#?\\]@[\w.-]{3,80}|^\/{3,8}[\w.-]{1,80}@[\w-]{1,40}\.|^\/\/[\d.]{7,20}\/\S{1,80}\.php|^\\{2}[\w-]{1,40}(\.[\w-]{1,40}){1,4}(\/?|\\\S{1,80}\.(php\d?|aspx?|jsp|dll))$/.exec(
          lower,
        );
  if (dodge !== null) hits.add("redirect/target", 100, 0, dodge[0].length);
  if (place === "header" && (name === "referer" || name === "origin")) return;
  if (!/\/\/|\\\\|%2f%2f/.test(lower)) {
    if (place !== "header" && place !== "file" && place !== "body") redirect(lower, place, name, host, hits);
    return;
  }
  URL_START.lastIndex = 0;
  for (let count = 0; count < 6; count++) {
    const found = URL_START.exec(lower);
    if (found === null) break;
    const scheme = found[1]!;
    const rest = found[2]!;
    const start = found.index;
    const end = start + found[0].length;
    const authority = /^[^/?#]{0,200}/.exec(rest)![0];
    const target = hostOf(authority);
    const whole = start <= 1 && !/\s/.test(lower.trim());
    const named = REDIRECTS.test(name);
    const odd = isOddAddress(target) || target === "169.254.169.254";
    // Nobody writes an address in octal to be read by people, and nobody shows pictures from a cloud's own; browsers and servers fetch them all the same.
    if (
      odd &&
      (whole ||
        authority.includes("@") ||
        /(href|src|action|data|url|remote)\s{0,4}[=(:]\s{0,4}["']?$/.test(lower.slice(Math.max(0, start - 16), start + 1)))
    )
      hits.add(whole && !authority.includes("@") ? "ssrf/internal-host" : "redirect/target", 100, start, end);
    // Applications on a visitor's own machine are sent back to it (RFC 8252, section 7.3).
    if (OWN_MACHINE.test(name) && /^(localhost|127\.0\.0\.1|::1)$/.test(target) && localScore(rest, "json") < 100) {
      if (whole) return;
      continue;
    }
    if (whole && (isRebound(target) || ((named || FETCHED.test(name)) && (target === "0" || isServicePort(authority)))))
      hits.add("ssrf/internal-host", 100, start, end);
    // `https://shop.example.evil.example`: a check that only looks at the beginning takes it for the site's own.
    if (whole && named && host.includes(".") && target.startsWith(`${host}.`)) hits.add("redirect/target", 100, start, end);
    if (isInternal(target))
      hits.add(
        "ssrf/internal-host",
        // Who is in the house may name it, and it is noted, because for others it is an attack. Nobody fetches what stands in the middle of a text, or
        // the address of a database in a setting.
        target === setting.house && !SERVICE.test(rest)
          ? 40
          : !whole || (place === "json" && name !== "url" && /^(postgres|mysql|mongo|redis|amqp)/.test(scheme))
            ? 30
            : (target === "localhost" || target === "127.0.0.1") && /^https?$/.test(scheme)
              ? localScore(rest, FETCHED.test(name) && !DEVELOPED.test(rest) ? "query" : place)
              : 100,
        start,
        end,
      );
    if (
      whole &&
      (scheme === "http" || scheme === "https" || scheme === "ftp" || scheme === "ftps") &&
      target !== host &&
      (place === "query" || place === "form" || place === "body" || (place === "json" && INCLUDED.test(name)))
    )
      remoteFile(rest, scheme, name, script || place === "json", start, end, hits);
    if (authority.includes("@") && whole && REDIRECTS.test(name)) hits.add("redirect/target", 90, start, end);
  }
  if (place !== "header" && place !== "file" && place !== "body") redirect(lower, place, name, host, hits);
}

/** Parameters of OAuth in which an application names itself as the place to return to, and of analytics in which a page names itself. */
const OWN_MACHINE = /^((post_logout_)?redirect_ur[il]|(openid\.)?return_to|dl|dr|referrer)$/;

/** Members that name what the server is to fetch, and the addresses at which developers' own tools listen. */
const FETCHED =
  /^((.{0,20}_)?(url|uri|webhook|feed|endpoint|proxy|fetch)|(image|avatar|picture|source|target|callback|import|remote|webhook|feed)url|src|link|target)$/;
const DEVELOPED =
  /^[^/]{1,40}:(3\d{3}|4[12]\d\d|5[15]\d\d|80[08]\d|8888)($|\/(?!admin|internal|actuator|server-status|metrics|debug|manage|console))/;

/** True for an IPv4 address in another spelling than four decimal parts; parts padded to three digits pass. */
function isOddAddress(host: string): boolean {
  if (!/^(0x[\da-f]{1,20}|\d{1,20})(\.(0x[\da-f]{1,20}|\d{1,20})){0,3}$/.test(host)) return false;
  const parts = host.split(".");
  if (parts.some((part) => part.startsWith("0x"))) return host.length > 4;
  if (parts.length < 4) return host.length >= 7;
  return parts.some((part) => part.length > 3 || (part.length === 2 && part.startsWith("0")));
}

/** Parameters that say where to send a visitor next, and nothing else. */
export const DESTINATIONS =
  /^(next|goto|continue|dest(ination)?|redir(ect)?(_?(to|ur[il]))?|return(_?(to|ur[il]|path))?|back(_?ur[il])?|forward(_?to)?|rurl|to|out|success_?url|cancel_?url|relaystate|target_?url|r)$/;

/**
 * Judges where a redirect parameter leads, for sites that told which hosts it may. A path of the site's own, the request's own host, the hosts
 * in `allowed` and their subdomains pass; so do values that are no address.
 */
export function scanRedirect(lower: string, name: string, host: string, allowed: readonly string[], hits: Hits): void {
  if (!DESTINATIONS.test(name)) return;
  const found = /^\s{0,4}(?:https?:)?[/\\]{2,8}([^/\\?#\s]{1,400})/.exec(lower);
  if (found === null) return;
  const target = hostOf(found[1]!);
  if (target === host || allowed.some((known) => target === known || target.endsWith(`.${known}`))) return;
  hits.add("redirect/foreign-host", 100, 0, found[0].length);
}

/** Ports of stores and daemons, and a cloud's own machine: nothing a visitor could mean. */
const SERVICE =
  /^[^/]{0,40}:(2[1-35]|53|11[01]|13[59]|143|389|445|1433|1521|237[59]|3306|3389|5432|5672|5900|5984|6379|6443|8[25]00|9000|9042|9092|9[23]00|10250|11211|15672|27017)($|[/?])|^metadata/;

/** A host without a full stop is a machine of the network behind. */
const isServicePort = (authority: string): boolean => /^[a-z][\w-]{0,40}:/.test(authority) && SERVICE.test(authority);

/** Developers send their own machine's URLs around (OAuth callbacks, CORS), and configurations those of its databases; ports of services give an attack over HTTP away. */
const localScore = (rest: string, place: Place): number => (place === "json" && !SERVICE.test(rest) ? 60 : 100);

/** The host of an authority, without user, port, brackets and trailing dot. */
function hostOf(authority: string): string {
  let host = authority.slice(authority.lastIndexOf("@") + 1);
  if (host.startsWith("[")) return host.slice(1, host.indexOf("]") < 0 ? host.length : host.indexOf("]"));
  const colon = host.indexOf(":");
  if (colon >= 0) host = host.slice(0, colon);
  // Circled and full-width digits are digits to whoever resolves the name.
  if (/[^\u0000-\u007f]/.test(host)) host = host.normalize("NFKC").toLowerCase();
  return host.endsWith(".") ? host.slice(0, -1) : host;
}

/** Services that every client resolves to this machine or to the private address in the name. */
function isRebound(host: string): boolean {
  // A name of a public domain that begins like this machine's is made to be taken for it.
  if (/^localhost\.[\w-]{1,80}(\.[\w-]{1,80}){1,4}$/.test(host)) return true;
  if (/(^|\.)(localtest\.me|lvh\.me|vcap\.me|localho\.st)$/.test(host)) return true;
  const found = /(?:^|[.-])(\d{1,3})[.-](\d{1,3})[.-](\d{1,3})[.-](\d{1,3})\.(?:nip\.io|sslip\.io|xip\.io)$/.exec(host);
  return found !== null && isPrivate(readIpv4(found.slice(1, 5).join(".")));
}

/** Reads an IPv4 address in any of the spellings `inet_aton` takes: decimal, octal and hexadecimal, one to four parts. -1 when none. */
export function readIpv4(host: string): number {
  if (host === "" || host.length > 60 || !/^[\da-fx.]+$/.test(host)) return -1;
  const parts = host.split(".");
  if (parts.length > 4) return -1;
  let value = 0;
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index]!;
    let number = -1;
    if (/^0x[\da-f]{1,40}$/.test(part)) number = Number.parseInt(part.slice(-8), 16);
    else if (/^0[0-7]{0,40}$/.test(part)) number = Number.parseInt(part.slice(-12), 8);
    else if (/^\d{1,20}$/.test(part)) number = Number(part);
    if (!(number >= 0)) return -1;
    const last = index === parts.length - 1;
    if (last) value += number % 2 ** (8 * (4 - index));
    else value += (number % 256) * 2 ** (8 * (3 - index));
  }
  return value;
}

/** Names of this machine, of its cluster and of what tells it about itself. */
const INTERNAL =
  /^(localhost[46]?|ip6-(localhost|loopback)|instance-data|metadata(\.goog|\.tencentyun\.com)?|kubernetes(\.default)?(\.svc)?)$|\.(localhost|localdomain|internal|cluster\.local|consul)$/;

export function isInternal(host: string): boolean {
  if (INTERNAL.test(host)) return true;
  if (host.includes(":")) {
    if (/^(0{0,4}:){2,7}0{0,3}1?$/.test(host) || /^f(e[89ab]|[cd])/.test(host) || /^fd00:ec2/.test(host)) return true;
    const wide = /(?:(?:^|:)ffff:(?:0:)?|^64:ff9b::|^2002:)([\da-f]{1,4}):([\da-f]{1,4})(?:::.{0,20})?$/.exec(host);
    if (wide !== null && isPrivate(Number.parseInt(wide[1]!, 16) * 65_536 + Number.parseInt(wide[2]!, 16))) return true;
    const mapped = /(?:^|:)(?:ffff:)?(?:0:)?(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})$/.exec(host);
    return mapped !== null && isPrivate(readIpv4(mapped[1]!));
  }
  const address = readIpv4(host);
  return address >= 0 && host !== "0" && isPrivate(address);
}

function isPrivate(address: number): boolean {
  if (address < 0) return false;
  const first = Math.floor(address / 2 ** 24);
  const second = Math.floor(address / 2 ** 16) % 256;
  return (
    first === 127 ||
    first === 10 ||
    first === 0 ||
    (first === 172 && second >= 16 && second < 32) ||
    (first === 192 && second === 168) ||
    (first === 169 && second === 254) ||
    (first === 100 && second >= 64 && second < 128) ||
    address === 0xa83f8110 ||
    address === 0xc00000c0
  );
}

function remoteFile(rest: string, scheme: string, name: string, script: boolean, start: number, end: number, hits: Hits): void {
  const planted = /(shell|cmd|c99|r57|inject|rfi)\w{0,20}\.(txt|php|gif|jpg)|\/(id|cmd)\.txt/.test(rest);
  const bareAddress = rest.startsWith("[") || readIpv4(hostOf(/^[^/?#]{0,200}/.exec(rest)![0])) >= 0;
  let score = 0;
  if (script && DIRECTORIES.test(name)) score = 100;
  else if (planted && (script || INCLUDES.test(name))) score = 100;
  // A question mark at the end takes off what the script appends.
  else if (/\?$|\.(txt|dat|inc|log|php\d?|asp|cgi|pl)$/.test(rest)) score = script ? 100 : INCLUDES.test(name) ? 80 : 50;
  else if (bareAddress) score = script ? 90 : INCLUDES.test(name) ? 60 : 40;
  else if (scheme === "ftp" && script) score = 90;
  else if (script && /(shell|cmd|c99|r57|inject|evil|rfi)/.test(rest)) score = 90;
  if (score > 0) hits.add("path/remote-file", score, start, end);
}

/** Addresses that browsers follow and naive checks do not recognise. */
const DODGES: readonly RegExp[] = [
  // Scheme without two slashes, or with three: `https:evil`, `http:/evil`, `https:///evil`.
  /^\s{0,4}\/{0,4}(https?|ftp):([^/\\\s]|[/\\]{0,1}[^/\\\s]|\/{3,20}|[/\\]{0,2}\\)/,
  // `//evil.example`, `/\evil`, `\\\\evil`, with blanks and controls between.
  /^[\s\u0000-\u0020"']{0,3}([/\\][\u0000-\u0020;.%]{0,4}){1,4}[/\\]([^/\\\s@]{0,80}@)?([\w\u0080-\uffff%-]{1,80}[.\u3002]){1,8}[a-z\u0080-\uffff%\d]{2,40}/,
  /^\/{1,4}(https?:|%5c|%09|%0d|%0a|%2f|\t|\r|\n|\$2f)/,
  // A name before the at sign is not the host; before that of a repository nobody takes it for one.
  /^(https?:)?\/{2,4}(?![\w:-]{1,80}@\S{4,200}\.git$)[^/\s]{0,200}(@|%40|\\|&\w{1,40}\.|[?#]@)/,
  // Steps up behind the host, full-width stops.
  /^(\/{0,2}https?:)?\/{2,4}[^\s]{0,200}\/(%2f|\/{0,2}\.\.|%2e|\/{1,2}$)/,
  // Blanks behind the slashes, encoded full stops, a step up behind what looks like a folder.
  /^https?:\/\/[\s\u0000-\u0020]|^\/{0,4}[\w-]{1,40}%2e[\w%-]{2,80}|^\/[\w-]{1,40}\.[\w.-]{2,40}\/{1,3}\.\./,
  // A host without slashes but with what browsers take for one, and a chain of redirects.
  /^\/?<>\/\/|^\/[\u3000-\u30ff\ufe30-\ufe4f]\w|^\/[\w-]{1,40}(\.[\w-]{1,40}){1,3}\/(%2f|%2e|\.\.)|[?&]\w{1,20}=\/[\\/]{1,2}\w/,
  /^https?:\/\/([^/]{0,80}\u3002|\[?::)/,
  /^(%2f|\/)(\$2f|%2f|\/)\w|^@([\w-]{1,40}\.){1,3}[a-z]{2,8}$/,
];

/**
 * In a parameter that says where to go next: a full stop encoded twice, line breaks spelled out, an address directly behind a host, a chain of further
 * destinations.
 */
const DESTINED =
  /[\w-]%2e[\w-]|\\[rn]\\[rn]|^https?:\/\/[^/\s]{3,80}\/https?:\/\/|([?&](ur[il]|next|redir(ect)?|rurl|goto|dest)=(https?:|\/\/)[^&\s]{1,200}){2}/;

/** The address of a picture, a style or a library, written to work with either scheme. */
const isShared = (text: string, place: Place, name: string): boolean =>
  (place === "json" ? /image|href|src|icon|link|ur[il]$/ : /image|href|src/).test(name) &&
  !DESTINATIONS.test(name) &&
  /^\/\/([\w-]{1,80}\.){1,8}[a-z]{2,40}(\/(?![/.])|\?|$)/.test(text);

function redirect(text: string, place: Place, name: string, host: string, hits: Hits): void {
  // To the own host, with either scheme.
  if (host !== "" && text.startsWith(`//${host}/`) && !/[@\\%]|.\/\//.test(text)) return;
  const destined = name !== "" && (DESTINATIONS.test(name) || name === "url") ? DESTINED.exec(text) : null;
  if (destined !== null) hits.found("redirect/target", 100, destined);
  const first = text.charCodeAt(0);
  if (first !== 47 && first !== 92 && first !== 64 && first !== 37 && first !== 60 && !seek(/^\s{0,4}(https?|ftp):/).test(text)) return;
  const head = text.slice(0, 160);
  const named = REDIRECTS.test(name);
  for (const dodge of DODGES) {
    const odd = dodge.exec(head);
    if (odd === null) continue;
    if (place === "path")
      hits.add(
        "redirect/target",
        /^\/{2,20}[^/]{1,80}\.[a-z]{2,6}|^\/{1,3}(https?:|%09|%5c|\\)/.test(head) && /@|\.\.|%2f|https?:|%09|%5c|\\/.test(head) ? 70 : 0,
        0,
        odd[0].length,
      );
    else hits.add("redirect/target", named && !isShared(text, place, name) ? 100 : 45, 0, odd[0].length);
    return;
  }
}

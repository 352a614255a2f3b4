/**
 * Operating system commands: POSIX shells, cmd.exe and PowerShell.
 *
 * @module
 */

import * as HAS from "./characters.ts";
import type { Hits, RuleTable } from "./hits.ts";
import * as SAYS from "./meanings.ts";
import { ENGLISH, LANGUAGES, namesHost, PROGRAMS, RARE, WRAPPERS } from "./shell-words.ts";
import type { Survey } from "./survey.ts";
import { isBlankCode, isWordCode } from "./text.ts";
import { ruled, weighted } from "./trigrams.ts";

export const SHELL_RULES: RuleTable = {
  /**
   * `;id`, `| cat /etc/passwd`, `&& ping -c 1 host`: a separator and a command.
   *
   * Passes commands that are being talked about, and lists such as "salt; pepper" or "file | edit".
   *
   * Exempt fields for command lines, and forums about them.
   */
  "shell/command": [9, "A command behind a shell separator"],
  /**
   * `$(…)`, backticks around commands, `${IFS}`, `$((…))`, `<(…)`.
   *
   * Passes amounts in dollars, `${name}` placeholders, code in backticks.
   *
   * Exempt fields for command lines.
   */
  "shell/substitution": [9, "A shell substitution"],
  /**
   * `/bin/sh`, `nc -e`, `bash -i`, `wget http://… -O`, as the whole value or behind anything.
   *
   * Passes names of programs, and commands without what makes them an intrusion.
   *
   * Exempt fields for command lines, and interfaces of container hosts.
   */
  "shell/program": [8, "A program as in attacks"],
  /**
   * `c'a't`, `/???/p?ss*`, `ca\t`: spellings that only serve to hide.
   *
   * Passes apostrophes inside of words, wildcards of file names, routes such as `/[locale]/docs`.
   *
   * Exempt nothing: people do not write so.
   */
  "shell/obfuscation": [8, "A command spelled to hide"],
  /**
   * `() { :;};`: a function definition in an environment value.
   *
   * Passes functions of script in the middle of text.
   *
   * Exempt nothing.
   */
  "shell/shellshock": [10, "Shellshock"],
  /**
   * `powershell -enc`, `Invoke-Expression`, `cmd /c`, `certutil -urlcache`, `if exist … del`.
   *
   * Passes `C:\…` paths and names of tools in support tickets.
   *
   * Exempt help desks whose tickets hold command lines.
   */
  "shell/windows": [9, "A Windows command line"],
};

const SEPARATORS =
  HAS.semicolon | HAS.pipe | HAS.ampersand | HAS.backtick | HAS.lineBreak | HAS.dollar | HAS.less | HAS.greater | HAS.backslash;

/** A host, then a separator and a word of its own: no list of hosts looks like this, because those are addresses again. */
const HOST_AND_COMMAND =
  /^['"]?(\w[\w-]{0,40}\.[\w.:-]{1,80}[ \t]{1,4}){0,3}[\w.:-]{0,80}['"]?\s{0,4}(;|\|{1,2}|&{1,2}|[\r\n]{1,2}|`|\$\()[\s(`;|{]{0,6}(\.{1,2}\/|[a-z/\\'"${][\w/\\'"${}-]{0,40}(?![\w.:]))/;

/** Scans the value of a parameter that names a host. */
export function scanHostArgument(lower: string, name: string, hits: Hits): void {
  if (!namesHost(name)) return;
  const found = HOST_AND_COMMAND.exec(lower);
  if (found !== null) hits.add("shell/command", 100, 0, found[0].length);
}

/** Scans one view; `lower` is its lower-case form. */
export function scanShell(lower: string, survey: Survey, hits: Hits): void {
  const { characters, words } = survey;
  if ((characters & SEPARATORS) !== 0) separators(lower, hits);
  if (
    (characters & (HAS.dollar | HAS.backtick | HAS.brace)) !== 0 ||
    ((characters & (HAS.less | HAS.greater)) !== 0 && ((characters & HAS.paren) !== 0 || lower.includes("alias"))) ||
    lower.startsWith("alias ") ||
    lower.startsWith("~")
  )
    substitutions(lower, hits);
  if (
    lower.length < 24 &&
    (characters & (HAS.quote | HAS.doubleQuote | HAS.backslash | HAS.caret)) !== 0 &&
    /[a-z]['"\\^][a-z]/.test(lower)
  ) {
    // Quotes and backslashes inside of a word are nothing to a shell: what is left may be a program.
    const bare = lower.replace(/['"\\^]/g, "");
    if (lower.length - bare.length >= 2 && PROGRAMS.has(bare) && !ENGLISH.has(bare)) hits.add("shell/obfuscation", 100, 0, lower.length);
  }
  // Static calls of .NET; options and transports with which a tool runs another program; a drawing that is a script; a sum that only a shell works out; a spreadsheet's call of a program or of another site.
  if (lower.length > 4 && ARGUMENTS.test(lower)) hits.add("shell/program", 100, 0, Math.min(lower.length, 24));
  if (lower.includes("]::")) hits.found("shell/windows", 100, /(^|[;|&{(])\[[a-z.]{4,40}\]::\w/.exec(lower));
  // A value that begins with a separator, a word and an option is the tail of a command line, whatever the program; so is one behind a single word.
  if (
    (characters & (HAS.semicolon | HAS.pipe | HAS.ampersand)) !== 0 &&
    /^\s{0,4}([\w:/-]{0,40}[.\d][\w.:/-]{0,40}['"]?(;|&&)|(;|\|{1,2}|&&?)\s{0,4})[a-z][\w.-]{1,40}\s{1,4}-{1,2}[a-z]/.test(lower)
  )
    hits.add("shell/command", 100, 0, Math.min(lower.length, 24));
  if (/^\s{0,4}alias\s{1,4}[^=\s]{0,3}['"\w.-]{0,40}(\s{1,4}\S{1,20}){0,2}=/.test(lower)) hits.add("shell/substitution", 100, 0, 6);
  if ((words & SAYS.program) !== 0 || /(^|[&|])[\s&|;"']{0,6}(for|if)\b/.test(lower)) {
    // Runs of blanks are one to every command line, and would make the expressions below slow.
    const line = lower.length < 600 && /\s{5}/.test(lower) ? lower.replace(/\s{2,80}/g, " ") : lower;
    programs(COMMAND_LINES, line, hits);
  }
  if (
    (characters & HAS.slash) !== 0 &&
    (characters & (HAS.question | HAS.star | HAS.bracket | HAS.backslash | HAS.quote | HAS.doubleQuote | HAS.brace)) !== 0
  )
    programs(DISGUISES, lower, hits);
}

const ARGUMENTS =
  /^\s{0,4}((\S{0,20}[./-][^\n]{0,40}\s)?(-{1,2}(upload-pack|receive-pack|checkpoint(-action)?|to-command|use-compress-program|post-file|exec-path|open-files-in-pager|use-askpass|init-command)[=\s]|-exec(dir)?\s{1,4}[\w/.-]{1,40}\s[^\n;]{0,80};)|(-c\s{1,4}|--config[=\s])(core\.\w|\S{1,40}=!)|%x[[({]\w|(ssh:\/\/)?-o\s{0,4}proxycommand|--output=\/|-o\s{0,4}\/\w|https?:\S{1,200}\s{1,4}-{1,2}([fdto]|data\S{0,20}|upload-file|output)\s{0,4}\S{0,20}[@/]|(ext|fd)::|expr\s{1,4}\d{1,20}\s{0,4}[-+*%]\s{0,4}\d|[=+@-][^|\n]{0,40}\w\s?\|\s?'[^'\n]{0,80}'{1,2}!|[=+@]\s?(webservice|import(xml|data|feed|html|range)|dde|hyperlink(?=\([^)]{1,200}" ?&))\s?\()|^[^\s@]{1,80}@[\w.-]{1,80}\s{1,4}-(oq|x)\w{0,20}=?\s?\/\w/;

/** Ends one command and begins another; an opening bracket only behind what makes it a command's, a backslash only as `\n`. */
const SEPARATOR = /[;|&\n`]|[$<>]\(|\\(?=n)/g;

/** What may stand between a separator and its command. A run of it is skipped as one: the command comes after its last character. */
const OPENS = new Uint8Array(256);
for (const character of "&|;({\"'`!<>@^") OPENS[character.charCodeAt(0)] = 1;

/** True when what stands before a separator could be the argument the application expects: at most one word, or a closed quote. */
function argumentBefore(text: string, at: number): boolean {
  const head = text.slice(Math.max(0, at - 80), at).trim();
  if (head === "") return true;
  if (at > 80) return false;
  return !/\s/.test(head) || /["'`)]$/.test(head);
}

/** Length of the command word at `at`, unhidden of quotes and backslashes; 0 when it is none. */
function separators(text: string, hits: Hits): void {
  let previous = -1;
  SEPARATOR.lastIndex = 0;
  while (SEPARATOR.test(text)) {
    const at = SEPARATOR.lastIndex - 1;
    const code = text.charCodeAt(at);
    const escapedBreak = code === 92 && at < 3;
    // Ruby quotes names between a backtick and an apostrophe; three backticks alone on a line begin or end a listing.
    if (
      (code === 92 && !escapedBreak) ||
      (code === 96 &&
        (/^[\w?!]{1,40}'/.test(text.slice(at + 1, at + 42)) ||
          /^([\s\S]{0,2}\n)?```[\w+-]{0,20}([\r\n]|$)/.test(text.slice(Math.max(0, at - 3), at + 20))))
    )
      continue;
    let from = escapedBreak ? at + 2 : at + 1;
    while (from < text.length && (isBlankCode(text.charCodeAt(from)) || OPENS[text.charCodeAt(from)] === 1)) from++;
    let to = from;
    let word = "";
    // Quotes, backslashes, carets and empty variables inside a word are dropped by the shell.
    while (to < text.length && to - from < 48) {
      const letter = text.charCodeAt(to);
      if (isWordCode(letter) || letter === 45 || letter === 46 || letter === 47) word += text[to];
      else if (letter === 39 || letter === 34 || letter === 92 || letter === 94) {
        // A lone apostrophe ends the word: "; I'd like" is no `id`.
        if (letter === 39 || letter === 34) {
          const close = text.indexOf(letter === 39 ? "'" : '"', to + 1);
          if (close < 0 || close - to > 12 || !/^[\w/.-]{0,20}$/.test(text.slice(to + 1, close)) || (word === "" && close === to + 1))
            break;
          word += text.slice(to + 1, close);
          to = close;
        } else if (letter === 92 && text.charCodeAt(to + 1) === 110 && !isWordCode(text.charCodeAt(to + 2))) break;
        else if (!isWordCode(text.charCodeAt(to + 1)) && text.charCodeAt(to + 1) !== 47) break;
      } else if (letter === 36 || letter === 96) {
        // Expansions of nothing: `i$()d`, `i${x}d`, `i``d`.
        const nothing = /^(\$[@*]|\$\(\)|\$\{\w{0,8}\}|``)/.exec(text.slice(to, to + 12));
        if (nothing === null) break;
        to += nothing[0].length - 1;
      } else break;
      to++;
    }
    const plain = to - from === word.length;
    const slash = word.lastIndexOf("/");
    const name = word.slice(slash + 1).replace(/\.exe$|\d{1,8}$/, "");
    if (name === "" || !(PROGRAMS.has(name) || PROGRAMS.has(word.slice(slash + 1)))) {
      previous = at;
      // On with the last character of the run, and with the one before it where the two are a pair.
      if (from > at + 2) SEPARATOR.lastIndex = /^[$<>]\($/.test(text.slice(from - 2, from)) ? from - 2 : from - 1;
      continue;
    }
    const path = slash >= 0 && /^\/?(usr\/)?(local\/)?s?bin\/$/.test(word.slice(0, slash + 1));
    const rest = text.slice(to, to + 60);
    const english = ENGLISH.has(name);
    const ends = /^\s{0,4}($|[;|&`)#"'<>\n]|%0|\/\/|\\)/.test(rest);
    // "B & NC - large": an ampersand between blanks is an "and".
    const spelled = code === 38 && text.charCodeAt(at + 1) !== 38 && isBlankCode(text.charCodeAt(at - 1));
    const options = !english && !spelled && code !== 96 && /^(\s{1,4}[\w./=-]{1,40}){0,3}\s{1,4}-{1,2}([a-z]|\s{1,4}[/~.])/.test(rest);
    const next = WRAPPERS.has(name) ? /^\s{1,4}([a-z]{2,20})\s/.exec(rest) : null;
    const runsAnother = next !== null && PROGRAMS.has(next[1]!) && !ENGLISH.has(next[1]!);
    // An option behind an "and" is short: "NC -boys038" is the name of a picture.
    const named = spelled && /^\s{1,4}-\w{4}/.test(rest);
    const argument =
      options ||
      runsAnother ||
      /^\s{1,4}\/\s/.test(rest) ||
      (!named &&
        /^(\s{1,4}|\$\{?ifs\}?|\{|<|\+|%09|\$9|%20)(-{1,2}\w|\/[\w?*.]|["'$`\\~*]|\d{1,3}\.\d|https?:|[a-z]:[\\/]?|%\w{2,20}%|\.{1,2}\/|\$\(|[\w.-]{1,40}\.[a-z]{2,4}\b|\d)/.test(
          rest,
        ) &&
        !(name === "type" && /^\s{1,4}\d/.test(rest))) ||
      /^\$ifs|^\$\{ifs|^\{|^<|^,[-/$.h"']/.test(rest);
    const writes = /^\s{1,4}[\w\s.@+/=-]{1,400}>{1,2}/.test(text.slice(to, to + 320));
    const bare = /^\s{1,4}\w{1,80}\s{0,4}($|[;|&`)#"'>\\])/.test(rest);
    const placed = argumentBefore(text, at) || code === 96 || (code === 40 && text.charCodeAt(at - 1) === 36);
    // `id>x.txt` runs whatever stands around it, and so does what ends the value between a quote and a separator: `";id;"`.
    const runs =
      /^>{1,2}\s{0,4}[\w./-]{1,80}\.\w{2,5}($|\W)/.test(rest) ||
      (/["'`][\s\r]{0,4}$/.test(text.slice(Math.max(0, at - 4), at)) &&
        /^(\s{1,4}[\w/.-]{1,40}){0,2}\s{0,4}([;|&]{1,2}\s{0,4}["'`#]?|#)\s{0,4}$/.test(rest));
    const isChoice = code === 124 && at === 1 && name === "w";
    const entityLike = code === 38 && (name === "w" || /^\w{1,8}[;=]/.test(text.slice(at + 1, at + 10)));
    let score = 0;
    if (entityLike || isChoice) score = 0;
    else if (runs || (!plain && word.length >= 2)) score = 100;
    else if ((code === 10 || escapedBreak) && at < 3 && (path || ends || (argument && (!english || /^\s{1,4}[a-z]:\\/.test(rest)))))
      score = 100;
    else if (code === 10 || escapedBreak)
      score = placed && (path || (argument && !english) || (ends && !english)) ? (previous >= 0 || at < 4 ? 100 : 70) : argument ? 50 : 0;
    else if (path) score = 100;
    else if (placed && RARE.has(name)) score = 100;
    else if (placed) {
      if (ends && LANGUAGES.has(name) && code !== 96 && code !== 40) score = 40;
      else if (ends)
        score =
          english &&
          at > 2 &&
          (text.charCodeAt(at + 1) !== code || /^(true|false)$/.test(word)) &&
          !/[({]/.test(text.slice(at + 1, from)) &&
          !/^(localhost|[\d.]{7,20}|(\w{1,40}\.){1,4}[a-z]{2,8})$/.test(text.slice(0, Math.min(at, 80)).trim())
            ? 60
            : 100;
      else if (argument || writes) score = 100;
      else if (bare) score = english ? 40 : 90;
      else score = english ? 15 : 40;
      if (bare && at <= 3 && !english) score = 100;
    } else if (argument) score = english ? 40 : 65;
    else if (ends) score = english ? 20 : 45;
    if (score > 0) hits.add("shell/command", score, at, to);
    if (!plain && score > 0) hits.add("shell/obfuscation", 60, from, to);
    previous = at;
  }
}

const SUBSTITUTIONS = weighted([
  [/\$\{?ifs\b|\$ifs\$?\d?|\$\{ifs[}:]/, 100],
  [/\$\{\w{1,20}:\d{1,2}:\d{1,2}\}|\bifs=[^;\s]{0,4};/, 100],
  [/\$\(\(\s{0,4}\d{1,8}\s{0,4}[-+*%]\s{0,4}\d{1,8}\s{0,4}\)\)/, 100],
  [/\$\(\s{0,4}(<\s{0,4}\/|(echo|printf|rev|tr|find|expr|gc)\b|\/)/, 100],
  [
    /`\s{0,4}(\/(usr\/)?s?bin\/|echo\b|cat\s|id\s{0,4}`|ls\b|whoami|curl\s|wget\s|sleep\s|ping\s|bash\s|sh\s|uname|nslookup\s|hostname|expr\b|\$(?!`))/,
    95,
  ],
  [/[<>]\(\s{0,4}(curl|wget|cat|bash|sh|echo|ls|tee|cmd|nc|id)\b/, 100],
  [/\$\{?(path|home|pwd|shell|user|bash_version|oldpwd|hostname|0|@|\*)[:#%}/].{0,20}(\$\{|\/)/, 60],
  [/\{(cat|ls|wget|curl|ping|bash|sh|echo|nc|rm|chmod|uname),[^}]{1,80}\}/, 100],
  // Brace and tilde expansion as the whole value: `{l,-lh}s`, `{,ip,a}`, `~+`.
  [
    /^\s{0,4}(\{,[a-z][\w,./ -]{0,80}\}|\{\w{1,20},\}|\w{0,20}\{\w{0,8},-\w{1,8}\}\w{1,20}|[a-z]\{[a-z]{1,4},[a-z]{1,4}\}[a-z]|~[+-]\d{0,2})\s{0,4}$/,
    100,
  ],
  [/[;|&]\s{0,4}\{[a-z]{1,20},\}/, 100],
  [/\$'\\(x[\da-f]{2}|\d{3})|\$\(\(\s{0,4}\$\(|<<<\s{0,4}\$/, 100],
  [/\$\[\s{0,4}(\d|\]|random)|\$\{\w{0,20}#(\{\})?\}|\/etc\$\w{0,20}\/|\$\w{1,20}\/(s?bin|etc|usr)\$|\$(\{shell\}|shell)\s{1,4}-c/, 100],
  [/\b\w{1,20}=\$\\?'[^']{1,40}'/, 100],
]);

function substitutions(text: string, hits: Hits): void {
  for (const [pattern, score] of SUBSTITUTIONS) {
    hits.found("shell/substitution", score, pattern.exec(text));
  }
  const shock = /\(\s{0,4}\)\s{0,4}\{[^}]{0,200}([;}]|$|>)/.exec(text);
  if (shock !== null && /^[\s"']{0,4}([\w-]{1,40}[:=]\s{0,4}["']?)?$/.test(text.slice(Math.max(0, shock.index - 40), shock.index)))
    hits.found("shell/shellshock", 100, shock);
}

const COMMAND_LINES = ruled<"shell/program" | "shell/windows" | "shell/obfuscation">([
  [
    "shell/program",
    /^[\s;|&]{0,4}(time|strace|ltrace|nohup|setsid|nice|ionice|stdbuf|cpulimit|flock)\s{0,4}[;\s]\s{0,4}(-{1,2}\S{1,20}\s{1,4}){0,3}(ansible[\w-]{0,20}|ifconfig|whoami|id|uname|ls|cat|curl|wget|bash|sh|nc|ps)(\s|$)/,
    100,
  ],
  // An unset variable before the command is nothing to the shell and hides the command from filters.
  ["shell/program", /\bdd\s{1,4}(if|of)=|-wrapper\s{1,4}\w{1,20},-|^\\(ls|id|cat|whoami|pwd|ps|uname|curl|wget|nc)\b/, 100],
  [
    "shell/windows",
    /(^|[\w"'])\s{0,4}[|&]{1,2}\s{0,4}[a-z][\w.]{1,40}\s{1,4}%(systemroot|windir|comspec|programfiles|temp|userprofile|appdata|path)%|%\w{2,20}:~|%comspec%|\$(shellid|pshome)\[|[&.]\s?\(\s?(gcm\s|["']\w{1,8}["']\s?\+)|\biex\s?\(/,
    100,
  ],
  ["shell/program", /^\s{0,4}(;|\|{1,2}|&{1,2})\s{0,4}\$\w{1,20}\s{1,4}[a-z]{2}/, 100],
  // Not to a folder beside: that is how a repository of many packages is built.
  ["shell/program", /(^|[;&|\s])cd\s{1,4}[/~][\w/.]{0,40}\s{0,4}(;|&&)\s{0,4}[a-z]/, 100],
  [
    "shell/program",
    /^\s{0,4}(cat|head|tail|less|more|strings|nl|tac|od|xxd|base64|ls|ll|cp|mv|rm|find|grep|vi|vim|nano|touch|chmod)\s{1,4}(-\w{1,6}\s{1,4})?\/(etc|proc|root|var\/log)\/[\w./-]{1,80}\s{0,4}$/,
    100,
  ],
  [
    "shell/program",
    /^['"]?\s{0,4}(uname|id|whoami|pwd|ifconfig|ls)(\s{1,4}-\w{1,4})?[\s]{0,3}(#|;\s{0,4}($|[$/.'"#-]|(uname|id|whoami|pwd|ls|cat|ps|sleep|curl|wget|echo)\b)|\\x09)/,
    100,
  ],
  ["shell/program", /^[\s;|&]{0,4}ping6?\s{1,4}-\w\s{1,4}\d{1,6}\b.{0,40}\d{1,3}\.\d/, 100],
  ["shell/windows", /(^|[&|])[\s&|;"']{0,6}for\s{1,20}(\/[a-z]{0,2}\s{1,4})?("[^"]{0,80}"\s{1,4})?%{1,2}\S{0,20}\s{1,4}in\s{0,4}\(/, 100],
  [
    "shell/windows",
    /^[\s&|;"']{0,6}if\s{0,4}(\/i\s{0,4})?(not\s{0,4})?(["'([{]{0,3}[%!][^\n]{0,40}?={2,3}\s{0,4}\S|["'([][\w ]{1,20}["')\]]\s{0,4}={2,3}\s{0,4}["'([]|\w[^\s=(,]{0,40}={2,3}[^\s=(),]{1,40}\s{1,20}[a-z@(]|[^\n]{1,40}?\s(equ|neq|lss|leq|gtr|geq)\s{1,4}\S)/,
    100,
  ],
  [
    "shell/program",
    /\b(nc|ncat|netcat)(\.exe|\.traditional|\.openbsd)?\s{1,4}(-\w{1,8}\s{1,4}){0,4}(-e|-c|-l\w{0,4}p?|\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\s{1,4}\d)|\bsocat\s[^\n]{0,80}(exec|system):/,
    100,
  ],
  ["shell/program", /\b(ba|z|k|c|da)?sh\s{1,4}-[ci]\b/, 85],
  ["shell/program", /\/dev\/(tcp|udp|fd)\/[\w.$]/, 100],
  ["shell/program", /(^|[\s"'=:;|&`(,])\/(usr\/)?(local\/)?s?bin\/([a-z?*[\]]{1,20}\d?)($|[\s"'`;|&<>)\\$]|-)/, 85],
  [
    "shell/program",
    /\b(curl|wget|lwp-download|fetch|lynx)(\.exe)?\s{1,4}(-{1,2}[\w-]{0,20}\s{1,4}){0,5}(["']{0,1}(https?|ftp):\/\/|\d{1,3}(\.\d{1,3}){2}\.|[\w.-]{4,80}\.[a-z]{2,20}([/\s:]|$))/,
    80,
  ],
  ["shell/program", /\b(python[23]?(\.\d{1,2})?\s{1,4}-c|(perl|ruby|node|lua)\s{1,4}-e|php\s{1,4}-r|awk\s{1,4}["']begin)\b/, 80],
  [
    "shell/program",
    /\bchmod\s{1,4}(\+x|[0-7]{3,4})\s{1,4}[\w/.]|\bcat\s{1,4}\/etc\/(passwd|shadow|group|issue|hosts)\s{0,4}($|[;|&"'`)>\n])|\brm\s{1,4}-[rf]{1,3}\s{1,4}\/($|[\s*;|&])/,
    60,
  ],
  ["shell/program", /\bbase64\s{1,4}(-d|--decode)\b.{0,40}\|\s{0,4}(ba)?sh|\|\s{0,4}(ba|z|da)?sh\s{0,4}($|[;|&"'`)])/, 90],
  ["shell/windows", /\bpowershell(\.exe)?["']?\s{1,4}[-/"'(a-z]|\bpwsh\s{1,4}-/, 90],
  ["shell/windows", /\b(cmd|command)(\.exe)?["']?\s{0,4}\/\s{0,4}[ckr]\b/, 95],
  [
    "shell/windows",
    /\bcertutil(\.exe)?\s{1,4}-|\bbitsadmin(\.exe)?\s{1,4}\/|\bmshta(\.exe)?\s{1,4}(http|vbscript|javascript)|\bregsvr32(\.exe)?\s{1,4}\/|\brundll32(\.exe)?\s{1,4}\w|\bwmic\s{1,4}(process|os|\/node)/,
    100,
  ],
  [
    "shell/windows",
    /\b(invoke-(expression|webrequest|restmethod|command|item|wmimethod|mimikatz|shellcode)|start-process|new-object\s{1,4}(system\.)?net|downloadstring\s{0,4}\(|downloadfile\s{0,4}\(|set-executionpolicy|get-wmiobject|start-bitstransfer|convertto-securestring|import-module\s|frombase64string\s{0,4}\()/,
    95,
  ],
  [
    "shell/windows",
    /\bnet\s{1,4}(user|localgroup|share|use|group)\s{1,4}[\w\\/]|[;|&]\s{0,4}net\s{1,4}(view|user|share|start|accounts|localgroup|group|use)\b|\bnetsh\s{1,4}(firewall|advfirewall|interface|wlan)\s|\breg\s{1,4}(add|query|save)\s{1,4}hk|\bschtasks(\.exe)?\s{1,4}\/|\b(tasklist|systeminfo|ipconfig)\s{1,4}\//,
    85,
  ],
  [
    "shell/windows",
    /\bfor\s{1,4}\/[fldr]\s{1,6}.{0,80}\bdo\s|\bfor\s{1,4}(\/[fldr]\s{1,4})?%{1,2}[a-z]\s{1,4}in\s|\bif\s{1,4}(\/i\s{1,4})?(not\s{1,4})?(exist\s|defined\s|errorlevel\s|cmdextversion\s|\(?["%][^\s]{1,40}\s{0,4}(==|equ|neq|lss|leq|gtr|geq)\s)/,
    70,
  ],
]);

/** Commands and paths spelled with globs, quotes and backslashes. */
const DISGUISES = ruled<"shell/program" | "shell/windows" | "shell/obfuscation">([
  [
    "shell/obfuscation",
    /\/\?{2,8}\/[\w?*]|\[[\w!^]{0,4}\/{1,20}[^\]\w]{0,8}\][a-z]|\/\[[^\]]{1,6}\]?[a-z]{1,6}\/|\/(e\[?t\]?c|etc)\/[a-z]{0,6}\[[^\]]{1,6}\]/,
    100,
  ],
  [
    "shell/obfuscation",
    /\/(?!\[\w{2,40}\]\/|\*\*\/(\*|[\w.-]{1,40}\.\w{2,4}$))([a-z]{0,3}[?*[][\w?*[\]!^-]{0,8}\/){1,3}[\w?*[\]-]{1,20}/,
    70,
  ],
  ["shell/obfuscation", /[;|&`(]\s{0,4}\/[\w?*[\]]{0,20}[?*[][\w?*[\]]{0,20}\/[\w?*[\]-]{1,20}/, 100],
  ["shell/obfuscation", /\/etc\/[\w]{0,4}[?*[{"'\\][\w?*[\]!{},"'\\-]{1,20}/, 90],
  ["shell/obfuscation", /(\\{1,2}[a-z]){2,8}[\w\\]{0,6}\s{1,4}\\{0,2}\/|c\\{1,2}a\\{1,2}t\b|\/\\{1,2}e\\{1,2}t|\{\\?c[\\'"a]{2,8}t,/, 100],
]);

function programs(lines: typeof COMMAND_LINES, text: string, hits: Hits): void {
  for (const [rule, pattern, weight] of lines) {
    const found = pattern.exec(text);
    if (found === null) continue;
    // A line of prose before the program speaks for a conversation about it.
    const before = text.slice(Math.max(0, found.index - 60), found.index);
    const prose = /[a-z]{2,20}\s{1,4}[a-z]{2,20}\s{1,4}[a-z]{1,20}\s{0,4}['"`]?$/.test(before);
    hits.found(rule, prose ? weight / 2 : found.index <= 3 && weight >= 60 ? 100 : weight, found);
  }
}

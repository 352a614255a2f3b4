/**
 * One pass over a text that tells every lexer whether it has any reason to look: which characters occur, and which telling words. Honest
 * text has few of either, so the patterns below are asked rarely.
 *
 * @module
 */
import * as SAYS from "./meanings.ts";
import { CATALOGUE_NAMES, DANGEROUS_CALLS } from "./sql-words.ts";
import { CLASS, isDigitCode, isWordCode, WORD } from "./text.ts";
import { groupsOf, mayHoldWord, noteTrigrams, type WordGroups } from "./trigrams.ts";

/** The telling words of each lexer, blanks between them. */
export const WORDS: readonly (readonly [says: number, words: string])[] = [
  [
    SAYS.sql,
    "select union intersect except minus case declare waitfor insert replace update delete drop alter create truncate rename exec execute call " +
      "prepare shutdown handler load copy grant show order group having procedure limit into outfile dumpfile sleep concat char chr md5 hex " +
      "database version schema sysdate now cast convert if iif ifnull nvl substring substr mid ascii ord length floor rand exp json_extract " +
      "json_keys begin where current_user session_user user ltrim rtrim trim strcmp coalesce count from values table analyse exists rownum " +
      DANGEROUS_CALLS +
      " " +
      CATALOGUE_NAMES,
  ],
  [SAYS.logic, "or and xor having where not div mod"],
  [SAYS.compare, "like rlike regexp ilike glob between in is sounds match similar"],
  [
    SAYS.script,
    "alert confirm prompt document window self top parent frames globalthis this opener location innerhtml outerhtml insertadjacenthtml string fromcharcode fromcodepoint eval atob unescape " +
      "decodeuri decodeuricomponent settimeout setinterval setimmediate execscript requestanimationframe constructor __proto__ function fetch import importscripts " +
      "module console throw onerror write writeln srcdoc __definegetter__ __lookupgetter__ reflect symbol src child_process process require readfilesync writefilesync " +
      "execsync spawnsync readdirsync execfilesync cookie with",
  ],
  [
    SAYS.php,
    "eval assert system passthru shell_exec popen proc_open pcntl_exec call_user_func call_user_func_array create_function preg_replace array_map array_filter usort include include_once require " +
      "require_once phpinfo php_uname getcwd phpversion getenv set_time_limit ini_set ini_get error_reporting show_source highlight_file scandir glob opendir readfile file_get_contents " +
      "file_put_contents fopen fsockopen unserialize base64_decode gzinflate gzuncompress str_rot13 hex2bin curl_exec putenv parse_str extract file die exit print print_r var_dump strrev chr exec echo md5 sha1 " +
      "allow_url_include allow_url_fopen auto_prepend_file auto_append_file disable_functions safe_mode open_basedir move_uploaded_file mail ob_start globals array_walk symlink session_start",
  ],
  [
    SAYS.java,
    "java javax getruntime processbuilder scriptenginemanager classloader getdeclaredmethod memberaccess _memberaccess ognl ognlutil valuestack actioncontext getclassloader xmldecoder objectinputstream " +
      "invokertransformer chainedtransformer templatesimpl badattributevalueexp jndilookup com org sun oracle freemarker bsh clojure net br ch groovy jndi xstream class getclass forname newinstance getmethod invoke exec " +
      "runtime redirect redirectaction type context clonetransformer instantiatefactory instantiatetransformer prototypeclonefactory whileclosure forclosure nashorn urlclassloader defineclass jdbc jolokia",
  ],
  [
    SAYS.program,
    "nc ncat netcat bash sh zsh ksh csh dash dev bin sbin curl wget lwp fetch lynx python python2 python3 perl ruby php node lua awk gawk mkfifo mknod socat xterm telnet chmod cat rm base64 powershell pwsh cmd command " +
      "certutil bitsadmin mshta regsvr32 rundll32 wmic downloadstring downloadfile expression webrequest restmethod executionpolicy wmiobject bitstransfer securestring frombase64string mimikatz webclient iex id uname whoami pwd ifconfig ls function env net netsh reg schtasks tasklist systeminfo ipconfig ping ping6 alias invoke cd head tail strings tac time dd strace nohup setsid nice flock cpulimit comspec gcm shellid",
  ],
  [
    SAYS.file,
    "etc passwd shadow win boot system windows winnt inetpub autoexec pagefile ntuser desktop proc var usr opt ssh id_rsa id_dsa bash_history mysql_history bashrc htpasswd htaccess web meta global wp config php my httpd nginx apache apache2 " +
      "git env svn aws access error php_error mysql mysqld ftp xampp program documents users root localsettings database secrets credentials tomcat unattend unattended sam repair recycle sysprep applicationhost " +
      "machine filezilla pgpass kube docker windowsupdate logs log php4 php5 home issue hosts ini system32 inf sys sbin subuid",
  ],
  [
    SAYS.host,
    "oast oastify burpcollaborator interact interactsh dnslog ceye requestbin requestcatcher webhook canarytokens bxss xss ezxss xsshunter dnsbin pipedream r87 vcap lvh localtest nip sslip xip 1u rbndr",
  ],
  [SAYS.document, "this return db while date where comment ne gt"],
  [SAYS.xpath, "count string name local substring contains starts position last not child descendant parent ancestor following doc"],
  [
    SAYS.other,
    "ro0ab aced0005 yv66vg c__builtin__ __viewstate __import__ os subprocess import pickle compile system objectdataprovider process processstartinfo response createobject wscript server httpcontext windowsidentity " +
      "kernel io redis file open dir eval use qx constantize instance_eval class_eval public_send send constructor __proto__ resolved_model py ruby javax __js_function aaeaaad tc_object _formdata _response _chunks _prefix then gettype",
  ],
];

/** Hashes of the telling words by their lowest bits, with what each says. Sized so that a word of honest text finds its slot empty. */
const SLOTS = 16_384;
const HASHES = new Int32Array(SLOTS);
const MEANINGS = new Int32Array(SLOTS);
/** What a byte adds to a word's hash: 0 ends the word; digits are 1 to 10, so that one cannot begin a word. */
const WORTH = new Uint8Array(256);
for (let code = 0; code < 128; code++) {
  if ((CLASS[code]! & WORD) !== 0) WORTH[code] = code >= 48 && code <= 57 ? code - 47 : code;
}

function hashOf(word: string): number {
  let hash = 0;
  for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ WORTH[word.charCodeAt(at)]!, 0x01000193);
  return hash;
}

for (const [says, words] of WORDS) {
  for (const word of words.split(" ")) {
    const hash = hashOf(word);
    let slot = hash & (SLOTS - 1);
    while (HASHES[slot] !== 0 && HASHES[slot] !== hash) slot = (slot + 1) & (SLOTS - 1);
    HASHES[slot] = hash;
    MEANINGS[slot]! |= says;
  }
}

/** The `SAYS` bits of the word with this hash. Another word of the same hash would be taken for it, which only makes a lexer look in vain. */
function meaningOf(hash: number): number {
  for (let slot = hash & (SLOTS - 1); HASHES[slot] !== 0; slot = (slot + 1) & (SLOTS - 1))
    if (HASHES[slot] === hash) return MEANINGS[slot]!;
  return 0;
}

/** What a text is made of. */
export interface Survey {
  /** `HAS` bits. */
  readonly characters: number;
  /** `SAYS` bits. */
  readonly words: number;
}

/** Texts from here on are asked for each word by its trigrams, which costs nothing a character; shorter ones are read word by word. */
const LONG = 1024;
/** Searches for words in a long text before its words are read one by one after all. */
const TRIES_MAX = 160;

/** The telling words of each kind, with what their trigrams are. */
const VOCABULARY: readonly (readonly [number, readonly (readonly [string, WordGroups])[]])[] = WORDS.map(([says, words]) => [
  says,
  words.split(" ").map((word) => [word, groupsOf(word)]),
]);

/**
 * Surveys a lower-case text, and notes its trigrams for the patterns that are asked about it next. Linear; allocates only the result. A
 * number ends where letters begin: `1union` holds a word of SQL.
 */
export function surveyText(lower: string): Survey {
  const characters = noteTrigrams(lower);
  return { characters, words: (lower.length < LONG ? undefined : wordsOfLong(lower)) ?? wordsOf(lower) };
}

/** `SAYS` bits, reading word by word. */
export function wordsOf(lower: string): number {
  let words = 0;
  let hash = 0;
  for (let at = 0; at < lower.length; at++) {
    const code = lower.charCodeAt(at);
    const worth = code < 128 ? WORTH[code]! : 0;
    if (worth !== 0) {
      if (hash !== 0 || worth > 10) hash = Math.imul(hash ^ worth, 0x01000193);
    } else if (hash !== 0) {
      if (HASHES[hash & (SLOTS - 1)] !== 0) words |= meaningOf(hash);
      hash = 0;
    }
  }
  return hash === 0 ? words : words | meaningOf(hash);
}

/** `SAYS` bits of the text whose trigrams were noted; undefined when it holds too many things that look like telling words and are none. */
function wordsOfLong(lower: string): number | undefined {
  let words = 0;
  let tries = TRIES_MAX;
  for (const [bit, vocabulary] of VOCABULARY) {
    for (const [word, groups] of vocabulary) {
      if (!mayHoldWord(groups)) continue;
      let at = -1;
      do {
        if (tries-- === 0) return undefined;
        at = lower.indexOf(word, at + 1);
      } while (at >= 0 && !isWordAt(lower, at, word.length));
      if (at >= 0) {
        words |= bit;
        break;
      }
    }
  }
  return words;
}

/** True when the word at `at` stands alone, apart from a number before it. */
function isWordAt(lower: string, at: number, length: number): boolean {
  if (isWordCode(lower.charCodeAt(at + length))) return false;
  let before = at - 1;
  while (before >= 0 && isDigitCode(lower.charCodeAt(before))) before--;
  return before < 0 || !isWordCode(lower.charCodeAt(before));
}

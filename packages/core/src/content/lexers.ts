/**
 * Chooses the lexers for one reading of a value. A lexer is only asked when a character and a word that it needs are both there.
 *
 * @module
 */
import type { RuleId } from "../types.ts";
import * as HAS from "./characters.ts";
import { scanCode, scanJava } from "./code.ts";
import { isGraphql, scanDataFormats, scanGraphql, scanXml } from "./data-formats.ts";
import { Hits, type Place } from "./hits.ts";
import { scanMarkup } from "./markup.ts";
import * as SAYS from "./meanings.ts";
import { type Site, scanNetwork, scanRedirect } from "./network.ts";
import { scanPlaceholder, scanProtocol, withoutCode } from "./protocol.ts";
import { scanScript } from "./script.ts";
import { scanHostArgument, scanShell } from "./shell.ts";
import { isCommand } from "./shell-words.ts";
import { scanSql, scanSqlProbe } from "./sql.ts";
import { surveyText, wordsOf } from "./survey.ts";
import { scanServerCode, scanTemplates } from "./templates.ts";
import { lowerCase } from "./text.ts";
import { scanTraversal } from "./traversal.ts";
import { noteTrigrams, seek } from "./trigrams.ts";
import { scanArchive, scanNamedFile, scanPicture, scanPipes, scanUploadedPath } from "./uploads.ts";
import { BINARY, isCommandName } from "./value-shapes.ts";

/** What about the request itself matters to a lexer. */
export interface Setting extends Site {
  /** Factor on every score: below 1 lenient, above 1 strict. */
  readonly sensitivity: number;
  /** Hosts that a redirect may lead to besides the request's own. Absent: any. */
  readonly redirectHosts?: readonly string[] | undefined;
  /** The opinion of the learned table on one reading, given after all lexers had theirs. Absent: only rules are asked. */
  readonly opinion?: ((lower: string, hits: Hits) => void) | undefined;
  /** How much of a rule's score counts at a place such as `query:q`: 0 to 1. Absent: all of it. */
  readonly exceptions?: ((where: string, rule: RuleId) => number) | undefined;
}

/** Where a reading comes from. */
export interface Origin {
  readonly place: Place;
  /** The parameter's name in lower case, or empty. */
  readonly name: string;
  readonly setting: Setting;
}

/** Words of which some characters are escaped, and nothing else. Longer ones are rare, and would fill the stack that matching takes. */
const ESCAPED = /^(\w|%[2-7][\da-f]){1,999}%?$/;
/** Fields of consoles and reports that are named for what they carry. */
const STATEMENTS = /^(sql|sql_?query|sqltext|rawsql)$/;
const AUTHORED = /(^|_)html$|^mjml$/;
const SECRETS =
  /(^|[_.[-])(p(ass(word|wd|phrase)?|w)\d?|pwd|new_?password|old_?password|current_?password|confirm_?password|secret|pin|otp)\]?$|password\]?$|^(confirm|repeat|verify)$/;
const COMPARES = HAS.equals | HAS.less | HAS.greater;
const JOINS = COMPARES | HAS.pipe | HAS.ampersand | HAS.paren | HAS.star | HAS.semicolon | HAS.at | HAS.hash;
/** A quote or bracket directly followed by what could go on in SQL. Apostrophes inside of words are not. */
const BREAKS =
  /['"`)]\s{0,40}(--|#|[=<>|&;+*^%!-]|\/\*|(and|or|xor|not|like|rlike|regexp|ilike|glob|between|in|is|union|having|order|group|limit|procedure|where|div|mod|sounds|collate|into|intersect|except|minus|as|match|returning|similar|notnull|isnull|escape|for|from|select|insert|update|delete|drop|alter|create|truncate|exec|execute|declare|waitfor|begin|shutdown|goto|case|if|then|end|call|set|show)\b|\()/;
/** A comparison spelled as a word, before something that can be compared. */
const COMPARED = /\b(r?like|regexp|ilike|between|in|is|match|similar|glob)\s{0,4}(not\s|null|true|false|binary|[('"\d])/;

/** Scans a request path without escapes or steps up: only names of files can tell. */
export function scanPlainPath(path: string, setting: Setting, hits: Hits): void {
  const lower = lowerCase(path);
  // Its characters are known, and its trigrams matter to few paths.
  if ((wordsOf(lower) & (SAYS.file | SAYS.java)) !== 0) {
    const survey = surveyText(lower);
    if ((survey.words & SAYS.file) !== 0) scanTraversal(lower, survey, "path", setting.script, hits);
    if ((survey.words & SAYS.java) !== 0) scanJava(lower, hits);
  }
  scanUploadedPath(lower, hits);
}

/** Printable characters in a row between bytes that are none: twelve, or fewer with a mark of program text or a variable of PHP's own among them. */
const RUNS = /[\t\n\r -~]{12,}|(?:<[?%](?=[\t\n\r -~]{8})|[\t\n\r -~]{0,9}\$_)[\t\n\r -~]*/g;

/** Among the bytes of a picture or an archive every pair of signs stands somewhere; whoever hides a program there needs more in a row. Offsets stay. */
function shownIn(text: string): string {
  let shown = "";
  for (const run of text.matchAll(RUNS)) shown = shown.padEnd(run.index) + run[0];
  return shown;
}

/** Scans one reading and returns its `HAS` bits. */
export function scanView(text: string, origin: Origin, hits: Hits): number {
  const { place, name, setting } = origin;
  const lower = lowerCase(place === "file" && BINARY.test(text) ? shownIn(text) : text);
  const survey = surveyText(lower);
  const { characters: bits, words } = survey;
  const authored = name !== "" && AUTHORED.test(name);
  if (place === "file") {
    scanArchive(text, hits);
    if ((bits & HAS.less) !== 0) scanServerCode(lower, hits);
    scanPicture(lowerCase(text.slice(0, 600)), lower, hits);
    scanPipes(lower, hits);
    scanCode(lower, survey, place, hits);
    return bits;
  }
  // Words and escapes alone say something when the escapes are off; before, they could only be orders to print. One
  // character of JSON says nothing.
  if (
    (place === "json" && lower.length < 2) ||
    (words === 0 && (bits & ~HAS.digit) === HAS.percent && ESCAPED.test(lower) && !lower.includes("0x"))
  ) {
    scanProtocol(lower, place, name, hits);
    return bits;
  }
  // A browser reports what its policy refused to run, and a program the line that failed and those around it.
  if (place === "json" && /^(script-sample|context_line|(pre|post)_context)$/.test(name)) return bits;
  if (name !== "" && SECRETS.test(name) && lower.length < 80) {
    // Passwords are random punctuation and are hashed, not run. What would break out of a query or a page is still looked for.
    const found = new Hits();
    sql(lower, bits, words, found);
    // A password always stands in quotes: without one of its own, a whole statement stays a text.
    const quoted = /['"`;(\\]/.test(lower);
    for (const { rule, score, start, end } of found.list) {
      // Of random punctuation, a quote and an operator happen to stand side by side in one password of a thousand; what breaks out closes the string or comments the rest away.
      const chance =
        (rule === "sql/expression" && !/^['"]|[\s=]|--|\|\||#$|'.{0,80}'|".{0,80}"/.test(lower)) ||
        (rule === "sql/catalogue" && !/\s|@@(version|global|hostname|datadir)/.test(lower));
      if (rule === "sql/comment" || chance || (!quoted && rule === "sql/select")) continue;
      // Two quotes and an operator between them are all of a condition, where the value begins with one.
      hits.add(rule, score > 80 && /^['"]/.test(lower) ? 100 : score, start, end);
    }
    // Sprayed into every field of a form: lookups, and calls of what reaches the system.
    const run = new Hits();
    if ((bits & HAS.brace) !== 0) scanTemplates(lower, run);
    if (/eval|assert|system|exec|passthru|popen|phpinfo|__import__|runtime|process|java\./.test(lower)) scanCode(lower, survey, place, run);
    for (const hit of run.list)
      if (hit.score >= 100 && (hit.rule === "lookup/jndi" || hit.rule.startsWith("code/"))) hits.add(hit.rule, 100, hit.start, hit.end);
    if ((bits & HAS.less) !== 0 || lower.includes("script:")) scanMarkup(lower, hits, false, false);
    const command = /(\$\(|`|[;|&]\s?)(curl|wget|ping|nslookup|cat|nc|bash|sh|id|sleep)(\s|$)/.exec(lower);
    if (command !== null) hits.found("shell/command", 100, command);
    return bits;
  }
  if (name !== "" && text.length <= 64 && (bits & (HAS.quote | HAS.doubleQuote)) !== 0 && (place === "query" || place === "form"))
    scanSqlProbe(lower, name, setting.script, hits);
  if ((bits & HAS.brace) !== 0 && name.endsWith("query") && isGraphql(lower)) {
    scanGraphql(lower, hits);
    if ((bits & HAS.doubleQuote) !== 0) literals(text, origin, hits);
  }
  // Interfaces for queries take whole statements under this name; what is injected into a statement is never one.
  const statement = name !== "" && (STATEMENTS.test(name) || (name === "query" && /^\s{0,4}select\s.{1,2000}\sfrom\s/.test(lower)));
  if (!statement) sql(lower, bits, words, hits);
  else if (place === "query" || place === "form") {
    // A field for statements takes statements; what reads the catalogue or leaks through errors is still none of its business.
    const found = new Hits();
    sql(lower, bits, words, found);
    for (const hit of found.list)
      if (hit.rule === "sql/catalogue" || hit.rule === "sql/function" || hit.rule === "sql/obfuscation")
        hits.add(hit.rule, hit.score, hit.start, hit.end);
  }
  const direct = place === "query" || place === "path" || place === "header" || place === "cookie" || place === "name";
  if (
    (bits & HAS.less) !== 0 ||
    ((bits & HAS.equals) !== 0 &&
      (/^[\w\s]{0,20}["']/.test(lower) || lower.includes("on") || lower.includes("srcdoc") || lower.includes("xlink"))) ||
    ((bits & HAS.colon) !== 0 && mayRunAsUrl(lower, bits))
  )
    scanMarkup(lower, hits, (bits & HAS.less) !== 0 && isRich(lower), authored, direct);
  if ((bits & HAS.less) !== 0) scanServerCode(lower, hits);
  if (
    (bits & (HAS.paren | HAS.backtick | HAS.bracket | HAS.equals | HAS.brace)) !== 0 ||
    ((words & SAYS.script) !== 0 &&
      seek(/constructor\.|process\.(env|main)|document\.cookie$|(document|window|self|top|location)\s{0,4}\/\*/).test(lower))
  )
    scanScript(lower, survey, hits);
  if (name !== "" && (place === "query" || place === "form" || place === "json")) {
    scanHostArgument(lower, name, hits);
    if (place !== "json" && isCommandName(name) && isCommand(lower)) hits.add("shell/command", 100, 0, lower.length);
    if ((bits & HAS.dot) !== 0) scanNamedFile(lower, name, hits);
    // No file is called like the variable of a template.
    if (place !== "json" && lower.startsWith("{{") && FILES.test(name)) scanPlaceholder(lower, hits);
  }
  if ((bits & (HAS.dot | HAS.slash | HAS.backslash | HAS.colon | HAS.percent | HAS.question)) !== 0)
    scanTraversal(lower, survey, place, setting.script || asksForFile(lower, place, name), hits);
  if (place === "path") scanUploadedPath(lower, hits);
  // In less than five characters there is room for nothing but a sum or a lookup.
  if (
    ((bits & (HAS.brace | HAS.bracket | HAS.at | HAS.hash)) !== 0 ||
      ((bits & HAS.less) !== 0 && (bits & (HAS.percent | HAS.hash)) !== 0)) &&
    (lower.length > 4 || (bits & (HAS.digit | HAS.dollar)) !== 0)
  )
    scanTemplates(lower, hits);
  if (
    (bits & (HAS.dollar | HAS.quote | HAS.doubleQuote | HAS.paren | HAS.slash | HAS.bracket | HAS.star | HAS.pipe | HAS.equals)) !== 0 ||
    lower.includes("__proto__")
  )
    scanDataFormats(lower, survey, place, hits);
  if (setting.redirectHosts !== undefined && name !== "" && (place === "query" || place === "form" || place === "json"))
    scanRedirect(lower, name, setting.host, setting.redirectHosts, hits);
  if ((bits & (HAS.slash | HAS.backslash | HAS.at | HAS.colon)) !== 0 || (words & SAYS.host) !== 0)
    scanNetwork(lower, survey, origin, hits);
  scanCode(lower, survey, place, hits);
  if ((bits & (HAS.lineBreak | HAS.percent | HAS.control)) !== 0 || ((bits & HAS.high) !== 0 && /[\u560a\u560d]/.test(lower)))
    scanProtocol(lower, place, name, hits);
  if ((bits & HAS.less) !== 0 && (lower.includes("<!") || lower.includes("include") || lower.includes("<?xml"))) scanXml(lower, hits);
  scanPipes(lower, hits);
  // The path of a program is a setting, and a field of every trace; it runs where something stands around it.
  if (place !== "json" || !/^\/[\w./-]{1,80}$/.test(lower)) {
    const bare = place === "json" || place === "form" ? withoutCode(lower, name) : lower;
    // Its patterns are excluded by the groups of the text that they are asked about.
    if (bare !== lower) noteTrigrams(bare);
    scanShell(bare, survey, hits);
  }
  // Fields that carry statements or whole pages by their name look like attacks to it, and so would passwords: those have returned above.
  if (setting.opinion !== undefined && !statement && !authored) setting.opinion(lower, hits);
  return bits;
}

/** Names of parameters that name a file: a step up is no value of theirs, unless it leads to a picture. */
const FILES =
  /^(.{0,40}[_.-])?(file(_?(name|path))?|path|dir|folder|template|tpl|include|inc|page|view|document|doc|download|attachment|module|theme|skin|load)$/;
const asksForFile = (lower: string, place: Place, name: string): boolean =>
  name !== "" &&
  (place === "query" || place === "form" || place === "json") &&
  FILES.test(name) &&
  !/\.(png|jpe?g|gif|svg|webp|css|md|html?)$/.test(lower);

/** Literals of one GraphQL document that are looked at; a document with more arguments than this sends them as variables. */
const LITERALS_MAX = 48;

/** Looks at the strings inside a GraphQL document: each is an argument, and reaches the resolvers without its quotes. */
function literals(text: string, origin: Origin, hits: Hits): void {
  let count = 0;
  for (let open = text.indexOf('"'); open >= 0 && count < LITERALS_MAX; open = text.indexOf('"', open), count++) {
    let close = text.indexOf('"', open + 1);
    while (close > 0 && text.charCodeAt(close - 1) === 92) close = text.indexOf('"', close + 1);
    if (close < 0) return;
    if (close - open > 3) {
      const found = new Hits();
      scanView(text.slice(open + 1, close), { place: "json", name: "", setting: origin.setting }, found);
      for (const hit of found.list) hits.add(hit.rule, hit.score, open + 1 + hit.start, open + 1 + hit.end);
    }
    open = close + 1;
  }
}

/** True when a scriptable scheme or a style expression may be there. Browsers drop line breaks and tabs inside of a scheme. */
function mayRunAsUrl(lower: string, bits: number): boolean {
  if (lower.includes("script") || lower.includes("data:") || lower.includes("expression") || lower.includes("-binding")) return true;
  if ((bits & HAS.backslash) !== 0 && lower.length < 200 && lower.replaceAll("\\", "").includes("script:")) return true;
  return ((bits & HAS.lineBreak) !== 0 || lower.includes("\t")) && /script:|data:/.test(lower.replace(/\s+/g, ""));
}

function sql(lower: string, bits: number, words: number, hits: Hits): void {
  const spoken = (words & SAYS.sql) !== 0;
  const joined = (words & SAYS.logic) !== 0;
  const digits = (bits & HAS.digit) !== 0;
  // Read from its start, a value needs a statement's word, or a condition: a word that joins and a comparison of something.
  const open =
    (spoken && (bits & (JOINS | HAS.digit | HAS.quote | HAS.doubleQuote)) !== 0) ||
    (joined &&
      ((bits & COMPARES) !== 0 ||
        (digits && /^[\s(+-]{0,8}([\d.]|(or|and|xor|having)\b)/.test(lower)) ||
        ((words & SAYS.compare) !== 0 && COMPARED.test(lower)))) ||
    ((words & SAYS.compare) !== 0 && digits && COMPARED.test(lower)) ||
    ((bits & (HAS.pipe | HAS.ampersand)) !== 0 &&
      digits &&
      ((bits & COMPARES) !== 0 || /^[\s(+-]{0,8}([\d.][\w.)]{0,20}\s{0,8}(--[^\n]{0,20}\n)?\s{0,8})?(\|\||&&)/.test(lower))) ||
    ((bits & HAS.at) !== 0 && lower.includes("@@"));
  const broken = (bits & (HAS.quote | HAS.doubleQuote | HAS.paren | HAS.backtick)) !== 0 && (spoken || BREAKS.test(lower));
  const unfinished = (bits & HAS.paren) !== 0 && lower.length < 40 && /^\s{0,4}[a-z_]{2,40}[\s/*]{0,6}\(\s{0,4}$/.test(lower);
  const cast = (bits & HAS.colon) !== 0 && lower.includes("::");
  if (open || broken || unfinished || cast) scanSql(lower, open || unfinished, broken, spoken || (joined && (bits & COMPARES) !== 0), hits);
}

/** A document of an editor without what stands in it as text: signs that are escaped there begin no element, end no attribute and no command. */
export const withoutEntities = (text: string): string =>
  text.includes("</") && isRich(lowerCase(text))
    ? text.replace(/&([lg]t|amp|quot|nbsp|#0?39|#x27);/gi, (entity) => " ".repeat(entity.length))
    : text;

/** True for what an editor produced: several closed elements of running text. Such a value may hold media and styles. */
function isRich(lower: string): boolean {
  if (lower.length < 24) return false;
  let count = 0;
  for (let at = lower.indexOf("</"); at >= 0 && count < 2; at = lower.indexOf("</", at + 2)) {
    if (
      /^(p|div|span|strong|em|b|i|u|li|ul|ol|h[1-6]|td|tr|table|a|figure|blockquote|code|pre|body|html|mjml|mj-\w{1,20}|section|article|header|footer|figcaption|label|small|sup|sub|font|center)>/.test(
        lower.slice(at + 2, at + 16),
      )
    )
      count++;
  }
  return count >= 2 || lower.includes("<!-- wp:");
}

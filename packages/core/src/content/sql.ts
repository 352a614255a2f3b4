/**
 * SQL injection. A small grammar machine reads the value as the database would: from the start (numeric context) and from each of the
 * first quotes and closing brackets (string context). What makes a finding is a sentence of SQL that holds after the break, not a word:
 * `O'Brien` ends its string and goes on with a bare word, which no dialect accepts.
 *
 * @module
 */
import type { Hits, RuleTable } from "./hits.ts";
import { SqlCursor, TOKEN } from "./sql-lexer.ts";
import { callKind, isCatalogue, WORDS, wordKind } from "./sql-words.ts";
import { isBlankCode } from "./text.ts";

export const SQL_RULES: RuleTable = {
  /** `or 1=1`, `' or 'a'='a`, `and user='admin`: a condition added after the end of the value. Passes logic in prose and search syntax. */
  "sql/tautology": { severity: 8, description: "A condition joined to the query behind the value" },
  /** `union select`, `union all values`, with a list that fits. Passes "credit union select checking account". */
  "sql/union": { severity: 9, description: "A second SELECT joined to the query" },
  /** `; drop table x`, `; exec xp_…`, `;waitfor delay '…'`: a second statement. */
  "sql/stacked": { severity: 9, description: "A second statement behind the value" },
  /** `admin'--`, `1') #`: the rest of the query commented away right after the value's end. */
  "sql/comment": { severity: 6, description: "The rest of the query commented away" },
  /** `(select … from …)`, and whole SELECT statements sent as a value. */
  "sql/select": { severity: 8, description: "A SELECT inside the value" },
  /** Calls that wait, read files, run programs or leak through errors. */
  "sql/function": { severity: 9, description: "A call that only injected SQL makes" },
  /** `information_schema`, `sqlite_master`, `@@version`, `xp_cmdshell`. */
  "sql/catalogue": { severity: 8, description: "A name of the database's own catalogue" },
  /** `' order by 5`, `1 group by x having 1`: clauses that probe the query's shape. */
  "sql/clause": { severity: 7, description: "A clause added behind the value" },
  /** `'||(…)||'`, `'+…+'`, `'='`: an expression glued to the value's end. */
  "sql/expression": { severity: 7, description: "An operator and operand glued to the value's end" },
  /** `id='`, `product=1'`: a lone quote in a parameter that names a record. Passes measures and search boxes. */
  "sql/probe": { severity: 5, description: "A lone quote in an identifier" },
  /** `select` or `union` cut up by comments, or executed comments around words of SQL. */
  "sql/obfuscation": { severity: 8, description: "Words of SQL hidden by comments" },
};

// Where the machine stands.
const PROSE = 0;
const AFTER = 1;
const BEFORE = 2;

// How the value got out of its context, strongest first.
const QUOTE = 1;
const START = 2;
const BRACKET = 3;
const FREE = 4;

/** Quotes and brackets after which a run is tried. More breaks than this are only found by the run from the start. */
const BREAKS_MAX = 10;

/**
 * A lone quote where an identifier belongs: how every scanner asks whether a parameter is injectable. `name` is the parameter's name;
 * measures (`waist=32'`) and search boxes pass.
 */
export function scanSqlProbe(lower: string, name: string, hits: Hits): void {
  if (lower.length > 6 || !/^[\^/\\]?-?\d{0,3}['"`)(]{1,3}\d{0,2}['"]?$/.test(lower) || !/['"]/.test(lower)) return;
  if (/(?:^|[_\-[])(?:id|pid|cid|sid|uid|mid|gid|cat|st|item|product|page|num|no|key|select|aid|nid|tid|fid)\]?$|id$/.test(name))
    hits.add("sql/probe", 100, 0, lower.length);
}

/** Scans one lower-case view: read from its start when `open`, and behind quotes and brackets when `broken`. `spoken`: a word of SQL is there. */
export function scanSql(lower: string, open: boolean, broken: boolean, spoken: boolean, hits: Hits): void {
  const hidden = /\/\*m?!\d{0,6}\s{0,3}(?:select|union|from|where|or|and|order|insert|delete|drop|sleep|concat)\b/.exec(lower);
  if (hidden !== null) hits.add("sql/obfuscation", 100, hidden.index, hidden.index + hidden[0].length);
  const shape =
    /^\s{0,3}\)\s{0,3}(?:like|in)\s{0,3}\(|\bprocedure\s{1,4}analyse\s{0,3}\(|^\s{0,3}exec\s{0,3}\(\s{0,3}@|[\w)]::(?:int\d?|text|varchar|numeric|jsonb?|regclass|bytea)\s{0,3}$/.exec(
      lower,
    );
  if (shape !== null) hits.add("sql/clause", 100, shape.index, shape.index + shape[0].length);
  if (open) run(lower, 0, FREE, spoken, hits);
  if (!broken) return;
  if (hits.total >= 200) return;
  let breaks = 0;
  let sawQuote = 0;
  for (let at = 0; at < lower.length && breaks < BREAKS_MAX; at++) {
    const code = lower.charCodeAt(at);
    if (code === 39 || code === 34) {
      const bit = code === 39 ? 1 : 2;
      run(lower, at + 1, (sawQuote & bit) === 0 ? QUOTE : FREE, spoken && (sawQuote & bit) === 0, hits);
      sawQuote |= bit;
      breaks++;
    } else if (code === 41 && sawQuote === 0 && at < 40) {
      run(lower, at + 1, BRACKET, false, hits);
      breaks++;
    }
  }
}

/** Reads from `from` on. With `FREE` from 0 to the end of the text, else until the grammar breaks. */
function run(text: string, from: number, context: number, onward: boolean, hits: Hits): void {
  const whole = from === 0;
  const cursor = new SqlCursor(text, from);
  let broke = whole ? FREE : context;
  let state = whole ? PROSE : AFTER;
  let breakAt = from;
  let depth = 0;
  // Arguments of a call belong to the call: names in them do not make a condition one about columns.
  let callDepth = -1;
  let leftName = "";
  // The condition being read.
  let logic = -1;
  let compared = false;
  let constants = 0;
  let names = 0;
  let operandSeen = false;
  let lastOperator = -1;
  let operators = 0;
  let selectAt = -1;
  let selectEvidence = 0;
  let fromSeen = false;
  let bareWords = 0;
  let tokens = 0;
  let previousWord = 0;
  let lastWasOperand = false;
  let kind = cursor.next();

  if (whole) {
    const first = kind;
    if (first === TOKEN.operator && /^(?:\|\||&&)/.test(text.slice(cursor.start, cursor.start + 2))) {
      // What stands before the operator is the query's own.
      state = AFTER;
      broke = START;
    }
    // A value that begins with a number or a name may stand bare in the query.
    if (
      first === TOKEN.number ||
      (first === TOKEN.operator && /^[-+~!]{1,3}\s{0,3}[\d(]/.test(text.slice(cursor.start, cursor.start + 6)))
    ) {
      state = BEFORE;
      broke = START;
    }
  }

  // Later breaks are guesses; what they find is near. Without a bound ten of them would read the whole text ten times.
  const stop = whole || context === QUOTE ? text.length : from + 1200;
  for (; kind !== TOKEN.end && cursor.start <= stop; kind = cursor.next()) {
    tokens++;
    let word = 0;
    let text_ = "";
    if (kind === TOKEN.word) {
      text_ = cursor.word();
      word = wordKind(text_);
      if (cursor.commented && word !== 0 && previousWord !== 0) hits.add("sql/obfuscation", 100, cursor.start, cursor.end);
      const after = text.charCodeAt(cursor.end);
      const isCall = after === 40 || ((after === 32 || after === 47) && nextSignificant(text, cursor.end) === 40);
      if (isCatalogue(text_)) hits.add("sql/catalogue", state === PROSE && text_.endsWith("_name") ? 40 : 100, cursor.start, cursor.end);
      if (isCall) {
        const call = callKind(text_);
        if (call !== 0) judgeCall(text, cursor, call, state !== PROSE && broke !== FREE, tokens, hits);
        if (
          word === 0 ||
          word === WORDS.insert ||
          word === WORDS.constant ||
          (call !== 0 && (word === WORDS.clause || word === WORDS.arithmetic || word === WORDS.interval))
        )
          word = call !== 0 ? -2 : -1;
        if (word < 0 && selectAt >= 0) selectEvidence += call !== 0 ? 2 : 1;
      }
    }

    // Things that speak for themselves, in prose or out of it.
    if (word > 0) {
      if (word === WORDS.prefix && text_ === "case" && /^\s{1,6}when[\s(]{1,6}[\d'"(]/.test(text.slice(cursor.end, cursor.end + 20)))
        hits.add("sql/expression", 100, cursor.start, cursor.end + 5);
      if (word === WORDS.union) judgeUnion(text, cursor, broke, state, hits);
      else if (word === WORDS.select) {
        if (selectAt < 0) {
          selectAt = cursor.start;
          selectEvidence = 0;
          const before = previousSignificant(text, cursor.start);
          if (before === 40 || before === 59) selectEvidence += 2;
          judgeSelectHead(text, cursor, before === 40, hits);
          if (cursor.commented) selectEvidence++;
        }
        if (state !== PROSE) state = BEFORE;
        else if (previousWord !== WORDS.union) state = PROSE;
      } else if (word === WORDS.from && selectAt >= 0) {
        fromSeen = true;
        judgeSelect(text, cursor, selectAt, selectEvidence, broke !== FREE && state !== PROSE, hits);
        if (state !== PROSE) state = BEFORE;
      } else if (word >= WORDS.define && word <= WORDS.shutdown) judgeStatement(text, cursor, word, state, broke, hits);
      else if (word === WORDS.into && /^(?:out|dump)file/.test(text.slice(cursor.end, cursor.end + 12).trimStart())) {
        hits.add("sql/function", 100, cursor.start, cursor.end + 8);
      } else if (
        state === BEFORE &&
        lastOperator >= 0 &&
        text.charCodeAt(lastOperator) === 43 &&
        (word === WORDS.logic || word === WORDS.having || word === WORDS.orderGroup || word === WORDS.compare)
      ) {
        // `'+or+1=1`: the plus was a blank that nobody decoded.
        state = AFTER;
      } else if (word === WORDS.logic && tokens === 1 && whole) {
        broke = START;
        state = AFTER;
        breakAt = cursor.start;
      } else if ((word === WORDS.logic || word === WORDS.where || word === WORDS.having) && state === PROSE && text_ !== "xor") {
        // A condition of two constants is no prose: "or 1=1".
        broke = FREE;
        state = AFTER;
        breakAt = cursor.start;
      }
    } else if (kind === TOKEN.variable && text.startsWith("@@", cursor.start) && cursor.end - cursor.start > 4) {
      hits.add("sql/catalogue", 100, cursor.start, cursor.end);
    }
    if (selectAt >= 0 && !fromSeen) {
      // Words in a row and full stops are sentences; a select list has commas and at most an alias.
      bareWords = kind === TOKEN.word && word === 0 ? bareWords + 1 : 0;
      if (bareWords > 2 || (kind === TOKEN.dot && isBlankCode(text.charCodeAt(cursor.end)))) selectAt = -1;
    }
    if (selectAt >= 0 && !fromSeen) {
      if (kind === TOKEN.number || kind === TOKEN.string || kind === TOKEN.variable || word === WORDS.constant) selectEvidence++;
      else if (kind === TOKEN.operator && text.charCodeAt(cursor.start) === 42) selectEvidence++;
      if (kind === TOKEN.semicolon && state === PROSE) selectAt = -1;
    }

    if (state === PROSE) {
      // Brackets of prose are matched too: only one that nothing opened gets out of the query's own.
      if (kind === TOKEN.open) depth++;
      else if (kind === TOKEN.close) depth--;
      previousWord = word;
      if (kind === TOKEN.semicolon) judgeSemicolon(text, cursor, FREE, hits);
      else if (kind === TOKEN.number && whole && tokens === 1) state = AFTER;
      continue;
    }

    if (state === BEFORE) {
      switch (kind) {
        case TOKEN.number:
        case TOKEN.string:
        case TOKEN.variable:
          operandSeen = true;
          if (callDepth < 0 || depth < callDepth) {
            if (kind !== TOKEN.variable || text.startsWith("@@", cursor.start)) constants++;
            else names++;
          }
          state = AFTER;
          lastWasOperand = true;
          break;
        case TOKEN.open:
          depth++;
          break;
        case TOKEN.close:
          depth--;
          if (callDepth >= 0 && depth < callDepth) callDepth = -1;
          state = AFTER;
          break;
        case TOKEN.operator:
          operators++;
          if ("=<>~".includes(text[cursor.start]!)) compared = true;
          if (text.charCodeAt(cursor.start) === 42) state = AFTER;
          break;
        case TOKEN.word:
          if (
            word === 0 ||
            word < 0 ||
            word === WORDS.constant ||
            word === WORDS.interval ||
            word === WORDS.values ||
            word === WORDS.table ||
            word === WORDS.end ||
            word === WORDS.update
          ) {
            operandSeen = true;
            if (callDepth < 0 || depth < callDepth) {
              if (word < 0 || word === WORDS.constant) constants++;
              else if (compared && leftName === text_) {
                // `a=a` is as constant as `1=1`.
                constants += 2;
                names--;
              } else {
                names++;
                if (!compared) leftName = text_;
              }
              if (word < 0) callDepth = depth + 1;
            }
            state = word < 0 ? BEFORE : AFTER;
            lastWasOperand = true;
          } else if (word === WORDS.prefix || word === WORDS.select || word === WORDS.quantifier || word === WORDS.union) {
            // Stays before an operand.
          } else if (word === WORDS.compare || word === WORDS.where || word === WORDS.having || word === WORDS.by) {
            compared ||= word === WORDS.compare;
          } else state = PROSE;
          break;
        case TOKEN.comma:
          // A list goes on; a condition that begins with a comma is none.
          if (logic >= 0 && !operandSeen) state = PROSE;
          break;
        case TOKEN.lineComment:
        case TOKEN.blockComment:
          break;
        case TOKEN.other:
          // Square brackets and braces quote names or are ODBC escapes; what stands in them is read.
          if (!"[]{}".includes(text[cursor.start]!)) state = PROSE;
          break;
        default:
          state = PROSE;
      }
      if (state === AFTER && logic >= 0 && compared && operandSeen)
        judgeCondition(text, logic, cursor, broke, constants, names, lastOperator, hits);
    } else {
      // After an operand.
      switch (kind) {
        case TOKEN.close:
          depth--;
          if (callDepth >= 0 && depth < callDepth) callDepth = -1;
          if (broke === FREE && whole && depth < 0 && cursor.start < 40) broke = BRACKET;
          break;
        case TOKEN.comma:
          state = BEFORE;
          break;
        case TOKEN.operator: {
          const code = text.charCodeAt(cursor.start);
          const doubled = (code === 124 || code === 38) && text.charCodeAt(cursor.end) === code;
          if (doubled) {
            if (tokens <= 2 && broke === QUOTE) judgeGlued(text, cursor, breakAt, hits);
            cursor.end++;
            if (logic < 0 || compared) {
              logic = cursor.start;
              compared = false;
              constants = 0;
              names = 0;
              leftName = "";
              operandSeen = false;
            }
          } else {
            if (code === 61 || code === 60 || code === 62 || code === 126) {
              compared = true;
              if (logic < 0 && tokens === 1 && broke === QUOTE) judgeGlued(text, cursor, breakAt, hits);
            } else if (tokens === 1 && broke === QUOTE) judgeGlued(text, cursor, breakAt, hits);
          }
          lastOperator = cursor.start;
          operators++;
          state = BEFORE;
          lastWasOperand = false;
          break;
        }
        case TOKEN.semicolon:
          judgeSemicolon(text, cursor, broke, hits);
          if (broke === FREE) state = PROSE;
          else state = BEFORE;
          logic = -1;
          break;
        case TOKEN.lineComment:
        case TOKEN.blockComment:
          judgeComment(text, cursor, broke, breakAt, logic, operandSeen, tokens, hits);
          break;
        case TOKEN.dot:
          state = BEFORE;
          break;
        case TOKEN.string:
          if (!lastWasOperand || broke === FREE) state = PROSE;
          break;
        case TOKEN.word:
          if (word === WORDS.logic) {
            if (logic >= 0 && !compared && operandSeen && constants > 0) judgeBare(text, logic, cursor, broke, names, false, hits);
            logic = cursor.start;
            compared = false;
            constants = 0;
            names = 0;
            leftName = "";
            operandSeen = false;
            state = BEFORE;
          } else if (word === WORDS.compare) {
            compared = true;
            state = BEFORE;
          } else if (word === WORDS.having || (word === WORDS.where && logic < 0 && selectAt < 0)) {
            logic = cursor.start;
            compared = false;
            constants = 0;
            names = 0;
            leftName = "";
            operandSeen = false;
            state = BEFORE;
          } else if (word === WORDS.orderGroup) {
            judgeOrder(text, cursor, broke, hits);
            state = BEFORE;
          } else if (word === WORDS.clause || word === WORDS.where || word === WORDS.from || word === WORDS.into) {
            if (broke !== QUOTE && broke !== BRACKET && selectAt < 0 && logic < 0) state = PROSE;
            else {
              if (
                tokens <= 2 &&
                broke === QUOTE &&
                (text_ === "limit" || text_ === "procedure" || text_ === "returning" || text_ === "where")
              )
                hits.add("sql/clause", 60, cursor.start, cursor.end);
              state = BEFORE;
            }
          } else if (
            word === WORDS.arithmetic ||
            word === WORDS.prefix ||
            word === WORDS.union ||
            word === WORDS.select ||
            word === WORDS.by
          )
            state = BEFORE;
          else if (word === WORDS.end) state = AFTER;
          else if (selectAt >= 0 && word === 0) state = AFTER;
          else state = PROSE;
          break;
        case TOKEN.open:
          // `in (…)`, a call, or a bracket nobody asked for.
          depth++;
          if (previousWord < 0 || previousWord === WORDS.compare || selectAt >= 0) state = BEFORE;
          else state = lastWasOperand ? PROSE : BEFORE;
          break;
        case TOKEN.other:
          if (!"[]{}".includes(text[cursor.start]!)) state = PROSE;
          break;
        default:
          state = PROSE;
      }
    }
    previousWord = word;
    if (state === PROSE) {
      if (logic >= 0 && !compared && operandSeen && kind === TOKEN.close) judgeBare(text, logic, cursor, broke, names, false, hits);
      logic = -1;
      // The rest of a value that began inside a string may still speak for itself, and only this run sees it unquoted.
      if (!whole && !onward) return;
      broke = FREE;
      callDepth = -1;
    }
  }

  if (logic >= 0 && !compared && operandSeen && state === AFTER) judgeBare(text, logic, cursor, broke, names, true, hits);
  if (logic < 0 && broke === QUOTE && compared && operandSeen && tokens <= 6 && breakAt > 1) {
    // `' not like 'b`: the query closes the string that the value opened.
    hits.add("sql/expression", cursor.closed ? 50 : 85, breakAt, text.length);
  }
  if (lastOperator >= 0 && operators > 0 && compared && logic >= 0 && broke === QUOTE && state === BEFORE && operandSeen) {
    // `' or x=` : the string that the query itself closes is the other operand.
    judgeCondition(text, logic, cursor, broke, constants + 1, names, lastOperator, hits);
  }
}

function nextSignificant(text: string, index: number): number {
  let at = index;
  for (let steps = 0; steps < 24 && at < text.length; steps++) {
    const code = text.charCodeAt(at);
    if (code === 32 || code === 9 || code === 10) at++;
    else if (code === 47 && text.charCodeAt(at + 1) === 42) {
      const close = text.indexOf("*/", at + 2);
      if (close < 0 || close - at > 200) return code;
      at = close + 2;
    } else return code;
  }
  return Number.NaN;
}

function previousSignificant(text: string, index: number): number {
  let at = index - 1;
  for (let steps = 0; steps < 24 && at >= 0; steps++, at--) {
    const code = text.charCodeAt(at);
    if (code !== 32 && code !== 9 && code !== 10) return code;
  }
  return Number.NaN;
}

function judgeCondition(
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
  if (names === 0 && constants >= 2) {
    // "3 > 2 or 2 > 3?" is arithmetic homework; a query goes on, ends or is commented away.
    const order = lastOperator > logic && /^[^=]{0,40}[<>][^=]{0,40}$/.test(text.slice(logic, end));
    const homework = broke === FREE && order && !/^\s{0,4}(?:$|--|#|[);]|and\b|or\b)/.test(text.slice(end, end + 12));
    hits.add("sql/tautology", homework ? 45 : 100, logic, end);
  } else if (broke === BRACKET && !/^(?:or|and|xor|having)\b/.test(text.slice(logic, logic + 7))) hits.add("sql/tautology", 40, logic, end);
  else if (broke === QUOTE || broke === BRACKET) hits.add("sql/tautology", constants > 0 ? 100 : 70, logic, end);
  else if (broke === START) hits.add("sql/tautology", constants > 0 ? 75 : 50, logic, end);
  else if (constants > 0 && text.charCodeAt(cursor.start) === 39) hits.add("sql/tautology", 30, logic, end);
}

/** `or 1`, `or true`, `or 'x`: a condition without comparison. */
function judgeBare(text: string, logic: number, cursor: SqlCursor, broke: number, names: number, atEnd: boolean, hits: Hits): void {
  if (names > 0) return;
  const operand = text.slice(logic, cursor.end);
  const truth = /\b(?:true|false|null)\b|\d/.test(operand.slice(0, 64));
  if (broke === QUOTE || broke === BRACKET) hits.add("sql/tautology", truth ? 100 : atEnd ? 55 : 40, logic, cursor.end);
  else if (broke === START) hits.add("sql/tautology", /\b(?:true|false)\b/.test(operand.slice(0, 64)) ? 100 : 25, logic, cursor.end);
}

function judgeOrder(text: string, cursor: SqlCursor, broke: number, hits: Hits): void {
  const rest = text.slice(cursor.end, cursor.end + 120).replace(/\/\*[^*]{0,60}\*\//g, " ");
  const match = /^[\s(*/+]{1,12}by[\s(*/+]{1,12}(\d|null\b|[a-z_]{1,20}\s{0,4}(?:,|--|#|$|\())/.exec(rest);
  if (match === null) return;
  const number = /\d/.test(match[1]!);
  const score =
    broke === QUOTE || broke === BRACKET ? 100 : broke === START && (number || /\(\s{0,3}[\w(]/.test(rest)) ? 100 : number ? 60 : 40;
  hits.add("sql/clause", score, cursor.start, cursor.end + match[0].length);
}

function judgeGlued(text: string, cursor: SqlCursor, breakAt: number, hits: Hits): void {
  const rest = text.slice(cursor.start, cursor.start + 60);
  // `'+(select`, `'||sleep(`: an expression with a call or a bracket.
  if (/^(?:\|\||&&|[-+*/|&]|=|<|>|!=)[\s(!~+-]{0,6}(?:\(|[a-z_.]{2,30}\s{0,3}\()/.test(rest))
    hits.add("sql/expression", 100, cursor.start, cursor.end);
  // `'='`, `'-'`, `'||'`: an operator between two quotes and nothing else.
  else if (breakAt <= 2 && /^(?:\|\||&&|[-+*/^%|&]|[=<>!]{1,2}|like|<=>)\s{0,3}['"]\s{0,3}(?:$|--|#|or\b|;|limit\b)/.test(rest))
    hits.add("sql/expression", 85, cursor.start, cursor.end);
  else if (/^(?:=|<|>|<>|!=|<=>)\s{0,3}-?[\d'"]{1,12}\s{0,3}(?:--|#|\/\*)/.test(rest))
    hits.add("sql/expression", 100, cursor.start, cursor.end);
  else if (/^(?:=|<|>|<>|!=|<=>)\s{0,2}(?:-?\d{1,12}|'[^']{0,8}')?\s{0,2}$/.test(rest) && breakAt <= 2)
    hits.add("sql/expression", 60, cursor.start, cursor.end);
}

function judgeComment(
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
  const direct = cursor.start - breakAt <= 4;
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
  else if (direct && cursor.start === breakAt && body.trim().length < 12 && !/\s\S/.test(body.trim()))
    hits.add("sql/comment", 60, cursor.start, Math.min(cursor.end, cursor.start + 8));
}

function judgeUnion(text: string, cursor: SqlCursor, broke: number, state: number, hits: Hits): void {
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
  const glued = word === 0 && follower.startsWith("select") && /^select(?:char|null|\d|concat|user|version|@)/.test(follower);
  if (word !== WORDS.select && word !== WORDS.values && word !== WORDS.table && !glued) return;
  const end = ahead.end;
  const strong = state !== PROSE && broke !== FREE;
  if (word === WORDS.values || word === WORDS.table) {
    if (strong && (follower === "values" || follower === "table")) hits.add("sql/union", 100, cursor.start, end);
    return;
  }
  kind = ahead.next();
  for (let steps = 0; steps < 12 && (kind === TOKEN.lineComment || kind === TOKEN.open); steps++) kind = ahead.next();
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
function judgeSelectHead(text: string, cursor: SqlCursor, bracketed: boolean, hits: Hits): void {
  const rest = text.slice(cursor.end, cursor.end + 60);
  const call = /^[\s(+]{1,8}(?:binary[\s(]{1,4}|distinct[\s(]{1,4}|all\s{1,4}|top\s{1,4}\d{1,4}\s{1,4})?([a-z_][\w.$]{1,40})\s{0,2}\(/.exec(
    rest,
  );
  const known = call !== null && (callKind(call[1]!) !== 0 || call[1]!.startsWith("current_") || call[1]!.startsWith("pg_"));
  const whole = cursor.start <= 2;
  if (
    /^[\s(]{1,8}(?:case\s{1,4}when|@@\w|binary\s{0,3}\(|null\s{0,4}(?:,|\)|from)|0x[\da-f]{2}|top\s{1,3}\d{1,4}\s|char\s{0,3}\()/.test(rest)
  )
    hits.add("sql/select", 100, cursor.start, cursor.end);
  else if (known) hits.add("sql/select", bracketed || whole ? 100 : 80, cursor.start, cursor.end);
  else if (bracketed && /^[\s(+]{1,8}(?:[\d'"@(]|[a-z_][\w.]{0,40}\s{0,3}[(,)])/.test(rest))
    hits.add(
      "sql/select",
      /^[\s'"(\d]|--|#|\/\*|\b(?:r?like|regexp|or|and|from|where|union|in)\b/.test(text.slice(0, 200)) &&
        !/^\s{0,3}\w{3,20}\s\w{3,20}\s/.test(text)
        ? 100
        : 85,
      cursor.start,
      cursor.end,
    );
  else if (
    whole &&
    (/^\s{1,6}(?:current_(?:user|database|date|schema)|user|version)\b\s{0,3}(?:;|$|--)/.test(rest) ||
      (call !== null && /[;)]\s{0,3}$/.test(text)))
  )
    hits.add("sql/select", 100, cursor.start, cursor.end);
}

function judgeSelect(text: string, cursor: SqlCursor, selectAt: number, evidence: number, strong: boolean, hits: Hits): void {
  const rest = text.slice(cursor.end, cursor.end + 120);
  const table = /^[\s(`"[*/]{1,20}[a-z_(][\w.$`"\]-]{0,60}/.exec(rest);
  if (table === null) return;
  const more = /^\s{0,4}(?:;|--|#|\)|where\b.{0,60}[=<>(]|limit\s{1,3}\d|union\b|order\s{1,3}by\b|group\s{1,3}by\b|$)/.test(
    rest.slice(table[0].length),
  );
  const atStart = selectAt <= 1;
  let score = 20 + evidence * 20;
  if (atStart) score += evidence > 0 ? 40 : 20;
  if (more) score += 25;
  if (strong) score += 40;
  hits.add("sql/select", Math.min(100, score), selectAt, cursor.end + table[0].length);
}

function judgeStatement(text: string, cursor: SqlCursor, word: number, state: number, broke: number, hits: Hits): void {
  const rest = text.slice(cursor.end, cursor.end + 160).replace(/\/\*[^*]{0,60}\*\//g, " ");
  const before = previousSignificant(text, cursor.start);
  const stacked = before === 59 || (state !== PROSE && broke !== FREE);
  const end = cursor.end + 12;
  switch (word) {
    case WORDS.define: {
      const match =
        /^[\s/*]{1,10}(?:temporary\s|global\s|or\s{1,3}replace\s)?\s{0,4}(?:table|database|schema|view|procedure|proc|function|index|trigger|login|role|user|column|alias)[\s/*]{1,10}(?:if\s{1,4}(?:not\s{1,4})?exists\s{1,4})?[`"'[]?[\w.]{1,64}[`"'\]]?\s{0,4}(;|--|#|\/\*|\(|$)?/.exec(
          rest,
        );
      if (match === null) return;
      hits.add("sql/stacked", stacked ? 100 : match[1] !== undefined && match[1] !== "" ? 75 : 45, cursor.start, end);
      return;
    }
    case WORDS.insert:
      if (/^[\s/*]{1,10}into[\s/*]{1,10}[`"'[]?[\w.]{1,64}[`"'\]]?\s{0,4}(?:\(|values\b|select\b|set\b)/.test(rest))
        hits.add("sql/stacked", 100, cursor.start, end);
      return;
    case WORDS.update:
      if (/^[\s/*]{1,10}[`"'[]?[\w.]{1,64}[`"'\]]?[\s/*]{1,10}set[\s/*]{1,10}[`"'[]?[\w.]{1,64}[`"'\]]?\s{0,4}=/.test(rest))
        hits.add("sql/stacked", 100, cursor.start, end);
      return;
    case WORDS.remove:
      if (/^[\s/*]{1,10}from[\s/*]{1,10}[`"'[]?[\w.]{1,64}[`"'\]]?\s{0,4}(?:;|--|#|where\b|$)/.test(rest))
        hits.add("sql/stacked", stacked ? 100 : 60, cursor.start, end);
      return;
    case WORDS.execute:
      if (/^[\s/*(+]{1,10}(?:master|xp_|sp_|@|immediate\b|\(|char\s{0,3}\()/.test(rest) && stacked)
        hits.add("sql/stacked", 100, cursor.start, end);
      else if (/^[\s/*(+]{1,10}(?:master\.{1,2}|xp_|sp_|immediate\s{1,3}')/.test(rest)) hits.add("sql/stacked", 90, cursor.start, end);
      return;
    case WORDS.declare:
      if (/^[\s/*]{1,10}@[a-z_]/.test(rest)) hits.add("sql/stacked", 100, cursor.start, end);
      return;
    case WORDS.wait:
      if (/^[\s/*]{1,10}(?:delay|time)[\s/*+]{0,10}['"]/.test(rest)) hits.add("sql/stacked", 100, cursor.start, end);
      return;
    case WORDS.shutdown:
      if (stacked && /^\s{0,4}(?:;|--|with\b|#|$)/.test(rest)) hits.add("sql/stacked", 100, cursor.start, end);
  }
}

function judgeSemicolon(text: string, cursor: SqlCursor, broke: number, hits: Hits): void {
  const rest = text.slice(cursor.end, cursor.end + 160).replace(/\/\*[^*]{0,60}\*\//g, " ");
  const strong = broke === QUOTE || broke === BRACKET || broke === START;
  if (/^[\s(]{0,6}select[\s(/*+]{1,8}(?:[\d*'"@(]|[a-z_.]{1,30}\s{0,3}\()/.test(rest))
    hits.add("sql/stacked", 100, cursor.start, cursor.end + 8);
  else if (
    strong &&
    /^\s{0,6}(?:show\s{1,4}(?:tables|databases|warnings|columns|variables|grants)|desc(?:ribe)?\s{1,4}\w{1,40}|handler\s{1,4}\w{1,40}\s{1,4}open|set\s{1,4}@|set\s{1,4}(?:global|session|names)\b|begin\b|if\s{0,4}\(|if\s{1,4}.{1,40}=|call\s{1,4}\w{1,40}\s{0,3}\(|copy\s{1,4}\w{1,40}\s|kill\s{1,4}\d|backup\s|grant\s{1,4}\w{1,20}|commit\b|rollback\b|prepare\s|values\s{0,3}\(|select\b|exec\b|execute\b|merge\s{1,4}into|load\s{1,4}data|dbcc\s|print\s{1,4}@|declare\b|attach\s)/.test(
      rest,
    )
  )
    hits.add("sql/stacked", 100, cursor.start, cursor.end + 8);
  else if (broke === QUOTE && rest.trim() === "" && /^[\w.@+-]{1,60}['"`];?\s{0,4}$/.test(text))
    hits.add("sql/comment", 100, cursor.start - 1, cursor.end);
  else if (broke === QUOTE && /^[\s)]{0,4}(?:--|#|\/\*)/.test(rest))
    hits.add("sql/comment", /^[\s)]{0,4}(?:--|#|\/\*)[\s+-]{0,4}(?:$|[^\s]{0,8}$)/.test(rest) ? 100 : 50, cursor.start, cursor.end + 2);
}

function judgeCall(text: string, cursor: SqlCursor, kind: 1 | 2, strong: boolean, tokens: number, hits: Hits): void {
  // A call left open is a probe for filters; nothing else ends in one.
  if (tokens === 1 && /^[\s/*]{0,8}\(\s{0,4}$/.test(text.slice(cursor.end, cursor.end + 20)))
    hits.add("sql/function", 100, cursor.start, cursor.end);
  const { start, end } = cursor;
  const word = cursor.word();
  const rest = text.slice(end, end + 100).replace(/\/\*[^*]{0,60}\*\//g, "");
  const inner = /^[\s/*]{0,8}\(\s{0,6}(\)|[-+\d'"@(]|[a-z_.]{1,40}\s{0,4}[(,)]|[a-z]{1,20}\s)?/.exec(rest);
  if (word === "sleep" || word === "benchmark") {
    const args = /^[\s/*]{0,8}\(\s{0,6}[-+('"]{0,4}(?:\d{1,12}|[@a-z_])[^)]{0,40}\)?\s{0,6}(.?)/.exec(rest);
    if (args === null) return;
    const next = args[1]!;
    const before = previousSignificant(text, start);
    const joined =
      strong ||
      /[-+*/|&=,(<>^%!;]/.test(String.fromCharCode(before)) ||
      /(?:select|and|or|if|then|having|where|by)\s{1,4}$/.test(text.slice(Math.max(0, start - 12), start));
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
    /\(\s{0,4}(?:select\b|@@|0x[0-9a-f]{2}|version\s{0,3}\(|user\s{0,3}\(|database\s{0,3}\(|current_)/.test(rest)
  )
    hits.add("sql/function", 90, start, end);
}

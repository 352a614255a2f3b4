/**
 * Reads a text as SQL from one place on: token after token, as long as the grammar holds, and tells the judges what was read.
 *
 * @module
 */
import type { Hits } from "./hits.ts";
import {
  AFTER,
  BEFORE,
  BRACKET,
  FREE,
  judgeBare,
  judgeCall,
  judgeComment,
  judgeCondition,
  judgeGlued,
  judgeOrder,
  judgeSelect,
  judgeSelectHead,
  judgeSemicolon,
  judgeStatement,
  judgeUnion,
  nextSignificant,
  PROSE,
  previousSignificant,
  QUOTE,
  START,
} from "./sql-judges.ts";
import * as WORDS from "./sql-kinds.ts";
import { SqlCursor } from "./sql-lexer.ts";
import * as TOKEN from "./sql-tokens.ts";
import { callKind, isCatalogue, isTelling, wordKind } from "./sql-words.ts";
import { isBlankCode, isWordCode } from "./text.ts";

/** Words that stand for a value, and words behind a value after which another is due. */
const OPERANDS = new Set<number>([WORDS.constant, WORDS.interval, WORDS.values, WORDS.table, WORDS.end, WORDS.update]);
const ON = new Set<number>([WORDS.arithmetic, WORDS.prefix, WORDS.union, WORDS.select, WORDS.by]);

/**
 * Reads from `from` on. With `FREE` from 0 to the end of the text, else until the grammar breaks, or also behind that when `onward`.
 */
export function readSql(text: string, from: number, context: number, onward: boolean, hits: Hits): void {
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
  let previousKind = 0;
  let tokens = 0;
  let previousWord = 0;
  let lastWasOperand = false;
  let kind = cursor.next();

  if (whole) {
    const first = kind;
    if (first === TOKEN.operator && /^(\|\||&&)/.test(text.slice(cursor.start, cursor.start + 2))) {
      // What stands before the operator is the query's own.
      state = AFTER;
      broke = START;
    }
    // A value that begins with a number or a name may stand bare in the query.
    if (
      (first === TOKEN.open && /^\([\s(]{0,4}-?\d[\d\s.+*-]{0,20}\)/.test(text.slice(cursor.start, cursor.start + 24))) ||
      first === TOKEN.number ||
      // `--(1)` is two signs to MySQL; the loop below reads it as such.
      (first === TOKEN.lineComment && /^--[-+~!(\d]/.test(text.slice(cursor.start, cursor.start + 3))) ||
      (first === TOKEN.operator && /^[-+~!]{1,3}\s{0,4}[\d(]/.test(text.slice(cursor.start, cursor.start + 6)))
    ) {
      state = BEFORE;
      broke = START;
    }
  }
  // Later breaks are guesses; what they find is near. Without a bound ten of them would read the whole text ten times.
  let stop = whole || context === QUOTE ? text.length : from + 1200;
  for (; kind !== TOKEN.end && cursor.start <= stop; kind = cursor.next()) {
    tokens++;
    let word = 0;
    let text_ = "";
    if (kind === TOKEN.word) {
      const telling = isTelling(cursor.hash);
      // In prose a word that is none of SQL is only stepped over.
      if (telling || state !== PROSE) text_ = cursor.word();
      if (telling) word = wordKind(text_);
      if (cursor.commented && word !== 0 && previousWord !== 0) hits.add("sql/obfuscation", 100, cursor.start, cursor.end);
      const after = text.charCodeAt(cursor.end);
      const isCall =
        after === 40 ||
        ((isBlankCode(after) || after === 47 || after === 45) &&
          !isWordCode(text.charCodeAt(cursor.end + 1)) &&
          nextSignificant(text, cursor.end) === 40);
      if (telling && isCatalogue(text_))
        hits.add("sql/catalogue", state === PROSE && text_.endsWith("_name") ? 40 : 100, cursor.start, cursor.end);
      if (isCall) {
        const call = telling ? callKind(text_) : 0;
        if (call !== 0) judgeCall(text, cursor, call, state !== PROSE && broke !== FREE, tokens, hits);
        if (
          word === 0 ||
          word === WORDS.insert ||
          word === WORDS.constant ||
          (call !== 0 && (word === WORDS.clause || word === WORDS.arithmetic || word === WORDS.interval || word === WORDS.table))
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
      else if (word === WORDS.into && /^(out|dump)file/.test(text.slice(cursor.end, cursor.end + 12).trimStart())) {
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
    } else if (kind === TOKEN.variable && /^@@\w{3}[^:]{0,80}$/.test(text.slice(cursor.start, cursor.end + 1))) {
      hits.add("sql/catalogue", 100, cursor.start, cursor.end);
    }
    // A full stop and a blank end a sentence, and what a statement may have been.
    if (fromSeen && kind === TOKEN.dot && isBlankCode(text.charCodeAt(cursor.end))) selectAt = -1;
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
          if ("=<>".includes(text[cursor.start]!)) compared = true;
          if (text.charCodeAt(cursor.start) === 42) state = AFTER;
          break;
        case TOKEN.word:
          // The type of a cast: `'…'::jsonb`.
          if (word === 0 && text.startsWith("::", cursor.start - 2)) {
            state = AFTER;
            break;
          }
          if (word <= 0 || OPERANDS.has(word)) {
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
          // MySQL reads `--(1)` as two minus signs: a comment begins with a blank behind them.
          if (/^--[-+~!(\d'"@]/.test(text.slice(cursor.start, cursor.start + 3))) cursor.end = cursor.start + 2;
          break;
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
          // A colon with a blank behind it begins what was announced; casts and names have none.
          if (code === 58 && isBlankCode(text.charCodeAt(cursor.end))) {
            state = PROSE;
            break;
          }
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
          if (logic >= 0 && !compared && operandSeen) judgeBare(text, logic, cursor, broke, names, false, hits);
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
          // Two literals in a row are one in SQL; a number and a literal are nothing: `6'2"`.
          if (previousKind !== TOKEN.string || broke === FREE) state = PROSE;
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
              if (tokens <= 2 && broke === QUOTE && /^(limit|procedure|returning|where)$/.test(text_))
                hits.add("sql/clause", 60, cursor.start, cursor.end);
              state = BEFORE;
            }
          } else if (ON.has(word)) state = BEFORE;
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
    previousKind = kind;
    if (state === PROSE) {
      if (logic >= 0 && !compared && operandSeen && kind === TOKEN.close) judgeBare(text, logic, cursor, broke, names, false, hits);
      logic = -1;
      // The rest of a value that began inside a string may still speak for itself, and only this run sees it unquoted.
      if (!whole && !onward) return;
      // Behind a break in the grammar nothing belongs to the quote any more; what else is there stands near, or behind a quote of its own.
      if (!whole) stop = Math.min(stop, cursor.end + 4096);
      broke = FREE;
      callDepth = -1;
    }
  }

  if (logic >= 0 && !compared && operandSeen && state === AFTER) judgeBare(text, logic, cursor, broke, names, true, hits);
  if (logic < 0 && broke === QUOTE && compared && operandSeen && tokens <= 6 && breakAt > 1) {
    // `' not like 'b`: the query closes the string that the value opened. `"<b>" and …` names a tag.
    const tag = /^<[a-z/]/.test(text.slice(breakAt, breakAt + 2));
    hits.add("sql/expression", cursor.closed || tag ? 50 : 85, breakAt, text.length);
  }
  if (lastOperator >= 0 && operators > 0 && compared && logic >= 0 && broke === QUOTE && state === BEFORE && operandSeen) {
    // `' or x=` : the string that the query itself closes is the other operand.
    judgeCondition(text, logic, cursor, broke, constants + 1, names, lastOperator, hits);
  }
}

/**
 * Looks at the values of one request: unfolds each into its readings, asks the lexers, keeps what is worth reporting.
 *
 * @module
 */
import "./order.ts";
import type { Finding } from "../types.ts";
import { readValue } from "./carried-text.ts";
import * as HAS from "./characters.ts";
import { fromUtf7, looksLikeUtf7 } from "./charsets.ts";
import { isMagic, scanCode, scanJava } from "./code.ts";
import { LOOKUP, scanDataFormats, scanLookup, scanName } from "./data-formats.ts";
import { findingOf } from "./finding.ts";
import { Hits, type Place } from "./hits.ts";
import { fromPacked } from "./inflate.ts";
import { walkJson } from "./json.ts";
import { type Setting, scanPlainPath, scanView, withoutEntities } from "./lexers.ts";
import { scanNetwork } from "./network.ts";
import { LEXED } from "./prose.ts";
import { isOneLine } from "./protocol.ts";
import { scanShell } from "./shell.ts";
import { isCommand, namesHost } from "./shell-words.ts";
import { scanSql } from "./sql.ts";
import { surveyText, wordsOf } from "./survey.ts";
import { lowerCase } from "./text.ts";
import * as TEXT from "./text-kinds.ts";
import { fromBase64, fromTransport, isBase64Text, type Transport } from "./transport.ts";
import { scanTraversal } from "./traversal.ts";
import { scanNamedFile } from "./uploads.ts";
import {
  BARE_CLASS,
  BARE_COMMAND,
  BINARY,
  DISGUISED_STEP,
  GADGET_NAME,
  isBareSql,
  isCommandName,
  isPlainName,
  isPlainValue,
  isWordlike,
  LOCAL_PATH,
  ORDINARY_SHAPE,
  PLAIN_PATH,
  SIMPLE_NAME,
  SUSPICIOUS,
  UNPACKED,
  WHOLE_SINK,
} from "./value-shapes.ts";
import { DECODABLE, decodeLayer, LAYERS_MAX } from "./views.ts";

/** Values that reach this much evidence are reported in full. */
const BLOCKING = 100;
/** Evidence below this is forgotten. */
const WORTH_NOTING = 40;
/** Blocking values after which the rest of the request is not looked at: the decision is made. */
const ENOUGH = 4;
/** Unwrapping of base64 and JSON inside of values. */
const UNWRAP_DEPTH = 3;
const UNWRAP_BYTES = 65_536;

/** One scanned reading of a value. */
interface Reading {
  readonly text: string;
  readonly hits: Hits;
  /** How many layers below the value, and through which wrappings. */
  readonly layers: number;
}

const encoder = new TextEncoder();

/** Collects findings over the values of one request part. */
export class Inspection {
  readonly findings: Finding[] = [];
  readonly #setting: Setting;
  #blocking = 0;
  #weak: Finding | undefined;
  #weakScore = 0;
  #depth = 0;
  #noted = 0;

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  /** How many values had anything worth noting so far. */
  get noted(): number {
    return this.#noted;
  }

  /** True once the request has more blocking values than anyone needs. */
  get enough(): boolean {
    return this.#blocking >= ENOUGH;
  }

  /** The findings, with at most one that cannot block by itself. */
  result(): readonly Finding[] | undefined {
    if (this.#weak !== undefined && this.#blocking === 0) this.findings.push(this.#weak);
    return this.findings.length === 0 ? undefined : this.findings;
  }

  /** A collector that leaves out what is exempted at this place. */
  #hits(where: () => string): Hits {
    const { exceptions } = this.#setting;
    if (exceptions === undefined) return new Hits();
    let lowest = 1;
    return new Hits((rule) => {
      const own = exceptions(where(), rule);
      // The table sees what the exempted rule saw: what is honest here by one must not be blocked by the other.
      const factor = rule === "score/tokens" ? Math.min(own, lowest) : own;
      if (factor < 1) {
        lowest = Math.min(lowest, factor);
        // Clean for this request only: such a value must not be remembered as clean for all.
        this.#noted++;
      }
      return factor;
    });
  }

  /** Looks at a value as sent. `where` is only called for findings; `read` is what {@link readValue} says of it, where that is known. */
  value(place: Place, name: string, raw: string, transport: Transport, where: () => string, read?: number): void {
    // Two characters of JSON hold nothing, and lists of them would cost the most of all bodies.
    if (raw.length === 0 || this.enough || (place === "json" && raw.length < 3)) return;
    if (place !== "path" && isPlainValue(place, name, raw)) return;
    const kind = place === "path" || (place === "file" && BINARY.test(raw)) ? LEXED : (read ?? readValue(raw, transport));
    if (isClear(kind, place, name) && !isCommandName(name)) return;
    const text = fromTransport(transport, raw);
    // No encoder escapes a full stop: whoever writes `%2e%2e/` hides a step up.
    if (transport !== "json" && text !== raw && text.includes("..") && DISGUISED_STEP.test(raw)) {
      const hits = this.#hits(where);
      hits.add("path/traversal", 100, text.indexOf(".."), text.indexOf("..") + 2);
      this.#report(hits, text, raw, transport, 0, [], where);
      if (this.enough) return;
    }
    this.#text(place, name, text, raw, transport, [], where, kind);
  }

  /** Looks at a parameter or member name as sent. A member's `where` tells the whole path when asked, and else what fits a log. */
  name(raw: string, transport: Transport, fromJson: boolean, where: (whole?: boolean) => string, alone?: () => boolean): void {
    if (raw.length === 0 || this.enough || (!fromJson && isWordlike(raw) && !raw.includes("__"))) return;
    const text = fromTransport(transport, raw);
    if (fromJson ? LOOKUP.test(text) : /__|\]\[/.test(text)) {
      const hits = this.#hits(where);
      scanLookup(fromJson ? fromTransport(transport, where(true)) : text, hits);
      this.#report(hits, text, raw, transport, 0, [], where);
      if (this.enough) return;
    }
    if (isPlainName(raw) || (!fromJson && raw === "prototype")) return;
    if (SIMPLE_NAME.test(text) && !text.includes("__proto__")) {
      if (!fromJson || text !== "prototype" || !/\bconstructor\.prototype$/.test(where(true))) return;
      const hits = this.#hits(where);
      hits.add("prototype/pollution", 100, 0, text.length);
      this.#report(hits, text, raw, transport, 0, [], where);
      return;
    }
    // An attribute that was cut off at its equals sign, or what script steals, as the name of a pair.
    const cut = /^\s{0,8}on[a-z]{4,40}\s{0,4}=\s{0,4}$/i.test(text);
    if (cut || WHOLE_SINK.test(text)) {
      const hits = this.#hits(where);
      hits.add(cut ? "xss/event-handler" : "xss/script-sink", 100, 0, text.length);
      this.#report(hits, text, raw, transport, 0, [], where);
      return;
    }
    if (GADGET_NAME.test(text)) this.#plain("name", "", text, raw, transport, [], where);
    if (!SUSPICIOUS.test(text) && !text.includes("__proto__") && !text.includes("constructor.prototype") && !isBareSql(text)) return;
    const hits = this.#hits(where);
    const lower = lowerCase(text);
    scanName(lower, () => (alone?.() ? "" : where(true).toLowerCase().replaceAll("\\u0024", "$")), fromJson, hits);
    this.#report(hits, text, raw, transport, 0, [], where);
    if (hits.total >= BLOCKING) return;
    // Array and object notation of parameter names is no code.
    const bare = text.replace(/\[[\w\s.-]{0,40}\]/g, "");
    if (bare.length > 2 && (SUSPICIOUS.test(bare) || isBareSql(bare))) this.#text("name", "", text, raw, transport, [], where);
  }

  #text(
    place: Place,
    name: string,
    text: string,
    raw: string,
    transport: Transport,
    wrapped: readonly string[],
    where: () => string,
    kind = place === "path" ? LEXED : readValue(text, "plain"),
  ): void {
    if (place === "path") {
      if (PLAIN_PATH.test(text) && !text.includes("..")) {
        const hits = this.#hits(where);
        scanPlainPath(text, this.#setting, hits);
        if (hits.list.length > 0) this.#report(hits, text, raw, transport, 0, wrapped, where);
        return;
      }
    } else if (isText(kind, place, name)) {
      this.#plain(place, name, text, raw, transport, wrapped, where);
      return;
    } else if (text.length < 80 && (ORDINARY_SHAPE.test(text) || (LOCAL_PATH.test(text) && wordsOf(lowerCase(text)) === 0))) return;
    if (this.#depth < UNWRAP_DEPTH && text.length > 1) {
      const first = text.charCodeAt(0);
      const last = text.charCodeAt(text.length - 1);
      if (((first === 123 && last === 125) || (first === 91 && last === 93)) && this.#nestedJson(text, raw, transport, wrapped, where))
        return;
      if (this.#unwrap(place, name, text, raw, transport, wrapped, where) && place === "json" && UNPACKED.test(text)) return;
    }
    let view = withoutEntities(text);
    let best: Reading | undefined;
    if (isMagic(text)) {
      best = { text, hits: this.#hits(where), layers: 0 };
      best.hits.add("code/serialised", 100, 0, 8);
    }
    let steps = 0;
    for (let layer = 0; layer <= LAYERS_MAX; layer++) {
      const hits = this.#hits(where);
      const bits = scanView(view, { place, name, setting: this.#setting }, hits);
      if (layer >= 2 && view.length > 3) hits.add("encoding/layers", 25, 0, 1);
      if ((steps & 4) !== 0 && layer > 0 && best === undefined) hits.add("encoding/overlong", place === "path" ? 60 : 45, 0, 1);
      if (hits.list.length > 0 && (best === undefined || hits.total > best.hits.total)) best = { text: view, hits, layers: layer };
      if (best !== undefined && best.hits.total * this.#setting.sensitivity >= BLOCKING) break;
      // Taking the control characters out of a picture makes program text of it sooner or later.
      if (place === "file" && BINARY.test(text)) break;
      if ((bits & DECODABLE) === 0 && !(layer > 0 && (bits & HAS.plus) !== 0 && (bits & HAS.space) === 0)) break;
      const next = decodeLayer(view);
      let decoded = next.text;
      // Behind a second percent layer a plus is a blank again.
      if (next.steps === 0 && layer > 0 && (bits & HAS.space) === 0 && decoded.includes("+")) decoded = decoded.replaceAll("+", " ");
      if (decoded === view) break;
      steps |= next.steps;
      view = decoded;
    }
    // Plus signs that the carrier did not mean as blanks, but whoever reads the value may.
    if ((best === undefined || best.hits.total < BLOCKING) && text.includes("+") && !text.includes(" ")) {
      const hits = this.#hits(where);
      const spaced = decodeLayer(text).text.replaceAll("+", " ");
      scanView(spaced, { place, name, setting: this.#setting }, hits);
      if (hits.list.length > 0 && (best === undefined || hits.total > best.hits.total)) best = { text: spaced, hits, layers: 1 };
    }
    if (best !== undefined) this.#report(best.hits, best.text, raw, transport, best.layers, wrapped, where);
    if ((best === undefined || best.hits.total < BLOCKING) && this.#depth < UNWRAP_DEPTH && looksLikeUtf7(text)) {
      this.#depth++;
      this.#text(place, name, fromUtf7(text), raw, transport, [...wrapped, "utf-7"], where);
      this.#depth--;
    }
  }

  /** A value of nothing but words: only bare SQL, class names, and wrapped values can hide in it. */
  #plain(
    place: Place,
    name: string,
    text: string,
    raw: string,
    transport: Transport,
    wrapped: readonly string[],
    where: () => string,
  ): void {
    if (place !== "json" && isCommandName(name) && isCommand(lowerCase(text))) {
      const hits = this.#hits(where);
      hits.add("shell/command", 100, 0, text.length);
      this.#report(hits, text, raw, transport, 0, wrapped, where);
      return;
    }
    if (text.length < 4) return;
    if (this.#depth < UNWRAP_DEPTH && !text.includes(" ")) this.#unwrap(place, name, text, raw, transport, wrapped, where);
    // One word: neither a condition nor a class name fits in.
    if (
      !text.includes(" ") &&
      !text.includes(".") &&
      !text.startsWith("__") &&
      !text.includes("0x") &&
      (text.length < 12 || !/^[acrgyAB]/.test(text))
    )
      return;
    const sql = isBareSql(text);
    const dotted = BARE_CLASS.test(text) || text.includes("..") || text.includes("0x") || text.charCodeAt(0) === 46;
    const magic = text.startsWith("__") || (text.includes("__") && !text.includes(" "));
    const command = BARE_COMMAND.test(text);
    const hits = this.#hits(where);
    if (isMagic(text)) hits.add("code/serialised", 100, 0, 8);
    if (WHOLE_SINK.test(text)) hits.add("xss/script-sink", 100, 0, text.length);
    if (!sql && !dotted && !command && !magic && hits.list.length === 0) return;
    const lower = lowerCase(text);
    const survey = surveyText(lower);
    if (sql) scanSql(lower, true, false, true, hits);
    if (dotted) {
      scanJava(lower, hits);
      if (name === "$type") scanCode(lower, survey, place, hits);
      scanTraversal(lower, survey, place, this.#setting.script, hits);
      if (place === "query" || place === "form") scanNamedFile(lower, name, hits);
      if (name !== "") scanNetwork(lower, survey, { place, name, setting: this.#setting }, hits);
    }
    if (command) scanShell(lower, survey, hits);
    if (magic) {
      scanCode(lower, survey, place, hits);
      scanDataFormats(lower, survey, place, hits);
    }
    if (hits.list.length > 0) this.#report(hits, text, raw, transport, 0, wrapped, where);
  }

  /** JSON inside a value: its strings are what reaches the application. False when it is none. */
  #nestedJson(text: string, raw: string, transport: Transport, wrapped: readonly string[], where: () => string): boolean {
    if (text.length > UNWRAP_BYTES * 16) return false;
    const before = this.#blocking;
    this.#depth++;
    const chain = [...wrapped, "json"];
    const wellFormed = walkJson(encoder.encode(text), {
      isClear: (kind, key) => isClear(kind, "json", keyOf(key())),
      value: (inner, path, key, kind) => {
        if (!this.enough)
          this.#text("json", keyOf(key), fromTransport("json", inner), raw, transport, chain, () => `${where()}${path().slice(1)}`, kind);
      },
      name: (inner, path) => {
        const isAlone = (): boolean => path() === `$.${inner}`;
        this.name(inner, "json", true, () => `${where()}${path().slice(1)}`, isAlone);
      },
    });
    this.#depth--;
    return wellFormed || this.#blocking > before;
  }

  /** Base64 and tokens: what is readable below the wrapping is looked at like any value. True when there was such text. */
  #unwrap(
    place: Place,
    name: string,
    text: string,
    raw: string,
    transport: Transport,
    wrapped: readonly string[],
    where: () => string,
  ): boolean {
    let looked = false;
    const from = text.startsWith("data:") ? text.indexOf(",") + 1 : 0;
    const pieces = text.startsWith("eyJ") ? text.split(".", 3) : [from === 0 ? text.trim() : text.slice(from)];
    for (const piece of pieces) {
      const packed = piece.startsWith("H4sI");
      if (piece.length < 8 || (!packed && !isBase64Text(piece))) continue;
      const inner = packed ? fromPacked(piece, UNWRAP_BYTES) : fromBase64(piece, UNWRAP_BYTES);
      looked = inner !== undefined;
      // Eight letters of a name decode to something, too.
      if (inner !== undefined && piece.length < 16 && /[^\t\r\n -~]/.test(inner)) continue;
      if (inner === undefined || inner.length < 6 || !(SUSPICIOUS.test(inner) || isBareSql(inner))) continue;
      this.#depth++;
      this.#text(place, from > 0 ? "" : name, inner, raw, transport, [...wrapped, packed ? "gzip" : "base64"], where);
      this.#depth--;
    }
    return looked;
  }

  /** Reports hits of a scan that had a value of its own, such as XML as a whole. */
  whole(raw: string, scan: (lower: string, hits: Hits) => void, where: string): void {
    const hits = this.#hits(() => where);
    scan(lowerCase(raw), hits);
    if (hits.list.length > 0) this.#report(hits, raw, raw, "plain", 0, [], () => where);
  }

  #report(
    hits: Hits,
    text: string,
    raw: string,
    transport: Transport,
    layers: number,
    wrapped: readonly string[],
    where: () => string,
  ): void {
    const total = hits.total * this.#setting.sensitivity;
    if (total < WORTH_NOTING) return;
    this.#noted++;
    const ordered = [...hits.list].sort((one, other) => other.score - one.score);
    if (total < BLOCKING) {
      if (this.#blocking > 0 || total <= this.#weakScore) return;
      this.#weakScore = total;
      this.#weak = findingOf(ordered[0]!, Math.min(49, Math.round(total / 2)), text, raw, transport, layers, wrapped, where());
      return;
    }
    this.#blocking++;
    const place = where();
    let sum = 0;
    for (let index = 0; index < ordered.length && index < 4; index++) {
      const hit = ordered[index]!;
      let score = Math.min(100, Math.round((index === 0 ? hit.score : hit.score / 2) * this.#setting.sensitivity));
      // What more than four rules saw together is credited to the last one reported.
      if (index === 3 || index === ordered.length - 1) score = Math.max(score, Math.min(100, Math.ceil(BLOCKING - sum)));
      sum += score;
      this.findings.push(findingOf(hit, score, text, raw, transport, layers, wrapped, place));
    }
  }
}

/** True for running text under a name that expects it. What goes on in a second line matters where one line is expected, and to names that are handed to programs. */
function isText(kind: number, place: Place, name: string): boolean {
  if (kind === LEXED || ((kind & TEXT.marked) !== 0 && (place === "file" || namesHost(name)))) return false;
  return (kind & TEXT.lines) === 0 || ((place === "json" || place === "form" || place === "body") && !isOneLine(name));
}

/** True for running text that holds nothing under this name, whatever it says. */
export const isClear = (kind: number, place: Place, name: string): boolean =>
  kind === 0 || ((kind & TEXT.worded) === 0 && isText(kind, place, name));

/** A member name as lexers take it: short, without escapes and in lower case. */
export function keyOf(key: string): string {
  return key.length > 64 ? "" : fromTransport("json", key).toLowerCase();
}

/**
 * Splits queries, forms and cookies into pairs without decoding anything. Linear, no exception for any input.
 *
 * @module
 */

/** Receives one pair as sent. `hasValue` is false when there was no `=`. */
export type PairVisitor = (name: string, value: string, hasValue: boolean) => void;

/** Pairs beyond this many are still visited, as one value holding the rest. */
export const PAIRS_MAX = 2000;

/** Splits at `&`. */
export function eachPair(text: string, visit: PairVisitor): void {
  split(text, "&", false, visit);
}

/** Splits a Cookie field at `;`, drops blanks and the quotes around values. */
export function eachCookie(text: string, visit: PairVisitor): void {
  split(text, ";", true, visit);
}

function split(text: string, separator: string, trim: boolean, visit: PairVisitor): void {
  let from = 0;
  let sign = text.indexOf("=");
  for (let count = 0; from <= text.length; count++) {
    let to = count < PAIRS_MAX ? text.indexOf(separator, from) : -1;
    if (to < 0) to = text.length;
    if (trim) while (text.charCodeAt(from) === 32) from++;
    if (to > from) {
      // Looked for once for all pairs before it: a text without any would be searched to its end for each.
      if (sign >= 0 && sign < from) sign = text.indexOf("=", from);
      if (sign < 0 || sign >= to) visit("", text.slice(from, to), false);
      else {
        let start = sign + 1;
        let end = to;
        if (trim && end - start >= 2 && text.charCodeAt(start) === 34 && text.charCodeAt(end - 1) === 34) {
          start++;
          end--;
        }
        visit(text.slice(from, sign), text.slice(start, end), true);
      }
    }
    from = to + 1;
  }
}

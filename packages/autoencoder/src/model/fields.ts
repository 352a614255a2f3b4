/**
 * Which part of the line each token stands in. A value is read in the light of its parameter's name, however long it is.
 *
 * @module
 */
import { AGENT, BODY, FIRST_BYTE } from "../tokenizer/vocabulary.ts";

const METHOD = 0;
const PATH = 1;
const NAME = 2;
/** Names are hashed into the numbers from here on. */
const FIRST_NAMED = 3;

const BLANK = FIRST_BYTE + 32;
const AMPERSAND = FIRST_BYTE + 38;
const EQUALS = FIRST_BYTE + 61;
const QUESTION = FIRST_BYTE + 63;

/**
 * Writes the field of each of `count` tokens to `fields`.
 *
 * @param fieldCount - Numbers of fields, at least 4.
 * @returns how many tokens the model reads: the user agent is no part of what a site's requests look like.
 */
export function readFields(ids: ArrayLike<number>, count: number, fieldCount: number, fields: Uint16Array): number {
  const names = fieldCount - FIRST_NAMED;
  let field = METHOD;
  let hash = 0;
  for (let at = 0; at < count; at++) {
    const id = ids[at]!;
    if (id === AGENT) return at;
    fields[at] = field;
    if (id === AMPERSAND || id === BODY || (id === QUESTION && field === PATH)) {
      field = NAME;
      hash = 0x811c9dc5;
    } else if (id === BLANK) field = PATH;
    else if (field === NAME) {
      if (id === EQUALS) field = FIRST_NAMED + ((hash >>> 0) % names);
      else hash = Math.imul(hash ^ id, 0x01000193);
    }
  }
  return count;
}

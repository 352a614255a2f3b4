/**
 * Remembers lines of headers that were looked at and found clean: a browser sends the same ones with every request, and comparing costs
 * a hundredth of looking again. Knows nothing about clients and changes no answer, only how fast it comes.
 *
 * @module
 */

/** Longer values are not remembered, so that all that is kept stays below four megabytes whatever the values are. */
const LENGTH_MAX = 2048;
/** Two places for each of 1,024 hashes; a place holds a name and a value. */
const PLACES = 4096;
const KNOWN: string[] = new Array(PLACES).fill("");

/**
 * Where a pair would be, by lengths and a few characters. The runtime's own hash of a fresh string reads all of it, and a map is three memory accesses
 * more, each of them a miss in a busy server; comparing two strings reads both in one go.
 */
function placeOf(name: string, value: string): number {
  const { length } = value;
  let hash = (length << 8) ^ name.length ^ (value.charCodeAt(length - 2) << 16);
  for (let at = length - 1, step = (length >> 2) + 1; at >= 0; at -= step) hash = Math.imul(hash ^ value.charCodeAt(at), 0x9e3779b1);
  return (hash >>> 22) << 2;
}

/** True for a pair that was clean: a field's name as sent, so that what passes as an `Accept` is not thereby fit to be a cookie, and its value, which is not empty. */
export function isClean(name: string, value: string): boolean {
  const place = placeOf(name, value);
  return (KNOWN[place + 1] === value && KNOWN[place] === name) || (KNOWN[place + 3] === value && KNOWN[place + 2] === name);
}

/** Remembers a pair in the place of the older of two. */
export function rememberClean(name: string, value: string): void {
  if (name.length > 64 || value.length > LENGTH_MAX) return;
  const place = placeOf(name, value);
  KNOWN[place + 2] = KNOWN[place]!;
  KNOWN[place + 3] = KNOWN[place + 1]!;
  KNOWN[place] = name;
  KNOWN[place + 1] = value;
}

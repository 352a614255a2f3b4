/**
 * Tells most paths of a site from those that scanners ask for, before any name is looked up: a path with a number of its own is in no memory of
 * paths seen.
 *
 * @module
 */

/** Characters of a step that are looked at: as many as tell `products` from `proc` and `project`. */
const BEGINNING = 4;
const PLACES = 8192;
const SLASH = 47;

const add = (hash: number, code: number): number => Math.imul(hash, 37) + (code | 32);

function placeOf(name: string): number {
  let hash = 0;
  for (let at = 0; at < name.length && at < BEGINNING; at++) hash = add(hash, name.charCodeAt(at));
  return hash & (PLACES - 1);
}

/** Letters, digits and hyphens: a step of these alone is neither hidden nor a file, and is spelled in one way but for the case of its letters. */
const isPlain = (code: number): boolean => ((code | 32) > 96 && (code | 32) < 123) || (code > 47 && code < 58) || code === 45;

/**
 * True for paths of which no step is one of `names` or begins like one, whatever the case; a name of two steps is told by its last. Names are
 * ASCII. False for some other paths, and for all with anything but letters, digits, hyphens and slashes.
 */
export function ordinaryPaths(names: Iterable<string>): (path: string) => boolean {
  const marks = new Uint8Array(PLACES);
  for (const name of names) marks[placeOf(name.replace(/\/$/, "").replace(/^.*\//, ""))] = 1;
  return (path) => {
    let hash = 0;
    let count = 0;
    for (let at = 1; at < path.length; at++) {
      const code = path.charCodeAt(at);
      if (code === SLASH) {
        if (count === 0 || marks[hash & (PLACES - 1)] === 1) return false;
        hash = 0;
        count = 0;
      } else if (!isPlain(code)) return false;
      else if (count++ < BEGINNING) hash = add(hash, code);
    }
    return count === 0 || marks[hash & (PLACES - 1)] !== 1;
  };
}

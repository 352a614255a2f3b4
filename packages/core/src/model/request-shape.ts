/**
 * What a request's own text tells a model: lengths, mixture of characters, parameters. Nothing of it needs a memory or a response.
 *
 * @module
 */

/** Characters of a target that are looked at: a longer one is odd by its length alone. */
const LENGTH_MAX = 2_048;
const PARAMETERS_MAX = 256;

/** The measures of one target, reused from call to call. */
export interface RequestShape {
  pathLength: number;
  queryLength: number;
  parameters: number;
  /** Characters of the longest parameter value. */
  longestValue: number;
  depth: number;
  /** Bits a character, 0 to 8. */
  entropy: number;
  /** Shares of the target's characters, 0 to 1. */
  digits: number;
  special: number;
  escaped: number;
}

export const emptyShape = (): RequestShape => ({
  pathLength: 0,
  queryLength: 0,
  parameters: 0,
  longestValue: 0,
  depth: 0,
  entropy: 0,
  digits: 0,
  special: 0,
  escaped: 0,
});

const ORDINARY = 0;
const DIGIT = 1;
const SPECIAL = 2;
const ESCAPE = 3;

/** Kinds of the 128 ASCII characters. What URLs are made of is ordinary; quotes, brackets and operators are special; beyond ASCII counts as escaped. */
const KINDS = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[0-9]/.test(character)) return DIGIT;
  if (character === "%") return ESCAPE;
  return /[A-Za-z/\-_.~?&=+]/.test(character) ? ORDINARY : SPECIAL;
});

const counts = new Uint16Array(256);
const seen = new Uint8Array(256);
/** n log2 n for small n: most characters of a target occur a few times. */
const WEIGHTED = Float64Array.from({ length: LENGTH_MAX + 1 }, (_, count) => (count < 2 ? 0 : count * Math.log2(count)));

/** Measures a target as sent into `shape`. One pass over at most 2,048 characters; allocates nothing. */
export function measure(target: string, shape: RequestShape): void {
  const length = Math.min(target.length, LENGTH_MAX);
  let kinds = 0;
  let digits = 0;
  let special = 0;
  let escaped = 0;
  let depth = 0;
  let mark = -1;
  let parameters = 0;
  let longest = 0;
  let valueFrom = -1;
  for (let at = 0; at < length; at++) {
    const code = target.charCodeAt(at);
    const slot = code < 256 ? code : 255;
    if (counts[slot] === 0) seen[kinds++] = slot;
    counts[slot]!++;
    const kind = code < 128 ? KINDS[code]! : ESCAPE;
    if (kind === DIGIT) digits++;
    else if (kind === SPECIAL) special++;
    else if (kind === ESCAPE) escaped++;
    else if (mark < 0) {
      if (code === 47) depth++;
      else if (code === 63) {
        mark = at;
        parameters = 1;
        valueFrom = at + 1;
      }
    } else if (code === 38) {
      if (at - valueFrom > longest) longest = at - valueFrom;
      parameters++;
      valueFrom = at + 1;
    } else if (code === 61 && target.charCodeAt(at - 1) !== 61) valueFrom = at + 1;
  }
  if (mark >= 0 && length - valueFrom > longest) longest = length - valueFrom;
  let sum = 0;
  for (let index = 0; index < kinds; index++) {
    const slot = seen[index]!;
    sum += WEIGHTED[counts[slot]!]!;
    counts[slot] = 0;
  }
  const end = target.indexOf("?");
  shape.pathLength = end < 0 ? target.length : end;
  shape.queryLength = end < 0 ? 0 : target.length - end - 1;
  shape.parameters = mark < 0 || length === mark + 1 ? 0 : Math.min(parameters, PARAMETERS_MAX);
  shape.longestValue = longest;
  shape.depth = depth;
  shape.entropy = length === 0 ? 0 : Math.log2(length) - sum / length;
  shape.digits = length === 0 ? 0 : digits / length;
  shape.special = length === 0 ? 0 : special / length;
  shape.escaped = length === 0 ? 0 : escaped / length;
}

/** Whether more than a share of a target's first 2,048 characters are special, as `measure` counts them. */
export function hasSpecial(target: string, share: number): boolean {
  const length = Math.min(target.length, LENGTH_MAX);
  let special = 0;
  for (let at = 0; at < length; at++) {
    const code = target.charCodeAt(at);
    if (code < 128 && KINDS[code] === SPECIAL) special++;
  }
  return special / length > share;
}

const STATIC = /\.(?:js|mjs|css|map|png|jpe?g|gif|webp|avif|svg|ico|bmp|woff2?|ttf|eot|otf|mp[34]|webm|ogg|wav|pdf)$/i;

/** True for what pages load by themselves: it says nothing about how fast somebody works through a site (D-41). */
export function isAsset(path: string): boolean {
  const end = path.length;
  // Every such ending has two to five letters: most paths have no dot there, and entering the expression costs more than four looks.
  return (isDot(path, end - 3) || isDot(path, end - 4) || isDot(path, end - 5) || isDot(path, end - 6)) && STATIC.test(path);
}

const isDot = (path: string, at: number): boolean => at >= 0 && path.charCodeAt(at) === 46;

/** Segments and names that programs ask every site for. Whole words between separators, so that `db` is not found in `/feedback` (D-06). */
const SCANNED = new Set(
  (
    "wp wordpress admin administrator phpmyadmin pma adminer xmlrpc cgi bin shell webshell cmd exec eval passwd shadow etc proc env git svn htaccess htpasswd " +
    "config conf cfg ini backup backups bak dump sql mysql database db install installer setup php asp aspx jsp cgi pl console actuator solr jenkins manager " +
    "struts vendor phpunit phpinfo cpanel webdav root login.php wlwmanifest autodiscover owa swagger graphql"
  ).split(" "),
);
const WORD = /[a-z0-9]+/g;
const WORDS_MAX = 32;

/** How many words of a path, in lower case, are ones that scanners try; at most 32 words are looked at. */
export function scannedWords(path: string): number {
  let hits = 0;
  let words = 0;
  WORD.lastIndex = 0;
  const text = (path.length > 512 ? path.slice(0, 512) : path).toLowerCase();
  for (let found = WORD.exec(text); found !== null && words < WORDS_MAX; found = WORD.exec(text), words++) {
    if (SCANNED.has(found[0])) hits++;
  }
  WORD.lastIndex = 0;
  return hits;
}

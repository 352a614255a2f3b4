/**
 * What identifies one person, thing or moment is replaced by what kind of thing it is. Inside of the program a mark is one character of Unicode's
 * private area; in a line it is a word in angle brackets and capitals, which no client can write because all other text is lower case.
 *
 * @module
 */

/** Every mark there is. Their order is part of the format: models hold their numbers. */
export const MARK_NAMES = [
  "SECRET",
  "TOKEN",
  "UUID",
  "TIME",
  "DATE",
  "EMAIL",
  "IP",
  "HEX",
  "HASH",
  "BASE64",
  "NUM",
  "INT",
  "AMP",
  "PLUS",
  "EQ",
  "QM",
  "NL",
  "NUL",
  "CTL",
  "BAD",
  "ENC",
  "CUT",
] as const;

type MarkName = (typeof MARK_NAMES)[number];

const FIRST = 0xe000;

/** Each mark as the one character that stands for it. */
export const MARK = Object.fromEntries(MARK_NAMES.map((name, index) => [name, String.fromCharCode(FIRST + index)])) as Readonly<
  Record<MarkName, string>
>;

/** The number of a mark's character, -1 for any other character. */
export const markIndex = (code: number): number => (code >= FIRST && code < FIRST + MARK_NAMES.length ? code - FIRST : -1);

/** Marks as words: `<INT>`. */
export const toLine = (text: string): string =>
  text.replace(/[\ue000-\uf8ff]/g, (mark) => `<${MARK_NAMES[markIndex(mark.charCodeAt(0))] ?? "BAD"}>`);

/** Words of a line as marks again; unknown words in capitals are damage. */
export const fromLine = (line: string): string =>
  line.replace(/[\ue000-\uf8ff]|<[A-Z0-9]{2,10}>/g, (word) => MARK[word.slice(1, -1) as MarkName] ?? MARK.BAD);

/** Without one of these there is nothing to replace: most segments and values are plain words. */
const SOME = /[0-9@]|[A-Za-z0-9+/_-]{40}/;

const KINDS: readonly (readonly [MarkName, string])[] = [
  ["TOKEN", "\\beyJ[\\w-]{8,1000}(?:\\.[\\w-]{0,1000}){0,2}|\\b(?:AKIA|ASIA)[0-9A-Z]{12,40}|\\bAIza[\\w-]{30,100}"],
  ["TOKEN", "\\b(?:gh[opsru]|github_pat|glpat|xox[abeprs]|sk|pk|rk)[_-][\\w-]{16,200}"],
  ["UUID", "\\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\\b"],
  ["TIME", "\\b\\d{4}-\\d\\d-\\d\\d[tT ]\\d\\d:\\d\\d(?::\\d\\d(?:\\.\\d{1,9})?)?(?:[zZ]|[+-]\\d\\d:?\\d\\d)?"],
  ["DATE", "\\b(?:\\d{4}-\\d\\d-\\d\\d|\\d{1,2}[./]\\d{1,2}[./](?:19|20)\\d\\d)\\b"],
  ["EMAIL", "[\\w.+\\xc0-\\xff-]{1,64}@[\\w\\xc0-\\xff-]{1,63}(?:\\.[\\w\\xc0-\\xff-]{1,63}){1,8}"],
  ["IP", "\\b(?:\\d{1,3}\\.){3}\\d{1,3}\\b"],
  ["HEX", "\\b0[xX][0-9a-fA-F]{1,1000}"],
  ["HASH", "\\b(?=[a-fA-F]{0,200}\\d)(?=\\d{0,200}[a-fA-F])[0-9a-fA-F]{16,1000}\\b"],
  ["BASE64", "[A-Za-z0-9+/_-]{40,4000}={0,2}"],
  ["NUM", "\\d+\\.\\d+"],
  ["INT", "\\d+"],
];
/** One expression, so that text is read once. What comes first wins: the longer and rarer kinds stand before numbers. */
const ANY_KIND = new RegExp(KINDS.map(([, source]) => `(${source})`).join("|"), "g");

/** True for what no word or address looks like: both cases and a digit. */
const isEncoded = (text: string): boolean => /\d/.test(text) && /[a-z]/.test(text) && /[A-Z]/.test(text);

/** Replaces what is not the site's but somebody's. */
export function markText(text: string): string {
  if (!SOME.test(text)) return text;
  return text.replace(ANY_KIND, (found: string, ...groups: unknown[]) => {
    const first = found.charCodeAt(0);
    // Numbers are most of all: they need no look at the groups.
    if (groups[KINDS.length - 1] !== undefined && first >= 48 && first <= 57) return MARK.INT;
    const [name = "INT"] = KINDS[groups.findIndex((group) => group !== undefined)] ?? [];
    return name === "BASE64" && !isEncoded(found) ? found.replace(/\d+/g, MARK.INT) : MARK[name];
  });
}

/** What an injection needs, and a password may have too: kept of secrets, so that an attack in a password's place is still seen. */
const SECRET_RUN = /[^'"<>();|{}`\\\s\ue000-\uf8ff]+/g;

/** A secret with nothing left of it but its quotes, brackets and blanks. */
export const markSecret = (text: string): string => text.replace(SECRET_RUN, MARK.SECRET);

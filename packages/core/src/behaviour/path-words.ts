/** Shortest and longest word that is looked at, and how many of one path. */
const MIN_LENGTH = 4;
const MAX_LENGTH = 32;
const MAX_WORDS = 16;
const MAX_PATH = 512;

/**
 * The words of a path in lower case: runs of letters, digits and underscores between anything else, 4 to 32 long and not made of digits alone; at most
 * 16 of the first 512 characters. `/wp-content/Setup.PHP` gives `content` and `setup`.
 */
export function wordsOf(path: string): string[] {
  const words: string[] = [];
  const text = (path.length > MAX_PATH ? path.slice(0, MAX_PATH) : path).toLowerCase();
  let from = -1;
  let isNumber = true;
  for (let at = 0; at <= text.length && words.length < MAX_WORDS; at++) {
    const code = at < text.length ? text.charCodeAt(at) : 0;
    const isDigit = code >= 48 && code <= 57;
    if (isDigit || (code >= 97 && code <= 122) || code === 95 || code >= 0xc0) {
      if (from < 0) [from, isNumber] = [at, true];
      if (!isDigit) isNumber = false;
      continue;
    }
    if (from >= 0 && !isNumber && at - from >= MIN_LENGTH && at - from <= MAX_LENGTH) words.push(text.slice(from, at));
    from = -1;
  }
  return words;
}

/** True for what is more a value than a word: a UUID's piece, a hash, a token. Learning such a thing would fill the lists with noise. */
export function isValueLike(word: string): boolean {
  return /^[0-9a-f]{8,}$/.test(word) || (/\d/.test(word) && word.length > 12) || /\d.*\d.*\d.*\d/.test(word);
}

/** Words of ordinary routes: never learned, so that an application that was just started is not told what it will have. */
export const ORDINARY_WORDS: ReadonlySet<string> = new Set(
  (
    "about account accounts activate admin alerts analytics archive article articles assets auth authors back basket billing blog book books brand brands cart catalog " +
    "categories category channel chat checkout clients code collection comment comments community companies company contact content create customer customers dashboard data " +
    "delete detail details docs documents download downloads edit email employee employees events explore export feed feedback file files forgot forum friends gallery game games " +
    "graphql group groups guide health help history home image images import inbox index info invoice invoices item items jobs language languages learn legal list lists " +
    "location login logout mail manage manager media member members message messages metrics music news newsletter note notes notification notifications offer offers order " +
    "orders page pages partner partners password payment payments photo photos plan plans policy portal post posts preview price prices pricing privacy product products profile " +
    "project projects public question questions recover register reports reset resource resources result results returns review reviews sales search security send service " +
    "services session sessions settings share shipping shop signin signup site sitemap sites source start static stats status stock store stores submit subscribe support system " +
    "tags task tasks team teams terms test tests text theme ticket tickets tools topic topics track translations unsubscribe update upload uploads user users verify video videos " +
    "view views week welcome wiki wishlist work workspace"
  ).split(" "),
);

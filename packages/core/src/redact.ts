/**
 * Takes secrets out of text that is about to be kept: by the names they stand under, and by shapes that nothing but a secret has.
 *
 * @module
 */

/** Stands where a secret stood. */
export const REDACTED = "[redacted]";

/** A name with one of these words in it names a secret. Words are what case, digits and punctuation set apart: `accessToken`, `api_key[]`. */
const SECRET_WORDS = new Set(
  (
    "apikey assertion auth bearer card code cookie credential credentials csrf cvc cvv hash hmac iban jwt key keys magic mfa otac otp pan pass " +
    "passcode passphrase passwd password pin psw pw pwd salt samlresponse secret secrets session sessions sess sid sig signature ssn ticket tk token " +
    "tokens totp xsrf"
  ).split(" "),
);
/** The same inside longer words, once everything but letters and digits is gone: `sessionid`, `to.ken`. */
const SECRET_PARTS =
  /token|passw|secret|apikey|accesskey|privatekey|session|sessid|credential|authoriz|signature|cardnum|passphrase|passcode/;
/** Longer names are not judged: whoever sends them gets their values left out. */
const NAME_LIMIT = 128;
const DECODE_ROUNDS = 3;

/** True when values under this name are secrets. The name may be percent-encoded, several times over. */
export function isSecretName(name: string): boolean {
  if (name.length > NAME_LIMIT) return true;
  const known = judged.get(name);
  if (known !== undefined) return known;
  const isSecret = namesSecret(name);
  if (judged.size >= MAX_JUDGED) judged.clear();
  judged.set(name, isSecret);
  return isSecret;
}

/** An application has a few hundred names, and each is judged with every request. */
const judged = new Map<string, boolean>();
const MAX_JUDGED = 2_000;

function namesSecret(name: string): boolean {
  const text = decodeAll(name).normalize("NFKC");
  const words = text.replace(/([a-z0-9])([A-Z])|([A-Z])(?=[A-Z][a-z])/g, "$1$3 $2").toLowerCase();
  if (words.split(/[^a-z]+/).some((word) => SECRET_WORDS.has(word))) return true;
  return SECRET_PARTS.test(words.replace(/[^a-z0-9]+/g, ""));
}

/** Percent escapes decoded until nothing changes, a few times over. Broken escapes stay as they are. */
function decodeAll(text: string): string {
  let decoded = text;
  for (let round = 0; round < DECODE_ROUNDS && decoded.includes("%"); round++) decoded = decodeOnce(decoded);
  return decoded;
}

const decodeOnce = (text: string): string =>
  text.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      // No valid UTF-8: every byte a character, so that ASCII among it is still seen.
      return escapes.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    }
  });

/** What is a secret wherever it stands: signed tokens, credentials of `Authorization`, keys of well-known issuers, private keys. */
const SHAPES = new RegExp(
  [
    "eyJ[\\w-]{8,}(?:\\.[\\w-]*){0,4}",
    "\\b(?:bearer|basic|digest|negotiate)\\s{1,4}[\\w.~+/=-]{6,}",
    "\\b(?:AKIA|ASIA)[0-9A-Z]{12,}",
    "\\b(?:gh[opsru]|github_pat|glpat|xox[abeprs]|sk|pk|rk|npm|pypi)[_-](?:live_|test_|proj-)?[\\w-]{16,}",
    "\\bAIza[\\w-]{30,}",
    "-----BEGIN[ +A-Z]{0,40}KEY[\\s\\S]*",
  ].join("|"),
  "gi",
);
/** Digits in groups as payment cards have them; the check digit decides. Times in milliseconds begin with a one and are left alone. */
const CARD = /\b[2-6](?:[ +-]?\d){12,18}\b/g;

/** The shortest shape is a token's beginning with 8 characters; without these signs a text holds no name with a value, no URL and no escape. */
const PLAIN_LENGTH = 10;
const PAIR_OR_URL = /[=:/%]/;
const SOME_DIGITS = /\d(?:[ +-]?\d){7}/;
/** `//a@` is the shortest of all. */
const SHORTEST_SHAPE = 4;

/** `//user:password@` of a URL. */
const USER_INFO = /(\/\/)[^/?#\s]{1,256}@/g;

/**
 * Running text without secrets. From the first name of a secret on, the rest of the text is left out: where a value in prose ends, nobody can tell.
 * If only decoding shows a secret, nothing of the text is kept.
 */
export function redactText(text: string): string {
  if (text.length <= PLAIN_LENGTH && !PAIR_OR_URL.test(text)) return text;
  const redacted = redactPlain(text);
  if (redacted !== text || !text.includes("%")) return redacted;
  const decoded = decodeAll(text);
  return decoded === text || redactPlain(decoded) === decoded ? text : REDACTED;
}

function redactPlain(text: string): string {
  const end = secretPair(text);
  let kept = end < 0 ? text : text.slice(0, end) + REDACTED;
  // Short and plain texts are most of all texts, and can be none of what the patterns look for.
  if (kept.length < SHORTEST_SHAPE) return kept;
  if (kept.includes("//")) kept = kept.replace(USER_INFO, `$1${REDACTED}@`);
  kept = kept.replace(SHAPES, REDACTED);
  return SOME_DIGITS.test(kept) ? kept.replace(CARD, (digits) => (isCard(digits) ? REDACTED : digits)) : kept;
}

/** Whoever sends more names than this in one text gets the rest of it left out: judging them all would cost milliseconds. */
const MAX_NAMES = 24;
const MAX_PARAMETERS = 100;
const SEPARATOR = /[=:]/g;
const NAME_END = /[\w.[\]%-]{1,128}["']?\s{0,8}$/;

/**
 * Where the value of the first secret begins, as in `name=value`, `"name": "value"` and `name: value`; -1 when there is none. Looks back from each
 * separator to the one before it, so time is linear.
 */
function secretPair(text: string): number {
  let before = 0;
  let names = 0;
  for (const { index } of text.matchAll(SEPARATOR)) {
    if (++names > MAX_NAMES) return index + 1;
    const name = index > before ? NAME_END.exec(text.slice(Math.max(before, index - NAME_LIMIT), index)) : null;
    if (name !== null && isSecretName(name[0])) return index + 1;
    before = index + 1;
  }
  return -1;
}

/** The check digit of ISO/IEC 7812 (Luhn). */
function isCard(text: string): boolean {
  const digits = text.replace(/\D/g, "");
  let sum = 0;
  for (let at = digits.length - 1, double = false; at >= 0; at--, double = !double) {
    const digit = digits.charCodeAt(at) - 48;
    sum += double ? (digit > 4 ? 2 * digit - 9 : 2 * digit) : digit;
  }
  return sum % 10 === 0 && sum > 0;
}

/** A segment before one that is a secret itself: `/reset-password/8Hk2…`. */
const SECRET_SEGMENT =
  /^(?:.*[-_.])?(?:reset|verify|verification|activate|activation|confirm|confirmation|invite|invitation|magic|magic-link|unsubscribe)$/i;
const LONG_SEGMENT = /^[\w.~+=-]{16,}$/;

/** Segments that are too short for any secret, of characters that part no name from a value. */
const PLAIN_PATH = /^(?:\/[\w.~-]{0,10})*$/;

/**
 * A request target, or any URL, without secrets: values of query parameters and path parameters that are named like secrets, user and password before
 * the host, long path segments behind `token`, `reset` and their like, and every shape that only secrets have. Everything else keeps the sender's spelling.
 *
 * @param secrets - Receives what was left out, as sent.
 */
export function redactTarget(target: string, secrets?: string[]): string {
  const mark = target.search(/[?#]/);
  const path = mark < 0 ? target : target.slice(0, mark);
  const kept = PLAIN_PATH.test(path) ? path : redactPath(path.replace(USER_INFO, `$1${REDACTED}@`), secrets);
  return mark < 0 ? kept : kept + redactPairs(target.slice(mark), secrets);
}

function redactPath(path: string, secrets: string[] | undefined): string {
  let before = "";
  const segments = path.split("/").map((segment) => {
    const isSecret = LONG_SEGMENT.test(segment) && (SECRET_SEGMENT.test(before) || isSecretName(before));
    before = decodeAll(segment);
    if (isSecret) return hide(segment, secrets);
    return segment.includes(";") ? redactPair(segment, secrets) : redactValue(segment, secrets);
  });
  return segments.join("/");
}

function redactPairs(text: string, secrets: string[] | undefined): string {
  let kept = "";
  let start = 0;
  for (let count = 1; ; count++) {
    const end = text.indexOf("&", start);
    kept += redactPair(end < 0 ? text.slice(start) : text.slice(start, end), secrets);
    if (end < 0) return kept;
    if (count === MAX_PARAMETERS) return `${kept}&${REDACTED}`;
    kept += "&";
    start = end + 1;
  }
}

/**
 * What stands between two `&`. Some parsers also split at `;`, `?` and `#`, so each name behind one of these is judged; behind the name of a secret
 * nothing is a border, because passwords may hold any of them.
 */
function redactPair(pair: string, secrets: string[] | undefined): string {
  let kept = "";
  let start = 0;
  for (let names = 1; ; names++) {
    if (names > MAX_NAMES) return kept + hide(pair.slice(start), secrets);
    const end = borderOf(pair, start);
    const piece = pair.slice(start, end);
    const equals = piece.indexOf("=");
    const name = piece.slice(0, Math.max(0, equals));
    if (equals > 0 && isSecretName(name)) return `${kept}${redactValue(name, secrets)}=${hide(pair.slice(start + equals + 1), secrets)}`;
    kept += equals < 0 ? redactValue(piece, secrets) : `${redactValue(name, secrets)}=${redactValue(piece.slice(equals + 1), secrets)}`;
    if (end === pair.length) return kept;
    kept += pair[end];
    start = end + 1;
  }
}

function borderOf(pair: string, from: number): number {
  for (let at = from; at < pair.length; at++) {
    const code = pair.charCodeAt(at);
    if (code === 0x3b || code === 0x3f || code === 0x23) return at;
  }
  return pair.length;
}

function redactValue(value: string, secrets: string[] | undefined): string {
  const kept = redactText(value);
  if (kept !== value) hide(value, secrets);
  return kept;
}

function hide(value: string, secrets: string[] | undefined): string {
  if (value !== "") secrets?.push(value, decodeAll(value.replaceAll("+", " ")));
  return value === "" ? "" : REDACTED;
}

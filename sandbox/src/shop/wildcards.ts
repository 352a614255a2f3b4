/**
 * True when the whole text matches a pattern of literal letters, `many` (any run) and `one` (any letter); case is ignored.
 *
 * Takes time proportional to text times pattern, where SQLite's own LIKE is exponential in the wildcards. Texts over 2,000 and patterns over
 * 500 characters never match.
 */
export function matchesWildcards(text: string, pattern: string, many: string, one: string): boolean {
  if (text.length > 2000 || pattern.length > 500) return false;
  const subject = text.toLowerCase();
  const wanted = pattern.toLowerCase();
  let at = 0;
  let position = 0;
  let retryAt = -1;
  let retryPosition = -1;
  while (at < subject.length) {
    const symbol = wanted[position];
    if (symbol === many) {
      retryAt = at;
      retryPosition = position;
      position += 1;
    } else if (symbol === one || (symbol !== undefined && symbol === subject[at])) {
      at += 1;
      position += 1;
    } else if (retryPosition >= 0) {
      retryAt += 1;
      at = retryAt;
      position = retryPosition + 1;
    } else return false;
  }
  while (wanted[position] === many) position += 1;
  return position === wanted.length;
}

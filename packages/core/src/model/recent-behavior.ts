import { keywordHits, lowerKeywords, wrong } from "./request-features.ts";

/** One recent request of a client. The field names are the native packages'. */
export interface RecentEntry {
  /** Path in lower case. */
  readonly path_lower: string;
  /** Seconds since the epoch. */
  readonly timestamp: number;
  readonly status: number;
  /** Whether keywords count in this path. */
  readonly kw_check: boolean;
}

/** What `analyzeRecentBehavior` found. */
export interface RecentBehavior {
  /** Keyword hits a request. */
  readonly avg_kw_hits: number;
  /** Responses with 404. */
  readonly max_404s: number;
  /** Requests within ten seconds before and after a request, itself included, on average. */
  readonly avg_burst: number;
  readonly total_requests: number;
  /** 404s on paths that scanners ask for. */
  readonly scanning_404s: number;
  /** All other 404s. */
  readonly legitimate_404s: number;
  readonly should_block: boolean;
}

const BURST_SECONDS = 10;

/** What scanners ask for, anywhere in the path. Short words hit honest paths too (`db` in `/feedback`), as they do in the original. */
const SCANNED =
  "wp-admin wp-content wp-includes wp-config xmlrpc.php admin phpmyadmin adminer config configuration settings setup install installer backup database db mysql sql dump .env .git .htaccess .htpasswd passwd shadow robots.txt sitemap.xml cgi-bin scripts shell cmd exec .php .asp .aspx .jsp .cgi .pl ../ ..\\ %2e%2e %252e %c0%ae".split(
    " ",
  );

/**
 * Sums up what one client did lately, and says whether the original AIWAF would block it for that. One pass in order of time.
 *
 * `should_block` is true when there was a 404 or a keyword, and one limit is reached: 3 keywords a request, 5 scanning 404s, 20 other 404s, a burst of
 * 25, or 150 requests. Loose, and any one is enough: a detector should weigh the numbers instead.
 *
 * @param keywords compared without regard to case; a text counts as one keyword.
 * @returns null when there are no entries.
 * @throws WafError for an entry whose path or time is missing or of the wrong type.
 */
export function analyzeRecentBehavior(entries: readonly RecentEntry[], keywords: string | readonly string[]): RecentBehavior | null {
  if (!Array.isArray(entries)) throw wrong("Entries must be a list.");
  const words = lowerKeywords(keywords);
  let hits = 0;
  let missed = 0;
  let scanning = 0;
  for (const [index, entry] of (entries as readonly RecentEntry[]).entries()) {
    if (typeof entry !== "object" || entry === null) throw wrong(`Entry ${index} is not an object.`);
    if (typeof entry.path_lower !== "string") throw wrong(`Entry ${index}: path_lower must be a text.`);
    if (!Number.isFinite(entry.timestamp)) throw wrong(`Entry ${index}: timestamp must be a finite number of seconds.`);
    if (entry.kw_check) hits += keywordHits(entry.path_lower, words);
    if (entry.status !== 404) continue;
    missed++;
    if (SCANNED.some((part) => entry.path_lower.includes(part))) scanning++;
  }
  const total = entries.length;
  if (total === 0) return null;
  const average = hits / total;
  const burst = neighbours(entries.map((entry) => entry.timestamp)) / total;
  const other = Math.max(0, missed - scanning);
  const quiet = average < 3 && scanning < 5 && other < 20 && burst < 25 && total < 150;
  return {
    avg_kw_hits: average,
    max_404s: missed,
    avg_burst: burst,
    total_requests: total,
    scanning_404s: scanning,
    legitimate_404s: other,
    should_block: !(missed === 0 && average === 0) && !quiet,
  };
}

/** For each time, how many lie within ten seconds of it, itself included; summed up. Both ends of the window only ever move on. */
function neighbours(times: number[]): number {
  times.sort((left, right) => left - right);
  let sum = 0;
  let first = 0;
  let end = 0;
  for (const time of times) {
    // Differences, not sums: ten seconds apart is ten seconds apart from both sides.
    while (time - times[first]! > BURST_SECONDS) first++;
    while (end < times.length && times[end]! - time <= BURST_SECONDS) end++;
    sum += end - first;
  }
  return sum;
}

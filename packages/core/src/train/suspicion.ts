/**
 * Tells attacks from the rest, so that no model learns them: what content inspection finds in the target, referer and agent, and paths of scanners.
 *
 * @module
 */
import { inspectHead } from "../content/request-parts.ts";
import { PLAIN_POLICY } from "../policy.ts";
import type { Target } from "../request.ts";
import type { HeaderReader, WafRequest } from "../types.ts";
import { detached, type LoggedRequest } from "./logged-request.ts";

/** Without one of these, nothing in a target or field is an injection. Most lines stop here. */
const SPECIAL = /[%'"<>();{}`$|\\*^\0-\x1f\x7f-\uffff]|\.\.|--|:\/\//;
const PROBE =
  /(?:^|\/)(?:\.(?:env|git|svn|hg|aws|ssh|htpasswd|htaccess)(?:\/|$|\.)|wp-(?:login|config|admin)|xmlrpc\.php|phpmyadmin|phpinfo|shell\.|etc\/passwd|boot\.ini|cmd\.exe|cgi-bin\/|admin\.php|vendor\/phpunit)/i;
/** Points at which content inspection's findings count as an attack. */
const ATTACK = 40;
const MEASURED_MAX = 4_096;

const SETTING = { host: "", script: false, sensitivity: 1 } as const;
/** Paths repeat: remembering what one is costs a fraction of looking. Cleared when full. */
const KNOWN_MAX = 10_000;
const known = new Map<string, boolean>();

function isProbe(path: string): boolean {
  let answer = known.get(path);
  if (answer !== undefined) return answer;
  answer = PROBE.test(path);
  if (known.size >= KNOWN_MAX) known.clear();
  if (path.length < 200) known.set(detached(path), answer);
  return answer;
}

/** True for a request that nobody should learn from. Never throws. */
export function isAttack(logged: LoggedRequest, target: Target): boolean {
  if (isProbe(target.path)) return true;
  const { referer = "", userAgent = "" } = logged;
  const isPlain = !SPECIAL.test(logged.target) && !HEADER_SIGNS.test(referer) && !HEADER_SIGNS.test(userAgent);
  if (isPlain) return false;
  try {
    const findings = inspectHead(requestOf(logged, target), () => SETTING) ?? [];
    return findings.reduce((sum, { score }) => sum + score, 0) >= ATTACK;
  } catch {
    return true;
  }
}

/** Fields hold parentheses and semicolons by nature. */
const HEADER_SIGNS = /[<>{}`$|'"\\]|\.\.\//;

function requestOf({ target: sent, method, at, referer, userAgent }: LoggedRequest, { path, query, canonical }: Target): WafRequest {
  const fields = [
    ["referer", referer],
    ["user-agent", userAgent],
  ].filter((field): field is [string, string] => field[1] !== undefined && field[1] !== "");
  const headers: HeaderReader = {
    get: (name) => fields.find(([one]) => one === name)?.[1],
    [Symbol.iterator]: () => fields[Symbol.iterator](),
  };
  return {
    receivedAt: at,
    method,
    target: sent.slice(0, MEASURED_MAX),
    path,
    query: query.slice(0, MEASURED_MAX),
    canonical,
    httpVersion: undefined,
    headers,
    client: { address: "", key: "" },
    route: undefined,
    policy: PLAIN_POLICY,
    body: undefined,
  };
}

import { createConduct } from "../behaviour/conduct.ts";
import { identifierIn } from "../behaviour/ids-in-paths.ts";
import { isAnswered, type KnownPaths, knownPathsOf } from "../behaviour/known-paths.ts";
import type { Standing } from "../behaviour/ledger.ts";
import { perFirewall } from "../behaviour/per-firewall.ts";
import { createQuiet } from "../behaviour/quiet.ts";
import { integer, listOf, type OptionTable, readOptions } from "../options.ts";
import type { Decision, Detector, Finding, RuleId, WafRequest } from "../types.ts";

/** What `waves` takes. */
export interface WavesOptions {
  /** Endings of files that this application does not serve and scanners ask for, each with its dot. Default: .php .asp .aspx .jsp .cgi. */
  readonly extensions?: readonly string[];
  /** How many different missing paths with such an ending stop a client in a window, 1 to 1,000. Default 3. */
  readonly extensionLimit?: number;
  /** How many different missing paths of any kind stop a client in a window, 1 to 10,000. Default 10. */
  readonly limit?: number;
  /** Length of that window in milliseconds, 1,000 to 3,600,000. Default 60,000. */
  readonly windowMs?: number;
  /** How many different missing paths stop a client that asks slowly, over two hours, 1 to 10,000. Default 30. */
  readonly slowLimit?: number;
  /** Length of a first ban in milliseconds, 1,000 to 86,400,000; the second is 12 times as long, later ones 288 times. Default 300,000. */
  readonly banMs?: number;
  /** Clients remembered at most, 64 to 10,000,000, at 52 bytes each. Only who asked for missing paths takes room. Default 100,000. */
  readonly maxClients?: number;
}

const isExtension = (value: unknown): boolean => typeof value === "string" && /^\.[a-z0-9]{1,10}$/i.test(value);

export const WAVES_OPTIONS = {
  extensions: listOf<string, readonly string[]>([".php", ".asp", ".aspx", ".jsp", ".cgi"], "file endings such as .php", isExtension),
  extensionLimit: integer(3, 1, 1_000),
  limit: integer(10, 1, 10_000),
  windowMs: integer(60_000, 1_000, 3_600_000),
  slowLimit: integer(30, 1, 10_000),
  banMs: integer(300_000, 1_000, 86_400_000),
  maxClients: integer(100_000, 64, 10_000_000),
} as const satisfies OptionTable;

export const RULES = {
  /** A client that asked for `limit` different missing paths in the window asks for a path that is not known. It gets 403; known paths it still gets. */
  "waves/scan": 100,
  /** The same, and it asks for a file with one of `extensions`: of such, `extensionLimit` different missing ones are enough. */
  "waves/extensions": 100,
  /** Half way to `waves/scan`, and again a path that is not known: blocks only together with more. */
  "waves/suspect": 30,
  /** This client was stopped and did not stop: banned. Needs certain probes among its misses, or ten times the limit by itself, not by a page's script. */
  "waves/persistent": 100,
} as const satisfies Record<RuleId, number>;

/** Two hours, of which what is older counts half: slow scanners count on being forgotten. */
const MEMORY_MS = 7_200_000;
/** A miss that a detector was certain about counts as so many plain ones. */
const CERTAIN_POINTS = 4;
/** A client with more answers in order than so many for each point is an office, a crawler or a monitor, not a scanner. */
const HITS_A_POINT = 1;
/** At ten times the limit it takes so many hits to be taken for one: mixing in the start page must not be a way around. */
const HITS_A_POINT_FAST = 10;
/** Bans need so many certain probes, or ten times the limit. */
const CERTAIN_TO_BAN = 3;
const FAST = 10;

/** What pages and devices ask for by themselves, whether it is there or not. */
const BY_ITSELF =
  /^\/(?:favicon\.ico|robots\.txt|ads\.txt|app-ads\.txt|humans\.txt|security\.txt|sitemap[\w-]*\.xml(?:\.gz)?|manifest\.json|site\.webmanifest|browserconfig\.xml|apple-touch-icon[\w-]*\.png|apple-app-site-association|crossdomain\.xml|service-?worker\.js|\.well-known\/.*)$/i;
const ASSET = /\.(?:css|m?js|map|png|jpe?g|gif|svg|ico|webp|avif|woff2?|ttf|eot|mp[34]|webm)$/i;

/**
 * Recognises who asks for one missing path after the other: word lists, file endings of other platforms, quick or slow. A client that does so is told
 * 403 on everything that is not known to exist and keeps the rest; only who goes on with certain probes is banned.
 *
 * What pages, their own scripts and apps that are signed in ask for is counted apart, has thirty times these limits, and stops only its like. Pages never
 * get their readers banned, scripts and apps only by certain probes.
 *
 * Never counted: routes of the manifest, paths that were answered before, assets and what browsers ask for by themselves, the same path again, and
 * ids below a folder that exists. Clients whose answers in order outweigh their misses, such as offices, crawlers and monitors, are left alone.
 *
 * @example
 * waves({ extensions: [".php", ".aspx"], limit: 20 })
 */
export function waves(options?: WavesOptions): Detector {
  const settings = readOptions("waves", WAVES_OPTIONS, options);
  const { limit, extensionLimit, slowLimit, windowMs, banMs, maxClients } = settings;
  const memoryOf = perFirewall((services) => ({
    conduct: createConduct(services, { maxClients, windowMs, memoryMs: MEMORY_MS }),
    known: knownPathsOf(services),
  }));
  const extensions = new Set(settings.extensions.map((extension) => extension.slice(1).toLowerCase()));
  const extensionPoints = Math.ceil(limit / extensionLimit);
  /** Requests that nothing can be learned from: their path is known and their client stands well. */
  const quiet = createQuiet();

  const isOver = ({ points, hits, misses }: Standing, patience: number): boolean =>
    (points >= limit * patience && hits <= points * HITS_A_POINT) ||
    (points >= limit * FAST * patience && hits <= points * HITS_A_POINT_FAST) ||
    (misses >= slowLimit * patience && hits <= misses * HITS_A_POINT);

  const stopped = (request: WafRequest): Finding => {
    const rule = extensions.has(extensionOf(request.path)) ? "waves/extensions" : "waves/scan";
    return { rule, score: RULES[rule], where: "path", block: { status: 403, retryAfterMs: windowMs } };
  };

  /** How much a missing path says about who asked for it. */
  const pointsOf = ({ request, findings }: Decision, known: KnownPaths): number => {
    const { path } = request;
    if (findings.some(isCertain)) return CERTAIN_POINTS;
    if (extensions.has(extensionOf(path))) return extensionPoints;
    if (BY_ITSELF.test(path) || ASSET.test(path)) return 0;
    const id = identifierIn(path);
    return id !== undefined && known.isBelowKnown(path, id) ? 0 : 1;
  };

  return {
    name: "waves",
    phase: "head",
    rules: Object.keys(RULES) as RuleId[],
    inspect(request, services) {
      const { client, receivedAt } = request;
      const { conduct, known } = memoryOf(services);
      if (client.key === "" || known.isKnown(request)) {
        if (client.key === "" || conduct.isClear(client.key, receivedAt)) quiet.note(request);
        return undefined;
      }
      const { ledger, patience } = conduct.of(request);
      const standing = ledger.read(client.key, receivedAt);
      if (standing === undefined) return undefined;
      if (isOver(standing, patience)) return stopped(request);
      return standing.points * 2 >= limit * patience && standing.hits <= standing.points * HITS_A_POINT ? SUSPECT : undefined;
    },
    wantsOutcome: quiet.wantsOutcome,
    observe(decision, outcome, services) {
      const { request, action } = decision;
      const { client, receivedAt } = request;
      if (client.key === "" || quiet.holds(request)) return undefined;
      const { conduct, known } = memoryOf(services);
      if (isAnswered(outcome.status)) {
        known.learn(decision, outcome);
        conduct.hit(client.key, request.path, 0, receivedAt);
        return undefined;
      }
      const isMiss = action === "block" ? isProbing(decision) : outcome.status === 404 || outcome.status === 410;
      if (!isMiss || known.isKnown(request)) return undefined;
      const points = pointsOf(decision, known);
      if (points === 0) return undefined;
      const { ledger, patience, by } = conduct.of(request);
      const standing = ledger.miss(client.key, request.path, points, decision.findings.some(isCertain), receivedAt);
      // No script of the site asks for what only scanners do; whatever else it misses bans nobody.
      const persists =
        !standing.repeated &&
        ((standing.hostile >= CERTAIN_TO_BAN && standing.points >= limit * 2) || (standing.points >= limit * FAST && by === "client")) &&
        (isOver(standing, patience) || by === "script") &&
        by !== "page";
      return persists ? services.ban(request, "waves/persistent", banMs) : undefined;
    },
  };
}

const SUSPECT: Finding = { rule: "waves/suspect", score: RULES["waves/suspect"], where: "path" };

/** What another detector takes for certain about the path or the content; not the limits, which tell nothing about what was asked for. */
const isCertain = ({ rule, score }: Finding): boolean =>
  score >= 100 && !rule.startsWith("waves/") && (rule.startsWith("probes/") || rule.startsWith("scanner/"));

/** A block counts as a miss when the path was the reason: what comes from a banned or limited client says nothing. */
const isProbing = ({ findings }: Decision): boolean =>
  findings.some((finding) => isCertain(finding) || finding.rule === "waves/scan" || finding.rule === "waves/extensions");

/** The ending of the last segment in lower case, without its dot; `""` when it has none. `/a.php/extra` is read as `/a.php`. */
function extensionOf(path: string): string {
  const trimmed = path.length > 2_048 ? path.slice(0, 2_048) : path;
  const found = /\.([a-z0-9]{1,10})(?:\/[^.]*)?$/i.exec(trimmed);
  return found === null ? "" : found[1]!.toLowerCase();
}

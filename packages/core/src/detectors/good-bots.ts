import { type AddressSet, compileAddressSet } from "../addresses.ts";
import { type Claimed, createProofs, type NameResolver } from "../dns/proofs.ts";
import { any, hasMethods, integer, invalid, isRecord, isText, listOf, type OptionTable, readOptions } from "../options.ts";
import type { Detector, Finding, RuleId, WafRequest } from "../types.ts";

/** A crawler and how it proves what it is. One of the two proofs is needed. */
export interface Bot {
  /** For notes and `ranges`. */
  readonly name: string;
  /** Words of its user agent, lower case, any of which claims to be it. */
  readonly agents: readonly string[];
  /** Its addresses have names below these domains, and the names have the addresses. */
  readonly domains?: readonly string[];
  /** Addresses and ranges that its operator publishes. */
  readonly ranges?: readonly string[];
}

/** What `goodBots` takes. */
export interface GoodBotsOptions {
  /** Asks the domain name system, always after the answer is on its way. Default: nobody is asked, and only ranges prove anything. */
  readonly resolver?: NameResolver;
  /** More crawlers, or other facts about the known ones, by name. Default: the big search engines, by their domains. */
  readonly bots?: readonly Bot[];
  /** Published ranges by the name of a bot, for example `{ googlebot: ["66.249.64.0/19"] }`. Default: none. */
  readonly ranges?: Readonly<Record<string, readonly string[]>>;
  /** What a proven bot is exempt from: detectors, rules. Default: headers, waves, keywords, identifiers, anomaly and `rate-limit/flood`. */
  readonly exempt?: readonly string[];
  /** How long a proof holds, in milliseconds, 60,000 to 604,800,000; an impostor is asked about again after a tenth of it. Default 86,400,000. */
  readonly provenMs?: number;
}

/** Crawlers whose operators document reverse DNS as the way to tell them. */
const BOTS: readonly Bot[] = [
  { name: "googlebot", agents: ["googlebot", "google-inspectiontool", "storebot-google"], domains: ["googlebot.com", "google.com"] },
  { name: "bingbot", agents: ["bingbot", "adidxbot", "bingpreview"], domains: ["search.msn.com"] },
  { name: "yandexbot", agents: ["yandexbot", "yandeximages", "yandexmobilebot"], domains: ["yandex.ru", "yandex.net", "yandex.com"] },
  { name: "baiduspider", agents: ["baiduspider"], domains: ["baidu.com", "baidu.jp"] },
  { name: "applebot", agents: ["applebot"], domains: ["applebot.apple.com"] },
  { name: "slurp", agents: ["slurp"], domains: ["crawl.yahoo.net"] },
  { name: "petalbot", agents: ["petalbot"], domains: ["petalsearch.com"] },
  { name: "pinterestbot", agents: ["pinterestbot"], domains: ["pinterest.com"] },
  { name: "seznambot", agents: ["seznambot"], domains: ["seznam.cz"] },
  { name: "duckduckbot", agents: ["duckduckbot"] },
];

const isBot = (value: unknown): boolean =>
  isRecord(value) &&
  isText(value["name"]) &&
  isWords(value["agents"], /^[a-z0-9][a-z0-9 ./_-]{2,63}$/) &&
  (value["domains"] === undefined || isWords(value["domains"], /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/));
const isWords = (value: unknown, shape: RegExp): boolean =>
  Array.isArray(value) && value.length > 0 && value.every((word) => typeof word === "string" && shape.test(word));

export const GOOD_BOTS_OPTIONS = {
  resolver: any<NameResolver>(undefined, "an object with reverse() and forward()", (value) => hasMethods(value, "reverse", "forward")),
  bots: listOf<Bot, readonly Bot[]>([], "bots with name, agents (lower case, 3 to 64 characters), and domains or ranges", isBot),
  ranges: any<Readonly<Record<string, readonly string[]>>, Readonly<Record<string, readonly string[]>>>(
    {},
    "an object of lists of addresses and CIDR ranges, by the name of a bot",
    (value) => isRecord(value) && Object.values(value).every((list) => Array.isArray(list) && list.every(isText)),
  ),
  exempt: listOf<string, readonly string[]>(
    ["headers", "waves", "keywords", "identifiers", "anomaly", "rate-limit/flood"],
    "names of detectors and rules",
    isText,
  ),
  provenMs: integer(86_400_000, 60_000, 604_800_000),
} as const satisfies OptionTable;

export const RULES = {
  /** The user agent claims to be a crawler whose addresses are known, and this is none of them. Never blocks alone. */
  "good-bots/impostor": 40,
} as const satisfies Record<RuleId, number>;

/** Most clients send one of a few agents, and looking for two dozen words in each costs half a microsecond, twice a request. */
const MAX_AGENTS = 1_000;
const MAX_AGENT_LENGTH = 300;

/**
 * Tells real crawlers from those that only say so: by published ranges at once, and by reverse DNS that the name confirms, asked in the background and
 * remembered. A real one is exempt from what crawling looks like; an impostor gets score. As long as nothing is known, nothing happens.
 *
 * @throws WafError for a bot or a range that cannot be read.
 * @example
 * goodBots({ resolver: systemResolver(), ranges: { duckduckbot: ["20.191.45.212"] } })
 */
export function goodBots(options?: GoodBotsOptions): Detector {
  const { resolver, bots, ranges, exempt, provenMs } = readOptions("goodBots", GOOD_BOTS_OPTIONS, options);
  const known = compileBots(bots, ranges, resolver !== undefined);
  const claims = new RegExp(`(?<![a-z])(?:${[...known.keys()].map(escapeText).join("|")})(?![a-z])`, "i");
  const proofs = resolver === undefined ? undefined : createProofs(resolver, provenMs);

  const agents = new Map<string, Known | undefined>();
  const claimOf = (agent: string): Known | undefined => {
    if (agents.has(agent)) return agents.get(agent);
    const claim = claims.exec(agent)?.[0].toLowerCase();
    const bot = claim === undefined ? undefined : known.get(claim);
    if (agents.size >= MAX_AGENTS) agents.clear();
    if (agent.length <= MAX_AGENT_LENGTH) agents.set(agent, bot);
    return bot;
  };

  /** `undefined`: no claim, or nothing known yet. */
  const judge = ({ headers, client, receivedAt: now }: WafRequest): { readonly bot: Known; readonly isReal: boolean } | undefined => {
    const bot = claimOf(headers.get("user-agent") ?? "");
    if (bot === undefined || client.address === "") return undefined;
    if (bot.ranges?.(client.address)) return { bot, isReal: true };
    if (proofs === undefined || bot.domains.length === 0) return bot.ranges === undefined ? undefined : { bot, isReal: false };
    const isReal = proofs.of(bot, client.address, now);
    return isReal === undefined ? undefined : { bot, isReal };
  };

  return {
    name: "good-bots",
    phase: "head",
    rules: Object.keys(RULES) as RuleId[],
    exempt: (request) => (judge(request)?.isReal ? exempt : undefined),
    inspect(request): Finding | undefined {
      const judged = judge(request);
      if (judged === undefined || judged.isReal) return undefined;
      return {
        rule: "good-bots/impostor",
        score: RULES["good-bots/impostor"],
        where: "header:user-agent",
        note: `claims to be ${judged.bot.name}`.slice(0, 120),
      };
    },
  };
}

interface Known extends Claimed {
  readonly ranges: AddressSet | undefined;
}

function compileBots(
  own: readonly Bot[],
  ranges: Readonly<Record<string, readonly string[]>>,
  canAsk: boolean,
): ReadonlyMap<string, Known> {
  const bots = new Map([...BOTS, ...own].map((bot) => [bot.name, bot]));
  for (const name of Object.keys(ranges)) {
    if (!bots.has(name)) throw invalid(`goodBots.ranges.${name}`, name, `the name of a bot: ${[...bots.keys()].join(", ")}`);
  }
  const known = new Map<string, Known>();
  for (const { name, agents, domains = [], ranges: published = [] } of bots.values()) {
    const all = [...published, ...(ranges[name] ?? [])];
    if (all.length === 0 && (domains.length === 0 || !canAsk)) {
      if (own.some((bot) => bot.name === name) && domains.length === 0)
        throw invalid(`goodBots.bots.${name}`, name, "given with domains or ranges, or nothing could prove it");
      continue;
    }
    const bot: Known = {
      name,
      domains: domains.map((domain) => `.${domain}`),
      ranges: all.length === 0 ? undefined : compileAddressSet(all, `goodBots.ranges.${name}`),
    };
    for (const agent of agents) known.set(agent, bot);
  }
  return known;
}

const escapeText = (text: string): string => text.replace(/[^a-z0-9]/g, "\\$&");

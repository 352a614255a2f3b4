import { isByPage } from "../behaviour/by-page.ts";
import { type Candidates, createCandidates, networkOf } from "../behaviour/candidates.ts";
import { isAnswered, type KnownPaths, knownPathsOf } from "../behaviour/known-paths.ts";
import { isValueLike, ORDINARY_WORDS, wordsOf } from "../behaviour/path-words.ts";
import { perFirewall } from "../behaviour/per-firewall.ts";
import { createQuiet } from "../behaviour/quiet.ts";
import { createSlotTable } from "../behaviour/slot-table.ts";
import { any, integer, listOf, type OptionTable, readOptions } from "../options.ts";
import { joinSnapshots, storeSnapshot } from "../snapshots.ts";
import { addEntries, type ListEntry, listPrefix, readEntry, removeEntries } from "../stored-lists.ts";
import type { Decision, Detector, Finding, RuleId, Services, WafRequest } from "../types.ts";

/** What `keywords` takes. */
export interface KeywordsOptions {
  /** Whether words are learned from traffic. Words of the store's `keyword` list count either way. Default `true`. */
  readonly learn?: boolean;
  /** Words of your own that count on unknown paths, 4 to 32 letters, digits or underscores. Default: none. */
  readonly words?: readonly string[];
  /** Words that never count and are never learned. The store's `exempt-keyword` list and the words of its `exempt-path` list add to it. Default: none. */
  readonly allow?: readonly string[];
  /** How many learned words count at a time, those seen most often, 0 to 1,000. Words that an operator stored always count. Default 10. */
  readonly maxActive?: number;
  /** From how many different networks (IPv4 /16, IPv6 /32) a word must have been asked for, 2 to 50. Default 5. */
  readonly minNetworks?: number;
  /** How long a word waits after that, in milliseconds, 0 to 604,800,000; seen in one good answer meanwhile, it is dropped. Default 3,600,000. */
  readonly quarantineMs?: number;
  /** After how long a word's count halves, in milliseconds, 60,000 to 2,592,000,000. Default 86,400,000. */
  readonly halfLifeMs?: number;
}

const isWord = (value: unknown): boolean => typeof value === "string" && value.length <= 100 && wordsOf(value).length === 1;

export const KEYWORDS_OPTIONS = {
  learn: any<boolean, true>(true, "true or false", (value) => typeof value === "boolean"),
  words: listOf<string, readonly string[]>([], "single words of 4 to 32 characters", isWord),
  allow: listOf<string, readonly string[]>([], "words", (value) => typeof value === "string"),
  maxActive: integer(10, 0, 1_000),
  minNetworks: integer(5, 2, 50),
  quarantineMs: integer(3_600_000, 0, 604_800_000),
  halfLifeMs: integer(86_400_000, 60_000, 2_592_000_000),
} as const satisfies OptionTable;

export const RULES = {
  /**
   * A client that missed a path within the hour asks for an unknown one, with a word in it that scanners from several networks asked for and nobody
   * ever got an answer with. Never blocks alone.
   */
  "keywords/learned": 30,
  /** An unknown path has a word of `words` in it. Never blocks alone. */
  "keywords/listed": 40,
} as const satisfies Record<RuleId, number>;

/** Words on probation at most, about 150 bytes each. */
const MAX_CANDIDATES = 2_000;
/** A word is written to the store so often that it does not end there before it does here. */
const LIFETIME_HALF_LIVES = 4;
const REWRITE_SHARE = 0.25;

/** The stored words, the exempt ones, and those of exempt paths. */
type Sources = readonly [entries: readonly ListEntry[], exemptWords: ReadonlySet<string>, exemptPaths: ReadonlySet<string>];

/** What one firewall has learned so far. */
interface State {
  readonly known: KnownPaths;
  readonly candidates: Candidates;
  readonly suspects: Suspects;
  /** As last compiled. */
  sources: Sources;
  active: ReadonlySet<string>;
  /** Known paths, and whether they have an active word in them: paths repeat, and reading one costs five times a look. */
  readonly looked: Map<string, boolean>;
  /** Stored words that became exempt: taken out of the store after the next response. */
  outdated: readonly string[];
}

/**
 * Learns which words scanners ask for here, and holds them against unknown paths a little.
 *
 * A word is learned only from 404s on paths that are not known, only from clients that were seen attacking within the hour, only after at least
 * `minNetworks` networks asked for it, and only once a time of probation has passed in which no good answer had it in its path. It fades with time,
 * is dropped at its first good answer or when it becomes exempt, and never blocks alone: repeating a word from one network, however often, moves nothing.
 * A learned word is held only against clients that missed a path within the hour: whoever has words of tomorrow's page learned today does not touch
 * the page's first visitors.
 *
 * @example
 * keywords({ allow: ["console"], maxActive: 50 })
 */
export function keywords(options?: KeywordsOptions): Detector {
  const { learn, words, allow, maxActive, minNetworks, quarantineMs, halfLifeMs } = readOptions("keywords", KEYWORDS_OPTIONS, options);
  const listed = new Set(words.flatMap(wordsOf));
  const allowed = new Set(allow.map((word) => word.toLowerCase()));
  const sourcesOf = joinSnapshots(
    [
      storeSnapshot({ prefix: listPrefix("keyword"), read: (name, value) => readEntry("keyword", name, value), build: byCount }),
      storeSnapshot({ prefix: listPrefix("exempt-keyword"), read: (name) => name, build: (names) => new Set(names.keys()) }),
      storeSnapshot({
        prefix: listPrefix("exempt-path"),
        read: (name) => name,
        build: (names) => new Set([...names.keys()].flatMap(wordsOf)),
      }),
    ],
    (...lists): Sources => lists,
  );
  const stateOf = perFirewall(
    (services): State => ({
      known: knownPathsOf(services),
      candidates: createCandidates({ maxWords: MAX_CANDIDATES, minNetworks, halfLifeMs }),
      suspects: createSuspects(),
      sources: [[], new Set(), new Set()],
      active: new Set(),
      looked: new Map(),
      outdated: [],
    }),
  );
  /** Requests that nothing can be learned from: their path is known. */
  const quiet = createQuiet();

  const isExempt = ({ sources }: State, word: string): boolean => allowed.has(word) || sources[1].has(word) || sources[2].has(word);
  const entryOf = ({ sources }: State, word: string): ListEntry | undefined => sources[0].find(({ name }) => name === word);

  /** An operator's word: held against everybody. */
  const isStored = (state: State, word: string): boolean => entryOf(state, word)?.count === undefined;
  const hasMissed = ({ suspects }: State, { client, receivedAt }: WafRequest): boolean => suspects.hasMissed(client.key, receivedAt);

  /** Compiled again only when one of the three lists changed. */
  const refresh = (services: Services, now: number): State => {
    const state = stateOf(services);
    const sources = sourcesOf(services, now);
    if (sources === state.sources) return state;
    state.sources = sources;
    const [entries] = sources;
    state.outdated = entries.filter(({ name, count }) => count !== undefined && isExempt(state, name)).map(({ name }) => name);
    const counting = entries.filter(({ name }) => !isExempt(state, name));
    const learned = counting.filter(({ count }) => count !== undefined).slice(0, maxActive);
    state.active = new Set([...counting.filter(({ count }) => count === undefined), ...learned].map(({ name }) => name));
    state.looked.clear();
    return state;
  };

  return {
    name: "keywords",
    phase: "head",
    rules: Object.keys(RULES) as RuleId[],
    inspect(request, services) {
      const state = refresh(services, request.receivedAt);
      const { known } = state;
      if (known.isKnown(request)) {
        // A path that was answered before a word of it was learned takes that word back, too.
        if (state.active.size === 0 || !hasActiveWord(state, request.path)) quiet.note(request);
        return undefined;
      }
      if (state.active.size + listed.size === 0) return undefined;
      const found = wordsOf(request.path);
      const own = found.find((word) => listed.has(word) && !isExempt(state, word));
      const learned = found.find(
        (word) => state.active.has(word) && !known.isGoodWord(word) && (isStored(state, word) || hasMissed(state, request)),
      );
      const findings: Finding[] = [];
      if (own !== undefined) findings.push(finding("keywords/listed", own));
      if (learned !== undefined) findings.push(finding("keywords/learned", learned));
      return findings.length === 0 ? undefined : findings;
    },
    observe(decision, outcome, services) {
      const { request, action } = decision;
      if (quiet.holds(request)) return undefined;
      const state = stateOf(services);
      const { candidates, known, suspects, outdated } = state;
      const answered = known.learn(decision, outcome);
      const now = request.receivedAt;
      for (const word of answered) candidates.forget(word);
      const isGood = action === "allow" && request.canonical && isAnswered(outcome.status) && state.active.size > 0;
      const wrong = isGood ? wordsOf(request.path).filter((word) => state.active.has(word) && !isStored(state, word)) : [];
      if (wrong.length + outdated.length > 0) {
        const names = [...wrong, ...outdated];
        for (const word of names) candidates.forget(word);
        state.outdated = [];
        return removeEntries(services.store, "keyword", names, now).then(() => undefined);
      }
      const { key } = request.client;
      // What a page makes its readers ask for proves nothing about them, and its writer must not teach by their addresses.
      if (key === "" || isByPage(request)) return undefined;
      if (decision.findings.some(isProof)) suspects.prove(key, now);
      if (action === "block" || outcome.status !== 404 || known.isKnown(request)) return undefined;
      suspects.miss(key, now);
      // Only proven attackers teach: a broken link in a newsletter brings 404s from a thousand networks too, and so do the links of a former site.
      if (!learn || !suspects.isProven(key, now)) return undefined;
      const ready = learnFrom(decision, state, known);
      if (ready.length === 0) return undefined;
      return addEntries(services.store, "keyword", ready, now).then(() => undefined);
    },
    wantsOutcome: quiet.wantsOutcome,
  };

  /** Notes the words of a missing path and returns those that may count from now on. */
  function learnFrom({ request }: Decision, state: State, known: KnownPaths): (ListEntry & { readonly until: number })[] {
    const { path, client, receivedAt: now } = request;
    const network = networkOf(client.key);
    return wordsOf(path).flatMap((word) => {
      if (ORDINARY_WORDS.has(word) || isExempt(state, word) || isValueLike(word) || known.isGoodWord(word)) return [];
      const { count, confirmedAt } = state.candidates.note(word, network, now);
      if (confirmedAt === undefined || now - confirmedAt < quarantineMs || !isDue(state, word, count)) return [];
      const until = now + LIFETIME_HALF_LIVES * halfLifeMs;
      return [{ name: word, reason: "learned", since: confirmedAt, until, count: Math.round(count) }];
    });
  }

  /** True at the first time and whenever the count has changed by a quarter: not every 404 should write to the store. */
  function isDue(state: State, word: string, count: number): boolean {
    const entry = entryOf(state, word);
    return entry === undefined || Math.abs(count - (entry.count ?? 0)) > Math.max(1, (entry.count ?? 0) * REWRITE_SHARE);
  }
}

const MAX_LOOKED = 2_000;
const MAX_LOOKED_LENGTH = 100;

function hasActiveWord({ active, looked }: State, path: string): boolean {
  let answer = looked.get(path);
  if (answer === undefined) {
    answer = wordsOf(path).some((word) => active.has(word));
    if (looked.size >= MAX_LOOKED) looked.clear();
    if (path.length <= MAX_LOOKED_LENGTH) looked.set(path, answer);
  }
  return answer;
}

/** The word that was seen most often first; of equals, in the order of the alphabet, so that all processes choose the same ones. */
const byCount = (entries: ReadonlyMap<string, ListEntry>): readonly ListEntry[] =>
  [...entries.values()].sort((one, other) => (other.count ?? 0) - (one.count ?? 0) || (one.name < other.name ? -1 : 1));

const finding = (rule: keyof typeof RULES, word: string): Finding => ({
  rule,
  score: RULES[rule],
  where: "path",
  note: `the word ${word}`,
});

/** What another detector is certain about in the path or the content. Limits, lists and what soft signals add up to prove nothing about a client. */
const isProof = ({ rule, score }: Finding): boolean => score >= 100 && !NO_PROOF.test(rule);
const NO_PROOF = /^(?:waves|keywords|blocklist|rate-limit|methods|headers|honeypot|identifiers|geo|good-bots|anomaly|score|engine|body)\//;

/** For how long a proven attack and a missing path are held against a client. */
const SUSPECT_MS = 3_600_000;
const MAX_SUSPECTS = 10_000;
const PROVEN = 0;
const MISSED = 1;

/** Clients that lately attacked or asked for what is not there. */
interface Suspects {
  prove(key: string, now: number): void;
  miss(key: string, now: number): void;
  /** An attack of this client was certain within the hour: it teaches words. */
  isProven(key: string, now: number): boolean;
  /** It missed an unknown path within the hour: learned words count against it. */
  hasMissed(key: string, now: number): boolean;
}

function createSuspects(): Suspects {
  const secondsLeft = (words: Int32Array, at: number, now: number): number => words[at]! - now / 1000;
  const table = createSlotTable({
    fields: 2,
    maxSlots: MAX_SUSPECTS,
    // A proven attacker outweighs any number of clients that followed a dead link.
    weigh: (words, at, now) => {
      const proven = secondsLeft(words, at + PROVEN, now);
      return proven > 0 ? proven + SUSPECT_MS : secondsLeft(words, at + MISSED, now);
    },
  });
  const note = (field: number, key: string, now: number): void => {
    table.claim(key, now);
    table.words[table.at + field] = Math.ceil((now + SUSPECT_MS) / 1000);
  };
  const holds = (field: number, key: string, now: number): boolean =>
    table.find(key) && secondsLeft(table.words, table.at + field, now) > 0;
  return {
    prove: (key, now) => note(PROVEN, key, now),
    miss: (key, now) => note(MISSED, key, now),
    isProven: (key, now) => holds(PROVEN, key, now),
    hasMissed: (key, now) => key !== "" && holds(MISSED, key, now),
  };
}

import { chain } from "../awaitable.ts";
import { undoBans } from "../ban-list.ts";
import { networkOf } from "../behaviour/candidates.ts";
import { isAnswered } from "../behaviour/known-paths.ts";
import { perFirewall } from "../behaviour/per-firewall.ts";
import { createQuiet } from "../behaviour/quiet.ts";
import { createSlotTable } from "../behaviour/slot-table.ts";
import { any, integer, isFunction, isText, listOf, type OptionTable, readOptions } from "../options.ts";
import { changed, joinSnapshots, storeSnapshot } from "../snapshots.ts";
import type { Awaitable, Blocked, Detector, RuleId, Services, WafRequest } from "../types.ts";

/** What `breaker` takes. */
export interface BreakerOptions {
  /**
   * Names of detectors, or rule ids, that may be suspended. Leave out what an attacker would like to see suspended: limits, probes and content inspection
   * also stop clients that behaved before. Default: keywords, waves, identifiers, honeypot, headers, anomaly and good-bots.
   */
  readonly rules?: readonly string[];
  /** How many different good clients a rule must stop in a window, 2 to 100,000. Default 20. */
  readonly minClients?: number;
  /** From how many different networks (IPv4 /16, IPv6 /32) they must come, 1 to 1,000. Default 8. */
  readonly minNetworks?: number;
  /** How many times its usual number of good clients the rule must stop, 2 to 1,000. Default 5. */
  readonly factor?: number;
  /** Length of the window in milliseconds, 10,000 to 3,600,000. Default 300,000. */
  readonly windowMs?: number;
  /** How long a rule is suspended at first, in milliseconds, 10,000 to 86,400,000; each time it has to be suspended again within a day, twice as long. Default 600,000. */
  readonly openMs?: number;
  /** How long ago a client must have been answered first to be a good one, in milliseconds, 0 to 86,400,000. Default 600,000. */
  readonly minAgeMs?: number;
  /** Clients remembered at most, 64 to 10,000,000, at 16 bytes each. Default 200,000. */
  readonly maxClients?: number;
  /** Told when a rule is suspended, after the log and the store. What it throws is logged and dropped. */
  readonly onOpen?: (event: BreakerEvent) => void;
}

/** A rule was suspended. */
export interface BreakerEvent {
  readonly rule: RuleId;
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly until: number;
  /** Different good clients that it stopped in the window. */
  readonly clients: number;
  /** How many it stopped in a usual window. */
  readonly usual: number;
}

const isName = (value: unknown): boolean => isText(value) && value.length <= 100;

export const BREAKER_OPTIONS = {
  rules: listOf<string, readonly string[]>(
    ["keywords", "waves", "identifiers", "honeypot", "headers", "anomaly", "good-bots"],
    "names of detectors or rules",
    isName,
  ),
  minClients: integer(20, 2, 100_000),
  minNetworks: integer(8, 1, 1_000),
  factor: integer(5, 2, 1_000),
  windowMs: integer(300_000, 10_000, 3_600_000),
  openMs: integer(600_000, 10_000, 86_400_000),
  minAgeMs: integer(600_000, 0, 86_400_000),
  maxClients: integer(200_000, 64, 10_000_000),
  onOpen: any<(event: BreakerEvent) => void>(undefined, "a function of the event", isFunction),
} as const satisfies OptionTable;

/** Answers in order that make a good client. */
const GOOD_ANSWERS = 5;
const DAY_MS = 86_400_000;
/** How much one window weighs in what is usual. */
const SHARE = 0.1;
const MAX_DOUBLINGS = 7;
const MAX_RULES = 200;
/** Clients of one rule and window that are told apart. */
const MAX_CLIENTS = 10_000;
const PREFIX = "breaker:";

/** One rule's running window. */
interface Watch {
  slot: number;
  usual: number;
  readonly clients: Set<string>;
  readonly networks: Set<string>;
  opened: number;
  openedAt: number;
}

/** What one firewall has seen. */
interface State {
  readonly good: GoodClients;
  readonly watches: Map<RuleId, Watch>;
}

/** A suspension as it is stored. */
interface Open {
  readonly rule: RuleId;
  readonly until: number;
}

/**
 * Suspends a rule that suddenly stops clients which were served before: many of them, from many networks, and far more than usual. The rule's bans of
 * that window are undone, the log gets an error, and after `openMs` the rule holds again. So a bad list, a bad model or a changed application makes an
 * alarm and not an outage.
 *
 * A good client was answered in order at least five times, the first time `minAgeMs` ago. Whoever wants to use the breaker as a switch needs `minClients`
 * such clients in `minNetworks` networks, and gets a learned or soft rule out of the way, never a limit or content inspection.
 *
 * @example
 * breaker({ rules: ["keywords", "waves"], onOpen: ({ rule }) => notify(`suspended ${rule}`) })
 */
export function breaker(options?: BreakerOptions): Detector {
  const settings = readOptions("breaker", BREAKER_OPTIONS, options);
  const { rules, minClients, minNetworks, factor, windowMs, openMs, minAgeMs, maxClients, onOpen } = settings;
  const stateOf = perFirewall((): State => ({ good: createGoodClients(maxClients, minAgeMs), watches: new Map() }));
  const suspended = joinSnapshots(
    [storeSnapshot<Open, readonly Open[]>({ prefix: PREFIX, read: readOpen, build: (entries) => [...entries.values()] })],
    (list) => list,
  );
  /** Requests whose client is known as a good one: if they go through, nothing can be learned from them. */
  const quiet = createQuiet();
  const mayOpen = (rule: RuleId): boolean => rules.includes(rule) || rules.includes(rule.slice(0, rule.indexOf("/")));

  const open = (rule: RuleId, watch: Watch, request: WafRequest, services: Services): Awaitable<void> => {
    const now = request.receivedAt;
    watch.opened = now - watch.openedAt < DAY_MS ? Math.min(watch.opened + 1, MAX_DOUBLINGS) : 0;
    watch.openedAt = now;
    const event: BreakerEvent = {
      rule,
      since: now,
      until: now + Math.min(DAY_MS, openMs * 2 ** watch.opened),
      clients: watch.clients.size,
      usual: watch.usual,
    };
    services.log.error(
      `The rule ${rule} is suspended until ${new Date(event.until).toISOString()}: it stopped ${event.clients} clients that were served before`,
      { ...event, code: "AIWAF_RULE_SUSPENDED" },
    );
    try {
      onOpen?.(event);
    } catch (error) {
      services.log.error("onOpen of the breaker failed", { error: String(error).slice(0, 200) });
    }
    const from = watch.slot * windowMs;
    watch.clients.clear();
    watch.networks.clear();
    const { store } = services;
    return chain(store.set(PREFIX + rule, JSON.stringify(event), event.until - now, now), () =>
      chain(changed(store, PREFIX, now), () => undoBans(store, { rule, from }, now).then(() => undefined)),
    );
  };

  /** The rule's running window. What is usual follows the windows that passed, the empty ones too. */
  const watchOf = ({ watches }: State, rule: RuleId, now: number): Watch | undefined => {
    const slot = Math.floor(now / windowMs);
    let watch = watches.get(rule);
    if (watch === undefined) {
      if (watches.size >= MAX_RULES) return undefined;
      watch = { slot, usual: 0, clients: new Set(), networks: new Set(), opened: 0, openedAt: -Infinity };
      watches.set(rule, watch);
    }
    if (watch.slot !== slot) {
      watch.usual = (watch.usual * (1 - SHARE) + watch.clients.size * SHARE) * (1 - SHARE) ** Math.max(0, slot - watch.slot - 1);
      watch.slot = slot;
      watch.clients.clear();
      watch.networks.clear();
    }
    return watch;
  };

  return {
    name: "breaker",
    phase: "head",
    // Finds nothing itself: while a rule is suspended, its findings are left out of decisions.
    rules: [],
    inspect(request, services) {
      if (stateOf(services).good.isSettled(request)) quiet.note(request);
      return undefined;
    },
    exempt({ receivedAt }, services) {
      const all = suspended(services, receivedAt);
      if (all.length === 0) return undefined;
      return all.filter(({ until }) => receivedAt < until).map(({ rule }) => rule);
    },
    wantsOutcome: quiet.wantsOutcome,
    observe(decision, outcome, services) {
      const { request } = decision;
      if (request.client.key === "" || (quiet.holds(request) && decision.action === "allow")) return undefined;
      const state = stateOf(services);
      const { good } = state;
      if (decision.action === "allow") {
        if (isAnswered(outcome.status)) good.note(request);
        return undefined;
      }
      const rule = culpritOf(decision);
      if (!mayOpen(rule) || !good.has(request)) return undefined;
      const watch = watchOf(state, rule, request.receivedAt);
      if (watch === undefined) return undefined;
      if (watch.clients.size < MAX_CLIENTS) watch.clients.add(request.client.key);
      if (watch.networks.size < minNetworks) watch.networks.add(networkOf(request.client.key));
      const enough = watch.clients.size >= Math.max(minClients, factor * watch.usual) && watch.networks.size >= minNetworks;
      return enough ? open(rule, watch, request, services) : undefined;
    },
  };
}

/** The rule behind a block: of a banned client, the one that had it banned. */
function culpritOf({ rule, findings }: Blocked): RuleId {
  if (rule !== "blocklist/banned") return rule;
  const by = /^banned by (\S+\/\S+)$/.exec(findings.find((finding) => finding.rule === rule)?.note ?? "");
  return (by?.[1] ?? rule) as RuleId;
}

function readOpen(name: string, value: string): Open | undefined {
  const stored = JSON.parse(value) as Partial<Open> | null;
  return typeof stored?.until === "number" && name.includes("/") ? { rule: name as RuleId, until: stored.until } : undefined;
}

/** Clients that were served before. */
interface GoodClients {
  note(request: WafRequest): void;
  has(request: WafRequest): boolean;
  /** True when noting this client once more today would change nothing. */
  isSettled(request: WafRequest): boolean;
}

/** Fields: first answer in seconds since the epoch; day of the last one, and in the lowest three bits answers up to `GOOD_ANSWERS`. */
const [FIRST, LAST] = [0, 1];
const ANSWERS_BITS = 3;
const ANSWERS_MASK = 7;
const FORGET_DAYS = 30;

function createGoodClients(maxClients: number, minAgeMs: number): GoodClients {
  const dayOf = (now: number): number => Math.floor(now / DAY_MS);
  const table = createSlotTable({
    fields: 2,
    maxSlots: maxClients,
    // Who came back lately and often stays; strangers push out strangers.
    weigh(words, at, now) {
      const last = words[at + LAST]!;
      const idleDays = Math.max(0, dayOf(now) - (last >> ANSWERS_BITS));
      return idleDays > FORGET_DAYS ? 0 : (last & ANSWERS_MASK) * 32 - idleDays;
    },
  });
  const answers = (): number => table.words[table.at + LAST]! & ANSWERS_MASK;
  const isGood = (now: number): boolean => answers() >= GOOD_ANSWERS && now / 1000 - table.words[table.at + FIRST]! >= minAgeMs / 1000;
  return {
    note({ client, receivedAt }) {
      const isNew = table.claim(client.key, receivedAt);
      const { words, at } = table;
      if (isNew) words[at + FIRST] = Math.floor(receivedAt / 1000);
      words[at + LAST] = (dayOf(receivedAt) << ANSWERS_BITS) | Math.min(answers() + 1, GOOD_ANSWERS);
    },
    has: ({ client, receivedAt }) => table.find(client.key) && isGood(receivedAt),
    isSettled: ({ client, receivedAt }) =>
      client.key !== "" &&
      table.find(client.key) &&
      answers() >= GOOD_ANSWERS &&
      table.words[table.at + LAST]! >> ANSWERS_BITS === dayOf(receivedAt),
  };
}

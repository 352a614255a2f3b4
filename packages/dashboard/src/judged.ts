/**
 * How well the firewall does on live traffic, where nobody has said which request was an attack: an estimate, from whom it stopped.
 *
 * @module
 */
import type { Rates } from "./api.ts";
import type { Context } from "./context.ts";
import { isConsequence } from "./evidence.ts";
import type { Cut } from "./past.ts";
import type { TopCounts } from "./top-counts.ts";

/** They are about how much a client does, where it is or what an operator said of it: neither a mistake nor an attack. */
const LIMITS = /^(?:rate-limit|repeats|geo|body|engine)\/|^blocklist\/address$/;
/** Whoever was stopped by one rule alone, fewer times than this, and let through so many times for each, is taken for an honest client. */
const HONEST_STOPS = 10;
const HONEST_SHARE = 5;
/** Clients that are asked about at once; what is known of one holds for a minute. */
const ASKED_AT_ONCE = 40;
const KNOWN_MS = 60_000;
const KNOWN_MAX = 2_000;
const LISTED = 10;
const RING_READ = 200;

interface Client {
  readonly name: string;
  blocked: number;
  wouldBlock: number;
  /** Stops that are evidence, and the rules behind them. */
  direct: number;
  readonly rules: Set<string>;
}

/** The rates of what was stopped between the two times. */
export function ratesOf(context: Context, stops: TopCounts, passed: number, cut: Cut, from: number, to: number, now: number): Rates {
  const clients = clientsOf(stops);
  const likely = [...clients.values()].filter(({ rules, direct }) => rules.size === 1 && direct < HONEST_STOPS);
  let asked = 0;
  const mistaken = likely.filter((client) => {
    const known = passedOf(context, client.name, cut, from, to, now, asked < ASKED_AT_ONCE);
    if (known?.isNew === true) asked++;
    return known !== undefined && known.passed >= HONEST_SHARE * client.direct;
  });
  const sum = (of: Iterable<Client>, field: "blocked" | "wouldBlock"): number => {
    let total = 0;
    for (const client of of) total += client[field];
    return total;
  };
  const mistakes = sum(mistaken, "blocked") + sum(mistaken, "wouldBlock");
  const blocked = sum(clients.values(), "blocked") - sum(mistaken, "blocked");
  const attacks = blocked + sum(clients.values(), "wouldBlock") - sum(mistaken, "wouldBlock");
  return {
    mistakes,
    ...(passed + mistakes > 0 && { mistakeShare: mistakes / (passed + mistakes) }),
    attacks,
    ...(attacks > 0 && { blockedShare: blocked / attacks }),
    suspects: mistaken
      .sort((one, other) => other.blocked + other.wouldBlock - one.blocked - one.wouldBlock || (one.name < other.name ? -1 : 1))
      .slice(0, LISTED)
      .map(({ name, blocked: own, wouldBlock, rules }) => ({ client: name, rule: [...rules][0] as string, stopped: own + wouldBlock })),
    partial: asked >= ASKED_AT_ONCE,
  };
}

function clientsOf(stops: TopCounts): ReadonlyMap<string, Client> {
  const clients = new Map<string, Client>();
  for (const { name: stop, count } of stops.top(Number.POSITIVE_INFINITY)) {
    const [action, rule = "", name = ""] = stop.split(" ", 3);
    if (LIMITS.test(rule)) continue;
    const client = clients.get(name) ?? { name, blocked: 0, wouldBlock: 0, direct: 0, rules: new Set<string>() };
    clients.set(name, client);
    client[action === "b" ? "blocked" : "wouldBlock"] += count;
    if (isConsequence(rule)) continue;
    client.direct += count;
    client.rules.add(rule);
  }
  return clients;
}

/** How often a client was let through, from what is known or, if there is still time, from what is kept. */
function passedOf(
  { records, events, known }: Context,
  client: string,
  cut: Cut,
  from: number,
  to: number,
  now: number,
  mayAsk: boolean,
): { readonly passed: number; readonly isNew: boolean } | undefined {
  // Ranges that end now slide on: what was so a minute ago is near enough.
  const key = `${client} ${Math.round((to - from) / KNOWN_MS)} ${JSON.stringify(cut)}`;
  const before = known.get(key);
  if (before !== undefined && now - before.at < KNOWN_MS) return { passed: before.passed, isNew: false };
  if (!mayAsk) return undefined;
  const passed =
    records === undefined
      ? events.history({ client, action: "allow", since: from, until: to }, RING_READ).filter(({ wouldBlock }) => wouldBlock === undefined)
          .length
      : records.count({ ...cut, client, from, to }, to - from).reduce((total, { allowed, wouldBlock }) => total + allowed - wouldBlock, 0);
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(key, { passed, at: now });
  return { passed, isNew: true };
}

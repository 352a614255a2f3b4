/** Plays a day in virtual time against the recommended firewall with every behaviour detector on, and says who was stopped. */
import { createWaf, type Decision, isThenable, type RawRequest, type Verdict } from "@aiwaf/core";
import { formTokens } from "@aiwaf/core/forms";
import { recommended } from "@aiwaf/core/recommended";
import { memoryStore } from "@aiwaf/core/stores/memory";
import type { Actor, Answer, Behaviour, Step } from "./actor.ts";
import { attackers } from "./attackers.ts";
import { honestActors } from "./honest.ts";
import { createRandom } from "./random.ts";
import { createShop, NEW_PAGES_AT_MS } from "./shop.ts";

export interface DayOptions {
  readonly seed: number;
  /** Honest users; machines and attackers come with them, in proportion. */
  readonly users: number;
}

/** What happened to all actors of a kind. */
export interface KindReport {
  readonly kind: string;
  readonly isHonest: boolean;
  readonly actors: number;
  readonly requests: number;
  /** Answered with 403 or 429. */
  readonly blocked: number;
  /** Honest users of forms only: asked to reload a page that was open too long. */
  readonly expired: number;
  /** Actors that were blocked at least once. */
  readonly stopped: number;
  /** Median over actors: requests that reached the application before the first block, and altogether. */
  readonly reachedBeforeStop: number;
  readonly reached: number;
  /** The same, of requests that the application answered 404. */
  readonly missesBeforeStop: number;
}

export interface DayReport {
  readonly kinds: readonly KindReport[];
  readonly honestRequests: number;
  readonly honestBlocked: number;
  /** Longest ban that an honest client met, in milliseconds. */
  readonly longestHonestBanMs: number;
  readonly honestBans: number;
  /** Blocks of honest requests by rule. */
  readonly honestBlocks: ReadonlyMap<string, number>;
  readonly attackerBlocks: ReadonlyMap<string, number>;
  /** Words that were held against unknown paths when the new pages went live, and at the end of the day. */
  readonly learnedAtNoon: readonly string[];
  /** Honest requests that a learned word was held against, whatever came of it. */
  readonly honestScoredByWords: number;
  readonly learnedWords: readonly string[];
  readonly suspended: readonly string[];
  readonly requests: number;
}

const DAY_START = Date.UTC(2026, 2, 3);
const encoder = new TextEncoder();

interface Tally {
  requests: number;
  blocked: number;
  expired: number;
  reached: number;
  misses: number;
  reachedBeforeStop: number | undefined;
  missesBeforeStop: number;
}

/** One actor on the way through its day. */
interface Run {
  readonly actor: Actor;
  readonly behaviour: Behaviour;
  readonly tally: Tally;
  step: Step;
  atMs: number;
}

export async function runDay({ seed, users }: DayOptions): Promise<DayReport> {
  const random = createRandom(seed);
  const shop = createShop(random);
  const world = { random, shop };
  const actors = [...honestActors(world, users), ...attackers(world, users / 50_000)].sort((one, other) => one.startMs - other.startMs);
  const forms = formTokens({ secret: "the shop of a simulated day" });
  const store = memoryStore();
  const suspended: string[] = [];
  let nowMs = 0;
  const waf = createWaf(
    recommended({
      store,
      clock: () => DAY_START + Math.floor(nowMs),
      log: { warn() {}, error() {} },
      // What the guides say about every sign-in: far fewer than a page may get.
      paths: { "/login": { rateLimit: { max: 20, windowMs: 60_000 } } },
      honeypot: { tokens: forms },
      repeats: {},
      logins: {},
      breaker: { onOpen: ({ rule }) => void suspended.push(rule) },
    }),
  );

  const tallies = new Map<Actor, Tally>();
  const honestBlocks = new Map<string, number>();
  const attackerBlocks = new Map<string, number>();
  const honestBans = new Set<string>();
  let longestHonestBanMs = 0;
  let honestScoredByWords = 0;

  const noteBan = async ({ request }: Decision): Promise<void> => {
    const value = await store.get(`ban:${request.client.key}`, request.receivedAt);
    if (value === undefined) return;
    const { since, until } = JSON.parse(value) as { since: number; until: number };
    honestBans.add(`${request.client.key} ${since}`);
    longestHonestBanMs = Math.max(longestHonestBanMs, until - since);
  };

  const send = async ({ actor, step, tally }: Run): Promise<Answer> => {
    const { method = "GET", target, headers, shownAtMs } = step;
    const token = shownAtMs === undefined ? "" : `form_token=${await forms.issue(target, DAY_START + Math.floor(shownAtMs))}&`;
    const body = step.body === undefined ? undefined : encoder.encode(token + step.body);
    const raw: RawRequest = {
      method,
      target,
      headers: headers!,
      peer: actor.peer,
      httpVersion: "1.1",
      ...(body !== undefined && { readBody: () => ({ bytes: body, complete: true }) }),
    };
    const answer = waf.inspect(raw);
    const decision: Decision & Partial<Verdict> = isThenable(answer) ? await answer : answer;
    const isBlocked = decision.action === "block";
    const status = isBlocked ? decision.status : shop.answer(method, decision.request.path, nowMs, step.body);
    waf.observe(decision, { status, durationMs: 5 });
    tally.requests++;
    if (actor.isHonest && decision.findings.some(({ rule }) => rule === "keywords/learned")) honestScoredByWords++;
    if (!isBlocked) {
      tally.reached++;
      if (status === 404) tally.misses++;
    } else if (status === 409) tally.expired++;
    else {
      tally.blocked++;
      if (tally.reachedBeforeStop === undefined) {
        tally.reachedBeforeStop = tally.reached;
        tally.missesBeforeStop = tally.misses;
      }
      const blocks = actor.isHonest ? honestBlocks : attackerBlocks;
      const cause = decision.rule === "blocklist/banned" ? (decision.findings[0]?.note ?? decision.rule) : decision.rule;
      blocks.set(cause, (blocks.get(cause) ?? 0) + 1);
      if (actor.isHonest) await noteBan(decision);
    }
    return { status, atMs: nowMs };
  };

  const learned = async (): Promise<readonly string[]> => {
    const keys = await store.list("list:keyword:", 1_000, DAY_START + nowMs);
    return keys.map((key) => key.slice("list:keyword:".length));
  };

  const heap = createHeap();
  let learnedAtNoon: readonly string[] | undefined;
  let next = 0;
  let requests = 0;
  const start = (actor: Actor): void => {
    const tally: Tally = { requests: 0, blocked: 0, expired: 0, reached: 0, misses: 0, reachedBeforeStop: undefined, missesBeforeStop: 0 };
    tallies.set(actor, tally);
    const behaviour = actor.begin();
    const first = behaviour.next();
    if (first.done !== true) heap.push({ actor, behaviour, tally, step: first.value, atMs: actor.startMs + first.value.waitMs });
  };
  for (;;) {
    const top = heap.top();
    if (next < actors.length && (top === undefined || actors[next]!.startMs <= top.atMs)) {
      start(actors[next++]!);
      continue;
    }
    if (top === undefined) break;
    heap.pop();
    if (top.atMs >= 24 * 3_600_000) continue;
    nowMs = Math.max(nowMs, top.atMs);
    requests++;
    if (nowMs >= NEW_PAGES_AT_MS) learnedAtNoon ??= await learned();
    const following = top.behaviour.next(await send(top));
    if (following.done === true) continue;
    top.step = following.value;
    top.atMs = nowMs + following.value.waitMs;
    heap.push(top);
  }

  const honest = [...tallies].filter(([{ isHonest }]) => isHonest).map(([, tally]) => tally);
  const sum = (of: (tally: Tally) => number): number => honest.reduce((total, tally) => total + of(tally), 0);
  return {
    kinds: reportKinds(tallies),
    honestRequests: sum(({ requests: count }) => count),
    honestBlocked: sum(({ blocked }) => blocked),
    longestHonestBanMs,
    honestBans: honestBans.size,
    honestBlocks,
    attackerBlocks,
    learnedAtNoon: learnedAtNoon ?? [],
    honestScoredByWords,
    learnedWords: await learned(),
    suspended,
    requests,
  };
}

function reportKinds(tallies: ReadonlyMap<Actor, Tally>): KindReport[] {
  const kinds = new Map<string, { isHonest: boolean; tallies: Tally[] }>();
  for (const [{ kind, isHonest }, tally] of tallies) {
    const group = kinds.get(kind) ?? { isHonest, tallies: [] };
    group.tallies.push(tally);
    kinds.set(kind, group);
  }
  return [...kinds].map(([kind, { isHonest, tallies: group }]) => {
    const total = (of: (tally: Tally) => number): number => group.reduce((sum, tally) => sum + of(tally), 0);
    return {
      kind,
      isHonest,
      actors: group.length,
      requests: total(({ requests }) => requests),
      blocked: total(({ blocked }) => blocked),
      expired: total(({ expired }) => expired),
      stopped: group.filter(({ reachedBeforeStop }) => reachedBeforeStop !== undefined).length,
      // Who was never stopped counts with everything it sent.
      reachedBeforeStop: median(group.map(({ reachedBeforeStop, reached }) => reachedBeforeStop ?? reached)),
      reached: median(group.map(({ reached }) => reached)),
      missesBeforeStop: median(
        group.map(({ reachedBeforeStop, missesBeforeStop, misses }) => (reachedBeforeStop === undefined ? misses : missesBeforeStop)),
      ),
    };
  });
}

const median = (values: readonly number[]): number => values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;

/** Whose turn is next: a binary heap by time. */
function createHeap(): { top(): Run | undefined; pop(): void; push(run: Run): void } {
  const runs: Run[] = [];
  const swap = (one: number, other: number): void => {
    [runs[one], runs[other]] = [runs[other]!, runs[one]!];
  };
  return {
    top: () => runs[0],
    push(run) {
      runs.push(run);
      for (let at = runs.length - 1; at > 0; ) {
        const parent = (at - 1) >> 1;
        if (runs[parent]!.atMs <= runs[at]!.atMs) return;
        swap(at, parent);
        at = parent;
      }
    },
    pop() {
      const last = runs.pop()!;
      if (runs.length === 0) return;
      runs[0] = last;
      for (let at = 0; ; ) {
        const [left, right] = [2 * at + 1, 2 * at + 2];
        let least = at;
        if (left < runs.length && runs[left]!.atMs < runs[least]!.atMs) least = left;
        if (right < runs.length && runs[right]!.atMs < runs[least]!.atMs) least = right;
        if (least === at) return;
        swap(at, least);
        at = least;
      }
    },
  };
}

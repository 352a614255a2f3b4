/**
 * Who is below a domain: reverse DNS that the name confirms, asked in the background and remembered.
 *
 * @module
 */
import { formatAddress, parseAddress } from "../addresses.ts";
import type { Awaitable } from "../types.ts";

/** Asks the domain name system. `systemResolver()` of `@aiwaf/core/dns/node` is one. */
export interface NameResolver {
  /** The names of an address (PTR). Rejects, or gives none, when there are none. */
  reverse(address: string): Awaitable<readonly string[]>;
  /** The addresses of a name (A and AAAA). */
  forward(name: string): Awaitable<readonly string[]>;
}

/** Whom an address claims to be. */
export interface Claimed {
  readonly name: string;
  /** Each with a dot before it: `notgoogle.com` is not below `google.com`. */
  readonly domains: readonly string[];
}

/** What is known of claims. */
export interface Proofs {
  /** Whether the claim is true; `undefined` while nobody knows, and then somebody is asked. Never waits. */
  of(bot: Claimed, address: string, now: number): boolean | undefined;
}

/** What is known about an address that claims to be a bot. */
interface Proof {
  readonly isReal: boolean;
  readonly until: number;
}

/** Proven bots are few; whoever claims to be one may come from anywhere, and must not push them out. */
const MAX_PROVEN = 2_000;
const MAX_IMPOSTORS = 10_000;
/** Questions under way, and questions begun in a second: a flood of claims must not become a flood of questions. */
const MAX_UNDER_WAY = 16;
const MAX_A_SECOND = 20;
/** A question without an answer after so long makes room for another. */
const GIVE_UP_MS = 10_000;
/** An address may have many names; a bot's has one or two. */
const MAX_NAMES = 4;

/** Remembers answers for `provenMs`, a tenth of it when they say no. */
export function createProofs(resolver: NameResolver, provenMs: number): Proofs {
  const memory = createMemory(provenMs);
  const ask = createQuestions(resolver, memory);
  return {
    of(bot, address, now) {
      const known = memory.of(bot, address, now);
      if (known === undefined) ask(bot, address, now);
      return known;
    },
  };
}

interface Memory {
  of(bot: Claimed, address: string, now: number): boolean | undefined;
  set(bot: Claimed, address: string, isReal: boolean, now: number): void;
}

function createMemory(provenMs: number): Memory {
  const real = new Map<string, Proof>();
  const impostors = new Map<string, Proof>();
  const keyOf = (bot: Claimed, address: string): string => `${bot.name} ${address}`;
  return {
    of(bot, address, now) {
      const key = keyOf(bot, address);
      const proof = real.get(key) ?? impostors.get(key);
      // A clock that was set back ends a proof as well.
      return proof !== undefined && now < proof.until && proof.until - now <= provenMs ? proof.isReal : undefined;
    },
    set(bot, address, isReal, now) {
      const key = keyOf(bot, address);
      real.delete(key);
      impostors.delete(key);
      const [map, limit] = isReal ? [real, MAX_PROVEN] : [impostors, MAX_IMPOSTORS];
      // Maps keep the order of insertion: the first is the oldest.
      if (map.size >= limit) map.delete(map.keys().next().value!);
      map.set(key, { isReal, until: now + (isReal ? provenMs : provenMs / 10) });
    },
  };
}

/** Begins a question, unless it is under way already or there are too many. Nothing waits for its answer; one that fails proves nothing. */
function createQuestions(resolver: NameResolver, memory: Memory): (bot: Claimed, address: string, now: number) => void {
  const underWay = new Map<string, number>();
  let second = 0;
  let begun = 0;
  return (bot, address, now) => {
    const key = `${bot.name} ${address}`;
    if (Math.floor(now / 1000) !== second) [second, begun] = [Math.floor(now / 1000), 0];
    for (const [other, since] of underWay) if (Math.abs(now - since) >= GIVE_UP_MS) underWay.delete(other);
    if (underWay.has(key) || underWay.size >= MAX_UNDER_WAY || begun >= MAX_A_SECOND) return;
    begun++;
    underWay.set(key, now);
    const done = (): void => void underWay.delete(key);
    // Started in a microtask, so that a resolver that throws or takes its time does not do so inside the request.
    Promise.resolve()
      .then(() => isConfirmed(resolver, bot, address))
      .then((isReal) => memory.set(bot, address, isReal, now))
      .then(done, done);
  };
}

/** Forward-confirmed reverse DNS: anyone may name an address of theirs `crawl.googlebot.com`, only the domain's owner can name the address back. */
function isConfirmed(resolver: NameResolver, bot: Claimed, address: string): PromiseLike<boolean> {
  return Promise.resolve(resolver.reverse(address)).then((names) => {
    const below = names
      .map((name) => name.toLowerCase().replace(/\.$/, ""))
      .filter((name) => bot.domains.some((domain) => name.endsWith(domain)));
    return Promise.all(below.slice(0, MAX_NAMES).map((name) => resolver.forward(name))).then((lists) =>
      lists.flat().some((found) => canonical(found) === address),
    );
  });
}

function canonical(address: string): string | undefined {
  const parsed = parseAddress(address);
  return parsed === undefined ? undefined : formatAddress(parsed);
}

import type { Services, WafRequest } from "../types.ts";
import { isByPage, isByScript } from "./by-page.ts";
import { createLedger, type Ledger, type LedgerOptions } from "./ledger.ts";
import { perFirewall } from "./per-firewall.ts";
import { TextSet } from "./text-set.ts";

/** What clients did wrong, and what pages and their scripts made them do wrong. */
export interface Conduct {
  /** Where a request like this one is noted. */
  of(request: WafRequest): Account;
  /** True when nothing is held against a client in any. */
  isClear(key: string, now: number): boolean;
  /** Notes an answer in order in all, as a ledger does. */
  hit(key: string, item: string, decay: number, now: number): void;
}

/** The misdeeds of one origin of requests. */
export interface Account {
  readonly ledger: Ledger;
  /** So many times the limits are allowed here. */
  readonly patience: number;
  readonly by: "client" | "script" | "page";
}

/**
 * A page with a list of fifty things asks for something of each, at once, and most of it may be missing; three such pages a minute are much. Whoever
 * pretends to be one gets so much more out of it, and is stopped all the same.
 */
const PATIENCE = 30;
/** Of the pages' misdeeds, fewer are remembered: they are rarer, and nobody is banned for them. */
const PAGES_SHARE = 4;
const LEAST_CLIENTS = 64;

/** What clients missed, of all detectors of a firewall; 330 KB once something was. */
const missedOf = perFirewall(() => new TextSet(65_536));

export function createConduct(services: Services, given: Omit<LedgerOptions, "missed">): Conduct {
  const options = { ...given, missed: missedOf(services) };
  const fewer = { ...options, maxClients: Math.max(LEAST_CLIENTS, Math.floor(options.maxClients / PAGES_SHARE)) };
  const client: Account = { ledger: createLedger(options), patience: 1, by: "client" };
  const script: Account = { ledger: createLedger(fewer), patience: PATIENCE, by: "script" };
  const page: Account = { ledger: createLedger(fewer), patience: PATIENCE, by: "page" };
  const others = [script.ledger, page.ledger];
  return {
    of: (request) => (isByPage(request) ? page : isByScript(request) ? script : client),
    isClear: (key, now) =>
      client.ledger.read(key, now) === undefined &&
      others.every((ledger) => ledger.usedClients() === 0 || ledger.read(key, now) === undefined),
    hit(key, item, decay, now) {
      client.ledger.hit(key, item, decay, now);
      for (const ledger of others) if (ledger.usedClients() > 0) ledger.hit(key, item, decay, now);
    },
  };
}

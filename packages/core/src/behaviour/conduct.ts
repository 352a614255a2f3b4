import type { WafRequest } from "../types.ts";
import { isByPage } from "./by-page.ts";
import { createLedger, type Ledger, type LedgerOptions } from "./ledger.ts";

/** What clients did wrong, and what pages made them do wrong. */
export interface Conduct {
  /** Where a request like this one is noted. */
  of(request: WafRequest): Ledger;
  /** True when nothing is held against a client in either. */
  isClear(key: string, now: number): boolean;
  /** Notes an answer in order in both. */
  hit(key: string, decay: number, now: number): void;
}

/** Of the pages' misdeeds, fewer are remembered: they are rare, and nobody is banned for them. */
const PAGES_SHARE = 4;
const LEAST_CLIENTS = 64;

export function createConduct(options: LedgerOptions): Conduct {
  const own = createLedger(options);
  const pages = createLedger({ ...options, maxClients: Math.max(LEAST_CLIENTS, Math.floor(options.maxClients / PAGES_SHARE)) });
  return {
    of: (request) => (isByPage(request) ? pages : own),
    isClear: (key, now) => own.read(key, now) === undefined && (pages.usedClients() === 0 || pages.read(key, now) === undefined),
    hit(key, decay, now) {
      own.hit(key, decay, now);
      if (pages.usedClients() > 0) pages.hit(key, decay, now);
    },
  };
}

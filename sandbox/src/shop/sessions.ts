/** Somebody who is logged in. */
export interface Account {
  readonly id: number;
  readonly email: string;
  readonly name: string;
  readonly role: string;
}

/** Who is logged in and what is in whose basket. */
export interface Sessions {
  /** Opens a session and returns its id. The oldest session is dropped when there are too many. */
  open(account: Account): string;
  find(id: string | undefined): Account | undefined;
  close(id: string | undefined): void;
  /** Quantity by product id of a basket; created when missing, the oldest dropped when there are too many. */
  basket(id: string): Map<number, number>;
}

const sessionLimit = 2000;
const basketLimit = 2000;

/** Sessions in memory, at most 2,000 of them and as many baskets. */
export function createSessions(): Sessions {
  const accounts = new Map<string, Account>();
  const baskets = new Map<string, Map<number, number>>();
  return {
    open(account) {
      const id = crypto.randomUUID();
      dropOldest(accounts, sessionLimit);
      accounts.set(id, account);
      return id;
    },
    find: (id) => (id === undefined ? undefined : accounts.get(id)),
    close(id) {
      if (id !== undefined) accounts.delete(id);
    },
    basket(id) {
      const known = baskets.get(id);
      if (known !== undefined) return known;
      dropOldest(baskets, basketLimit);
      const created = new Map<number, number>();
      baskets.set(id, created);
      return created;
    },
  };
}

function dropOldest(map: Map<string, unknown>, limit: number): void {
  if (map.size < limit) return;
  const oldest = map.keys().next();
  if (!oldest.done) map.delete(oldest.value);
}

/** What a whole log says about one client. */
export interface ClientSum {
  readonly client: string;
  requests: number;
  /** Answered 2xx or 3xx. */
  answered: number;
  /** 404s outside of exempt paths. */
  missing: number;
  /** 404s below exempt paths, such as a sign-in page. */
  exemptMissing: number;
  /** 404s on paths that scanners ask for. */
  scanned: number;
  /** Requests that are attacks by themselves. */
  attacks: number;
  /** The most that spoke against it at one time, 0 to 1. */
  evidence: number;
  /** The first missing or attacking paths. */
  readonly samples: string[];
}

/** Sums of all clients that matter: when there are too many, those with nothing against them are forgotten first. */
export interface ClientSums {
  of(client: string): ClientSum;
  values(): IterableIterator<ClientSum>;
  /** True when some were forgotten, so that counts are lower bounds. */
  readonly isPartial: boolean;
}

const CLIENTS_MAX = 200_000;

export function createClientSums(most = CLIENTS_MAX): ClientSums {
  const sums = new Map<string, ClientSum>();
  let isPartial = false;
  const weightOf = ({ missing, attacks, scanned }: ClientSum): number => missing + 4 * attacks + 4 * scanned;
  const forget = (): void => {
    isPartial = true;
    let kept = 0;
    for (const [client, sum] of sums) {
      // A flood of clients that each miss once must not keep out the others either.
      if (weightOf(sum) > 1 && kept < most / 2) kept++;
      else sums.delete(client);
    }
  };
  return {
    of(client) {
      let sum = sums.get(client);
      if (sum === undefined) {
        if (sums.size >= most) forget();
        sum = { client, requests: 0, answered: 0, missing: 0, exemptMissing: 0, scanned: 0, attacks: 0, evidence: 0, samples: [] };
        sums.set(client, sum);
      }
      return sum;
    },
    values: () => sums.values(),
    get isPartial() {
      return isPartial;
    },
  };
}

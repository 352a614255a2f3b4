import { drawBelow, streamKey } from "../model/random.ts";

/** Rows one after another, and whose each is. */
export interface Sample {
  readonly values: Float64Array;
  readonly clients: readonly string[];
}

/** A fair sample of rows that come one by one, with the client each came from. Algorithm R (Vitter, 1985). */
export interface Reservoir {
  /** Offers a row; it is copied if it is taken. */
  offer(row: Float64Array, client: string): void;
  /** The rows whose client passes, one after another. */
  rows(keeps: (client: string) => boolean): Sample;
  readonly offered: number;
}

/** A purpose of its own among the streams of a seed. */
const STREAM = 101;

export function createReservoir(width: number, capacity: number, seed: number): Reservoir {
  const key = streamKey(seed, 0, STREAM);
  // Grows with what comes: most logs are shorter than the sample may be.
  let values = new Float64Array(width * 1_024);
  const clients: string[] = [];
  let offered = 0;
  return {
    get offered() {
      return offered;
    },
    offer(row, client) {
      const place = offered < capacity ? offered : drawBelow(key, offered, offered + 1);
      offered++;
      if (place >= capacity) return;
      if ((place + 1) * width > values.length) {
        const larger = new Float64Array(Math.min(capacity * width, values.length * 2));
        larger.set(values);
        values = larger;
      }
      values.set(row, place * width);
      clients[place] = client;
    },
    rows(keeps) {
      const kept = clients.map((client, place) => (keeps(client) ? place : -1)).filter((place) => place >= 0);
      const out = new Float64Array(kept.length * width);
      for (const [index, place] of kept.entries()) out.set(values.subarray(place * width, (place + 1) * width), index * width);
      return { values: out, clients: kept.map((place) => clients[place]!) };
    },
  };
}

/**
 * Labelled tables that scikit-learn's forest was run on, for `test/model/reference-scores.json`. Made from a generator of our own, so that both sides see
 * the same bits. Run as a program, it prints them as JSON: `node packages/core/tools/forest/reference-sets.ts`.
 *
 * @module
 */

/** One table; `odd` tells which rows are the outliers. */
export interface ReferenceSet {
  readonly name: string;
  readonly rows: readonly (readonly number[])[];
  readonly odd: readonly boolean[];
}

interface Source {
  /** From 0 up to 1. */
  share(): number;
  normal(mean: number, deviation: number): number;
  between(least: number, most: number): number;
  /** True in this share of the cases. */
  chance(share: number): boolean;
}

function source(seed: number): Source {
  let state = seed >>> 0;
  const share = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let hash = state ^ (state >>> 16);
    hash = Math.imul(hash, 0x21f0aaad);
    hash ^= hash >>> 15;
    hash = Math.imul(hash, 0x735a2d97);
    return ((hash ^ (hash >>> 15)) >>> 0) / 4294967296;
  };
  return {
    share,
    // The sum of twelve: normal enough, and made of additions alone.
    normal(mean, deviation) {
      let sum = -6;
      for (let index = 0; index < 12; index++) sum += share();
      return mean + sum * deviation;
    },
    between: (least, most) => least + share() * (most - least),
    chance: (limit) => share() < limit,
  };
}

function table(
  name: string,
  seed: number,
  normal: readonly [count: number, make: (from: Source, index: number) => number[]],
  odd: readonly [count: number, make: (from: Source, index: number) => number[]],
): ReferenceSet {
  const from = source(seed);
  const rows = [normal, odd].flatMap(([count, make]) => Array.from({ length: count }, (_, index) => make(from, index)));
  // Thousandths, so that the printed decimals are the numbers.
  return {
    name,
    rows: rows.map((row) => row.map((value) => Math.round(value * 1000) / 1000)),
    odd: rows.map((_, index) => index >= normal[0]),
  };
}

/** `width` numbers of one kind. */
const vector = (width: number, make: (column: number) => number): number[] => Array.from({ length: width }, (_, column) => make(column));

/** Eight tables of 220 to 330 rows, 2 to 16 columns and 4 to 10 percent outliers. */
export function referenceSets(): readonly ReferenceSet[] {
  return [
    table(
      "one cloud, outliers all around",
      11,
      [300, (from) => vector(2, () => from.normal(0, 1))],
      [15, (from) => vector(2, () => from.between(-6, 6))],
    ),
    table(
      "two clouds of different density, outliers between and around",
      22,
      [300, (from, index) => vector(3, () => (index % 3 === 0 ? from.normal(4, 1.2) : from.normal(-3, 0.5)))],
      [15, (from) => vector(3, () => from.between(-8, 8))],
    ),
    table(
      "a ring, outliers on a wider one",
      33,
      [
        300,
        (from) => {
          const angle = from.between(0, 2 * Math.PI);
          return [from.normal(3, 0.3) * Math.cos(angle), from.normal(3, 0.3) * Math.sin(angle), from.normal(0, 0.3)];
        },
      ],
      [
        20,
        (from) => {
          const angle = from.between(0, 2 * Math.PI);
          return [from.normal(5, 0.5) * Math.cos(angle), from.normal(5, 0.5) * Math.sin(angle), from.normal(0, 1)];
        },
      ],
    ),
    table(
      "sixteen columns, outliers shifted in four of them",
      44,
      [300, (from) => vector(16, () => from.normal(0, 1))],
      [20, (from) => vector(16, (column) => from.normal(column % 4 === 0 ? 2.5 : 0, 1))],
    ),
    table(
      "requests: path length, keywords, seconds, status, burst, 404s; outliers are scans",
      55,
      [
        300,
        (from) => [
          Math.round(from.between(1, 60)),
          from.chance(0.02) ? 1 : 0,
          from.between(0.005, 0.2) * (from.chance(0.1) ? 5 : 1),
          from.chance(0.94) ? 0 : 2,
          Math.round(from.between(1, 8)),
          from.chance(0.1) ? 1 : 0,
        ],
      ],
      [
        30,
        (from) => [
          Math.round(from.between(5, 90)),
          Math.round(from.between(0, 3)),
          from.between(0.001, 0.02),
          from.chance(0.85) ? 2 : 1,
          Math.round(from.between(5, 60)),
          Math.round(from.between(3, 50)),
        ],
      ],
    ),
    table(
      "small whole numbers with many ties, outliers on rare values",
      66,
      [250, (from) => vector(5, (column) => Math.floor(from.between(0, 3 + column)))],
      [12, (from) => vector(5, (column) => Math.floor(from.between(2, 9 + column)))],
    ),
    table(
      "heavy tails: cubes of normal numbers, outliers far out on two axes",
      77,
      [280, (from) => vector(4, () => from.normal(0, 1) ** 3)],
      [14, (from) => vector(4, (column) => (column < 2 ? from.between(6, 25) : from.normal(0, 1) ** 3))],
    ),
    table(
      "one column that tells, one constant, four of noise",
      88,
      [200, (from) => [from.normal(10, 1), 5, ...vector(4, () => from.between(0, 1))]],
      [20, (from) => [from.normal(16, 1.5), 5, ...vector(4, () => from.between(0, 1))]],
    ),
  ];
}

if (import.meta.main) console.log(JSON.stringify(referenceSets()));

/** The isolation forest beside the npm package of that name: growing 100 trees of 256 from 10,000 rows of 16 values, scoring one row, and memory. */
import { IsolationForest } from "@aiwaf/core/forest";
import { IsolationForest as PackageForest } from "isolation-forest";
import { compare, type Line, round3, timeCalls } from "./measure.ts";

const COUNT = 10_000;
const WIDTH = 16;
const OTHER = "isolation-forest 0.0.9";

let state = 1;
const share = (): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 4294967296;
};
/** Normal columns of different scales: trees go deep everywhere, which is the slow case. */
const values = Float64Array.from({ length: COUNT * WIDTH }, (_, at) => (share() + share() + share() + share() - 2) * 10 ** (at % 4));
const rows = Array.from({ length: 1024 }, (_, index) => values.slice(index * WIDTH, (index + 1) * WIDTH));
const asObject = (row: ArrayLike<number>): Record<string, number> =>
  Object.fromEntries(Array.from(row, (value, column) => [`f${column}`, value]));

export function benches(): Line[] {
  const forest = new IsolationForest({ randomState: 1 });
  const fit = { name: "fit", run: () => forest.fit(values, WIDTH) };
  const objects = Array.from({ length: COUNT }, (_, index) => asObject(values.subarray(index * WIDTH, (index + 1) * WIDTH)));
  const other = new PackageForest(100, 256);
  const otherFit = { name: OTHER, run: () => other.fit(objects) };
  timeCalls(fit, 100);
  const times = timeCalls(fit, 200);
  const otherTimes = timeCalls(otherFit, 5);
  const otherRows = rows.map((row) => [asObject(row)]);
  const score = compare(
    "forest/score",
    { name: "score", run: (index) => forest.anomalyScore(rows[index % rows.length]!) },
    { name: OTHER, run: (index) => other.predict(otherRows[index % rows.length]!) },
    { batch: 2_000 },
  );
  const bytes = round3(forest.byteLength / forest.nodeCount);
  return [
    {
      bench: "forest/fit-10000x16",
      median: round3(times.median / 1e6),
      p99: round3(times.p99 / 1e6),
      unit: "ms",
      reference: `${OTHER} (${round3(otherTimes.median / 1e6)} ms)`,
      ratio: round3(times.median / otherTimes.median),
      runs: 200,
    },
    score,
    { bench: "forest/memory", median: bytes, p99: bytes, unit: "bytes a node", reference: "budget of 100", ratio: bytes / 100, runs: 1 },
  ];
}

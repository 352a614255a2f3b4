/**
 * `node bench/day.ts [--users N] [--seed S]`: a day of a shop in virtual time, honest users and attackers together, and who was stopped. Ends with exit
 * code 1 when a promise is broken.
 */
import { parseArgs } from "node:util";
import { broken } from "./day/promises.ts";
import { type DayReport, runDay } from "./day/run.ts";

const { values } = parseArgs({ options: { users: { type: "string", default: "50000" }, seed: { type: "string", default: "1" } } });
const [users, seed] = [Number(values.users), Number(values.seed)];
if (!Number.isSafeInteger(users) || users < 100 || !Number.isSafeInteger(seed)) {
  console.error("Usage: node bench/day.ts [--users N] [--seed S]: whole numbers, at least 100 users.");
  process.exit(2);
}

const startedAt = performance.now();
const report = await runDay({ users, seed });
print(report);
console.log(`${report.requests} requests in ${((performance.now() - startedAt) / 1000).toFixed(1)} s, seed ${seed}, ${users} users`);
const complaints = broken(report);
for (const complaint of complaints) console.error(`broken: ${complaint}`);
process.exitCode = complaints.length > 0 ? 1 : 0;

function print({
  kinds,
  honestRequests,
  honestBlocked,
  honestBans,
  longestHonestBanMs,
  honestBlocks,
  attackerBlocks,
  learnedAtNoon,
  honestScoredByWords,
  learnedWords,
  suspended,
}: DayReport): void {
  const rows = [
    ["who", "actors", "requests", "blocked", "expired", "stopped", "reached before", "reached in all", "misses before"],
    ...kinds
      .toSorted((one, other) => Number(other.isHonest) - Number(one.isHonest))
      .map((kind) => [
        `${kind.isHonest ? "" : "! "}${kind.kind}`,
        ...[
          kind.actors,
          kind.requests,
          kind.blocked,
          kind.expired,
          kind.stopped,
          kind.reachedBeforeStop,
          kind.reached,
          kind.missesBeforeStop,
        ].map(String),
      ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows)
    console.log(row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join("  "));
  const list = (counts: ReadonlyMap<string, number>): string =>
    [...counts]
      .sort(([, one], [, other]) => other - one)
      .map(([rule, count]) => `${rule} ${count}`)
      .join(", ") || "none";
  console.log(
    `honest requests blocked: ${honestBlocked} of ${honestRequests} (${((100 * honestBlocked) / honestRequests).toFixed(4)} %) by: ${list(honestBlocks)}`,
  );
  console.log(`honest bans: ${honestBans}, the longest of ${longestHonestBanMs / 1000} s`);
  console.log(`attackers were stopped by: ${list(attackerBlocks)}`);
  console.log(
    `learned words at noon: ${learnedAtNoon.join(", ") || "none"}, at the end: ${learnedWords.join(", ") || "none"}; honest requests scored for learned words: ${honestScoredByWords}; suspended rules: ${suspended.join(", ") || "none"}`,
  );
}

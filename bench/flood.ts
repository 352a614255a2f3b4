/**
 * `node bench/flood.ts [--addresses N]`: what the state of a client costs, and a flood of N new IPv6 networks (five million when not said), each with a
 * missing page and a missing id. Ends with exit code 1 when a client costs more than 300 bytes, the flood grows the state beyond its caps, or a known
 * offender gets away.
 */
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Decision, RawRequest } from "@aiwaf/core";
import { fullSet } from "./behaviour.ts";
import { HEADERS } from "./day/actor.ts";

const { values } = parseArgs({ options: { addresses: { type: "string", default: "5000000" } } });
const addresses = Number(values.addresses);
if (!Number.isSafeInteger(addresses) || addresses < 1_000) {
  console.error("Usage: node bench/flood.ts [--addresses N]: a whole number, at least 1,000.");
  process.exit(2);
}

const MAX_BYTES = 300;
const CLIENTS = 100_000;
/** Counters at 48 bytes, values, ledgers, clients of the breaker and known paths at their defaults, and room for the collector. */
const MAX_STATE_BYTES = 200 * 1024 * 1024;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
function liveBytes(): number {
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

let now = Date.UTC(2026, 0, 1);
const uuid = (index: number): string => `00000000-0000-4000-8000-${index.toString(16).padStart(12, "0")}`;
const complaints: string[] = [];
const check = (holds: boolean, complaint: string): void => {
  if (!holds) complaints.push(complaint);
};

const waf = fullSet(() => now);
function visit(peer: string, target: string, status: number): Decision {
  const raw: RawRequest = { method: "GET", target, headers: HEADERS.browser, peer, httpVersion: "1.1" };
  const decision = waf.inspect(raw) as Decision;
  waf.observe(decision, { status: decision.action === "block" ? decision.status : status, durationMs: 2 });
  return decision;
}

for (let index = 0; index < 1_000; index++) visit("192.0.2.1", `/products/${index}`, 200);
const before = liveBytes();
for (let index = 0; index < CLIENTS; index++) {
  const peer = `${20 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}.9`;
  visit(peer, "/products/7", 200);
  visit(peer, `/word${index % 97}`, 404);
  visit(peer, `/orders/${uuid(index)}`, 404);
  if (index % 1_000 === 0) now += 100;
}
const bytes = (liveBytes() - before) / CLIENTS;
console.log(`state of ${CLIENTS} clients that each were served, missed a page and missed an id: ${bytes.toFixed(0)} bytes a client`);
check(bytes <= MAX_BYTES, `a client costs ${bytes.toFixed(0)} bytes, at most ${MAX_BYTES}`);

/** Offenders of three kinds, with state enough to be stopped. */
const offenders = Array.from({ length: 500 }, (_, index) => `2001:db8:${index.toString(16)}::1`);
for (const [index, peer] of offenders.entries()) {
  if (index % 3 === 0) for (let probe = 0; probe < 4; probe++) visit(peer, `/p${probe}/.env`, 404);
  else if (index % 3 === 1) for (let miss = 0; miss < 11; miss++) visit(peer, `/secret-${miss}`, 404);
  else for (let miss = 0; miss < 6; miss++) visit(peer, `/orders/${uuid(miss + 7_000_000)}`, 404);
}
const isStopped = (peer: string, index: number): boolean =>
  visit(peer, index % 3 === 2 ? `/orders/${uuid(9_000_000)}` : "/anything-else", 404).action === "block";
const stoppedBefore = offenders.filter(isStopped).length;
check(stoppedBefore === offenders.length, `only ${stoppedBefore} of ${offenders.length} offenders were stopped before the flood`);

const startedAt = performance.now();
let highest = 0;
for (let index = 0; index < addresses; index++) {
  const peer = `2a0${(index >>> 20) & 15}:${((index >>> 4) & 0xffff).toString(16)}:${(index & 15).toString(16)}:${(index >>> 24).toString(16)}::1`;
  visit(peer, `/w${index % 1_009}`, 404);
  visit(peer, `/orders/${uuid(index)}`, 404);
  // Forty seconds in all: within the windows of what the offenders did.
  if (index % Math.ceil(addresses / 40_000) === 0) now += 1;
  if ((index + 1) % Math.ceil(addresses / 5) === 0) {
    const live = liveBytes() - before;
    highest = Math.max(highest, live);
    console.log(`${index + 1} new addresses, ${(live / 1048576).toFixed(0)} MB of state`);
  }
}
const stoppedAfter = offenders.filter(isStopped).length;
console.log(
  `${2 * addresses} requests in ${((performance.now() - startedAt) / 1000).toFixed(0)} s; of ${offenders.length} offenders, ${stoppedAfter} are still stopped`,
);
check(highest <= MAX_STATE_BYTES, `the flood grew the state to ${(highest / 1048576).toFixed(0)} MB`);
check(stoppedAfter === offenders.length, `${offenders.length - stoppedAfter} offenders got away in the flood`);
for (const complaint of complaints) console.error(`broken: ${complaint}`);
process.exitCode = complaints.length > 0 ? 1 : 0;

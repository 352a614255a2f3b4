/**
 * `npm run fuzz [-- --count N --seed S]`: N generated requests (ten million when not said) through `inspect` with the recommended set.
 * Ends with exit code 1 at the first throw, rejection or decision that is none, and when live memory grows.
 */
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { randomRequests } from "@aiwaf/conformance";
import { createWaf, type Decision, isThenable } from "@aiwaf/core";
import { recommended } from "@aiwaf/core/recommended";
import { memoryStore } from "@aiwaf/core/stores/memory";

const { values } = parseArgs({ options: { count: { type: "string", default: "10000000" }, seed: { type: "string", default: "1" } } });
const [count, seed] = [Number(values.count), Number(values.seed)];
if (!Number.isSafeInteger(count) || count < 1 || !Number.isSafeInteger(seed)) {
  console.error("Usage: npm run fuzz -- [--count N] [--seed S], both whole numbers.");
  process.exit(2);
}

/** Live memory is taken after a full collection, ten times; from the third on, the store's tables have the size they keep. */
const STEP = Math.ceil(count / 10);
const SETTLED = 3;
const GROWTH_BYTES = 24 * 1024 * 1024;
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

function liveBytes(): number {
  collect();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
}

let now = Date.UTC(2026, 0, 1);
const waf = createWaf(
  recommended({
    clock: () => ++now,
    store: memoryStore({ maxCounters: 500_000, maxValues: 50_000, maxBytes: 16_777_216 }),
    paths: {
      "/api/**": { skip: ["headers"], threshold: 200 },
      "/admin/**": { onFailure: "deny", rateLimit: { max: 5, windowMs: 60_000 } },
      "/:a/*/b": { mode: "report" },
    },
    log: { warn() {}, error() {} },
  }),
);

let blocked = 0;
let failures = 0;
function judge(decision: Decision): void {
  if (decision.action === "block") blocked++;
  else if (decision.action !== "allow") throw new Error(`a decision that is none: ${JSON.stringify(decision)}`);
  failures += decision.failures.length > 0 ? 1 : 0;
}

const start = performance.now();
let done = 0;
let settled = 0;
for (const raw of randomRequests(seed, count)) {
  const decision = waf.inspect(raw);
  const answer = isThenable(decision) ? await decision : decision;
  judge(answer);
  waf.observe(answer, done % 3 === 0 ? { status: 404, durationMs: 1 } : undefined);
  if (++done % STEP === 0) {
    const live = liveBytes();
    if (done === STEP * SETTLED) settled = live;
    console.log(`${done} requests, ${Math.round(live / 1048576)} MB live, ${blocked} blocked, ${failures} with failures`);
    if (settled > 0 && live > settled + GROWTH_BYTES) throw new Error(`live memory grew from ${settled} to ${live} bytes`);
  }
}
const seconds = (performance.now() - start) / 1000;
console.log(
  `${done} requests in ${seconds.toFixed(1)} s (seed ${seed}): no throw, no rejection; ${blocked} blocked, ${failures} with failures stated`,
);

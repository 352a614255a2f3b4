/** One limiter decision on the memory store: hot clients, and clients never seen before. */
import { createWaf } from "@aiwaf/core";
import { rateLimit } from "@aiwaf/core/detectors";
import { memoryStore } from "@aiwaf/core/stores/memory";
import { compare, type Line } from "./measure.ts";

const headers = new Headers();
const address = (index: number): string => `${(index >> 24) & 127}.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
const raw = (peer: string) => ({ method: "GET", target: "/", headers, peer });
const hot = Array.from({ length: 256 }, (_, index) => raw(address(index)));
const many = Array.from({ length: 262_144 }, (_, index) => raw(address(1_000_000 + index * 7)));

export function benches(): Line[] {
  let at = Date.UTC(2026, 0, 1);
  const limited = createWaf({ detectors: [rateLimit({ max: 1_000_000, windowMs: 60_000 })], store: memoryStore(), clock: () => ++at });
  const bare = createWaf({ detectors: [], store: memoryStore(), clock: () => ++at });
  const run = (waf: typeof bare, requests: typeof hot) => (index: number) => waf.inspect(requests[index % requests.length]!);
  return [
    compare("limiter/hot-clients", { name: "limited", run: run(limited, hot) }, { name: "no detector", run: run(bare, hot) }),
    compare("limiter/many-clients", { name: "limited", run: run(limited, many) }, { name: "no detector", run: run(bare, many) }),
  ];
}

/** Path rules: 1,000 rules against 10, the same lookups. */
import { createWaf } from "@aiwaf/core";
import { memoryStore } from "@aiwaf/core/stores/memory";
import { compare, type Line } from "./measure.ts";

const headers = new Headers();
const requests = Array.from({ length: 1024 }, (_, index) => ({
  method: "GET",
  target: `/section-${index % 10}/${index}/edit`,
  headers,
  peer: "192.0.2.1",
}));

/** A firewall without detectors: what is left is reading the request and finding its policy. */
function inspector(rules: number) {
  const paths = Object.fromEntries(Array.from({ length: rules }, (_, index) => [`/section-${index}/:id/edit`, { threshold: 90 }]));
  const waf = createWaf({ detectors: [], store: memoryStore(), paths });
  return { name: `${rules} rules`, run: (index: number) => waf.inspect(requests[index & 1023]!) };
}

export const benches = (): Line[] => [
  compare("paths/1000-rules", inspector(1000), inspector(10)),
  compare("paths/10-rules", inspector(10), inspector(0)),
];

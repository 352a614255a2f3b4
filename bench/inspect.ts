/** The whole firewall over a mixed traffic; and one inspection of a browser's request, by the head detectors alone and by all of them: many clients, memory store, in process. */
import { createWaf, type RawRequest } from "@aiwaf/core";
import { blocklist, headers, methods, probes, rateLimit } from "@aiwaf/core/detectors";
import { fromIncoming } from "@aiwaf/core/node";
import { recommended } from "@aiwaf/core/recommended";
import { memoryStore } from "@aiwaf/core/stores/memory";
import { mixLine } from "./content.ts";
import { compare, type Line, referenceLoop } from "./measure.ts";

const AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36";

/** What Node hands to an adapter, without the socket. */
function incoming(target: string, peer: string): Parameters<typeof fromIncoming>[0] {
  const fields: Record<string, string> = {
    host: "shop.example",
    connection: "keep-alive",
    "user-agent": AGENT,
    accept: "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "accept-encoding": "gzip, deflate, br, zstd",
    "accept-language": "en-GB,en;q=0.9",
    "sec-fetch-site": "same-origin",
    "sec-fetch-mode": "navigate",
    "sec-fetch-dest": "document",
    referer: "https://shop.example/products",
    cookie: "session=7f3c9a1be2; theme=dark",
  };
  const rawHeaders = Object.entries(fields).flat();
  return { method: "GET", url: target, headers: fields, rawHeaders, httpVersion: "1.1", socket: { remoteAddress: peer } } as never;
}

const targets = [
  "/",
  "/products?category=shoes&page=2",
  "/product/17",
  "/search?q=running+shoes",
  "/account",
  "/static/shop.css",
  "/api/products/3?fields=name",
  "/reviews?product=4",
];
const requests = Array.from({ length: 4096 }, (_, index) =>
  incoming(targets[index % targets.length]!, `203.0.${index >> 8}.${index & 255}`),
);

export function benches(): Line[] {
  let at = Date.UTC(2026, 0, 1);
  const clock = (): number => ++at;
  const limit = { max: 1_000_000, windowMs: 60_000 };
  const head = createWaf({ store: memoryStore(), clock, detectors: [blocklist(), rateLimit(limit), methods(), probes(), headers()] });
  const build = (options = {}) => createWaf(recommended({ ...options, clock, rateLimit: limit }));
  const plain = build();
  const rules = build({
    paths: Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`/section-${index}/:id/**`, { threshold: 90 }])),
  });
  const reference = referenceLoop(requests.map((request) => request.url + AGENT));
  const inspect = (waf: typeof plain) => ({
    name: "inspect",
    run: (index: number) => waf.inspect(fromIncoming(requests[index % requests.length]!)),
  });
  const attack: RawRequest[] = Array.from({ length: 256 }, (_, index) =>
    fromIncoming(incoming(`/a/%2e%2e/.env${index}?id=1`, `198.51.100.${index}`)),
  );
  return [
    mixLine("inspect/full-pipeline-mix"),
    compare("inspect/head", inspect(head), reference),
    compare("inspect/all", inspect(plain), reference),
    compare("inspect/all-1000-path-rules", inspect(rules), reference),
    compare("inspect/all-ambiguous-path", { name: "inspect", run: (index) => rules.inspect(attack[index % 256]!) }, reference),
  ];
}

/**
 * `inspect`, and `observe` where somebody wants the outcome, as adapters do: with the recommended detectors and every behaviour detector, without content
 * inspection. Visitors of a shop.
 */
import { createWaf, type Decision } from "@aiwaf/core";
import { formTokens } from "@aiwaf/core/forms";
import { fromIncoming } from "@aiwaf/core/node";
import { recommended } from "@aiwaf/core/recommended";
import { memoryStore } from "@aiwaf/core/stores/memory";
import { compare, type Line, referenceLoop } from "./measure.ts";

const AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36";
const CLIENTS = 4096;
const WORDS = 50;

function incoming(target: string, peer: string): Parameters<typeof fromIncoming>[0] {
  const fields: Record<string, string> = {
    host: "shop.example",
    connection: "keep-alive",
    "user-agent": AGENT,
    accept: "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "accept-encoding": "gzip, deflate, br, zstd",
    "accept-language": "en-GB,en;q=0.9",
    cookie: "session=7f3c9a1be2; theme=dark",
  };
  return {
    method: "GET",
    url: target,
    headers: fields,
    rawHeaders: Object.entries(fields).flat(),
    httpVersion: "1.1",
    socket: { remoteAddress: peer },
  } as never;
}

const uuid = (index: number): string => `00000000-0000-4000-8000-${index.toString(16).padStart(12, "0")}`;
const targets = (index: number): string =>
  [
    "/",
    "/products?category=shoes&page=2",
    `/products/${index % 2_000}`,
    "/search?q=running+shoes",
    "/account",
    "/assets/shop.css",
    `/orders/${uuid(index % 3_000)}`,
    "/reviews?product=4",
  ][index % 8]!;

/** The whole set, with learned words in the store so that words are looked for. */
export function fullSet(clock: () => number, learnedWords = WORDS): ReturnType<typeof createWaf> {
  const store = memoryStore();
  for (let index = 0; index < learnedWords; index++)
    store.set(`list:keyword:word${index}`, JSON.stringify({ reason: "learned", since: 0, count: index }), undefined, clock());
  return createWaf(
    recommended({
      store,
      clock,
      rateLimit: { max: 1_000_000, windowMs: 60_000 },
      log: { warn() {}, error() {} },
      // Has a benchmark of its own.
      content: false,
      honeypot: { tokens: formTokens({ secret: "sixteen characters or more" }) },
    }),
  );
}

export function benches(): Line[] {
  let at = Date.UTC(2026, 0, 1);
  const requests = Array.from({ length: CLIENTS }, (_, index) => incoming(targets(index), `203.0.${index >> 8}.${index & 255}`));
  const reference = referenceLoop(requests.map((request) => request.url + AGENT));
  const run = (waf: ReturnType<typeof createWaf>, statusOf: (index: number) => number) => (index: number) => {
    const decision = waf.inspect(fromIncoming(requests[index % CLIENTS]!)) as Decision;
    if (waf.wantsOutcome(decision)) waf.observe(decision, { status: statusOf(index), durationMs: 3 });
    return decision;
  };
  const line = (name: string, statusOf: (index: number) => number): Line =>
    compare(
      `behaviour/${name}`,
      {
        name: "inspect, and observe where wanted",
        run: run(
          fullSet(() => ++at),
          statusOf,
        ),
      },
      reference,
    );
  // A missing page in fifty, of every client in turn.
  return [
    line("visitors", () => 200),
    line("visitors-with-misses", (index) => (index % 53 === 0 ? 404 : 200)),
    line("all-missing", () => 404),
  ];
}

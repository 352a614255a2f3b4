/** Somebody who sends requests on the simulated day. */
import type { HeaderReader } from "@aiwaf/core";

/** What an actor does next: wait, then send. */
export interface Step {
  readonly waitMs: number;
  readonly target: string;
  readonly method?: string;
  readonly headers?: HeaderReader;
  readonly body?: string;
  /** A form of the page that was shown at this time of the day: its token is put in front of `body`. */
  readonly shownAtMs?: number;
}

/** Gets the status of each answer back, and the milliseconds since the day began. */
export type Behaviour = Generator<Step, void, Answer>;

export interface Answer {
  readonly status: number;
  readonly atMs: number;
}

export interface Actor {
  /** What is reported together. */
  readonly kind: string;
  readonly isHonest: boolean;
  readonly peer: string;
  readonly startMs: number;
  readonly begin: () => Behaviour;
}

/** Header fields as a reader without the costs of a `Headers` object. */
export function reader(fields: Readonly<Record<string, string>>): HeaderReader {
  const entries = Object.entries(fields);
  const map = new Map(entries);
  return { lines: entries.flat(), get: (name) => map.get(name), [Symbol.iterator]: () => entries[Symbol.iterator]() };
}

const CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
const BROWSER_FIELDS = {
  host: "shop.example",
  connection: "keep-alive",
  "user-agent": CHROME,
  accept: "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
  "accept-language": "en-GB,en;q=0.9",
  "accept-encoding": "gzip, deflate, br, zstd",
} as const;

const machine = (agent: string, accept = "*/*"): HeaderReader =>
  reader({ host: "shop.example", connection: "keep-alive", "user-agent": agent, accept, "accept-encoding": "gzip" });

export const HEADERS = {
  browser: reader(BROWSER_FIELDS),
  form: reader({ ...BROWSER_FIELDS, "content-type": "application/x-www-form-urlencoded" }),
  asset: reader({ ...BROWSER_FIELDS, accept: "*/*", "sec-fetch-dest": "script" }),
  app: reader({ ...BROWSER_FIELDS, "user-agent": "ShopApp/7.2 (Android 15) okhttp/5.1", accept: "application/json" }),
  script: machine("python-requests/2.32", "application/json"),
  monitor: machine("UptimeCheck/2.0 (+https://uptime.example/about)"),
  webhook: reader({ host: "shop.example", "user-agent": "Payments/1.0", accept: "*/*", "content-type": "application/json" }),
  crawler: machine("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "text/html,*/*;q=0.8"),
  curl: machine("curl/8.11"),
} as const;

/**
 * Access logs of a shop that does not exist: for trying the pipeline, and for tests. A model of made-up requests knows a made-up site.
 *
 * @module
 */
import { createDraws } from "./fit.ts";

/** Kinds of request, each with how often it comes among a hundred. `#` stands for a number, `@word` for something of a list. */
const KINDS: readonly (readonly [weight: number, method: string, target: string])[] = [
  [12, "GET", "/"],
  [9, "GET", "/products"],
  [8, "GET", "/products?page=#&sort=@sort"],
  [16, "GET", "/product/#"],
  [6, "GET", "/product/@slug"],
  [7, "GET", "/search?q=@query"],
  [4, "GET", "/search?page=#&q=@query"],
  [4, "POST", "/login"],
  [3, "GET", "/login?next=%2F@page"],
  [5, "GET", "/user/#/profile"],
  [4, "POST", "/cart/add?id=#&quantity=#"],
  [3, "GET", "/cart"],
  [3, "GET", "/order/@uuid/status"],
  [2, "POST", "/order"],
  [2, "GET", "/api/v1/items?limit=#&since=@date"],
  [1, "GET", "/api/v1/session?token=@token"],
  [2, "GET", "/newsletter/confirm?email=@email&code=#"],
  [5, "GET", "/assets/@file"],
  [2, "GET", "/images/#.jpg"],
  [2, "GET", "/help/@page"],
];

const WORDS: Readonly<Record<string, readonly string[]>> = {
  sort: ["price", "name", "newest", "rating"],
  slug: [
    "red-running-shoes",
    "blue-rain-jacket",
    "walnut-desk",
    "steel-bottle-large",
    "wool-scarf",
    "garden-lamp",
    "travel-mug",
    "oak-shelf",
  ],
  query: ["shoes", "rain+jacket", "desk+lamp", "mug", "wool+scarf+red", "o%27neill+hoodie", "size+42", "gift+card", "caf%C3%A9+table"],
  page: ["shipping", "returns", "contact", "cart", "products", "orders"],
  file: ["app.js", "app.css", "logo.svg", "fonts/inter.woff2", "vendor.js"],
};

/** Of a thousand. */
const STATUSES = [
  [920, 200],
  [40, 302],
  [40, 404],
] as const;

const AGENTS = [
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
  "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
];

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const CLIENTS = 400;

/**
 * Lines of the combined log format, one after another. The same seed gives the same lines.
 *
 * @param startAt - Time of the first line, in milliseconds since the epoch.
 */
export function* synthesizeLog(count: number, seed = 1, startAt = Date.UTC(2025, 0, 1)): Generator<string> {
  const draw = createDraws(seed);
  const below = (most: number): number => draw() % most;
  const pick = <Choice extends readonly [number, ...unknown[]]>(choices: readonly Choice[], of: number): Choice => {
    let place = below(of);
    for (const choice of choices) {
      place -= choice[0];
      if (place < 0) return choice;
    }
    return choices[0]!;
  };
  const total = KINDS.reduce((sum, [weight]) => sum + weight, 0);
  let at = startAt;
  for (let line = 0; line < count; line++) {
    at += below(2_000);
    const [, method, template] = pick(KINDS, total);
    const [, status] = pick(STATUSES, 1_000);
    const client = below(CLIENTS);
    const target = template.replace(/#|@\w+/g, (mark) => textFor(mark, below));
    yield `198.51.${100 + (client >> 8)}.${client & 255} - - [${logTime(at)}] "${method} ${target} HTTP/1.1" ${status} ${100 + below(4_900)} "-" "${AGENTS[client % AGENTS.length]}"`;
  }
}

function textFor(mark: string, below: (most: number) => number): string {
  if (mark === "#") return `${below(10 ** (1 + below(4)))}`;
  const hex = (digits: number): string => Array.from({ length: digits }, () => below(16).toString(16)).join("");
  const name = mark.slice(1);
  if (name === "uuid") return `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`;
  if (name === "token") return hex(32);
  if (name === "date") return `2025-0${1 + below(9)}-${10 + below(18)}`;
  if (name === "email") return `user${below(10_000)}%40example.com`;
  const words = WORDS[name] ?? [""];
  return words[below(words.length)]!;
}

function logTime(at: number): string {
  const time = new Date(at);
  const two = (value: number): string => `${value}`.padStart(2, "0");
  const clock = [time.getUTCHours(), time.getUTCMinutes(), time.getUTCSeconds()].map(two).join(":");
  return `${two(time.getUTCDate())}/${MONTHS[time.getUTCMonth()]}/${time.getUTCFullYear()}:${clock} +0000`;
}

/**
 * Requests of a shop with a forum and an interface for programs, sized like the honest requests that this field is measured on: half of
 * them below 720 bytes, one in twenty above 3 kB, one in a hundred above 16 kB. A seed decides; no two requests are the same, but a visitor's cookies and address are.
 */
import type { IncomingMessage } from "node:http";
import type { RawRequest } from "@aiwaf/core";
import { fromIncoming } from "@aiwaf/core/node";

export interface Sample {
  readonly raw: RawRequest;
  /** The same as a parser hands it over: its texts were written just now, and nobody has hashed them. */
  fresh(): RawRequest;
  /** Everything the client wrote: target, fields, body. */
  readonly text: string;
}

const AGENTS = [
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
];
/** What people write: apostrophes, quotes, dashes, brackets, numbers, words that SQL has too. */
const SENTENCES = [
  "We moved the garden bench twice this spring, and it still wobbles.",
  "The left leg is short by about a thumb's width; we put a tile under it.",
  'My neighbour said: "take the oak one", so I did (and paid 40 more).',
  "Does it come from the same maker as last year's, or is it a copy?",
  "Delivery took 9 days - two more than promised, but the driver was kind.",
  "I'd order it again. Please select the darker colour if you have a white wall!",
  "Wir haben die Bank im Mai gekauft, und sie gef\u00e4llt uns noch immer sehr gut.",
  "C'est l'id\u00e9e de ma s\u0153ur: la peindre en bleu, puis la mettre sous le tilleul.",
  "All in all 4 out of 5; the screws could be better.",
  "If it rains, cover it where the boards meet, and let it dry in the sun.",
];

function generator(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 4_294_967_296) * limit);
  };
}

/** About `length` characters of running text. */
export function prose(length: number, random: (limit: number) => number): string {
  let text = "";
  while (text.length < length) text += `${SENTENCES[random(SENTENCES.length)]!} `;
  return text.slice(0, length);
}

/** A page of products as programs send it, about `length` characters of JSON. */
export function records(length: number, random: (limit: number) => number): string {
  const items: unknown[] = [];
  for (let size = 0; size < length; size += 118)
    items.push({
      id: random(1e6),
      sku: `GB-${random(1e5)}-B`,
      name: "Garden bench, oak",
      price: random(900) + 0.5,
      tags: ["garden", "oak"],
      stock: null,
    });
  return JSON.stringify({ items });
}

const escaped = (text: string): string => encodeURIComponent(text).replaceAll("%20", "+");

function head(random: (limit: number) => number, cookieLength: number, page: number): [string, string][] {
  let cookie = `session=${(random(2 ** 31) * 65_536 + random(65_536)).toString(36)}x7f3c; theme=dark`;
  while (cookie.length < cookieLength) cookie += `; ab_${random(90)}=${random(2 ** 31).toString(36)}`;
  return [
    ["Host", "shop.example"],
    ["Connection", "keep-alive"],
    ["User-Agent", AGENTS[random(AGENTS.length)]!],
    ["Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"],
    ["Accept-Encoding", "gzip, deflate, br, zstd"],
    ["Accept-Language", "en-GB,en;q=0.9,de;q=0.7"],
    ["Sec-Fetch-Site", "same-origin"],
    ["Referer", `https://shop.example/products?category=garden&page=${page}`],
    ["Cookie", cookie],
  ];
}

/** A request as Node hands it to an adapter; `client` is the number of whose it is. */
export function sample(target: string, fields: readonly [string, string][], client: number, type?: string, text = ""): Sample {
  const bytes = new TextEncoder().encode(text);
  const all = type === undefined ? fields : [...fields, ["Content-Type", type], ["Content-Length", `${bytes.length}`]];
  const request = (target: string, rawHeaders: readonly string[]): RawRequest => {
    const headers: Record<string, string> = {};
    for (let index = 0; index < rawHeaders.length; index += 2) headers[rawHeaders[index]!.toLowerCase()] = rawHeaders[index + 1]!;
    const incoming = {
      method: type === undefined ? "GET" : "POST",
      url: target,
      headers,
      rawHeaders,
      httpVersion: "1.1",
      socket: { remoteAddress: `203.0.${(client >> 8) & 255}.${client & 255}` },
    } as unknown as IncomingMessage;
    return Object.assign(fromIncoming(incoming), {
      hasBody: () => type !== undefined,
      readBody: () => (type === undefined ? undefined : { bytes, complete: true }),
    });
  };
  const written = [target, ...all.flat()].map((part) => Buffer.from(part, "latin1"));
  return {
    raw: request(target, all.flat()),
    fresh() {
      const [first, ...rest] = written.map((part) => part.toString("latin1"));
      return request(first!, rest);
    },
    text: `${target}${all.flat().join("")}${text}`,
  };
}

const FORM = "application/x-www-form-urlencoded";
const JSON_TYPE = "application/json";

/** `count` requests in an order of their own. */
export function traffic(count: number, seed = 7): Sample[] {
  const random = generator(seed);
  return Array.from({ length: count }, (_, index) => {
    const kind = random(100);
    // 64 visitors at a time, eight requests each: a visitor's cookies and address stay the same.
    const client = (index & 63) + 64 * (index >> 9);
    const visitor = generator(Math.imul(seed + client, 0x9e3779b1));
    const fields = head(visitor, visitor(3) === 0 ? 700 : 150, random(40));
    if (kind < 40) return sample(`/products/garden-bench-oak-${random(9000)}?color=natural&size=${random(40)}&ref=mail`, fields, client);
    if (kind < 52)
      return sample(
        `/search?q=${escaped(SENTENCES[random(10)]!.slice(0, 12 + random(30)))}&page=${random(9)}&sort=price-asc`,
        fields,
        client,
      );
    if (kind < 60) return sample(`/static/js/app.${random(2 ** 31).toString(16)}.js`, fields, client);
    if (kind < 66)
      return sample(`/list?${Array.from({ length: 12 }, (_, at) => `filter_${at}=value+${random(400)}`).join("&")}`, fields, client);
    if (kind < 73)
      return sample(
        "/login",
        fields,
        client,
        FORM,
        `email=ann.${random(999)}%40mail.example&password=kE9-${random(2 ** 31).toString(36)}&next=%2Faccount`,
      );
    if (kind < 82)
      return sample("/cart", fields, client, JSON_TYPE, JSON.stringify({ product: random(9000), count: 1 + random(4), note: "" }));
    if (kind < 89) return sample("/comments", fields, client, FORM, `text=${escaped(prose(200 + random(900), random))}&name=Ann+B.`);
    if (kind < 95) return sample("/api/orders", fields, client, JSON_TYPE, records(600 + random(2400), random));
    if (kind < 98)
      return sample("/notes", fields, client, JSON_TYPE, JSON.stringify({ title: "Bench", text: prose(1200 + random(3000), random) }));
    return sample(
      "/import",
      fields,
      client,
      JSON_TYPE,
      kind === 98 ? records(14_000 + random(6000), random) : JSON.stringify({ text: prose(14_000 + random(6000), random) }),
    );
  });
}

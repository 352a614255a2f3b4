/** The recommended firewall with content inspection, in process: what the requests of a shop and a forum cost, beside one pass over their bytes. */
import { createWaf, type RawRequest } from "@aiwaf/core";
import { content } from "@aiwaf/core/content";
import { recommended } from "@aiwaf/core/recommended";
import { compare, type Line, referenceLoop } from "./measure.ts";

const HEADERS: Readonly<Record<string, string>> = {
  host: "shop.example",
  "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
  accept: "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
  "accept-language": "en-GB,en;q=0.9,de;q=0.7",
  "accept-encoding": "gzip, deflate, br, zstd",
  referer: "https://shop.example/products?category=garden&page=2",
};
const PROSE = "We moved the garden bench twice this spring, and it still wobbles; the left leg is short by about a thumb's width. ";
const FORM = "application/x-www-form-urlencoded";

interface Sample {
  readonly raw: RawRequest;
  readonly text: string;
}

/** `cookie` differs with every request: a value that was seen before costs next to nothing and would flatter the figure. */
function request(target: string, index: number, type?: string, text = ""): Sample {
  const fields: [string, string][] = Object.entries({
    ...HEADERS,
    cookie: `session=${(index * 2654435761).toString(36)}x7f3c; theme=dark`,
  });
  const bytes = new TextEncoder().encode(text);
  if (type !== undefined) fields.push(["content-type", type], ["content-length", `${bytes.length}`]);
  const raw: RawRequest = {
    method: type === undefined ? "GET" : "POST",
    target,
    headers: new Headers(fields),
    peer: `203.0.113.${index & 255}`,
    httpVersion: "1.1",
    readBody: () => (type === undefined ? undefined : { bytes, complete: true }),
  };
  return { raw, text: `${target}${fields.flat().join("")}${text}` };
}

const order = (index: number): string =>
  JSON.stringify({
    items: Array.from({ length: 20 }, (_, item) => ({ id: item + index, name: `Bench no. ${item}`, note: "two pieces, please ring" })),
    address: { street: "Am Markt 5", city: "Köln" },
  });

const KINDS: Readonly<Record<string, (index: number) => Sample>> = {
  "query-3": (index) => request(`/products/garden-bench-oak?color=natural&size=${index}&ref=mail`, index),
  "query-20": (index) =>
    request(`/search?${Array.from({ length: 20 }, (_, item) => `filter_${item}=value%20${item + index}`).join("&")}`, index),
  "json-2k": (index) => request("/api/orders", index, "application/json", order(index)),
  "form-text": (index) => request("/comments", index, FORM, `text=${encodeURIComponent(PROSE.repeat(3))}&name=Ann${index}`),
  "json-text-5k": (index) => request("/notes", index, "application/json", JSON.stringify({ text: PROSE.repeat(40), index })),
};
/** Most requests of a site have no body: of sixteen, one is each of the longer kinds. */
const MIX = [..."aaaaaaaabbbbcdea"].map((letter) => Object.values(KINDS)[letter.charCodeAt(0) - 97]!);
const COUNT = 1024;

export function benches(): Line[] {
  let at = Date.UTC(2026, 0, 1);
  const waf = createWaf(recommended({ clock: () => ++at, rateLimit: { max: 1_000_000, windowMs: 60_000 }, detectors: content() }));
  const line = (name: string, build: (index: number) => Sample): Line => {
    const samples = Array.from({ length: COUNT }, (_, index) => build(index));
    const reference = { ...referenceLoop(samples.map((sample) => sample.text)), name: "FNV-1a over the same text" };
    const run = (index: number): unknown => waf.inspect(samples[index % COUNT]!.raw);
    return compare(`content/${name}`, { name: "inspect", run }, reference, { rounds: 9, batch: 2048 });
  };
  return [line("mix", (index) => MIX[index % MIX.length]!(index)), ...Object.entries(KINDS).map(([name, build]) => line(name, build))];
}

/**
 * What content inspection costs: `node bench/content.ts [--corpus DIRECTORY]`. One JSON line for each measurement, beside a reference
 * loop (one pass of charCodeAt over the same text), because absolute times say little on a shared machine.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inspectBody, inspectHead, settingOf } from "../packages/core/src/content/request-parts.ts";
import { requestOf } from "../packages/core/tools/evaluate-content.ts";

const flag = process.argv.indexOf("--corpus");
const directory = flag < 0 ? undefined : process.argv[flag + 1];
const headers = {
  host: "shop.example.com",
  "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36",
  accept: "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
  "accept-language": "en-GB,en;q=0.9,de;q=0.7",
  "accept-encoding": "gzip, deflate, br, zstd",
  referer: "https://shop.example.com/products?category=garden&page=2",
  cookie: "sid=5f2c9a7be1d04c3c8b6d; theme=dark; consent=eyJhIjoxLCJiIjowfQ",
};
const prose = "We moved the garden bench twice this spring, and it still wobbles; the left leg is short by about a thumb's width. ";
const samples = [
  { url: "/", body: null },
  { url: "/products/garden-bench-oak?color=natural&size=140&ref=mail", body: null },
  { url: `/search?${Array.from({ length: 20 }, (_, index) => `filter_${index}=value%20${index}`).join("&")}`, body: null },
  {
    url: "/api/orders",
    type: "application/json",
    body: JSON.stringify({
      items: Array.from({ length: 20 }, (_, index) => ({ id: index, name: `Bench no. ${index}`, note: "two pieces, please ring" })),
      address: { street: "Am Markt 5", city: "Köln" },
    }),
  },
  { url: "/comments", type: "application/x-www-form-urlencoded", body: `text=${encodeURIComponent(prose.repeat(3))}&name=Ann` },
  { url: "/notes", type: "application/json", body: JSON.stringify({ text: prose.repeat(40) }) },
];

function records(): ReturnType<typeof requestOf>[] {
  if (directory === undefined) {
    return samples.map((sample, index) =>
      requestOf({
        id: String(index),
        label: "benign",
        class: "bench",
        method: sample.body === null ? "GET" : "POST",
        url: sample.url,
        headers: sample.type === undefined ? headers : { ...headers, "content-type": sample.type },
        body: sample.body,
      }),
    );
  }
  const found: ReturnType<typeof requestOf>[] = [];
  for (const file of readdirSync(directory).filter((name) => /benign|normal|good|falsepos/.test(name) && name.endsWith(".jsonl"))) {
    const lines = readFileSync(join(directory, file), "utf8").split("\n").filter(Boolean);
    for (let index = 0; index < lines.length; index += Math.max(1, Math.floor(lines.length / 400)))
      found.push(requestOf(JSON.parse(lines[index]!)));
  }
  return found;
}

function inspect(request: ReturnType<typeof requestOf>): void {
  const setting = settingOf(request, 1);
  inspectHead(request, setting);
  if (request.body !== undefined) inspectBody(request, request.body, setting);
}

const all = records();
for (let round = 0; round < 30; round++) for (const request of all) inspect(request);
const times: number[] = [];
let bytes = 0;
let sum = 0;
for (const request of all) {
  let size = request.target.length + (request.body?.bytes.length ?? 0);
  for (const [name, value] of request.headers) size += name.length + value.length;
  const repeat = 20;
  let best = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 3; attempt++) {
    const from = performance.now();
    for (let count = 0; count < repeat; count++) inspect(request);
    best = Math.min(best, ((performance.now() - from) * 1000) / repeat);
  }
  times.push(best);
  bytes += size;
  sum += best;
  if (directory === undefined)
    console.log(
      JSON.stringify({
        bench: "inspect",
        url: request.target.slice(0, 40),
        bytes: size,
        us: Number(best.toFixed(2)),
        nsPerByte: Number(((best * 1000) / size).toFixed(2)),
      }),
    );
}
times.sort((one, other) => one - other);
const text = prose.repeat(500);
const from = performance.now();
let checksum = 0;
for (let round = 0; round < 50; round++) for (let at = 0; at < text.length; at++) checksum ^= text.charCodeAt(at);
const reference = ((performance.now() - from) * 1e6) / (50 * text.length);
console.log(
  JSON.stringify({
    bench: "inspect",
    requests: all.length,
    unit: "us",
    median: Number(times[times.length >> 1]!.toFixed(2)),
    mean: Number((sum / times.length).toFixed(2)),
    p99: Number(times[Math.floor(times.length * 0.99)]!.toFixed(2)),
    nsPerByte: Number(((sum * 1000) / bytes).toFixed(2)),
    referenceNsPerByte: Number(reference.toFixed(2)),
    checksum,
  }),
);

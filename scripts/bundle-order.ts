/**
 * Searches for the order in which the files of content inspection compress best, and writes it to order.ts: `node scripts/bundle-order.ts SECONDS SEED`.
 * One file at a time, or a few in a row, goes to another place, and stays there if the bundle does not grow.
 *
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const source = resolve(import.meta.dirname, "../packages/core/src");
const list = join(source, "content/order.ts");
const LINE = /^import "\.\/([\w-]+)\.ts";$/gm;

const imports = (order: readonly string[]): string => order.map((name) => `import "./${name}.ts";\n`).join("");

async function bundledBytes(order: readonly string[]): Promise<number> {
  const { outputFiles } = await build({
    entryPoints: [join(source, "content.ts")],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "neutral",
    logLevel: "silent",
    plugins: [
      {
        name: "order",
        setup: (plugin) => plugin.onLoad({ filter: /content\/order\.ts$/ }, () => ({ contents: imports(order), loader: "ts" })),
      },
    ],
  });
  return gzipSync(outputFiles[0]!.contents, { level: 9 }).byteLength;
}

function generator(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 4_294_967_296) * limit);
  };
}

const [seconds = 120, seed = 1] = process.argv.slice(2).map(Number);
const random = generator(seed);
const text = readFileSync(list, "utf8");
let order = [...text.matchAll(LINE)].map(([, name]) => name!);
let bytes = await bundledBytes(order);
console.log(`${order.length} files, ${bytes} B`);
const end = Date.now() + seconds * 1000;
while (Date.now() < end) {
  const other = [...order];
  const moved = other.splice(random(other.length), random(3) === 0 ? 1 + random(6) : 1);
  other.splice(random(other.length + 1), 0, ...moved);
  const found = await bundledBytes(other);
  if (found < bytes) console.log(`${found} B`);
  if (found <= bytes) [order, bytes] = [other, found];
}
writeFileSync(list, text.slice(0, text.search(LINE)) + imports(order));

/**
 * Searches for the order in which the files of content inspection compress best, and writes it to order.ts: `node scripts/bundle-order.ts SECONDS SEED`.
 * One file at a time, or a few in a row, goes to another place, and stays there if the bundle does not grow. What is measured is what the check of sizes
 * measures: the entry as it is published, cut in chunks that it shares with the others, and bundled by somebody who uses it.
 *
 * @module
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import config from "../packages/core/tsup.config.ts";

const core = resolve(import.meta.dirname, "../packages/core");
const list = join(core, "src/content/order.ts");
const LINE = /^import "\.\/([\w-]+)\.ts";$/gm;

const imports = (order: readonly string[]): string => order.map((name) => `import "./${name}.ts";\n`).join("");

const { entry } = config as { readonly entry: readonly string[] };

async function bundledBytes(order: readonly string[], into: string): Promise<number> {
  rmSync(into, { recursive: true, force: true });
  await build({
    entryPoints: entry.map((file) => join(core, file)),
    bundle: true,
    splitting: true,
    outdir: into,
    outbase: join(core, "src"),
    format: "esm",
    platform: "node",
    target: "es2022",
    logLevel: "silent",
    plugins: [
      {
        name: "order",
        setup: (plugin) => plugin.onLoad({ filter: /content\/order\.ts$/ }, () => ({ contents: imports(order), loader: "ts" })),
      },
    ],
  });
  const { outputFiles } = await build({
    entryPoints: [join(into, "content.js")],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "neutral",
    logLevel: "silent",
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
const folder = mkdtempSync(join(tmpdir(), "bundle-order-"));
const text = readFileSync(list, "utf8");
let order = [...text.matchAll(LINE)].map(([, name]) => name!);
let bytes = await bundledBytes(order, folder);
console.log(`${order.length} files, ${bytes} B`);
const end = Date.now() + seconds * 1000;
while (Date.now() < end) {
  const other = [...order];
  const moved = other.splice(random(other.length), random(3) === 0 ? 1 + random(6) : 1);
  other.splice(random(other.length + 1), 0, ...moved);
  const found = await bundledBytes(other, folder);
  if (found < bytes) console.log(`${found} B`);
  if (found <= bytes) [order, bytes] = [other, found];
}
rmSync(folder, { recursive: true, force: true });
writeFileSync(list, text.slice(0, text.search(LINE)) + imports(order));

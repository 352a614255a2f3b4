/** Writes the forest's kernel to where the package inlines it: `node packages/core/tools/forest/build-kernel.ts`. A test holds the two against each other. */
import { writeFileSync } from "node:fs";
import { buildKernel } from "./kernel.ts";

const bytes = buildKernel();
const text = Buffer.from(bytes).toString("base64");
writeFileSync(
  new URL("../../src/model/kernel-bytes.ts", import.meta.url),
  `/** The forest's kernel, ${bytes.length} bytes of WebAssembly in base64, built by tools/forest/build-kernel.ts from the source beside it. */\nexport const KERNEL =\n  "${text}";\n`,
);
console.log(`${bytes.length} bytes`);

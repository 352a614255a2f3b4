import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

/**
 * The files as one module as well: bundlers of applications follow imports, and leave files behind that are only read. Packed, because some of them replace words
 * such as `typeof window` wherever they stand, in texts, too.
 */
const asModule: Plugin = {
  name: "pages-as-module",
  writeBundle(_, bundle) {
    const files = Object.values(bundle)
      .filter(({ fileName }) => !fileName.endsWith(".md"))
      .map((file) => [file.fileName, file.type === "chunk" ? file.code : file.source] as const);
    const text = files
      .map(([name, content]) => `  ${JSON.stringify(name)}: "${gzipSync(content, { level: 9 }).toString("base64")}",\n`)
      .join("");
    writeFileSync(join(import.meta.dirname, "../dist/pages.js"), `export const PAGES = {\n${text}};\n`);
  },
};

/** Static files with hashed names and relative addresses, so that the dashboard works under any prefix. Nothing is inlined: the policy allows no inline code. */
export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  plugins: [asModule],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../dist/app",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    assetsDir: "assets",
    // The licences of what is bundled ask to be passed on with it.
    license: { fileName: "licenses.md" },
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    target: ["es2023", "chrome123", "firefox121", "safari17.5"],
  },
});

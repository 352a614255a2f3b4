import { defineConfig } from "vite";

/** Static files with hashed names and relative addresses, so that the dashboard works under any prefix. Nothing is inlined: the policy allows no inline code. */
export default defineConfig({
  root: import.meta.dirname,
  base: "./",
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

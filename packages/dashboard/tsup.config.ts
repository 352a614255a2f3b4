import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts"],
  format: ["esm"],
  dts: true,
  clean: ["*.js", "*.d.ts"],
  // The pages' own build writes it, after this one.
  external: ["./pages.js"],
  removeNodeProtocol: false,
  target: "es2022",
});

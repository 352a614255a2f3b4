import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/h3.ts", "src/plugin.ts"],
  format: ["esm"],
  clean: ["!**/*.d.{ts,cts}"],
  removeNodeProtocol: false,
  target: "es2022",
  external: [/^#/],
});

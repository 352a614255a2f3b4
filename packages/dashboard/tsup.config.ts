import { defineConfig } from "tsup";

export default defineConfig({
  // The pages are a module of their own, which their build overwrites after this one.
  entry: ["src/index.ts", "src/pages.ts"],
  format: ["esm"],
  clean: ["!**/*.d.{ts,cts}"],
  removeNodeProtocol: false,
  target: "es2022",
});

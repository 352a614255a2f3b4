import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts"],
  format: ["esm", "cjs"],
  clean: ["!**/*.d.{ts,cts}"],
  removeNodeProtocol: false,
  target: "es2022",
});

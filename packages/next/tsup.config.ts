import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/instrumentation.ts"],
  format: ["esm"],
  clean: ["!**/*.d.{ts,cts}"],
  removeNodeProtocol: false,
  target: "es2022",
});

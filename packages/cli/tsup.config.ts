import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/cli.ts", "src/index.ts"],
  format: ["esm"],
  clean: ["!**/*.d.{ts,cts}"],
  removeNodeProtocol: false,
  target: "es2022",
});

import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/web.ts", "src/node.ts"],
  format: ["esm", "cjs"],
  dts: true,
  clean: true,
  splitting: true,
  // Without this the emitted import reads "sqlite" instead of "node:sqlite" and cannot be resolved.
  removeNodeProtocol: false,
  target: "es2022",
});

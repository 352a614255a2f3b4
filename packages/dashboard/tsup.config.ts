import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts"],
  format: ["esm"],
  dts: true,
  clean: ["*.js", "*.d.ts"],
  removeNodeProtocol: false,
  target: "es2022",
});

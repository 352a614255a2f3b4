import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/h3.ts", "src/plugin.ts"],
  format: ["esm"],
  dts: { entry: ["src/index.ts", "src/h3.ts"] },
  clean: true,
  removeNodeProtocol: false,
  target: "es2022",
  external: [/^#/],
});

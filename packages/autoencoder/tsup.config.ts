import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/train.ts", "src/onnx.ts"],
  format: ["esm", "cjs"],
  dts: true,
  clean: true,
  splitting: true,
  removeNodeProtocol: false,
  target: "es2022",
});

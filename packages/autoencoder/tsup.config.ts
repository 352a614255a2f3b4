import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/train.ts", "src/onnx.ts"],
  format: ["esm", "cjs"],
  clean: ["!**/*.d.{ts,cts}"],
  splitting: true,
  removeNodeProtocol: false,
  target: "es2022",
});

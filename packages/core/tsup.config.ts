import { defineConfig } from "tsup";

export default defineConfig({
  entry: [
    "src/index.ts",
    "src/detectors.ts",
    "src/content.ts",
    "src/recommended.ts",
    "src/lists.ts",
    "src/forms.ts",
    "src/stores/memory.ts",
    "src/stores/sqlite.ts",
    "src/stores/redis.ts",
    "src/stores/tiered.ts",
    "src/forest.ts",
    "src/models.ts",
    "src/models/file.ts",
    "src/train.ts",
    "src/compat.ts",
    "src/records.ts",
    "src/exemptions.ts",
    "src/settings.ts",
    "src/dns/node.ts",
    "src/records/node.ts",
    "src/web.ts",
    "src/node.ts",
    "src/server.ts",
  ],
  format: ["esm", "cjs"],
  dts: true,
  clean: true,
  // Also for CommonJS: entries that each had their own copy of an error class would break `instanceof`.
  splitting: true,
  // Without this the emitted import reads "sqlite" instead of "node:sqlite" and cannot be resolved.
  removeNodeProtocol: false,
  target: "es2022",
});

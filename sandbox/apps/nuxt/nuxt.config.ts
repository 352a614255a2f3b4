export default defineNuxtConfig({
  compatibilityDate: "2026-11-01",
  modules: ["@aiwaf/nuxt"],
  aiwaf: { file: "~~/server/aiwaf" },
  telemetry: false,
});

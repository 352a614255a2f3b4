export default defineNuxtConfig({
  compatibilityDate: "2026-11-01",
  modules: ["@aiwaf/nuxt"],
  telemetry: false,
  aiwaf: {
    paths: {
      // Programs call this one: nothing is expected of them that only browsers send.
      "/api/**": { profile: "api", rateLimit: { max: 60, windowMs: 60_000 } },
      "/files/*": { methods: ["PUT"] },
    },
  },
});

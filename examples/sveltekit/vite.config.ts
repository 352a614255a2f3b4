import adapter from "@sveltejs/adapter-node";
import { sveltekit } from "@sveltejs/kit/vite";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [
    sveltekit({
      adapter: adapter(),
      csp: { directives: { "default-src": ["self"], "style-src": ["self"] } },
      experimental: { remoteFunctions: true },
    }),
  ],
});

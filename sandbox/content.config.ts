/** For `npx aiwaf replay --config sandbox/content.config.ts`: what one request of the sandbox's traffic shows by itself. */
import type { RecommendedOptions } from "@aiwaf/core/recommended";

export const config: RecommendedOptions = { content: { redirectHosts: [] }, methods: { allow: ["GET", "POST"] } };

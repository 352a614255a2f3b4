/** For `npx aiwaf replay --config sandbox/content.config.ts`: the recommended set with content inspection, still a preview, beside it. The shop sends nobody elsewhere. */
import { content } from "@aiwaf/core/content";
import type { RecommendedOptions } from "@aiwaf/core/recommended";

export const config: RecommendedOptions = { detectors: [...content({ redirectHosts: [] })], methods: { allow: ["GET", "POST"] } };

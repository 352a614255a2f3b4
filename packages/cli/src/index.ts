import type { WafOptions } from "@aiwaf/core";
import type { RecommendedOptions } from "@aiwaf/core/recommended";

/** What a configuration file exports: options over the recommended set, or every part of a firewall of your own. */
export type AiwafConfig = RecommendedOptions | WafOptions;

/**
 * Gives an `aiwaf.config.ts` completion and type checks. Returns its argument as it is.
 *
 * @example
 * import { defineConfig } from "aiwaf";
 * const config = defineConfig({ threshold: 80, paths: { "/hooks/**": { skip: ["headers"] } } });
 */
export function defineConfig<Config extends AiwafConfig>(config: Config): Config {
  return config;
}

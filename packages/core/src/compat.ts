/**
 * The names of the original `aiwaf-wasm` package, on this package's own code: change the import and keep the rest. Functions and records are those of
 * `@aiwaf/core/forest`.
 *
 * @module
 */

import { analyzeRecentBehavior } from "./model/recent-behavior.ts";
import { extractFeatures, extractFeaturesBatchWithState, finalizeFeatureState } from "./model/request-features.ts";
import { validateHeaders, validateHeadersWithConfig } from "./model/validate-headers.ts";

export { IsolationForest, type NativeForestOptions } from "./model/native-forest.ts";
export type { NativeState } from "./model/native-state.ts";
export type { Row, Rows } from "./model/rows.ts";
export {
  analyzeRecentBehavior as analyze_recent_behavior,
  extractFeatures as extract_features,
  extractFeaturesBatchWithState as extract_features_batch_with_state,
  finalizeFeatureState as finalize_feature_state,
  validateHeaders as validate_headers,
  validateHeadersWithConfig as validate_headers_with_config,
};

/** Resolves at once: there is nothing to load. */
export function init(..._ignored: readonly unknown[]): Promise<void> {
  return Promise.resolve();
}

// biome-ignore lint/style/noDefaultExport: the package this stands in for has it as its default.
export default init;

/**
 * The isolation forest and the native functions around it. Needs nothing of the firewall, and nothing but the language.
 *
 * @module
 */
export type { Count, IsolationForestOptions } from "./model/forest-options.ts";
export type { ForestState, TreeState } from "./model/forest-state.ts";
export { IsolationForest } from "./model/isolation-forest.ts";
export type { NativeFormat, NativeState } from "./model/native-state.ts";
export { analyzeRecentBehavior, type RecentBehavior, type RecentEntry } from "./model/recent-behavior.ts";
export {
  extractFeatures,
  extractFeaturesBatchWithState,
  type FeatureBatch,
  type FeatureRecord,
  type FeatureState,
  type Features,
  finalizeFeatureState,
} from "./model/request-features.ts";
export type { Row, Rows } from "./model/rows.ts";
export { type HeaderFields, validateHeaders, validateHeadersWithConfig } from "./model/validate-headers.ts";

/**
 * Trained models: reading and checking them, and where a running firewall finds the newest one. `./models/file` adds files, for Node.
 *
 * @module
 */
export { BEHAVIOUR_FEATURES, REQUEST_FEATURES } from "./model/features.ts";
export { modelDiff } from "./models/model-diff.ts";
export { type ModelContents, readModel, type Thresholds, type TrainedModel, type TrainedOn, writeModel } from "./models/model-text.ts";
export type { ModelSource } from "./models/source.ts";
export { type StoredModelOptions, storedModel, storeModel } from "./models/store.ts";

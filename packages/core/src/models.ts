/**
 * Trained models: reading and checking them, and where a running firewall finds the newest one. `./models/file` adds files, for Node.
 *
 * @module
 */
export { BEHAVIOUR_FEATURES, REQUEST_FEATURES } from "./model/features.ts";
export { type Fields, fields, refuse, tooMany } from "./model/state-fields.ts";
export { modelDiff } from "./models/model-diff.ts";
export {
  type ModelContents,
  readModel,
  readOrigin,
  type Thresholds,
  type TrainedModel,
  type TrainedOn,
  writeModel,
} from "./models/model-text.ts";
export { sealModel, type Unsealed, unsealModel } from "./models/sealed.ts";
export { type FollowedModel, followModel, isModelSource, type ModelSource, type ModelState } from "./models/source.ts";
export { type StoredModelOptions, storedModel, storeModel } from "./models/store.ts";

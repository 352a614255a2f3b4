/**
 * Training: from logs or lines to a tokenizer and a model. For tools and workers; nothing that a request loads imports it.
 *
 * @module
 */
export { createTokenizerTrainer, type TokenizerTrainer } from "./tokenizer/train.ts";
export { type ParsedLine, parseAccessLogLine } from "./train/log-line.ts";
export { synthesizeLog } from "./train/synthesize.ts";
export {
  type AutoencoderTrainingOptions,
  learnMerges,
  levelsOf,
  originOf,
  type TrainedParts,
  trainParts,
} from "./train/train-model.ts";
export {
  type AutoencoderTrainer,
  type AutoencoderTrainerOptions,
  type AutoencoderTraining,
  createAutoencoderTrainer,
  type LearnableRequest,
  whyWithheld,
} from "./train/trainer.ts";

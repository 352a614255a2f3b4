/**
 * Learning from logs: readers of access logs, training and its reports. For tools and workers; nothing that a request loads imports it.
 *
 * @module
 */

export { hashReproducibly } from "./behaviour/text-hash.ts";
export { createExtractor, type Extractor, type SeenRequest } from "./model/features.ts";
export { draw, drawBelow, SHARE, type StreamKey, streamKey } from "./model/random.ts";
export { readTarget, type Target } from "./request.ts";
export { type LogCounts, type LogReader, type LogReaderOptions, logReader } from "./train/log-reader.ts";
export type { LoggedRequest, LogProblem } from "./train/logged-request.ts";
export { isAttack } from "./train/suspicion.ts";
export {
  createTrainer,
  type ForestReport,
  type ProposedBan,
  type Trainer,
  type TrainerOptions,
  type Training,
  type TrainingReport,
} from "./train/trainer.ts";
export type { ProposedWord } from "./train/word-counts.ts";

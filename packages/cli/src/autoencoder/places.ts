import { join } from "node:path";

/** Where S4's pipeline keeps its files, as defaults of ours. */
export const PLACES = {
  log: "data/synthetic_access.log",
  lines: "data/normalized_requests.txt",
  tokenizer: "models/req_tokenizer",
  model: "models/ae_out",
  stats: "models/loss_stats.json",
  scores: "logs/stream_scores.log",
} as const;

/** What can be done with versions of a model. */
export const VERSION_ACTIONS = ["list", "promote", "rollback"] as const;

const MODEL_NAME = "model.json";

/** A model's file: the place itself where it names one, else the file in that folder. */
export const modelFile = (place: string): string => (place.endsWith(".json") ? place : join(place, MODEL_NAME));

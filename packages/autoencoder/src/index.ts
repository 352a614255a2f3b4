/**
 * How unlike the site's own language of requests a request is, learned from normal requests alone: the normaliser, the tokenizer, the model and the
 * detector. Runs wherever JavaScript does. Training is in `@aiwaf/autoencoder/train`, the export for ONNX in `@aiwaf/autoencoder/onnx`.
 *
 * @module
 */
export { type AutoencoderOptions, autoencoder } from "./detector.ts";
export {
  type AutoencoderContents,
  readAutoencoder,
  type SurpriseLevels,
  type TrainedAutoencoder,
  writeAutoencoder,
} from "./model/model-text.ts";
export type { Weights } from "./model/network.ts";
export type { Reading, RequestReader, TokenCost } from "./model/reader.ts";
export { fromLine, toLine } from "./normalize/marks.ts";
export { normalizeParts, normalizeRequest, type ReadableRequest } from "./normalize/request.ts";
export { type Signature, signatureOf, toSignature } from "./signatures.ts";
export { createTokenizer, type Merge, type Tokenizer, type Tokens } from "./tokenizer/tokenizer.ts";
export { readTokenizer, writeTokenizer } from "./tokenizer/tokenizer-text.ts";

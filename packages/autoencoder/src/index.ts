/**
 * How unlike the site's own language of requests a request is, learned from normal requests alone: the normaliser, the tokenizer, the model and the
 * detector. Runs wherever JavaScript does. Training is in `@aiwaf/autoencoder/train`.
 *
 * @module
 */
export { normalizeParts, normalizeRequest, type ReadableRequest } from "./normalize/request.ts";

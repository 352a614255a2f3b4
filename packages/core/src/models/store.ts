import { chain } from "../awaitable.ts";
import type { Awaitable, Store } from "../types.ts";
import type { TrainedModel } from "./model-text.ts";
import type { ModelSource } from "./source.ts";

/** What `storedModel` takes. */
export interface StoredModelOptions {
  /** Keys begin with it, 1 to 100 characters. Default `model`. */
  readonly key?: string;
  /** A store of its own; default: the firewall's. */
  readonly store?: Store;
}

const versionKey = (key: string): string => `${key}:version`;
const textKey = (key: string): string => `${key}:text`;

/**
 * The model in a store, so that all processes share it: SQLite or any other database behind a store, or Redis as a cache. Asking whether there is a
 * newer one costs one small read.
 *
 * @example
 * anomaly({ model: storedModel(), fallback: fileModel(".aiwaf/model.json") })
 */
export function storedModel({ key = "model", store }: StoredModelOptions = {}): ModelSource {
  return {
    name: `store ${key}`,
    version: (services, now) => (store ?? services.store).get(versionKey(key), now),
    load: (services, now) => (store ?? services.store).get(textKey(key), now),
  };
}

/**
 * Writes a model where `storedModel` reads it. The version is written last, so that no reader takes a half of it.
 *
 * @param ttlMs - How long it is kept; `undefined`: until it is replaced.
 */
export function storeModel(
  store: Store,
  text: string,
  { sha256 }: Pick<TrainedModel, "sha256">,
  now: number,
  ttlMs?: number,
  key = "model",
): Awaitable<void> {
  return chain(store.set(textKey(key), text, ttlMs, now), () => store.set(versionKey(key), JSON.stringify(sha256), ttlMs, now));
}

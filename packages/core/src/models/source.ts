/**
 * Where models come from: a seam that files, databases and caches fill, and the loader that keeps a running firewall on the newest one.
 *
 * @module
 */

import type { Awaitable, Services } from "../types.ts";
import { readModel, type TrainedModel } from "./model-text.ts";

/** A place that holds the current model. What it holds is data: it is checked by whoever loads it. */
export interface ModelSource {
  readonly name: string;
  /** Something that changes whenever the model does, cheap to ask for; `undefined` when there is no model. */
  version(services: Services, now: number): Awaitable<string | undefined>;
  /** The model's text. */
  load(services: Services, now: number): Awaitable<string | undefined>;
}

/** Tells a source from anything else a user may pass. */
export const isModelSource = (value: unknown): value is ModelSource =>
  typeof value === "object" && value !== null && "version" in value && typeof value.version === "function" && "load" in value;

/** How the model of a firewall stands. */
export interface ModelState<Model = TrainedModel> {
  readonly model: Model | undefined;
  /** Why there is none, or why a newer one was not taken. */
  readonly problem: string | undefined;
}

/** A model that follows its source. */
export interface FollowedModel<Model = TrainedModel> {
  /** The model as last loaded, at once: never waits. Looks for a newer one in the background when the last look is older than `refreshMs`. */
  current(services: Services, now: number): Model | undefined;
  /** Looks now, and says how it went. For tools and tests. */
  refresh(services: Services, now: number): PromiseLike<ModelState<Model>>;
}

/** A look that has no answer after so long does not keep the next one from starting. */
const GIVE_UP_MS = 30_000;

/**
 * Follows the first of `sources` that has a readable model. A model that cannot be read is warned about once and left alone until it changes; the
 * one that was loaded before stays in use.
 *
 * @param accepts - Says why a readable model is not to be used, for example because it saw too few requests.
 * @param read - Reads a model's text, and rejects with the reason where it cannot. Default: forests.
 */
export function followModel(
  sources: readonly ModelSource[],
  refreshMs: number,
  accepts: (model: TrainedModel) => string | undefined,
): FollowedModel;
export function followModel<Model>(
  sources: readonly ModelSource[],
  refreshMs: number,
  accepts: (model: Model) => string | undefined,
  read: (text: string) => PromiseLike<Model>,
): FollowedModel<Model>;
export function followModel(
  sources: readonly ModelSource[],
  refreshMs: number,
  accepts: (model: never) => string | undefined,
  read: (text: string) => PromiseLike<unknown> = readModel,
): FollowedModel<unknown> {
  return follow(sources, refreshMs, accepts as (model: unknown) => string | undefined, read);
}

function follow<Model>(
  sources: readonly ModelSource[],
  refreshMs: number,
  accepts: (model: Model) => string | undefined,
  read: (text: string) => PromiseLike<Model>,
): FollowedModel<Model> {
  let model: Model | undefined;
  let problem: string | undefined;
  let loaded = "";
  let checkedAt = -Infinity;
  let isUnderWay = false;

  const tryOne = async (source: ModelSource, services: Services, now: number): Promise<boolean> => {
    const version = await source.version(services, now);
    if (version === undefined) return false;
    const mark = `${source.name}:${version}`;
    if (mark === loaded) return true;
    const text = await source.load(services, now);
    if (text === undefined) return false;
    const found = await read(text);
    const refusal = accepts(found);
    if (refusal !== undefined) throw new Error(refusal);
    model = found;
    loaded = mark;
    problem = undefined;
    return true;
  };

  const look = async (services: Services, now: number): Promise<ModelState<Model>> => {
    isUnderWay = true;
    checkedAt = now;
    for (const source of sources) {
      try {
        if (await tryOne(source, services, now)) break;
      } catch (error) {
        problem = `${source.name}: ${error instanceof Error ? error.message : String(error)}`.slice(0, 300);
        services.warnOnce(`AIWAF_MODEL_UNUSED:${problem}`, `A model is not used. ${problem}`);
      }
    }
    isUnderWay = false;
    return { model, problem };
  };

  return {
    current(services, now) {
      const age = Math.abs(now - checkedAt);
      if (age >= refreshMs && sources.length > 0 && (!isUnderWay || age >= GIVE_UP_MS)) void look(services, now);
      return model;
    },
    refresh: look,
  };
}

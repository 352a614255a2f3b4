/**
 * Which stages run, by the rules of AIWAF's other implementations.
 *
 * @module
 */
import { STAGE_NAMES, stageOf } from "../stages.ts";
import { list, Unreadable } from "./readers.ts";

const EVERYTHING = new Set(["all", "auto", "aiwaf.all", "aiwaf.django.middleware.all"]);

/** What decides about stages that run only when there is something for them to do. */
export interface Circumstances {
  /** An access log is set, so requests are logged already. */
  readonly hasAccessLog: boolean;
  /** Geo is switched on, or a list of countries is not empty. */
  readonly wantsGeo: boolean;
  /** False when it is known that no route takes a UUID. */
  readonly hasUuidRoutes: boolean | undefined;
}

export interface Selection {
  /** Short names of the stages that run. */
  readonly stages: ReadonlySet<string>;
  /** Names that are no stage. */
  readonly unknown: readonly string[];
  /** Stages that were left out by themselves, with the reason. */
  readonly left: readonly { readonly stage: string; readonly why: string }[];
}

/**
 * `undefined`: every stage. `all` or `auto` among the names: every stage but those with nothing to do. Otherwise the named ones. At last, the disabled
 * ones are taken out.
 */
export function selectStages(wanted: unknown, disabled: unknown, { hasAccessLog, wantsGeo, hasUuidRoutes }: Circumstances): Selection {
  const names = namesOf(wanted);
  const off = namesOf(disabled) ?? [];
  const unknown = [...(names ?? []).filter((name) => !EVERYTHING.has(name.toLowerCase())), ...off].filter(
    (name) => stageOf(name) === undefined,
  );
  const left: { stage: string; why: string }[] = [];
  let stages = new Set(STAGE_NAMES);
  if (names?.some((name) => EVERYTHING.has(name.toLowerCase()))) {
    const without = (stage: string, why: string): void => {
      stages.delete(stage);
      left.push({ stage, why });
    };
    if (hasAccessLog) without("logging", "there is an access log");
    if (!wantsGeo) without("geo_block", "it is not switched on and no country is listed");
    if (hasUuidRoutes === false) without("uuid_tamper", "no route takes a UUID");
  } else if (names !== undefined) {
    const known = names.map(stageOf).filter((stage) => stage !== undefined);
    // A list of typing errors must not switch the firewall off.
    if (known.length > 0) stages = new Set(known);
  }
  for (const name of off) stages.delete(stageOf(name) ?? name);
  return { stages, unknown, left };
}

function namesOf(given: unknown): readonly string[] | undefined {
  if (given === undefined || given === null) return undefined;
  const names = list(given);
  return names instanceof Unreadable ? undefined : (names as string[]);
}

import type { StoreFlags } from "../operate/open-store.ts";

/** Where a model is kept unless anybody says otherwise. */
export const MODEL_PATH = ".aiwaf/model.json";

/** What can be done with versions of a model. */
export const MODEL_ACTIONS = ["list", "show", "diff", "promote", "rollback", "export"] as const;

/** The flags of `aiwaf train`. */
export interface TrainFlags extends StoreFlags {
  readonly model?: string | false;
  readonly geoip?: string;
  readonly logFormat?: string;
  readonly since?: string;
  readonly until?: string;
  readonly else?: readonly string[];
  readonly rotated: boolean;
  readonly promote: boolean;
  readonly apply?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
  readonly minLines?: string;
  readonly minModelLines?: string;
  readonly contamination?: string;
  readonly trees?: string;
  readonly seed?: string;
  readonly topWords?: string;
  readonly exemptPath?: readonly string[];
  readonly exemptWord?: readonly string[];
}

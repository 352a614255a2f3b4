import type { TrainedModel } from "@aiwaf/core/models";
import type { LogCounts, Training } from "@aiwaf/core/train";
import type { Applied } from "./apply.ts";

/** Everything a run came to, for the report and for `--json`. */
export interface TrainResult extends Training {
  readonly files: readonly string[];
  readonly counts: Readonly<LogCounts>;
  /** Files whose reading ended early, and why. */
  readonly problems: readonly string[];
  readonly seconds: number;
  /** The version that was saved. */
  readonly version: string | undefined;
  readonly isPromoted: boolean;
  readonly before: TrainedModel | undefined;
  readonly after: TrainedModel | undefined;
  readonly applied: Applied | undefined;
}

import type { DecisionEvent, TargetName, TargetOptions } from "../types.ts";

/** What the runner tells a target's process. `id` comes back in the answer. */
export type Order =
  | { readonly kind: "start"; readonly id: number; readonly name: TargetName; readonly options: TargetOptions }
  | { readonly kind: "reset"; readonly id: number }
  | { readonly kind: "drain"; readonly id: number };

/** What a target's process tells the runner. */
export type Report =
  | { readonly kind: "done"; readonly id: number; readonly port: number }
  | { readonly kind: "failed"; readonly id: number; readonly message: string }
  /** `lost`: how many blocks were not reported because too many came at once. */
  | { readonly kind: "decisions"; readonly events: readonly DecisionEvent[]; readonly lost: number };

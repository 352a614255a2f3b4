import { networkOf } from "../behaviour/candidates.ts";
import { RANGED } from "../model/features.ts";
import type { Ranges } from "../model/ranges.ts";
import type { Sample } from "./reservoir.ts";

/** Networks that must have reached a value before it counts as seen: one request of one client must not widen what is usual. */
const NETWORKS = 3;

/** What the features spanned, leaving out at each end what fewer than three networks reached. */
export function rangesOf({ values, clients }: Sample, features: readonly string[]): Ranges {
  if (clients.length === 0) return {};
  const networks = clients.map(networkOf);
  const order = networks.map((_, row) => row);
  return Object.fromEntries(
    features
      .map((name, column) => ({ name, column }))
      .filter(({ name }) => RANGED.has(name))
      .map(({ name, column }) => {
        const at = (row: number): number => values[row * features.length + column]!;
        order.sort((left, right) => at(left) - at(right));
        const reached = (step: 1 | -1): number => {
          const seen = new Set<string>();
          const last = order.length - 1;
          for (let index = 0; index < last; index++) {
            const row = order[step === 1 ? index : last - index]!;
            if (seen.add(networks[row]!).size >= NETWORKS) return at(row);
          }
          return at(order[step === 1 ? last : 0]!);
        };
        const [least, greatest] = [reached(1), reached(-1)];
        // Of fewer than three networks in all, nothing is usual.
        return [name, [Math.min(least, greatest), Math.max(least, greatest)] as const];
      }),
  );
}

/** Numbers that look random and are the same for the same seed: xorshift32. */
export interface Random {
  /** At least 0 and below 1. */
  share(): number;
  /** A whole number from 0 to `limit - 1`. */
  below(limit: number): number;
  pick<T>(list: readonly T[]): T;
  /** True with this chance. */
  chance(share: number): boolean;
  /** Milliseconds around a mean, exponentially spread: the gaps between people's clicks. */
  gap(meanMs: number): number;
  /** A UUID of version 4. */
  uuid(): string;
}

export function createRandom(seed: number): Random {
  let state = (Math.imul(seed, 2_654_435_761) ^ 0x9e3779b9) >>> 0 || 1;
  const share = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(share() * limit);
  const hex = (digits: number): string => Array.from({ length: digits }, () => below(16).toString(16)).join("");
  return {
    share,
    below,
    pick: (list) => list[below(list.length)]!,
    chance: (chance) => share() < chance,
    gap: (meanMs) => Math.min(meanMs * 8, -Math.log(1 - share()) * meanMs),
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`,
  };
}

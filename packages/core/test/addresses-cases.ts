/** Seeded numbers from 0 up to `below`, whole (Marsaglia's xorshift32). */
export function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return Math.floor((state / 0x1_0000_0000) * below);
  };
}

type Random = (below: number) => number;

const pick = <T>(random: Random, list: readonly T[]): T => list[random(list.length)]!;

/** Eight groups with the runs of zeros and the well-known prefixes that real addresses have. */
export function randomGroups(random: Random): number[] {
  const groups = Array.from({ length: 8 }, () => (random(3) === 0 ? 0 : random(2) === 0 ? random(16) : random(65_536)));
  if (random(2) === 0) groups.fill(0, random(8), random(9));
  const prefix = pick(random, [
    [],
    [],
    [],
    [0, 0, 0, 0, 0, 0xffff],
    [0x64, 0xff9b, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0],
    [0x2002],
    [0x2001, 0xdb8],
    [0xfe80, 0, 0, 0],
  ]);
  groups.splice(0, prefix.length, ...prefix);
  return groups;
}

export const spellIPv4 = (word: number): string => [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255].join(".");

export const randomIPv4 = (random: Random): number =>
  random(2) === 0 ? random(0x1_0000_0000) : ((10 << 24) | (random(4) << 16) | (random(4) << 8) | random(256)) >>> 0;

/** One of the many valid spellings of an IPv6 address. */
export function spellIPv6(random: Random, groups: readonly number[]): string {
  const text = groups.map((group) => {
    const digits = group.toString(16).padStart(random(4) === 0 ? 1 + random(4) : 1, "0");
    return random(4) === 0 ? digits.toUpperCase() : digits;
  });
  if (random(4) === 0) text.splice(6, 2, spellIPv4(groups[6]! * 65_536 + groups[7]!));
  const zeros = text.map((_, index) => index).filter((index) => /^0+$/.test(text[index]!));
  let spelled = text.join(":");
  if (zeros.length > 0 && random(8) > 0) {
    const start = pick(random, zeros);
    let end = start + 1;
    while (end < text.length && zeros.includes(end) && random(8) > 0) end++;
    spelled = `${text.slice(0, start).join(":")}::${text.slice(end).join(":")}`;
  }
  return random(10) === 0 ? `${spelled}%${pick(random, ["eth0", "1", "en-0.5", "lo:1", "Ethernet"])}` : spelled;
}

const OCTETS = [
  "0",
  "1",
  "9",
  "10",
  "99",
  "100",
  "199",
  "255",
  "256",
  "260",
  "300",
  "999",
  "1000",
  "00",
  "01",
  "010",
  "0x7f",
  "-1",
  "",
  " 1",
  "1e1",
  "４",
];
const ALPHABET = "0123456789abcdefABCDEFgxX:.%[]/ -+,;_~\u0000\n\u0131٣";

/** IPv4 as careless or hostile senders write it: odd octets, too few of them or too many. */
export const spellOddIPv4 = (random: Random): string =>
  Array.from({ length: pick(random, [4, 4, 4, 4, 3, 5, 2, 1]) }, () => pick(random, OCTETS)).join(".");

/** The text with one to three characters changed, added, dropped, doubled or swapped for another part of it. */
export function mutate(random: Random, text: string): string {
  let result = text;
  for (let left = 1 + random(3); left > 0; left--) {
    const at = random(result.length + 1);
    const character = ALPHABET[random(ALPHABET.length)]!;
    const kinds = [
      () => result.slice(0, at) + character + result.slice(at + 1),
      () => result.slice(0, at) + character + result.slice(at),
      () => result.slice(0, at) + result.slice(at + 1),
      () => result.slice(0, at) + result.slice(random(result.length + 1)),
      () => `${result.slice(0, at)}:${result.slice(at)}`,
    ];
    result = pick(random, kinds)();
  }
  return result;
}

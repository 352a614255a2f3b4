/**
 * Which requests are sent, in which order, from which address.
 *
 * @module
 */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { loadTraffic } from "../traffic/load.ts";
import type { TrafficRecord } from "../types.ts";

/** One client's requests: a scenario, or a record that stands alone. */
export interface Unit {
  /** The scenario's name, or the record's id. */
  readonly name: string;
  readonly records: readonly TrafficRecord[];
  /** How many of its requests are under way at once. */
  readonly concurrency: number;
}

/** Where attackers come from: each scenario from an address of its own, or all from one. */
export type AddressMode = "rotating" | "single";

/** All traffic in the folder: `normal*.jsonl` is what honest visitors send, every other `.jsonl` file is attacks. */
export interface Traffic {
  readonly normal: readonly Unit[];
  readonly attacks: readonly Unit[];
}

/** The address of every attacker in mode `single`. No normal client may have it. */
export const singleAttackerAddress = "203.0.113.66";

/** Reads the traffic folder, files in order of their names. Throws what `loadTraffic` throws. */
export function readTraffic(folder: URL): Traffic {
  const names = readdirSync(fileURLToPath(folder)).filter((name) => name.endsWith(".jsonl"));
  const read = (name: string): readonly Unit[] => toUnits(loadTraffic(new URL(name, folder)));
  names.sort();
  return {
    normal: names.filter((name) => name.startsWith("normal")).flatMap(read),
    attacks: names.filter((name) => !name.startsWith("normal")).flatMap(read),
  };
}

/** Groups the records of one file by scenario, in order of first appearance. */
export function toUnits(records: readonly TrafficRecord[]): Unit[] {
  const groups = new Map<string, TrafficRecord[]>();
  for (const record of records) {
    // A scenario may have the name of another record's id.
    const key = record.scenario === undefined ? `record ${record.id}` : `scenario ${record.scenario}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [record]);
    else group.push(record);
  }
  return [...groups.values()].map((group) => {
    const first = group[0]!;
    return { name: first.scenario ?? first.id, records: group, concurrency: Math.max(1, Math.trunc(first.concurrency ?? 1)) };
  });
}

/** Tells each request's client address. */
export type AddressOf = (unit: Unit, record: TrafficRecord) => string;

/**
 * Addresses for one run. `client` of a record wins, except for attackers in mode `single`. Units without one get the next address of
 * 198.18.0.0/15, the range that RFC 2544 sets aside for tests of networks, so that none of them is ever a real visitor's.
 */
export function createAddresses(mode: AddressMode | "own"): AddressOf {
  const given = new Map<Unit, string>();
  return (unit, record) => {
    if (mode === "single") return singleAttackerAddress;
    if (record.client !== undefined) return record.client;
    let address = given.get(unit);
    if (address === undefined) {
      const number = given.size + 1;
      address = `198.${18 + ((number >> 16) & 1)}.${(number >> 8) & 255}.${number & 255}`;
      given.set(unit, address);
    }
    return address;
  };
}

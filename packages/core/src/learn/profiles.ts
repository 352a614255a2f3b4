/**
 * What is usual for each parameter of each route: kinds of values, lengths, and the rules that its honest values keep hitting.
 *
 * @module
 */
import type { RuleId } from "../types.ts";
import { type Confidence, createTallies, type Tallies } from "./tallies.ts";
import { ANYTHING, classOf, LENGTH_CLASSES, lengthClassOf, VALUE_CLASSES } from "./value-class.ts";

/** One parameter of one route. */
export interface Profile {
  readonly classes: Tallies;
  readonly lengths: Tallies;
  /** Votes on hit or not, for each rule that hit at all. */
  readonly rules: Map<RuleId, Tallies>;
  touchedAt: number;
}

/** Rules remembered of one parameter. */
const RULES_MAX = 12;

/** The profiles of a site, at most `maxProfiles`. */
export interface Profiles {
  find(route: string, place: string): Profile | undefined;
  /** The profile, made when there is room or a stale one to give way. */
  claim(route: string, place: string, now: number): Profile | undefined;
  readonly size: number;
}

/** A profile that few networks ever touched gives way to a new one after this time; learned ones stay. */
const STALE_MS = 3_600_000;
const LOOKED_AT = 8;

export function createProfiles(maxProfiles: number, confidence: Confidence): Profiles {
  const profiles = new Map<string, Profile>();
  const keyOf = (route: string, place: string): string => `${route} ${place}`;
  const makeRoom = (now: number): boolean => {
    let looked = 0;
    for (const [key, profile] of profiles) {
      if (looked++ >= LOOKED_AT) return false;
      if (profile.classes.networks() < confidence.networks && now - profile.touchedAt > STALE_MS) return profiles.delete(key);
      // Moves on to others the next time.
      profiles.delete(key);
      profiles.set(key, profile);
    }
    return false;
  };
  return {
    find: (route, place) => profiles.get(keyOf(route, place)),
    claim(route, place, now) {
      const key = keyOf(route, place);
      let profile = profiles.get(key);
      if (profile === undefined) {
        if (profiles.size >= maxProfiles && !makeRoom(now)) return undefined;
        profile = {
          classes: createTallies(VALUE_CLASSES.length),
          lengths: createTallies(LENGTH_CLASSES),
          rules: new Map(),
          touchedAt: now,
        };
        profiles.set(key, profile);
      }
      profile.touchedAt = now;
      return profile;
    },
    get size() {
      return profiles.size;
    },
  };
}

/** Votes for a value, and for each rule whether it hit it. */
export function learnValue(profile: Profile, value: string, hits: readonly RuleId[], network: string, interval: number): void {
  profile.classes.vote(classOf(value), network, interval);
  profile.lengths.vote(lengthClassOf(value.length), network, interval);
  for (const rule of hits) {
    if (!profile.rules.has(rule) && profile.rules.size < RULES_MAX) profile.rules.set(rule, createTallies(2));
  }
  for (const [rule, tallies] of profile.rules) tallies.vote(hits.includes(rule) ? 1 : 0, network, interval);
}

/** True when enough was seen of a parameter to say what is unusual. */
export const isKnown = ({ classes }: Profile, { networks, intervals }: Confidence): boolean =>
  classes.networks() >= networks && classes.intervals() >= intervals && classes.votes() >= 3 * networks;

/** What is unusual about a value of a known parameter; `undefined` when nothing is. */
export function unusual(profile: Profile, value: string, confidence: Confidence): "kind" | "length" | undefined {
  if (!isKnown(profile, confidence)) return undefined;
  const widest = highest(profile.classes, VALUE_CLASSES.length, confidence);
  if (widest < 0) return undefined;
  if (classOf(value) > widest) return "kind";
  // One class longer is chance; four times the longest usual value is not.
  const longest = highest(profile.lengths, LENGTH_CLASSES, confidence);
  return longest >= 0 && lengthClassOf(value.length) > longest + 1 ? "length" : undefined;
}

function highest(tallies: Tallies, count: number, confidence: Confidence): number {
  for (let index = count - 1; index >= 0; index--) if (tallies.isUsual(index, confidence)) return index;
  return -1;
}

/** True when a parameter is free text and its usual values keep hitting that rule. */
export function keepsHitting(profile: Profile, rule: RuleId, confidence: Confidence): boolean {
  const tallies = profile.rules.get(rule);
  return (
    tallies !== undefined && isKnown(profile, confidence) && profile.classes.isUsual(ANYTHING, confidence) && tallies.isUsual(1, confidence)
  );
}

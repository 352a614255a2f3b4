/**
 * Which version of each dependency can be taken without breaking another: pure, so that every rule can be tested.
 *
 * @module
 */
import semver from "semver";
import type { Demands, Dependency } from "./project.ts";

/** A published version and what it demands. */
export interface Release extends Demands {
  readonly version: string;
  readonly isDeprecated: boolean;
}

/** What is known of one dependency: its releases, or why they are not known. */
export type Published = { readonly releases: readonly Release[]; readonly latest: string } | { readonly error: string };

export type Status = "up_to_date" | "outdated" | "ahead" | "not_installed" | "error";

/** The finding about one dependency. */
export interface Advice {
  readonly name: string;
  /** The range of package.json. */
  readonly constraint: string;
  readonly installed: string | null;
  readonly latest: string | null;
  readonly status: Status;
  readonly update_available: boolean;
  /** The highest version that breaks nothing; `null` when that is the installed one or nothing is known. */
  readonly target: string | null;
  /** Why the latest version was not chosen. */
  readonly refused: string | null;
  readonly error?: string;
}

/** Packages that this tool never touches: a firewall is upgraded by you, with its release notes at hand. */
const isOwn = (name: string): boolean => name === "aiwaf" || name.startsWith("@aiwaf/");

const LOOSE = { includePrerelease: false } as const;

/**
 * Plans upgrades. Of each dependency the highest release is chosen that is no pre-release and not deprecated, runs on `node`, fits what every installed
 * package demands of it, and demands nothing of another that the project's other versions, planned ones included, do not give.
 */
export function planUpgrades(
  dependencies: readonly Dependency[],
  demands: readonly Demands[],
  published: ReadonlyMap<string, Published>,
  node: string,
): readonly Advice[] {
  const versions = new Map(dependencies.flatMap(({ name, installed }) => (installed === undefined ? [] : [[name, installed] as const])));
  const needs = new Map(demands.map((demand) => [demand.name, demand] as const));
  const advice: Advice[] = [];
  for (const dependency of dependencies) {
    const one = advise(dependency, published.get(dependency.name), versions, needs, node);
    advice.push(one);
    if (one.target === null) continue;
    // Later choices must fit this one, and what the new version demands replaces what the old one did.
    versions.set(dependency.name, one.target);
    const known = published.get(dependency.name);
    const release = known !== undefined && "releases" in known ? known.releases.find(({ version }) => version === one.target) : undefined;
    if (release !== undefined) needs.set(dependency.name, release);
  }
  return advice;
}

function advise(
  { name, range, installed }: Dependency,
  known: Published | undefined,
  versions: ReadonlyMap<string, string>,
  needs: ReadonlyMap<string, Demands>,
  node: string,
): Advice {
  const base = {
    name,
    constraint: range,
    installed: installed ?? null,
    latest: null,
    update_available: false,
    target: null,
    refused: null,
  };
  if (known === undefined || "error" in known)
    return { ...base, status: "error", error: known?.error ?? "is not published anywhere that npm knows" };
  const { latest, releases } = known;
  const isCurrent = installed !== undefined && semver.valid(installed) !== null;
  const order = isCurrent ? semver.compare(installed, latest) : -1;
  const status: Status = installed === undefined ? "not_installed" : order === 0 ? "up_to_date" : order > 0 ? "ahead" : "outdated";
  const result = { ...base, latest, status, update_available: status === "outdated" };
  if (status !== "outdated") return result;
  if (!isCurrent) return { ...result, refused: `the installed version, ${installed}, is none that can be compared` };
  if (isOwn(name)) return { ...result, refused: "AIWAF is never upgraded by this command" };
  const newer = releases
    .filter(({ version, isDeprecated }) => !isDeprecated && semver.prerelease(version) === null && semver.gt(version, installed!))
    .sort((one, other) => semver.rcompare(one.version, other.version));
  let refused: string | null = null;
  for (const release of newer) {
    const problem = problemOf(release, versions, needs, node);
    if (problem === undefined) return { ...result, target: release.version, refused };
    refused ??= `${release.version}: ${problem}`;
  }
  return { ...result, refused: refused ?? "every newer version is deprecated or a pre-release" };
}

function problemOf(
  release: Release,
  versions: ReadonlyMap<string, string>,
  needs: ReadonlyMap<string, Demands>,
  node: string,
): string | undefined {
  if (release.node !== undefined && semver.validRange(release.node) !== null && !semver.satisfies(node, release.node, LOOSE))
    return `needs Node ${release.node}, this is ${node}`;
  for (const demand of needs.values()) {
    const range = demand.peers[release.name];
    if (demand.name !== release.name && range !== undefined && !fits(release.version, range))
      return `${demand.name} works with ${range} only`;
  }
  for (const [peer, range] of Object.entries(release.peers)) {
    const version = versions.get(peer);
    if (version === undefined) {
      if (!release.optionalPeers.has(peer)) return `needs ${peer} ${range}, which is not installed`;
    } else if (!fits(version, range)) return `needs ${peer} ${range}, here it is ${version}`;
  }
  return undefined;
}

/** What is no range (a tag, an address) says nothing that could be broken. */
const fits = (version: string, range: string): boolean =>
  semver.validRange(range) === null || semver.satisfies(version, range, { includePrerelease: true });

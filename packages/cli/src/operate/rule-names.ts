/**
 * The names that an exemption may be limited to: detectors, their rules, and the stages of AIWAF's other implementations.
 *
 * @module
 */
import { autoencoder } from "@aiwaf/autoencoder";
import type { Detector } from "@aiwaf/core";
import { geo, goodBots, honeypot, learnParameters } from "@aiwaf/core/detectors";
import { exemptFrom, protectionOf } from "@aiwaf/core/exemptions";
import { formTokens } from "@aiwaf/core/forms";
import { recommended } from "@aiwaf/core/recommended";
import { loadConfig } from "../config-file.ts";
import { configPath } from "../configuration.ts";
import { UsageError } from "../usage-error.ts";

const RULES_MAX = 20;

/**
 * Names of detectors and rules, one a flag or with commas between them.
 *
 * @param config - The configuration whose own detectors may be named too; without it, the one of this folder.
 * @throws UsageError for what is no such name: an exemption from nothing would look like one that works.
 */
export async function readRules(given: readonly string[], config: string | undefined): Promise<readonly string[]> {
  const names = given.flatMap((text) => text.split(",")).map((name) => name.trim());
  if (names.length > RULES_MAX) throw new UsageError(`--only: at most ${RULES_MAX} detectors and rules`);
  // What has no rules finds nothing that could be left out.
  const detectors = ownDetectors().filter(({ rules }) => rules.length > 0);
  const known = namesOf(detectors);
  let unknown = names.filter((name) => !isKnown(name, known));
  if (unknown.length > 0) {
    const configured = namesOf(await configuredDetectors(config));
    unknown = unknown.filter((name) => !configured.has(name));
  }
  if (unknown.length > 0) throw new UsageError(`--only: ${refusal(unknown[0]!, detectors)}`);
  return names;
}

/** Made for what they are called alone: none of them is ever asked about a request. */
const ownDetectors = (): readonly Detector[] => [
  ...recommended({ repeats: {}, logins: {} }).detectors,
  ...honeypot({ tokens: formTokens({ secret: "signs nothing, ever" }) }),
  geo({ database: { lookup: () => undefined } }),
  goodBots(),
  learnParameters().detector,
  ...autoencoder({ model: { name: "none", version: () => undefined, load: () => undefined } }),
];

const namesOf = (detectors: readonly Pick<Detector, "name" | "rules">[]): ReadonlySet<string> =>
  new Set(detectors.flatMap(({ name, rules }) => [name, ...rules]));

/** A stage stands for the detectors that do its work; one that has none here exempts from nothing. */
function isKnown(name: string, known: ReadonlySet<string>): boolean {
  if (name === "" || name.length > 100) return false;
  const found = protectionOf(exemptFrom(name)({}))?.exempt ?? [];
  return found.length > 0 && found.every((one) => known.has(one));
}

/** The detectors that a configuration adds to ours. What is wrong with them is for the firewall to say. */
async function configuredDetectors(config: string | undefined): Promise<readonly Pick<Detector, "name" | "rules">[]> {
  const path = configPath(config);
  const detectors: unknown = path === undefined ? undefined : (await loadConfig(path)).options["detectors"];
  return (Array.isArray(detectors) ? (detectors as (Partial<Detector> | null)[]) : []).flatMap((one) =>
    typeof one?.name === "string" ? [{ name: one.name, rules: Array.isArray(one.rules) ? one.rules : [] }] : [],
  );
}

function refusal(name: string, detectors: readonly Detector[]): string {
  const shown = JSON.stringify(name.slice(0, 40));
  const family = `${name.split("/")[0]}/`;
  const rules = [...new Set(detectors.flatMap((one) => one.rules))].filter((rule) => name.includes("/") && rule.startsWith(family)).sort();
  if (rules.length > 0) return `${shown} is no rule; known are ${rules.join(", ")}`;
  const names = [...new Set(detectors.map((one) => one.name))].sort();
  return `${shown} is no detector and no rule; known are ${names.join(", ")}, rules such as sql/tautology, and your configuration's`;
}

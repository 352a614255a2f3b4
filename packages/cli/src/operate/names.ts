/**
 * The lists by the names that people type.
 *
 * @module
 */
import type { ListName } from "@aiwaf/core/lists";
import { UsageError } from "../usage-error.ts";

/** What can be listed: `bans` are made by detectors, everything else is a stored list. */
export type Kind = "bans" | ListName;

const WORDS: Readonly<Record<string, Kind>> = {
  bans: "bans",
  ban: "bans",
  block: "block",
  blocked: "block",
  blocklist: "block",
  blacklist: "block",
  exempt: "exempt",
  exemption: "exempt",
  exemptions: "exempt",
  whitelist: "exempt",
  "ip-exemption": "exempt",
  "ip-exemptions": "exempt",
  path: "exempt-path",
  paths: "exempt-path",
  "exempt-path": "exempt-path",
  "path-exemption": "exempt-path",
  "path-exemptions": "exempt-path",
  keyword: "keyword",
  keywords: "keyword",
  "dynamic-keywords": "keyword",
  "exempt-paths": "exempt-path",
  "exempt-keyword": "exempt-keyword",
  "exempt-keywords": "exempt-keyword",
  country: "country",
  countries: "country",
  geo: "country",
};

/** All kinds, in the order they are shown. */
export const KINDS: readonly Kind[] = ["bans", "block", "exempt", "exempt-path", "keyword", "exempt-keyword", "country"];

/** What a kind is called in headings and counts. */
export const TITLES: Readonly<Record<Kind, string>> = {
  bans: "Bans",
  block: "Blocked addresses",
  exempt: "Exempt addresses",
  "exempt-path": "Exempt paths",
  keyword: "Keywords",
  "exempt-keyword": "Exempt keywords",
  country: "Countries",
};

/** @throws UsageError that names the kinds. */
export function readKind(word: string): Kind {
  const name = word.toLowerCase();
  const kind = Object.hasOwn(WORDS, name) ? WORDS[name] : undefined;
  if (kind === undefined) throw new UsageError(`there is no list ${JSON.stringify(word.slice(0, 40))}; the lists are ${KINDS.join(", ")}`);
  return kind;
}

/** @throws UsageError for bans: detectors make them, and block entries do the same by hand. */
export function readListName(word: string): ListName {
  const kind = readKind(word);
  if (kind === "bans") throw new UsageError("bans are made by detectors; to block by hand type: aiwaf add block ADDRESS --for 1h");
  return kind;
}

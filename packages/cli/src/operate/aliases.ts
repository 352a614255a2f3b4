/**
 * Names that people of AIWAF's other implementations know, and what to type here instead.
 *
 * @module
 */

interface Alias {
  /** The words that are typed here instead; `undefined`: nothing replaces it, and `why` says so. */
  readonly to: readonly string[] | undefined;
  /** Flags that are called otherwise here. */
  readonly flags?: Readonly<Record<string, readonly string[]>>;
  readonly why?: string;
}

const RESET_FLAGS = {
  "--blacklist": ["--bans", "--block"],
  "--blacklist-only": ["--bans", "--block"],
  "--exemptions-only": ["--exemptions"],
} as const;

const LIST_FLAGS = {
  "--ips-blocked": ["bans"],
  "--ips-exempted": ["exempt"],
  "--keywords-monitored": ["keywords"],
  "--all": ["all"],
  "--only-ip": ["--only-names"],
  "--format": [],
  json: ["--json"],
  table: [],
} as const;

const ALIASES: Readonly<Record<string, Alias>> = {
  detect_and_train: { to: ["train"] },
  "aiwaf-detect": { to: ["train"] },
  regenerate_model: { to: ["train"] },
  aiwaf_reset: { to: ["reset"], flags: RESET_FLAGS },
  add_ipexemption: { to: ["add", "exempt"] },
  add_exemption: { to: ["add", "exempt"] },
  add_pathexemption: { to: ["add", "path"] },
  aiwaf_pathshell: { to: ["paths"] },
  "route-shell": { to: ["paths"] },
  aiwaf_list: { to: ["list"], flags: LIST_FLAGS },
  aiwaf_logging: { to: ["logs"], flags: { "--status": [] } },
  geo_block_country: { to: ["country"] },
  geo_traffic_summary: { to: ["geo", "summary"] },
  "geo-summary": { to: ["geo", "summary"] },
  aiwaf_diagnose: { to: ["diagnose"] },
  diagnose_blocking: { to: ["why"], flags: { "--ip": [] } },
  test_exemption: { to: ["why"] },
  aiwaf_whois: { to: ["whois"], flags: { "--format": [], json: ["--json"], table: [] } },
  clear_blacklist: { to: ["reset", "--bans", "--block"] },
  check_dependencies: {
    to: ["doctor"],
    flags: { "--format": [], json: ["--json"], table: [], "--check-security": ["--audit"], "--check-compatibility": [] },
  },
  clear_cache: {
    to: undefined,
    why: "it emptied the whole cache, also of other programs; aiwaf reset removes what is AIWAF's, list by list",
  },
  debug_csv: { to: undefined, why: "there is no CSV store to check; aiwaf diagnose checks the store there is" },
  setup_models: { to: undefined, why: "the store makes and migrates its tables itself" },
  test_exemption_fix: { to: undefined, why: "it tested a fault that this implementation does not have" },
};

/** The names there are, for the help. */
export const ALIAS_NAMES = Object.keys(ALIASES);

/** What an old command line is now. */
export type Translation = { readonly args: readonly string[] } | { readonly gone: string };

/** Translates a command line whose first word is an old name; `undefined` for every other. */
export function translate([name, ...rest]: readonly string[]): Translation | undefined {
  const alias = name === undefined || !Object.hasOwn(ALIASES, name) ? undefined : ALIASES[name]!;
  if (alias === undefined) return undefined;
  if (alias.to === undefined) return { gone: `${name} is gone: ${alias.why}` };
  if (name === "geo_block_country") return { args: country(rest) };
  // Its `--since` counts seconds.
  const words =
    name === "aiwaf_list" ? rest.map((word, at) => (rest[at - 1] === "--since" && /^\d+$/.test(word) ? `${word}s` : word)) : rest;
  const { flags = {} } = alias;
  return { args: [...alias.to, ...words.flatMap((word) => (Object.hasOwn(flags, word) ? flags[word]! : [word]))] };
}

function country([verb, ...rest]: readonly string[]): readonly string[] {
  if (verb === "add" || verb === "block") return ["add", "country", ...rest];
  if (verb === "remove" || verb === "unblock") return ["remove", "country", ...rest];
  return ["list", "countries", ...rest];
}

/** Words as they are typed in a shell. */
export const inShellWords = (words: readonly string[]): string =>
  words.map((word) => (/^[\w./:@=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");

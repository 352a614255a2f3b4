/**
 * Names that people of AIWAF's other implementations know, and what to type here instead.
 *
 * @module
 */

import { isIP } from "node:net";

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

/** Of the scripts of the hybrid of rules and autoencoder. */
const TRAINING_FLAGS = { "--tok_dir": ["--tok-dir"], "--vocab_size": ["--vocab-size"], "--max_len": ["--max-len"] } as const;

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
  aiwaf_logging: { to: ["logs"], flags: { "--enable": ["--status"], "--disable": ["--status"] } },
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
  synth_logs: { to: ["autoencoder", "synthesize"] },
  parser_normalizer: { to: ["autoencoder", "normalize"] },
  train_tokenizer: { to: ["autoencoder", "train-tokenizer"], flags: TRAINING_FLAGS },
  train_ae: { to: ["autoencoder", "train"], flags: TRAINING_FLAGS },
  eval_recon_loss: { to: ["autoencoder", "evaluate"], flags: TRAINING_FLAGS },
  inference_service_simple: { to: ["autoencoder", "serve"] },
  ingest_stream: { to: ["autoencoder", "ingest"] },
  debug_csv: { to: undefined, why: "there is no CSV store to check; aiwaf diagnose checks the store there is" },
  setup_models: { to: undefined, why: "the store makes and migrates its tables itself" },
  test_exemption_fix: { to: undefined, why: "it tested a fault that this implementation does not have" },
};

/** The names there are, for the help. */
export const ALIAS_NAMES = [...Object.keys(ALIASES), "geo_block_country"];

/** What an old command line is now. */
export type Translation = { readonly args: readonly string[] } | { readonly gone: string };

/** Words that only chose the framework: there is one command line for all. */
const PREFIXES = new Set(["fast", "flask", "aiwaf-fast", "manage.py"]);

/** Translates a command line whose first words are old names; `undefined` for every other. */
export function translate([name, ...rest]: readonly string[]): Translation | undefined {
  if (name === undefined) return undefined;
  if (PREFIXES.has(name)) {
    const args = rest[0] === "aiwaf" ? rest.slice(1) : rest;
    return translate(args) ?? { args: args.length === 0 ? ["--help"] : args };
  }
  const grouped = translateGroup(name, rest);
  if (grouped !== undefined) return { args: grouped };
  const alias = Object.hasOwn(ALIASES, name) ? ALIASES[name]! : undefined;
  if (alias === undefined) return undefined;
  if (alias.to === undefined) return { gone: `${name} is gone: ${alias.why}` };
  // Its `--since` counts seconds.
  const words =
    name === "aiwaf_list" ? rest.map((word, at) => (rest[at - 1] === "--since" && /^\d+$/.test(word) ? `${word}s` : word)) : rest;
  const { flags = {} } = alias;
  const isShown = name === "aiwaf_logging" && !rest.some((word) => /^--(?:status|enable|disable|clear)$/.test(word));
  return {
    args: [...alias.to, ...(isShown ? ["--status"] : []), ...words.flatMap((word) => (Object.hasOwn(flags, word) ? flags[word]! : [word]))],
  };
}

const VERBS: Readonly<Record<string, string>> = { add: "add", block: "add", remove: "remove", unblock: "remove", list: "list" };
const LISTS_OF: Readonly<Record<string, string>> = { geo_block_country: "country", geo: "country", "exempt-path": "path" };
const CLEARED: Readonly<Record<string, readonly string[]>> = {
  blacklist: ["reset", "--bans", "--block"],
  "dynamic-keywords": ["reset", "--keywords"],
  "request-logs": ["logs", "--clear"],
};

/** Commands whose second word says what is done: `geo block XX`, `exempt-path add /health`, `clear blacklist`, `diagnose 192.0.2.1`. */
function translateGroup(name: string, [verb, ...rest]: readonly string[]): readonly string[] | undefined {
  if (name === "clear" && verb !== undefined && Object.hasOwn(CLEARED, verb)) return [...CLEARED[verb]!, ...rest];
  if (name === "diagnose" && verb !== undefined && isIP(verb) !== 0) return ["why", verb, ...rest];
  const list = Object.hasOwn(LISTS_OF, name) ? LISTS_OF[name] : undefined;
  if (list === undefined) return undefined;
  // Its list is what it shows where nothing is said.
  if (verb === undefined) return name === "geo_block_country" ? ["list", list] : undefined;
  return Object.hasOwn(VERBS, verb) ? [VERBS[verb]!, list, ...rest] : undefined;
}

/** Words as they are typed in a shell. */
export const inShellWords = (words: readonly string[]): string =>
  words.map((word) => (/^[\w./:@=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");

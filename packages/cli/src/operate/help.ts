import { ALIAS_NAMES } from "./aliases.ts";

/** Which store a command works on. */
export const STORE_HELP = `
STORE
  The first of these that is named: --sqlite, --redis or --config; the
  variables AIWAF_SQLITE or AIWAF_REDIS_URL (with AIWAF_REDIS_PREFIX);
  aiwaf.config.ts, .js or .json in this folder, if it has a store. A memory
  store lives in its process alone and cannot be reached from here.

EXIT CODES
  0  done
  1  the question was answered with no
  2  wrong usage, or a store that cannot be reached; nothing was changed`;

/** The lists and what they hold. */
export const LISTS_HELP = `
LISTS
  bans            clients that detectors banned; they end by themselves
  block           addresses and ranges that get 403
  exempt          addresses and ranges that detectors leave alone
  exempt-path     paths that detectors leave alone
  keyword         words that add score in a path
  exempt-keyword  words that are never learned
  country         countries, by two letters

EXAMPLES
  aiwaf list all --sqlite aiwaf.db
  aiwaf add block 203.0.113.0/24 --for 24h --reason "scanning"
  aiwaf add exempt 198.51.100.7 --only rate-limit
  aiwaf remove bans --rule probes/scan --from 2h`;

/** Commands that read kept records. */
export const RECORDS_HELP = `
RECORDS
  What the firewall writes where it keeps records: the files of recordFile,
  one JSON object a line, also turned over or packed, and the SQLite file of
  recordTable. Lines that are no records are counted and left out.
  --follow goes on with either of them, until Ctrl-C.

EXIT CODES
  0  done
  2  wrong usage, or a file that cannot be read`;

export const PATHS_HELP = `
EXAMPLES
  aiwaf paths --sqlite aiwaf.db
  aiwaf paths -c "cd /webhooks; ls; exempt 1 signed by the sender"`;

export const RESET_HELP = `
UNDO
  Everything that is removed is first written to a file; --undo FILE restores
  it. All of it goes at once, or nothing: Ctrl-C, a crash and kill -9 leave
  the old state or the new one. Of a store that only a configuration names,
  entries go one by one; if that is interrupted, run the same command again,
  or restore the file.`;

export const WHY_HELP = `
EXAMPLES
  aiwaf why 203.0.113.7 --sqlite aiwaf.db
  aiwaf why 0mm1z4k2x1q9a8b7c6d5 --records requests.jsonl
  aiwaf why '/search?q=1%20or%201=1' --config aiwaf.config.ts`;

export const DIAGNOSE_HELP = `
EXIT CODES
  0  no problem
  1  a problem; each is shown with its fix
  2  wrong usage`;

export const DOCTOR_HELP = `
HOW A VERSION IS CHOSEN
  The highest release that is no pre-release and not deprecated, runs on this
  Node, fits what every installed package demands of it, and demands nothing
  that is not here. AIWAF's own packages are never touched. What is held back
  is shown with the reason.

UPGRADE
  1  aiwaf doctor                              look
  2  aiwaf doctor --upgrade --dry-run          see the plan
  3  aiwaf doctor --upgrade --test "npm test"  take it, or nothing
  4  aiwaf doctor --audit                      look again
  5  aiwaf doctor --rollback FOLDER            if you change your mind
  package.json and the lock file are kept in .aiwaf-backup-TIME first. pnpm and
  yarn projects get the plan; installing is theirs.

EXIT CODES
  0  done
  1  an upgrade or its test failed, and everything was put back
  2  wrong usage, or a project that cannot be read`;

/** Old names, for the foot of the main help. */
export const ALIASES_HELP = `

OLD NAMES
  Names of AIWAF's other implementations still work, and say what they are
  called here: ${ALIAS_NAMES.slice(0, 3).join(", ")} and so on.`;

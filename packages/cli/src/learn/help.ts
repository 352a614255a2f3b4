/** Foot of `aiwaf train --help`. */
export const TRAIN_HELP = `
FILES
  Access logs as for aiwaf replay, recognised line by line: common and combined
  (nginx, Apache, Traefik), JSON (Caddy, Traefik, Vercel, nginx), W3C (IIS,
  CloudFront), AWS load balancers; also AIWAF's own records (JSON lines, CSV).
  Rotated files (.1, .2.gz, -20260131.zst) are read with them, oldest first.
  With --log-format, every line must fit the server's own description of it.

WHAT IT LEARNS
  A model of requests and one of clients' behaviour. Requests that the
  firewall blocked, attacks, what scanners tried and exempt paths are left out.
  One client in five is held out; when too many of their requests would be
  called odd, the model is saved but withheld, and the one before stays.
  Proposals: clients to ban, words to learn. Nothing is carried out without
  --apply, which writes to the site's store; exempt addresses and words of
  that store are honoured and cleaned up. A model that is put in use is
  written to that store, too, for processes that share no disk.

  This is a process of its own: no request ever waits for it. Until the last
  rename the old model is in place, and running servers load the new one
  within seconds.

ENVIRONMENT
  The settings of AIWAF's other implementations, where no flag says otherwise:
  AIWAF_ACCESS_LOG, AIWAF_MODEL_PATH, AIWAF_DISABLE_AI, AIWAF_MIN_AI_LOGS,
  AIWAF_MIN_TRAIN_LOGS, AIWAF_FORCE_AI_TRAINING, AIWAF_AI_CONTAMINATION,
  AIWAF_AI_N_ESTIMATORS, AIWAF_AI_RANDOM_STATE.

EXIT CODES
  0  done
  1  a model was trained and withheld
  2  wrong usage, or a file that could not be read to its end

EXAMPLES
  aiwaf train /var/log/nginx/access.log
  aiwaf train access.log --else records.jsonl --config aiwaf.config.ts --apply
  aiwaf train app.log --log-format '$remote_addr $msec "$request" $status'`;

/** Foot of `aiwaf model --help`. */
export const MODEL_HELP = `
ACTIONS
  list               the versions, newest first, and which one is in use
  show [VERSION]     what a version was trained on, its features and thresholds
  diff [OLD] [NEW]   what changed; without names, since the version before
  promote [VERSION]  puts a version in use; without a name, the newest
  rollback           puts the version before the one in use back
  export [VERSION]   writes the model file to standard output

  VERSION is a name of the list, or the beginning of it or of its hash.
  A damaged or edited version is listed with the reason and never put in use.

EXIT CODES
  0  done
  2  wrong usage, or a version that is not there or cannot be read

EXAMPLES
  aiwaf model diff
  aiwaf model rollback`;

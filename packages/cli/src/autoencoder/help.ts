/**
 * What `--help` of these commands says beyond the list of flags.
 *
 * @module
 */

const EXIT_CODES = `
EXIT CODES
  0  done`;
const WRONG_USAGE = "2  wrong usage, or a file that cannot be read";

/** Foot of `aiwaf autoencoder --help`. */
export const AUTOENCODER_HELP = `
  A site needs two things: train from its logs, and the detector.
  autoencoder({ model: fileModel(".aiwaf/autoencoder.json") })
${EXIT_CODES}
  1  no model, or one that was withheld; nothing could be scored
  ${WRONG_USAGE}

EXAMPLES
  aiwaf autoencoder train /var/log/nginx/access.log \\
      --out .aiwaf/autoencoder.json
  aiwaf autoencoder serve --model .aiwaf/autoencoder.json --port 8000
  aiwaf autoencoder ingest --logfile /var/log/nginx/access.log \\
      --model .aiwaf/autoencoder.json --out scores.log`;

/** Foot of `synthesize`, `train-tokenizer` and `evaluate`. */
export const SIMPLE_HELP = `${EXIT_CODES}
  ${WRONG_USAGE}`;

/** Foot of `normalize`. */
export const NORMALIZE_HELP = `
OUTPUT
  Decoded, without secrets, with marks such as <INT> and <UUID>, parameters by
  name. What is no request is counted and left out.
${EXIT_CODES}
  2  wrong usage, and nothing was written; or a file that could not be read to
     its end, and the rest was written`;

/** Foot of `train`. */
export const TRAIN_HELP = `
THE CHECK
  One request in five is held out. A model that calls too many of those odd, or
  too few attacks planted among them, is saved and withheld: the model before
  stays in use.
${EXIT_CODES}
  1  too few requests for a model, or the model was withheld
  ${WRONG_USAGE}

EXAMPLE
  aiwaf autoencoder train /var/log/nginx/access.log \\
      --out .aiwaf/autoencoder.json`;

/** Foot of `versions`. */
export const VERSIONS_HELP = `
ACTIONS
  list      all versions, newest first
  promote   put this version in use; without one, the newest
  rollback  put the version before the one in use in its place
${EXIT_CODES}
  2  wrong usage, or no such version; nothing was changed`;

/** Foot of `serve`. */
export const SERVE_HELP = `
REQUESTS
  {"raw": text}, where a list of texts will do, too. The answer has score,
  rules, anomaly, threshold and action; without the token it is 401.

ENVIRONMENT
  AIWAF_TOKEN  the token; without it, a new one is made and printed
${EXIT_CODES}, when it was asked to end
  2  wrong usage, or an address that is taken`;

/** Foot of `ingest`. */
export const INGEST_HELP = `
OUTPUT
  A JSON line for each line of the log: ts, raw, score, rules, anomaly. The
  score is null where the service did not answer. SIGINT and SIGTERM end it.
${EXIT_CODES}
  1  no line could be scored
  2  wrong usage, or with --once a log that cannot be read`;

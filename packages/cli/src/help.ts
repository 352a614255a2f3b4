/**
 * What `--help` says beyond the list of flags. Written like a manual page: sections in capitals, text indented, at most 80 columns.
 *
 * @module
 */

/** Foot of `aiwaf --help`. */
export const PROGRAM_HELP = `
CONFIGURATION
  Flags stand over the environment, and that over a file: --config, else
  AIWAF_CONFIG, else aiwaf.config.ts, .mts, .js, .mjs, .cjs or .json of this
  folder, checked by defineConfig of "aiwaf".

ENVIRONMENT
  AIWAF_CONFIG                 the configuration
  AIWAF_SQLITE, AIWAF_REDIS_URL, AIWAF_REDIS_PREFIX
                               the store of commands that need one
  AIWAF_RATE_MAX and its kind  settings of other implementations, laid over
                               the file's; aiwaf diagnose tells which
  NO_COLOR, FORCE_COLOR        no colours, or colours also in a file or pipe

EXIT CODES
  0  done
  1  a gate failed, or a question was answered with no
  2  wrong usage, or a file or store that cannot be read; one line says what
     to type, and nothing was changed

Nothing leaves this machine, but for a Redis store elsewhere, and for doctor,
ranges and whois, which ask only whom you name or your own npm.`;

/** Foot of `aiwaf replay --help`. */
export const REPLAY_HELP = `
FILES
  *.jsonl, *.ndjson
      Traffic files, one JSON object a line: id, label (attack, benign or
      unknown), class, method, url, headers, body; also encoding ("latin-1":
      one character is one byte), raw_headers ([[name, value], …]), client and
      at (milliseconds since the epoch).
      Each record comes from a client never seen before, so that only the
      request itself decides. With --stateful, from its own client at its own
      time: limits and bans build up. Without client, from a new one; without
      at, when the record before it came.
  *.log, access.log.1, access.log-20260101
      Access logs, recognised line by line: common or combined format (nginx,
      Apache, Traefik), JSON lines (Caddy, Traefik, Vercel, nginx), W3C (IIS,
      CloudFront), AWS load balancers, CSV with a head; or --log-format.
      Always stateful, with the log's own addresses, times and answers. A host
      name stands for one address. Fields that the format leaves out are taken
      as a browser sends them; bodies are missing.
  Either may end in .gz or .zst. Lines may be 16 MiB long. A line that cannot
  be read is named on standard error (the first 20 of each file) and left out.

CONFIGURATION
  A .json file, or a .js, .mjs, .cjs, .ts, .mts or .cts module that exports
  its options as default, config or options: what protect() takes (options
  over the recommended set), or what createWaf() takes (detectors and store:
  exactly these). An object with both detectors and store is the latter,
  unless it also names a recommended detector, such as headers: {}. A module
  is run: load only your own.
  Three things differ from the live site. The store is a fresh one in memory,
  so nothing is read from or written to yours. The client is the record's,
  whatever "client" says. Report mode counts as enforcing.

OUTPUT
  Of logs: what would have been blocked, by which rule, whom; and first of all
  what looks wrong: clients that were answered before and after, each with the
  line of configuration that lets it pass. --html FILE writes it as one page
  that loads nothing and runs no script.
  Then a table by file and class with 95 % Wilson intervals, the rules that
  blocked benign requests with an example each, and latencies.
  With --json, a line for each request: id, label, class, action, status,
  rule, score, findings (rule, score, where, match), us (microseconds). What
  does not apply is null.

EXIT CODES
  0  done
  1  the share of blocked benign records is above --fail-over-fpr, or no
     record is labelled benign
  2  wrong usage, or a file that could not be read to its end

EXAMPLES
  aiwaf replay traffic/*.jsonl --fail-over-fpr 0.05%
  aiwaf replay --config aiwaf.config.ts /var/log/nginx/access.log.2.gz
  aiwaf replay attacks.jsonl --json | jq -r 'select(.action == "allow") | .id'`;

/** Foot of `aiwaf score --help`. */
export const SCORE_HELP = `
THE REQUEST
  In quotes, or on standard input (also as -), up to 16 MiB; one of:
  a raw request
      Request line, fields, an empty line, body. The request line alone will
      do, or a path or URL, for which GET and a browser's fields are assumed.
  a curl command
      As browsers copy it for bash, or behind -- as separate words. Known are
      -X, -H, -d and all --data flags, --json, -F, --form-string, -u, -b, -A,
      -e, -r, -G, -I, --compressed, --url, --path-as-is, --http1.0, --http2;
      flags that do not change the request are passed over. The command is
      not run. No variable is expanded and no file is read: @file is refused.
  a JSON record
      As in the traffic files of aiwaf replay.

CONFIGURATION
  As for aiwaf replay. The client is one never seen before.

OUTPUT
  The decision, and for each finding its rule, score and share, place, the
  value as sent with the match underlined, what the match reads once decoded,
  and the decoding steps; then the answer the client would get. With --json,
  the same as one object: action, status, rule, score, threshold, findings,
  failures, request, answer, notes.

EXIT CODES
  0  done, whatever was decided
  2  wrong usage, or something that is no request

EXAMPLES
  aiwaf score "GET /search?q=1%27%20or%201=1-- HTTP/1.1"
  aiwaf score --json < request.txt
  aiwaf score -- curl -d "name=<script>" https://example.org/comments`;

/** Foot of `aiwaf attack --help`. */
export const ATTACK_HELP = `
WHAT IS TRIED
  Each payload that is blocked as it stands is traced to the one value that
  carries it. That value is rewritten (mixed case, comments for blanks, other
  spellings with the same effect), encoded in other ways and moved to other
  places (forms, JSON, multipart, duplicate parameters), in up to four steps.
  What passes is cut down to the steps it needs. Whether it still works against
  your application only you can tell: every finding is printed as a command
  for aiwaf score.

ADDRESS
  Only 127.0.0.0/8, ::1 and localhost, over http: anything else is refused.
  Each request comes from another address of 127.0.0.0/8, where the system
  allows it, so that limits and bans do not decide. A block is a response
  with the firewall's own x-aiwaf-id.

EXIT CODES
  0  at most --fail-over of the mutations got through
  1  more got through
  2  wrong usage, or nothing to mutate

EXAMPLES
  aiwaf attack
  aiwaf attack --payloads attacks.jsonl --mutations 200 --out through.jsonl
  aiwaf attack http://127.0.0.1:3000`;

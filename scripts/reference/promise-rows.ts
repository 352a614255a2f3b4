/**
 * What AIWAF's five model products promise, row by row, in few words. Tests name the rows they hold in their titles.
 *
 * @module
 */

/** The products, by the first part of a row's id. */
export const PRODUCTS: Readonly<Record<string, string>> = {
  S1: "aiwaf-rust and aiwaf-wasm",
  S2: "aiwaf 1.0.2 for Python",
  S3: "aiwaf 0.1.9.1.6 for Django",
  S4: "a hybrid firewall of rules and an autoencoder",
  S5: "PyWAF",
};

/** Numbered from 1 in the order of their lines. */
const ROWS: Readonly<Record<string, string>> = {
  S1: `
a fast core that applications call directly
the same core as WebAssembly
header checks whose required fields and least quality can be set
features computed from requests
recent behaviour judged for scanning
an isolation forest used like scikit-learn's
ready-made packages for Linux, macOS and Windows
WebAssembly for browsers and bundlers
installed with one line
a development build on one's own machine
validate_headers gives a reason or null
validate_headers_with_config takes required fields and a least quality
extract_features takes one record or many, and keywords
records have eight fields, from ip to total_404
analyze_recent_behavior takes entries and keywords
the forest takes n_estimators
max_samples is "auto", a count or a share
contamination is "auto" or a share
the forest takes max_features
the forest takes bootstrap
random_state makes results repeat
the forest takes warm_start
fit takes rows
anomaly_score takes a row
predict gives 1 or -1
to_json gives the state
from_json takes a state
retrain takes rows
score_samples and decision_function, with offset_
WebAssembly: a default init()
WebAssembly: validate_headers takes a plain object
WebAssembly: extract_features takes a list and keywords
WebAssembly: the forest takes an object of options
WebAssembly: fit, anomaly_score, to_json, from_json and retrain
cuts lie at random between a feature's least and greatest value
of the candidates, the cut with the best variance reduction is taken
trees end at the depth ceil(log2(max_samples))
trees end at one row or a constant feature
path length is the depth and an allowance for the leaf's size
path lengths are averaged over trees
the score is 2^(-E/c(max_samples))
c(n) is defined for n of 1, 2 and more
a higher score is odder
score_samples is the score, negated
decision_function is score_samples less offset_
contamination "auto" means an offset of -0.5
a number for contamination means the offset of that percentile
a fit with warm_start adds trees up to n_estimators
retrain always adds trees and keeps the old ones
one command runs the core's tests
a release and a source package are built
a WebAssembly package is built
a workflow publishes on a release or by hand
builds cover three systems and every supported runtime
publishing is trusted by identity and attested
versions follow the main package's
names and metadata are documented
the MIT licence`,
  S2: `
a firewall that teaches itself; a core for any framework, with adapters
extras to install for each framework
the native extra is optional
runs on one small CPU and 512 MB
advice: train on a schedule, rotate logs
the core holds helpers, training and storage
a default path for the country database
entry points for each adapter
paths such as /profile/ are not blocked for a word
a reset of single parts
learning prefers suspicious traffic
methods are checked within the honeypot stage
pages expire and ask to be reloaded
a blocked address is stopped at once
the blocklist changes at run time, through the store
a rate limit over a sliding window
a flood threshold for abuse
behaviour judged by an isolation forest
models are trained as traffic grows
models are kept as JSON alone
suspicious words in paths are learned
exempt and allowed words are not
repeated probes for .php, .asp and .jsp are seen
missing required header fields are seen
suspicious user agents are seen
suspicious combinations of header fields are seen
headers have a quality score
header sets of little variety are seen
static files are exempt from header checks
known good bots pass
browsers with full headers pass
curl is an example of low quality
the time between page and form is judged
the age of a page is judged
a method that a page does not take is seen
tampering with UUIDs is scored
a malformed UUID scores high
a UUID that does not exist adds score
an answer in order takes score off
a client is blocked at a threshold
countries may be allowed or blocked
countries come from a local file
the request log feeds training
blocked requests are logged with reason, client and path
paths may be exempt
addresses may be exempt
keywords may be exempt
words of routes may be allowed
what is exempt is left out of learning
what is exempt is not blocked
fewer false alarms on webhooks, health checks and static files
handlers may be marked exempt
training reads access logs or the request log
training finds clients with many 404s
training fits the forest when there is enough
training refreshes the learned words
training removes exempt and allowed words
with too few lines for a model, keywords alone are trained
training once a day is recommended
no pickle, joblib or skops file is ever loaded
a scikit-learn model is never kept
the forest's state is saved and loaded as JSON
no model is shipped; training makes one
setting: the access log
setting: no model
setting: lines needed for a model
setting: lines needed to train
setting: train in spite of too few lines
setting: contamination
setting: the window of behaviour
setting: how many learned words count
setting: words allowed in paths
setting: exempt words
setting: the window of the rate limit
setting: the rate limit
setting: the flood limit
setting: the backend of rate counters
setting: the address of Redis
setting: the prefix of counters
setting: least time to fill in a form
setting: greatest age of a page
setting: endings that are probes
setting: UUID scoring on or off
setting: the window of UUID scores
setting: the threshold of UUID scores
setting: points for a malformed UUID
setting: points for a missing UUID
setting: points taken off for a success
setting: required header fields, by method too
setting: least header quality
setting: greatest length of Accept
setting: country blocking on or off
setting: the path of the country database
setting: blocked countries
setting: allowed countries
setting: how long look-ups are cached
setting: the prefix of that cache
setting: the path of the model
setting: where the model is stored
setting: the model's cache key
setting: how long the model is cached
setting: the file as a fallback
setting: native helpers
setting: the native forest
setting: exempt paths
setting: exempt addresses
setting: the older nested block, mapped at start
setting: the version of path rules
keys are the same across adapters
falls back when native code is missing
the order of stages is documented, logging last
"all" and "auto" select stages
one name stands for all Django stages
auto logs only without an access log
auto turns countries on by flag, list or stored list
the stage class that answers JSON errors
the stage class for countries
the stage class for addresses and keywords
the stage class for rates
the stage class for anomalies
the stage class for forms
the stage class for UUIDs
the stage class for headers
the stage class for logging
one constructor takes all groups of settings
the constructor works with defaults
stages may be named one by one
short names of stages
command: detect and train
command: regenerate the model
command: reset everything
command: reset the blacklist
command: reset keywords
command: reset exemptions
command: combinations of resets
command: exempt an address
command: exempt a path
command: a shell over paths
path shell: ls
path shell: cd
path shell: up
path shell: pwd
path shell: exempt
path shell: exit
command: the state of logging
command: list blocked countries
command: block a country
command: unblock a country
command: diagnose
a manager class over files
command line: list everything
command line: allow an address
command line: block an address, with a reason
command line: add a keyword
command line: a summary
command line: an entry of its own for one framework, with help
command line: init for Django
command line: init for Flask
command line: init for FastAPI
command line: init that finds the framework
command line: init for a named application
an entry that trains
routes are written to .aiwaf/paths.json
the manifest names its schema, framework and context
the manifest lists routes with methods and kinds
the manifest proposes protections
routes are read at init, not for each request
path rules: a prefix
path rules: stages turned off
path rules: a limit of their own
path rules: the longest prefix wins
path rules: yours before generated ones
path rules: compiled and cached
path rules: a new version or list compiles again
a block is a 403
JSON clients get JSON
too many requests get 429, persistence a ban
rates are counted in the process by default
rates are shared through Redis (Flask)
rates are shared through Redis (FastAPI)
the three cache settings may be environment variables
rotated and compressed logs are read
training falls back to the request log
sandbox: a bare target
sandbox: a target behind Django
sandbox: a target behind Flask
sandbox: a target behind FastAPI
sandbox: one command runs and compares
sandbox: results of the bare target
sandbox: results of the first protected target
sandbox: results of the second protected target
sandbox: a comparison of modes
sandbox: an aggregate over runs
the bare target blocks nothing, the protected one nothing normal
medians over runs, not one run
before a release: the tests of all adapters
before a release: the comparison, three times
before a release: a version
before a release: the packages
before a release: an install in a clean place
before a release: documents equal behaviour
a way back from a wrong block
help: legitimate pages are blocked
help: the model does not train
help: countries have no effect
help: native mode has no effect
a table of eight protections
a request's way in ten steps
blocked addresses, fixed and learned words in one stage
flooders are blocked; paths have limits of their own
look-ups of countries are cached
without a model the stage is off, and a heuristic stands in
without UUID rules that stage does nothing
required fields may differ by method
header checks may differ by path
playbook: fewer false alarms
playbook: harder under attack
playbook: paths that stay open
the start says whether native code is at work
decision tree: a blank page
decision tree: many 403s after one block
decision tree: no anomaly detection
decision tree: no countries
deployment: the right client address behind a proxy
deployment: clocks, rotation and retention
several instances share a model
several instances share blocks and exemptions
rollout: careful thresholds first
rollout: watch blocks and false alarms
rollout: tighten step by step
figure: normal requests blocked
figure: attacks blocked
figure: latency at the 95th and 99th percentile
figure: how the blacklist changes
figure: the reasons that block most
figure: training that failed
cut: by family of endpoints
cut: by network and country
cut: by reason
cut: by version of the deployment
security limits are documented
how to contribute
gate: normal requests are not blocked more
gate: attacks are not blocked less
gate: latency does not grow unexplained
question: why curl gets 403
question: why everything gets 403
question: one stage off for one route
question: native mode decides alike
question: why JSON alone
question: usable without Django
the source of country data is named
the MIT licence`,
  S3: `
a self-teaching firewall for Django, with declared versions
set-up errors are clear
an installation guide
a small footprint, and a worker for the daily job
a module that manages the blacklist
a module of middlewares
a module that trains
a module of helpers
a template tag for the form field
the model as a file
learned words as a file
command: detect and train
command: check dependencies
command: exempt an address
command: reset
command: logging
a blocklist in the database, at once effective
above the limit blocked, then banned
feature: length of the path
feature: keyword hits
feature: response time
feature: status
feature: bursts
feature: number of 404s
each training adds ten words from failed paths
a newly exempt path removes its words
repeated 404s on .php and .asp block
a form sent without the page is blocked
a form sent too soon is blocked
a UUID that no model has is blocked
the request log is a fallback source
the request log keeps rows as they come
the request log keeps response times
the request log needs no set-up and never fails loudly
training chooses its source by itself
login paths are exempt by default
setting: exempt paths
a mark on functions
a mark on classes
exempt: not learned from
exempt: not judged by the model
exempt: not trained on
exempt: words removed
an exempt address is never blacklisted
an exempt address leaves the blacklist at training
an exempt address passes everything
command: exempt with a reason
command: reset asks first
command: reset without asking
command: reset the blacklist alone
command: reset exemptions alone
dependencies as a table
dependencies as JSON
dependencies with a security scan
an upgrade, planned only
an upgrade
an upgrade that rewrites the requirements
an upgrade with everything
reads manifests and requirement files
shows installed and latest
checks packages against each other
finds what is missing
scans for vulnerabilities
proposes commands
a safe upgrade keeps the firewall at work
requirements are rewritten, with a backup
the installer's cache is cleared
safety: never the firewall itself
safety: a matrix of versions
safety: across packages
safety: the highest safe version
safety: errors are handled and rolled back
safety: cache and requirements
a refused upgrade says why
output in five parts
a way back from the backup
an upgrade in five steps
help with upgrades
training daily: rotated logs, floods, model, words
tables are made by migrations
table: blacklist
table: exempt addresses
table: words with counts
table: feature samples
table: requests
a page for stored data
setting: the access log
setting: request logging
logging: its state
logging: how to turn it on
logging: clear
setting: the path of the model
setting: least time to fill in a form
setting: contamination
setting: the window of the rate limit
setting: the rate limit
setting: the flood limit
setting: the window of behaviour
setting: endings that are probes
a fixed list of words is not needed any more
a list of statuses is not needed any more
five stages in order, logging last
a minimal set-up of three stages
help when a stage cannot be loaded
command: diagnose
a script that debugs
command: regenerate the model after an update
training blocks clients with six 404s
training saves the library's version
a fallback to stored logs is said
a table of five stages
the MIT licence and credits`,
  S4: `
rules and an autoencoder decide together
one repository from data to service
an environment is described
a small set for the server alone
a script makes synthetic logs
its output is an access log
a script normalises requests
its output is a request a line
a script trains the tokenizer
its output is a folder
a script trains the autoencoder
its output is a folder
a script measures reconstruction loss
its output has the 95th and 99th percentile
a service scores, host and port may be set
a module exports the service
advice: one worker with an accelerator
a development run that reloads
advice on import paths
POST /score takes a raw request
answer: the score
answer: the rules
answer: whether it is odd
answer: the threshold
answer: the action
an example: UNION SELECT gives a rule of severity 9
a rule: its id
a rule: its description
a rule: its severity
a rule: what matched
a rule: where it starts and ends
a file that normalises
a function reads a log line
a function normalises a request
identifiers become a mark
percent escapes are decoded
query parameters are sorted
training and serving normalise alike
a tokenizer is trained and kept
the service loads the tokenizer once
a file of rules with check_rules(raw)
the service checks rules on normalised text
a stream is scored and stored
its output is a log
scoring does not block`,
  S5: `
signatures: SQL injection
signatures: cross-site scripting
signatures: commands
signatures: local files
signatures: traversal
an anomaly score from request features
analysis as requests come, with a stream of events
a dashboard for every screen
charts in the dashboard
a live feed with filters
an asynchronous reverse proxy
installed from a list
a script trains the model
the upstream is an environment variable
listens on all addresses, port 8080
everything is proxied upstream
a page at /dashboard
events at /events
the path is inspected
the query is inspected
header fields are inspected
a sample of the body is inspected
feature: length
feature: entropy
feature: number of parameters
feature: share of special characters
a heuristic without a model
a signature blocks with 403 and is logged
a score over the threshold blocks with 403 and is logged
a blocklisted address is blocked
what is allowed is proxied
events reach the page
next: the Core Rule Set
next: stored events, filters, times
next: thresholds by route and risk
next: reputation of countries and addresses
next: limits through Redis
next: WebSockets
next: train on own traffic, versioned
next: a container behind a front proxy
validate before production`,
};

/** Description by row id, in order. */
export const PROMISES: ReadonlyMap<string, string> = new Map(
  Object.entries(ROWS).flatMap(([product, text]) =>
    text
      .trim()
      .split("\n")
      .map((line, index) => [`${product}-${String(index + 1).padStart(3, "0")}`, line] as const),
  ),
);

/** Codes of every error this package throws. Each is documented in docs/reference/errors.md, which is generated from this table. */
export const ERROR_CODES = {
  /** An option has the wrong type or lies outside its range. */
  AIWAF_OPTION_INVALID: "AIWAF_OPTION_INVALID",
  /** An option is not known; the message names the nearest known one. */
  AIWAF_OPTION_UNKNOWN: "AIWAF_OPTION_UNKNOWN",
  /** Two detectors of one firewall and phase have the same name. */
  AIWAF_DETECTOR_DUPLICATE: "AIWAF_DETECTOR_DUPLICATE",
  /** A path pattern cannot be read. */
  AIWAF_PATTERN_INVALID: "AIWAF_PATTERN_INVALID",
  /** An address or CIDR range cannot be read, or its prefix contradicts its address. */
  AIWAF_ADDRESS_INVALID: "AIWAF_ADDRESS_INVALID",
  /** A store is full of values that never expire. */
  AIWAF_STORE_FULL: "AIWAF_STORE_FULL",
  /** Rows for a forest are not lists of finite numbers of one width. */
  AIWAF_MODEL_ROWS_INVALID: "AIWAF_MODEL_ROWS_INVALID",
  /** A model's state is not of a known format, cut short, or contradicts itself. */
  AIWAF_MODEL_STATE_INVALID: "AIWAF_MODEL_STATE_INVALID",
  /** A model would hold more trees, nodes or features than it may. */
  AIWAF_MODEL_TOO_LARGE: "AIWAF_MODEL_TOO_LARGE",
  /** A store's file cannot be used: no access, damaged, of another program, of a newer version, or locked. The message says which. */
  AIWAF_STORE_FILE: "AIWAF_STORE_FILE",
  /** A store's server answered something that is no answer to what it was asked: not a Redis, or another program's data under the store's prefix. */
  AIWAF_STORE_ANSWER: "AIWAF_STORE_ANSWER",
  /** What was to be added to a stored list is no entry of it: no address, path, word or country. */
  AIWAF_LIST_ENTRY: "AIWAF_LIST_ENTRY",
  /** A document of exported state is none, or of a newer version. */
  AIWAF_STATE_INVALID: "AIWAF_STATE_INVALID",
  /** A store has as many calls under way as it may have; its server is away or too slow. */
  AIWAF_STORE_BUSY: "AIWAF_STORE_BUSY",
  /** A file of records cannot be opened: no such folder, no access, or a disk that is full. */
  AIWAF_RECORD_FILE: "AIWAF_RECORD_FILE",
  /** A database of countries is missing, damaged, or holds something else. The message says how to get one. */
  AIWAF_GEO_DATABASE: "AIWAF_GEO_DATABASE",
  /** The route manifest `.aiwaf/paths.json` is not of a known version, or a field of it is wrong. The message names it. */
  AIWAF_MANIFEST_INVALID: "AIWAF_MANIFEST_INVALID",
} as const;

/** The code of a `WafError`. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** Wrong configuration, unreadable state, or a store that cannot take more. `inspect` never throws it: there it becomes a failure of the decision. */
export class WafError extends Error {
  override readonly name = "WafError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

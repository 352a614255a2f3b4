/** Codes of every error this package throws. Each is documented in docs/reference/errors.md, which is generated from this table. */
export const ERROR_CODES = {
  /** An option has the wrong type or lies outside its range. */
  AIWAF_OPTION_INVALID: "AIWAF_OPTION_INVALID",
  /** An option is not known; the message names the nearest known one. */
  AIWAF_OPTION_UNKNOWN: "AIWAF_OPTION_UNKNOWN",
  /** Two detectors of one firewall have the same name. */
  AIWAF_DETECTOR_DUPLICATE: "AIWAF_DETECTOR_DUPLICATE",
  /** A path pattern cannot be read. */
  AIWAF_PATTERN_INVALID: "AIWAF_PATTERN_INVALID",
  /** An address or CIDR range cannot be read, or its prefix contradicts its address. */
  AIWAF_ADDRESS_INVALID: "AIWAF_ADDRESS_INVALID",
  /** The memory store is full of values that never expire. */
  AIWAF_STORE_FULL: "AIWAF_STORE_FULL",
} as const;

/** The code of a `WafError`. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** Wrong configuration. Thrown while a firewall is being built, never while a request is being inspected. */
export class WafError extends Error {
  override readonly name = "WafError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

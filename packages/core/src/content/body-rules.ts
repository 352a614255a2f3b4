import type { RuleTable } from "./hits.ts";

export const BODY_RULES: RuleTable = {
  /**
   * `Content-Encoding: br`, `zstd` or another compression that cannot be unpacked here: what is in the body was not inspected, and a server that
   * unpacks it would run what it holds. Browsers send no such bodies.
   *
   * Passes gzip and deflate, which are unpacked.
   *
   * Exempt the paths to which clients of your own send such bodies.
   */
  "encoding/unread": [6, "A compression that is not read"],
  /**
   * A small body that unpacks to more than a hundred times its size and beyond the limit of inspection.
   *
   * Passes bodies that compress well but stay within the limit.
   *
   * Exempt nothing: raise `bodyLimit` instead.
   */
  "encoding/bomb": [7, "A decompression bomb"],
  /**
   * A charset that no decoder here knows; the body was read as UTF-8. It cannot block alone.
   *
   * Passes the charsets of browsers.
   *
   * Exempt nothing.
   */
  "encoding/charset": [4, "A body in an unknown charset"],
};

/**
 * All rules of content inspection in one table.
 *
 * @module
 */
import { CODE_RULES } from "./code.ts";
import { DATA_RULES } from "./data-formats.ts";
import type { RuleTable } from "./hits.ts";
import { MARKUP_RULES } from "./markup.ts";
import { NETWORK_RULES } from "./network.ts";
import { PROBE_RULES } from "./probe-paths.ts";
import { PROTOCOL_RULES } from "./protocol.ts";
import { SCRIPT_RULES } from "./script.ts";
import { SHELL_RULES } from "./shell.ts";
import { SQL_RULES } from "./sql-rules.ts";
import { TEMPLATE_RULES } from "./templates.ts";
import { PATH_RULES } from "./traversal.ts";

export const UPLOAD_RULES: RuleTable = {
  /** A multipart file named `x.php`, `x.jsp;.png`, `.htaccess`: a server would run it. Passes documents, pictures and archives. */
  "upload/runnable-file": { severity: 8, description: "An upload that the server would run" },
};

/** Every rule that content inspection can report. */
export const CONTENT_RULES: RuleTable = {
  ...SQL_RULES,
  ...MARKUP_RULES,
  ...SCRIPT_RULES,
  ...SHELL_RULES,
  ...PATH_RULES,
  ...PROBE_RULES,
  ...TEMPLATE_RULES,
  ...DATA_RULES,
  ...NETWORK_RULES,
  ...CODE_RULES,
  ...PROTOCOL_RULES,
  ...UPLOAD_RULES,
};

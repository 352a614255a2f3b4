/**
 * All rules of content inspection in one table.
 *
 * @module
 */
import "./order.ts";
import { BODY_RULES } from "./body-rules.ts";
import { CODE_RULES } from "./code.ts";
import { DATA_RULES } from "./data-formats.ts";
import { CLAIM_RULES } from "./header-claims.ts";
import type { RuleTable } from "./hits.ts";
import { MARKUP_RULES } from "./markup.ts";
import { NETWORK_RULES } from "./network.ts";
import { PROTOCOL_RULES } from "./protocol.ts";
import { SCORE_RULES } from "./score.ts";
import { SCRIPT_RULES } from "./script.ts";
import { SHELL_RULES } from "./shell.ts";
import { SQL_RULES } from "./sql-rules.ts";
import { TEMPLATE_RULES } from "./templates.ts";
import { PATH_RULES } from "./traversal.ts";
import { UPLOAD_RULES } from "./uploads.ts";

/** Every rule that content inspection can report. */
export const CONTENT_RULES: RuleTable = {
  ...SQL_RULES,
  ...MARKUP_RULES,
  ...SCRIPT_RULES,
  ...SHELL_RULES,
  ...PATH_RULES,
  ...TEMPLATE_RULES,
  ...DATA_RULES,
  ...NETWORK_RULES,
  ...CODE_RULES,
  ...PROTOCOL_RULES,
  ...UPLOAD_RULES,
  ...CLAIM_RULES,
  ...BODY_RULES,
  ...SCORE_RULES,
};

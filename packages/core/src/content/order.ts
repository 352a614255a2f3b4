/**
 * The order of the files in a bundle: what is alike stands close together, because gzip sees 32 KiB back. Found by search (scripts/order-content.ts); it
 * saves 1.4 kB of 79.
 *
 * @module
 */
// biome-ignore-all assist/source/organizeImports: the order is what this file is for
import "./score-table.ts";
import "./text.ts";
import "./views.ts";
import "./xml.ts";
import "./transport.ts";
import "./pairs.ts";
import "./clean-values.ts";
import "./symbols.ts";
import "./factors.ts";
import "./trigrams.ts";
import "./charsets.ts";
import "./hits.ts";
import "./sql-words.ts";
import "./survey.ts";
import "./shell-words.ts";
import "./prose-words.ts";
import "./code.ts";
import "./script.ts";
import "./templates.ts";
import "./markup-structure.ts";
import "./markup-urls.ts";
import "./markup.ts";
import "./data-formats.ts";
import "./uploads.ts";
import "./header-claims.ts";
import "./network.ts";
import "./protocol.ts";
import "./traversal.ts";
import "./shell.ts";
import "./sql-lexer.ts";
import "./sql-judges.ts";
import "./sql-reader.ts";
import "./sql.ts";
import "./value-shapes.ts";
import "./lexers.ts";
import "./multipart.ts";
import "./prose-cursor.ts";
import "./prose.ts";
import "./json.ts";
import "./carried-text.ts";
import "./inflate.ts";
import "./score-tokens.ts";
import "./sql-rules.ts";
import "./body-rules.ts";
import "./score.ts";

/**
 * The order of the files in a bundle: what is alike stands close together, because gzip sees 32 KiB back. Found by `scripts/bundle-order.ts`;
 * by their names they took 1.7 kB more. Imported before all else by those files that an entry reaches first.
 *
 * @module
 */
// biome-ignore-all assist/source/organizeImports: the order is what this file is for
import "./score-table.ts";
import "./views.ts";
import "./trigrams.ts";
import "./transport.ts";
import "./clean-values.ts";
import "./charsets.ts";
import "./pairs.ts";
import "./hits.ts";
import "./survey.ts";
import "./prose-words.ts";
import "./script.ts";
import "./templates.ts";
import "./markup.ts";
import "./shell-words.ts";
import "./body-rules.ts";
import "./text.ts";
import "./data-formats.ts";
import "./header-claims.ts";
import "./uploads.ts";
import "./protocol.ts";
import "./factors.ts";
import "./sql-rules.ts";
import "./network.ts";
import "./traversal.ts";
import "./lexers.ts";
import "./prose-cursor.ts";
import "./carried-text.ts";
import "./markup-structure.ts";
import "./xml.ts";
import "./json.ts";
import "./sql-judges.ts";
import "./sql-lexer.ts";
import "./inflate.ts";
import "./value-shapes.ts";
import "./code.ts";
import "./sql.ts";
import "./symbols.ts";
import "./multipart.ts";
import "./prose.ts";
import "./sql-reader.ts";
import "./score.ts";
import "./shell.ts";
import "./score-tokens.ts";
import "./markup-urls.ts";
import "./sql-words.ts";

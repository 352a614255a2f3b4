/**
 * The order of the files in a bundle: what is alike stands close together, because gzip sees 32 KiB back. Found by `scripts/bundle-order.ts`;
 * by their names they took 1.7 kB more. Imported before all else by those files that an entry reaches first.
 *
 * @module
 */
// biome-ignore-all assist/source/organizeImports: the order is what this file is for
import "./score-table.ts";
import "./charsets.ts";
import "./symbols.ts";
import "./transport.ts";
import "./clean-values.ts";
import "./inflate.ts";
import "./views.ts";
import "./xml.ts";
import "./hits.ts";
import "./trigrams.ts";
import "./score-tokens.ts";
import "./prose-words.ts";
import "./survey.ts";
import "./templates.ts";
import "./script.ts";
import "./markup.ts";
import "./data-formats.ts";
import "./body-rules.ts";
import "./code.ts";
import "./sql-words.ts";
import "./pairs.ts";
import "./text.ts";
import "./uploads.ts";
import "./sql-rules.ts";
import "./multipart.ts";
import "./header-claims.ts";
import "./protocol.ts";
import "./traversal.ts";
import "./lexers.ts";
import "./sql-judges.ts";
import "./factors.ts";
import "./value-shapes.ts";
import "./prose.ts";
import "./network.ts";
import "./sql-reader.ts";
import "./sql.ts";
import "./markup-structure.ts";
import "./shell.ts";
import "./prose-cursor.ts";
import "./json.ts";
import "./shell-words.ts";
import "./score.ts";
import "./markup-urls.ts";
import "./sql-lexer.ts";
import "./carried-text.ts";

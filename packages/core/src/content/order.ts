/**
 * The order of the files in a bundle: what is alike stands close together, because gzip sees 32 KiB back. Found by `scripts/bundle-order.ts`;
 * by their names they took 1.7 kB more. Imported before all else by those files that an entry reaches first.
 *
 * @module
 */
// biome-ignore-all assist/source/organizeImports: the order is what this file is for
import "./score-table.ts";
import "./charsets.ts";
import "./transport.ts";
import "./xml.ts";
import "./clean-values.ts";
import "./inflate.ts";
import "./views.ts";
import "./hits.ts";
import "./trigrams.ts";
import "./survey.ts";
import "./prose-words.ts";
import "./shell-words.ts";
import "./templates.ts";
import "./script.ts";
import "./markup.ts";
import "./multipart.ts";
import "./body-rules.ts";
import "./data-formats.ts";
import "./header-claims.ts";
import "./uploads.ts";
import "./protocol.ts";
import "./sql-rules.ts";
import "./traversal.ts";
import "./lexers.ts";
import "./markup-structure.ts";
import "./pairs.ts";
import "./network.ts";
import "./sql-words.ts";
import "./text.ts";
import "./json.ts";
import "./sql-reader.ts";
import "./value-shapes.ts";
import "./carried-text.ts";
import "./markup-urls.ts";
import "./code.ts";
import "./prose-cursor.ts";
import "./sql.ts";
import "./factors.ts";
import "./score-tokens.ts";
import "./sql-judges.ts";
import "./prose.ts";
import "./symbols.ts";
import "./sql-lexer.ts";
import "./score.ts";
import "./shell.ts";

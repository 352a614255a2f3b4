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
import "./templates.ts";
import "./script.ts";
import "./markup.ts";
import "./pairs.ts";
import "./data-formats.ts";
import "./multipart.ts";
import "./body-rules.ts";
import "./sql-rules.ts";
import "./uploads.ts";
import "./protocol.ts";
import "./header-claims.ts";
import "./sql-words.ts";
import "./traversal.ts";
import "./lexers.ts";
import "./json.ts";
import "./shell.ts";
import "./score.ts";
import "./code.ts";
import "./prose-cursor.ts";
import "./prose.ts";
import "./sql-lexer.ts";
import "./value-shapes.ts";
import "./factors.ts";
import "./network.ts";
import "./sql.ts";
import "./sql-reader.ts";
import "./markup-structure.ts";
import "./text.ts";
import "./sql-judges.ts";
import "./shell-words.ts";
import "./carried-text.ts";
import "./survey.ts";
import "./markup-urls.ts";

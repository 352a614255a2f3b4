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
import "./views.ts";
import "./trigrams.ts";
import "./hits.ts";
import "./survey.ts";
import "./prose-words.ts";
import "./templates.ts";
import "./script.ts";
import "./markup.ts";
import "./data-formats.ts";
import "./body-rules.ts";
import "./uploads.ts";
import "./header-claims.ts";
import "./protocol.ts";
import "./code.ts";
import "./markup-structure.ts";
import "./sql-rules.ts";
import "./traversal.ts";
import "./lexers.ts";
import "./value-shapes.ts";
import "./pairs.ts";
import "./json.ts";
import "./network.ts";
import "./clean-values.ts";
import "./score-tokens.ts";
import "./markup-urls.ts";
import "./inflate.ts";
import "./multipart.ts";
import "./sql-judges.ts";
import "./prose.ts";
import "./sql-reader.ts";
import "./score.ts";
import "./shell-words.ts";
import "./shell.ts";
import "./text.ts";
import "./factors.ts";
import "./prose-cursor.ts";
import "./sql-words.ts";
import "./sql.ts";
import "./sql-lexer.ts";
import "./symbols.ts";
import "./carried-text.ts";

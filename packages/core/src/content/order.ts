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
import "./views.ts";
import "./xml.ts";
import "./trigrams.ts";
import "./clean-values.ts";
import "./inflate.ts";
import "./hits.ts";
import "./sql-words.ts";
import "./score-tokens.ts";
import "./prose-words.ts";
import "./templates.ts";
import "./shell-words.ts";
import "./script.ts";
import "./markup.ts";
import "./sql-rules.ts";
import "./body-rules.ts";
import "./text.ts";
import "./data-formats.ts";
import "./survey.ts";
import "./pairs.ts";
import "./symbols.ts";
import "./uploads.ts";
import "./factors.ts";
import "./markup-structure.ts";
import "./protocol.ts";
import "./header-claims.ts";
import "./traversal.ts";
import "./code.ts";
import "./shell.ts";
import "./value-shapes.ts";
import "./lexers.ts";
import "./network.ts";
import "./prose.ts";
import "./markup-urls.ts";
import "./prose-cursor.ts";
import "./sql-judges.ts";
import "./json.ts";
import "./multipart.ts";
import "./sql.ts";
import "./carried-text.ts";
import "./score.ts";
import "./sql-reader.ts";
import "./sql-lexer.ts";

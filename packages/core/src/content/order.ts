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
import "./text.ts";
import "./clean-values.ts";
import "./inflate.ts";
import "./hits.ts";
import "./score-tokens.ts";
import "./prose-words.ts";
import "./templates.ts";
import "./script.ts";
import "./markup.ts";
import "./data-formats.ts";
import "./sql-words.ts";
import "./uploads.ts";
import "./network.ts";
import "./symbols.ts";
import "./header-claims.ts";
import "./shell-words.ts";
import "./protocol.ts";
import "./survey.ts";
import "./traversal.ts";
import "./shell.ts";
import "./sql-rules.ts";
import "./value-shapes.ts";
import "./sql-lexer.ts";
import "./markup-structure.ts";
import "./multipart.ts";
import "./sql-reader.ts";
import "./pairs.ts";
import "./lexers.ts";
import "./factors.ts";
import "./code.ts";
import "./markup-urls.ts";
import "./body-rules.ts";
import "./sql.ts";
import "./score.ts";
import "./json.ts";
import "./carried-text.ts";
import "./sql-judges.ts";
import "./prose-cursor.ts";
import "./prose.ts";

/**
 * Files that should not be taken: ones the server would run, ones it keeps its settings in, documents that run script where they are shown.
 *
 * @module
 */
import { Hits, type RuleTable } from "./hits.ts";
import { scanMarkup } from "./markup.ts";
import { fromTransport } from "./transport.ts";
import { seek } from "./trigrams.ts";

export const UPLOAD_RULES: RuleTable = {
  /**
   * A multipart file named `x.php`, `x.jsp;.png`, `.htaccess`, a parameter that names such a file, or a path
   * that asks for one among uploads: a server would run it.
   *
   * Passes documents, pictures, archives and programs for download.
   *
   * Exempt an upload that takes source code, stored where nothing is run.
   */
  "upload/runnable-file": [8, "An upload that the server would run"],
  /**
   * An uploaded SVG, HTML or XHTML document with script in it, or a picture that is also one: whoever opens it runs the script in your
   * origin.
   *
   * Passes drawings and pages without script.
   *
   * Exempt an upload that is served from a host of its own, or for download only.
   */
  "upload/active-document": [7, "A document that runs script"],
  /**
   * A file that is declared as a picture and named `x.html`, `x.inc` or `x.txt`, or that begins with the marks of a server page.
   *
   * Passes pictures of any format, names without an ending, documents and films under the type of a picture.
   *
   * Exempt an upload whose clients declare everything as a picture.
   */
  "upload/disguised-file": [7, "No picture, declared as one"],
};

/** Names an upload must not have: hidden files, settings, sessions of PHP. */
const FOREIGN = /(^|[\\/])(\.\w|sess_[\w-]{12,80}|wp-config|settings\.|config\.(ya?ml|json|php))/;

/** File names that a server would run. */
const RUNNABLE =
  /\.\s{0,4}(php\d?|phtml|pht|phar|phps|jspx?|jspf|jsw|jsv|asp|aspx|asa|asax|ascx|ashx|asmx|cer|cdx|cfm|cfml|cgi|pl|shtml|htaccess|user\.ini|war|jar(?=\.)|exe(?=\.))($|[\s\u0000;:.%/\\])|^\.ht(access|passwd)$|^web\.config$|(^|[\\/])sess_[a-z\d,-]{20,64}$/i;

/** Documents that browsers run script in. A part may have several names, each on a line. */
const ACTIVE_NAME = /\.(svgz?|x?html?|xht|xml|xsl)$/im;
const ACTIVE_TYPE = /svg|html|\/xml|\+xml/;

/** Judges the name of a file in a multipart body (lower case). */
export function scanFileName(lower: string, hits: Hits): void {
  // Servers differ in what they take off a name: `filename*=UTF-8''a.ph%70`, `a.p\hp`.
  const plain = fromTransport("percent", lower);
  if (seek(/\.\.[\\/]/).test(lower) || /\.\.[\\/]|^[\\/]{2}\w/.test(plain)) hits.add("path/traversal", 100, 0, lower.length);
  hits.found("crlf/header", 100, seek(/%0[ad]/).exec(lower));
  hits.found("upload/runnable-file", 100, RUNNABLE.exec(lower) ?? RUNNABLE.exec(plain.replaceAll("\\", "")));
}

/** Declared as a picture, and named as what runs, is read by programs or is text: a browser takes the type from the name. */
const NO_PICTURE = /\.(x?html?|xht|shtml|xml|xsl|m?js|inc|txt|jar|sh|py|rb|pl|bat|cmd|ps1|conf|ini|htm)$/m;

/** Judges the name, type and beginning of a file (lower case) against each other. */
export function scanDisguise(fileName: string, type: string, content: string, hits: Hits): void {
  if (!/^image\/(p?jpe?g|png|gif|webp|bmp)/.test(type)) return;
  const found = NO_PICTURE.exec(fileName);
  if (found !== null) hits.add("upload/disguised-file", 100, found.index, fileName.length);
  if (/^\s{0,20}<(%|\?(?!xml))/.test(content)) hits.add("upload/disguised-file", 100, 0, fileName.length);
}

/** Parameters that name the file to be written. */
const FILE_PARAMETER = /(^|[_.[-]|resumable|flow|upload)(file_?name|fname|orig(inal)?_?name|save_?as|dest_?file|target_?file)\]?$/;

/** Judges a parameter that names a file (lower case): none but an upload writes scripts. */
export function scanNamedFile(lower: string, name: string, hits: Hits): void {
  if (!FILE_PARAMETER.test(name)) return;
  const found = seek(/\.(php\d?|phtml|phar|jspx?|aspx?|ashx|asmx|cfm|war)([\s\u0000;:.].{0,8})?$/).exec(lower);
  if (found !== null) hits.add("upload/runnable-file", 100, found.index, lower.length);
}

/** Judges the name that a header gives an upload (lower case): there, settings and hidden files have no business either. */
export function scanHeaderFileName(lower: string, hits: Hits): void {
  if (RUNNABLE.test(lower) || FOREIGN.test(lower)) hits.add("upload/runnable-file", 100, 0, lower.length);
}

/** A script where a site keeps what visitors gave it. */
export const UPLOADED = /\/(uploads?|attachments?|avatars|userfiles)\/[^?]{0,200}\.(php\d?|phtml|phar|jspx?|aspx?|ashx)($|[./#;?\u0000])/;

/** Judges a path (lower case): nobody asks for a script among pictures but whoever put it there. */
export function scanUploadedPath(lower: string, hits: Hits): void {
  const found = UPLOADED.exec(lower);
  if (found !== null) hits.add("upload/runnable-file", found[0].startsWith("/upload/") ? 60 : 100, found.index, lower.length);
}

/** First bytes of pictures, as they come out of a decoder that marks what is no text. */
const PICTURE = /^([\ufffd\u0089]png|gif8[79]a|\ufffd{3,4}.{0,8}(jfif|exif)|riff.{4}webp|bm)/s;

/** Looks for script in a picture (lower case; `shown`: without scraps of text): one that a browser may be talked into reading as a page. */
export function scanPicture(beginning: string, shown: string, hits: Hits): void {
  // Sent in pieces or without an ending, a document is one all the same: elements of XHTML under a prefix run wherever XML is shown.
  const prefixed = /^[\s\ufeff]{0,8}<[\s\S]{0,400}?<?\w{1,20}:script[\s>]/.exec(beginning);
  if (prefixed !== null && shown.includes("1999/xhtml")) hits.add("upload/active-document", 100, 0, prefixed[0].length);
  if (!PICTURE.test(beginning)) return;
  hits.found(
    "upload/active-document",
    100,
    /<script[\s>/]|<(svg|img|body|iframe)[\s/][^<>]{0,80}\bon[a-z]{4,20}\s{0,4}=|<\?(php\b|=)/.exec(shown),
  );
}

/** Names in a zip archive, as they come out of a decoder of text: one that steps up is unpacked beside the folder meant for it. */
export function scanArchive(text: string, hits: Hits): void {
  hits.found("path/traversal", 100, /PK\u0003\u0004[\s\S]{18,26}([^\u0000-\u001f]{0,80}[\\/])?\.\.[\\/]/.exec(text));
}

/** True when the file is one that {@link scanDocument} reads. */
export function isDocument(fileName: string, type: string): boolean {
  return ACTIVE_NAME.test(fileName) || ACTIVE_TYPE.test(type.toLowerCase());
}

/** Looks for script in an uploaded document (lower case). */
export function scanDocument(lower: string, hits: Hits): void {
  if (!lower.includes("<")) return;
  const found = new Hits();
  scanMarkup(lower, found, false, false);
  for (const hit of found.list) {
    if (hit.score < 60 || !/^xss\/(script-tag|event-handler|script-url)$/.test(hit.rule)) continue;
    hits.add("upload/active-document", 100, hit.start, hit.end);
  }
}

/** Looks for the pipes that printers, awk, TeX, spreadsheets, drawings and players of films open (lower case). */
export function scanPipes(lower: string, hits: Hits): void {
  hits.found(
    "shell/program",
    100,
    seek(/^push graphic-context|%pipe%|"\s?\|\s?getline|(write18|\bqx)\s?\{|[=+@-]dde\(|\bconcat:\S{1,200}\|(sub)?file:/).exec(lower),
  );
}

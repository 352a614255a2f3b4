/**
 * Values that would end a line of HTTP or mail and begin another, format strings, and what a tool forgot to fill in.
 *
 * @module
 */
import type { Hits, Place, RuleTable } from "./hits.ts";
import { DESTINATIONS } from "./network.ts";
import { seek } from "./trigrams.ts";

export const PROTOCOL_RULES: RuleTable = {
  /**
   * A line break and a header field, or a whole response, inside a value; any line break in a parameter that says where to go next or which
   * language to speak.
   *
   * Passes line breaks of text areas, and lines such as "Location: room 5".
   *
   * Exempt fields into which people paste whole HTTP messages.
   */
  "crlf/header": [8, "A header field behind a line break"],
  /**
   * `\r\nbcc: …`, `\n.\nMAIL FROM`, `\r\nset key`: headers or commands for a mail server or a store behind one line.
   *
   * Passes forwarded mails in text areas, addresses of several lines.
   *
   * Exempt the field of a mail client that takes raw messages.
   */
  "crlf/mail": [7, "A mail header behind a line break"],
  /**
   * `%n%n%n%n`, `%s%s%s%s`, `aaaa%x`: format strings of C.
   *
   * Passes percentages, one or two placeholders, formats of dates.
   *
   * Exempt fields for message templates with many placeholders.
   */
  "code/format-string": [5, "A format string"],
  /**
   * `/upload/{{filename}}`, `file={{id}}`, a cookie `token={{token}}`: the name of a scanner's variable where its value belongs. Browsers write the braces of a
   * path as `%7B`, and no site sets such a session.
   *
   * Passes braces in other parameters of queries and bodies, where templates of mails have them, escaped ones in a path, merge tags in cookies of campaigns.
   *
   * Exempt the addresses of API clients whose variables are sometimes unset.
   */
  "scanner/placeholder": [5, "A scanner's unfilled variable"],
  /**
   * More than two encodings on top of each other, which no honest software writes. It cannot block alone.
   *
   * Passes one and two layers.
   *
   * Exempt a proxy that encodes once more: fix the proxy.
   */
  "encoding/layers": [5, "Several layers of encoding"],
  /**
   * The body went on behind the last byte that was inspected. Says so and nothing else: it has no score.
   *
   * Passes bodies within the limit.
   *
   * Exempt nothing: raise `bodyLimit` where uploads are large and must be read.
   */
  "content/truncated": [1, "A body longer than was inspected"],
  /**
   * ASCII written in more bytes than it needs, which only decoders with a hole accept.
   *
   * Passes UTF-8 as it should be, and single bytes of old charsets.
   *
   * Exempt nothing: no encoder writes this.
   */
  "encoding/overlong": [7, "Overlong UTF-8"],
};

/** Scans one lower-case view that has a line break or a percent sign. */
export function scanProtocol(lower: string, place: Place, name: string, hits: Hits): void {
  formatString(lower, hits);
  // Everything else stands behind the end of a line, or what some decoder makes one of.
  if (!/[\r\n\u0000\u560a\u560d]/.test(lower)) return;
  const header =
    /[\r\n\u0000\u560a\u560d]\s?\d{0,2}(set-cookie2?|location|content-?(type|length|disposition|encoding)|x-[a-z-]{2,40}|refresh|link|access-control-[a-z-]{3,20}|host|transfer-encoding|status|cache-control|last-modified|pragma|expires|connection|referer|user-agent|cookie|authorization)\s{0,4}(:|\s\d{3})/.exec(
      lower,
    );
  if (header !== null) {
    // "Location: kitchen" sends nobody anywhere.
    const nowhere = /\blocation\s{0,4}:\s{0,4}(?!\s|https?:|[/\\%.]|[\w-]{1,80}\.[a-z]{2}|javascript:|data:)/.test(
      header[0] + lower.slice(header.index + header[0].length, header.index + header[0].length + 80),
    );
    const text = nowhere || lower.length > 600 || (place === "body" && header.index > 200);
    hits.found(
      "crlf/header",
      text
        ? 50
        : (place === "json" || place === "form") && !MAIL_FIELDS.test(name) && !seek(/[\r\n]\s{0,4}(set-cookie|location)/).test(lower)
          ? // A frame of STOMP has a header of its own.
            /^(send|subscribe|connect)\n/.test(lower)
            ? 50
            : 90
          : 100,
      header,
    );
  }
  const message = seek(
    /[\r\n]\s{0,4}((get|post|put|delete|head|options)\s{1,4}(\/|https?:)[^\s]{0,200}\s{1,4}http\/1|http\/[12](\.[01])?\s{1,4}\d{3})/,
  ).exec(lower);
  // A message quoted in a letter stands behind sentences; one that is split off stands behind a value.
  if (message !== null) {
    const head = lower.slice(0, message.index + 1);
    const letter = ((place === "json" && !head.includes("\r")) || TEXT_FIELDS.test(name)) && /([a-z*'",.:]{2,40}\s{1,4}){3}/.test(head);
    hits.found("crlf/header", letter ? 45 : 100, message);
  }
  if (/^[\r\n]{1,4}\.[\w-]{1,80}\.\w{2,20}($|\/)/.test(lower)) hits.add("crlf/header", 100, 0, 2);
  const mail =
    /[\r\n]\s{0,4}mime-version\s{0,4}:\s{0,4}1|[\r\n]\s{0,4}(b?cc|to|subject|reply-to|from|mime-version|x-mailer)\s{0,4}:\s{0,4}[^\r\n]{0,80}@|[\r\n]\s{0,4}(rcpt\s{1,4}to|mail\s{1,4}from|ehlo|helo|vrfy|data)\b\s{0,4}[:<\w]|[\r\n]\s{0,4}(flushall|config\s{1,4}set|slaveof|eval\s{1,4}["']|set\s{1,4}\w{1,40}\s{1,4}\d{1,8}\s)/.exec(
      lower,
    );
  if (mail !== null) {
    // A forwarded mail in a text area has the same lines; what becomes a header is a field of one line.
    const commands = /^[\r\n]\s{0,4}(rcpt|mail\s|ehlo|helo|vrfy|flushall|config|slaveof|eval|set)/.test(mail[0]);
    const text =
      !commands && (place === "body" || TEXT_FIELDS.test(name) || /[\r\n][^\r\n]{1,400}[\r\n]/.test(lower.slice(0, mail.index + 1)));
    hits.found("crlf/mail", lower.length > 400 || text ? 45 : 100, mail);
  }
  // The rest of a line break that was taken out once, `%%0d0d`, and breaks among control characters, which no keyboard sends.
  hits.found(
    "crlf/header",
    100,
    place === "json" || place === "file" ? null : /%\r0d|%\n0a|[\u0001-\u0008\u000e-\u001a]{1,8}[\r\n]/.exec(lower),
  );
  // Where to go next and which language to speak are told in one line.
  const line = /[\r\n]\s{0,20}[^\s]/.exec(lower);
  if (line !== null && place !== "file" && isOneLine(name)) hits.found("crlf/header", 100, line);
}

/** True for names of what is told in one line: where to go next, and which language to speak. */
export const isOneLine = (name: string): boolean =>
  DESTINATIONS.test(name) || /^(ur[il]|location|href|lang(uage)?|locale|charset|domain|host|page)$/.test(name);

/** Fields that become a header of the mail that a form sends. */
const MAIL_FIELDS = /^(e-?mail|subject|reply_?to|from)$/;

/** Fields that people write letters into. */
const TEXT_FIELDS =
  /(message|body|comment|text|content|description|notes?|bio|details|answer|post|reply|memo|letter|story|review|feedback|signature|quote|markdown|html|msg|header)s?\]?$/;

/** Text without what its writer marked as code, in fields that people write into: it is shown and not run, as long as words stand around it. */
export function withoutCode(lower: string, name: string): string {
  if (!lower.includes("`") || !(TEXT_FIELDS.test(name) || /title|subject|summary|prompt|question/.test(name))) return lower;
  const bare = lower.replace(/(^|\n)```[\w+-]{0,20}\r?\n[^`]{1,4000}\n```|(^|[\s(])`[^`$\n]{1,80}`(?=$|[\s,.;:)!?])/g, (code) =>
    " ".repeat(code.length),
  );
  // Three words are enough; counted no further.
  return bare.split(/\b[a-z]{2,40}\b/, 4).length > 3 ? bare : lower;
}

const FORMAT =
  /((%(?![\da-f]{2})(\d{1,3}\$)?(\d{0,2}(\.\d{1,2})?)[diouxefgacspn]|%0\d[xdsn]|\u0008[xdsn])[\s.,_|-]?){4}|%\d{1,6}\$\d{0,6}h{0,2}n|%\.\d{4,20}[a-z]|%(?!25)\d{4,20}[sdxn]|%\*{1,2}\$|%\$\*|%-?\d{0,4}\*{1,2}\$?\d{0,4}[diouxefgacspn]($|[%\s])/;

function formatString(lower: string, hits: Hits): void {
  const format = FORMAT.exec(lower);
  if (format !== null) {
    hits.found("code/format-string", 100, format);
    return;
  }
  // Padding to find again on the stack, and a conversion behind it: `aaaa%x`.
  const last = lower.lastIndexOf("%");
  if (last < 4 || lower.length - last > 8 || !/^%[-+#0]?\d{0,3}(\$\d{0,3})?[hlqjzt]{0,2}[diouxefgacspn]\s{0,4}$/.test(lower.slice(last)))
    return;
  const letter = lower.charCodeAt(last - 1);
  if (letter < 97 || letter > 122) return;
  for (let back = 2; back <= 4; back++) if (lower.charCodeAt(last - back) !== letter) return;
  hits.add("code/format-string", 100, last - 4, lower.length);
}

const PLACEHOLDER = /^\/.{0,400}\{\{[a-z_]\w{0,40}\}\}|(^|;)\s?([\w-]{0,40}(token|sess|auth|[us]id|jwt)[\w-]{0,20}=)?\{\{\w{1,40}\}\}(;|$)/;

/** Scans a path as sent, a whole cookie header or the name of a file (lower case) that holds two opening braces. */
export function scanPlaceholder(lower: string, hits: Hits): void {
  hits.found("scanner/placeholder", 100, PLACEHOLDER.exec(lower));
}

/**
 * Markup that tells by its shape: values that are nothing but the elements of a page, ends of what was never opened, and payloads that a filter
 * would bring about by taking something out.
 *
 * @module
 */
import type { Hits } from "./hits.ts";
import { seek } from "./trigrams.ts";

/** A whole value of tags that begins with an element that makes a page or a form, which no editor for running text writes. */
const STRUCTURAL =
  /^\s{0,8}<(html|head|body|meta(?!\s{1,4}charset\s?=[^<>]{0,80}>\s{0,4}<[dhpsu])|link|base|form|input|textarea|select|option|button|title|style|frameset|xmp|plaintext|template|noscript|noembed)([\s/][^<>]{0,400})?>/;
/** An end tag of something that the value never opened: what it closes is the page's own. */
const CLOSING =
  /^\s{0,8}(["'>]{0,3}|-->)\s{0,4}<\/(head|body|form|input|textarea|select|option|button|title|style|frameset|xmp|plaintext|template|noscript|noembed|iframe|svg|math|script|object|xml)[\s/>]/;
/** Ends of a string, a comment, a CDATA section and a script in a row, to get out of wherever the value was put. */
const ENDS_ALL = /["'`][^\w<]{0,4}-->[^\w<]{0,4}\]\]|\]\]>[^\w<]{0,4}\]?<\/|-->\s{0,4}<\/(script|style|title|textarea|noscript|xmp)/;
/** Elements of style sheets and vector drawings under a prefix: a drawing program writes whole documents, not a piece. */
const PREFIXED =
  /^[^<]{0,40}<\/?(xsl:(template|stylesheet|value-of|script|variable)|svg:\w{2,20}|xml:namespace|html:\w{2,20}|xlink:\w{2,20})\b/;

/** Judges a value by the elements it begins with, whatever they contain. */
export function structure(text: string, direct: boolean, hits: Hits): void {
  hits.found("xss/breakout", 100, ENDS_ALL.exec(text));
  if (text.length > 600) return;
  // Before any tag of its own, the value ends an attribute and its tag.
  const out = /^[^<>"']{0,40}["'][\s\\]{0,3}\/?>\s{0,4}<[^<>]{1,200}>/.exec(text);
  if (out !== null) hits.add("xss/breakout", direct || out.index + out[0].indexOf(">") < 4 ? 100 : 60, 0, out[0].length);
  if (text.charCodeAt(0) > 64) return;
  const opened = STRUCTURAL.exec(text);
  // "<input> or <button>?" is a question; nothing but tags is a page being built.
  if (opened !== null && !/>\s[a-z]{2,20}\s</.test(text) && /^([^<>]{0,20}<[^<>]{1,400}>){0,8}[^<>]{0,20}$/.test(text.slice(0, 600)))
    hits.add("xss/active-element", text.length < 120 ? 100 : 60, 0, opened[0].length);
  const closed = CLOSING.exec(text);
  if (closed !== null) hits.add("xss/breakout", 100, 0, closed[0].length);
  const prefixed = PREFIXED.exec(text);
  if (prefixed !== null) hits.add("xss/active-element", direct ? 100 : 60, 0, prefixed[0].length);
  // `<svg>` without its end: what follows in the page is read as a drawing, where other rules hold.
  if (seek(/^\s{0,8}<(svg|math)(\s[^<>]{0,400})?>\s{0,8}$/).test(text)) hits.add("xss/active-element", 100, 0, 5);
}

/** Tags inside of words and backslashes inside of names: filters that take those out leave a payload behind. */
export function disguises(text: string, hits: Hits): void {
  if (text.length > 2_000) return;
  if (/[a-z]<\/?[a-z]{0,8}>[a-z]/.test(text)) {
    const bare = text.replace(/<\/?[a-z]{0,8}>/g, "");
    if (/(^|["'\s/])on[a-z]{4,40}\s{0,4}=\s{0,4}[\w.]{1,40}[(`]|script:/.test(bare))
      hits.add("xss/event-handler", 100, 0, Math.min(text.length, 24));
  }
  if (text.includes("\\") && seek(/<[/\\]{0,2}s\\?c\\?r\\?i\\?p\\?t/).test(text) && !seek(/<\/?script\b/).test(text))
    hits.add("xss/script-tag", 100, text.indexOf("<"), text.indexOf("<") + 8);
  if (!text.includes("style")) return;
  // A brace inside an attribute of style ends the rule it is put into; templates double theirs.
  if (seek(/[\s"'/]style\s{0,4}=\s{0,4}("[^"{}<>]{0,400}[{}](?![{}])[^"]{0,2}|'[^'{}<>]{0,400}[{}](?![{}]))/).test(text))
    hits.add("xss/style", 100, text.indexOf("style"), text.indexOf("style") + 5);
  const plain = text.includes("\\") ? text.replace(/\\0{0,4}(28|\()/g, "(").replace(/\\0?/g, "") : text;
  if (
    /[\w-]\s{0,4}:\s{0,4}expression\s{0,4}\(|(-moz-)?binding\s{0,4}:\s{0,4}url\s{0,4}\(|behaviou?r\s{0,4}:\s{0,4}url\s{0,4}\(/.test(plain)
  )
    hits.add("xss/style", 100, text.indexOf("style"), text.indexOf("style") + 5);
}

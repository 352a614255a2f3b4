/**
 * HTML that runs script: tags, event handlers, scriptable URLs, style expressions. Text that talks about tags passes; a tag that would do
 * something does not.
 *
 * @module
 */
import type { Hits, RuleTable } from "./hits.ts";
import { disguises, structure } from "./markup-structure.ts";
import { urls } from "./markup-urls.ts";
import { isBlankCode, isLetterCode, isWordCode } from "./text.ts";
import { seek } from "./trigrams.ts";

export const MARKUP_RULES: RuleTable = {
  /**
   * `<script>…`, `<script src=…>`, `</script`, names cut up by backslashes.
   *
   * Passes the bare words "<script> tag", data blocks such as `application/ld+json`, escaped tags in a page of an editor, scripts by address in fields that are named for HTML.
   *
   * Exempt the fields of a page builder that take scripts.
   */
  "xss/script-tag": [9, "A script element"],
  /**
   * `onerror=…` in a tag, or behind a quote that ends an attribute.
   *
   * Passes empty handlers, prose about handlers, lazy loading that only hides a picture.
   *
   * Exempt the fields of a page builder that take handlers.
   */
  "xss/event-handler": [9, "An event handler attribute"],
  /**
   * `javascript:`, `vbscript:`, `data:text/html` where a URL stands, also with blanks inside.
   *
   * Passes `javascript:void(0)`, `javascript:history.back()`, drawings in data URLs without script, sentences about the scheme.
   *
   * Exempt nothing but fields that take whole pages.
   */
  "xss/script-url": [8, "A URL that runs script"],
  /**
   * `<iframe>`, `<object>`, `<base>`, `<meta http-equiv>`, `<link rel=import>` and other elements that load or run things; values that are
   * nothing but the elements of a page or form.
   *
   * Passes embedded players of the common video sites, elements named in a sentence, running text of an editor.
   *
   * Exempt the fields of an editor that embeds more; name them `…_html`, or skip the rule there.
   */
  "xss/active-element": [7, "An element that loads foreign content"],
  /**
   * `expression(…)`, `-moz-binding`, `behavior:`, `@import` in style, braces inside a style attribute.
   *
   * Passes colours, sizes, pictures and fonts in style attributes; style of templates in double braces.
   *
   * Exempt the fields of a theme editor.
   */
  "xss/style": [7, "Style that runs code"],
  /**
   * `"><b`, `' autofocus`, `</title>`, `-->]]>`: a value that ends the attribute, element or section it was put in.
   *
   * Passes quoted HTML inside of text, end tags of what the value opened itself.
   *
   * Exempt fields that take parts of pages.
   */
  "xss/breakout": [7, "A tag behind an attribute"],
};

/** Event attributes: whatever begins like one and is no word of a text, a setting or a stock list. Each year brings new events, and no list kept up. */
const EVENTS = /^on(?!e[dfostw]|x|ly|ce|to|tap|board|site|set)[a-z]/;

const ACTIVE = new Map<string, number>();
for (const [weight, names] of [
  [20, "svg set button title video audio"],
  [25, "input textarea template"],
  [30, "math form body listing"],
  [40, "iframe frame object embed link xml import animate foreignobject noscript style noembed xmp"],
  [50, "meta marquee plaintext"],
  [60, "frameset base bgsound layer ilayer"],
  [70, "listener handler isindex portal"],
  [80, "xss"],
  [90, "applet"],
  [100, "vmlframe"],
] as const)
  for (const name of names.split(" ")) ACTIVE.set(name, weight);

/**
 * Scans one lower-case view that contains `<`, `=` or `:`.
 *
 * `rich`: the value is a document of an editor. `authored`: it belongs to a field that is named for holding HTML, where embedding a
 * script by its address is what the field is for; what a script contains is looked at all the same. `direct`: no editor writes into this
 * place, so that a handler needs no telling content.
 */
export function scanMarkup(lower: string, hits: Hits, rich: boolean, authored: boolean, direct = false): void {
  if (!rich) structure(lower, direct, hits);
  if (
    seek(
      /^[\w\s]{0,20}["']\s{0,4}(?:(?:formaction|srcdoc|xlink:href|http-equiv|(?:data-)?(?:hx|ng|v|x)-\w{2,20})\s{0,4}=|(?:action|href|src|srcset|ping|poster|data|background)\s{0,4}=\s{0,4}["']?(?:https?:)?\/\/|style\s{0,4}=\s{0,4}["']?[a-z-]{2,40}\s{0,4}:)/,
    ).test(lower)
  )
    hits.add("xss/breakout", 100, 0, 16);
  // A picture whose address takes in the page behind it.
  hits.found("xss/active-element", 100, seek(/^[^<]{0,20}<[^<>]{4,80}=\s?["'](?:https?:)?\/\/[^"'<>\s]{1,200}[=?]$/).exec(lower));
  let firstTag = -1;
  for (let at = lower.indexOf("<"); at >= 0; at = lower.indexOf("<", at + 1)) {
    if (tag(lower, at, hits, rich, authored, direct) && firstTag < 0) firstTag = at;
  }
  if (seek(/<\??\s{0,4}import\s{0,4}(?:implementation|namespace)\s{0,4}=/).test(lower)) hits.add("xss/active-element", 100, 0, 16);
  handlers(lower, firstTag, direct, hits);
  disguises(lower, hits);
  if (lower.includes(":") || lower.includes("expression")) urls(lower, firstTag, hits);
}

/** Reads the tag at `at`. True when there is one. */
function tag(text: string, at: number, hits: Hits, rich: boolean, authored: boolean, direct: boolean): boolean {
  let from = at + 1;
  for (
    let skipped = 0;
    skipped < 6 && (isBlankCode(text.charCodeAt(from)) || text.charCodeAt(from) === 47 || text.charCodeAt(from) === 92);
    skipped++
  )
    from++;
  const closing = text.charCodeAt(at + 1) === 47;
  let to = from;
  while (to - from < 32 && (isWordCode(text.charCodeAt(to)) || text.charCodeAt(to) === 45 || text.charCodeAt(to) === 58)) to++;
  let name = text.slice(from, to);
  const colon = name.lastIndexOf(":");
  if (colon >= 0) name = name.slice(colon + 1);
  if (name === "" || !isLetterCode(text.charCodeAt(from))) return false;
  const next = text.charCodeAt(to);
  if (name === "script") {
    script(text, at, to, closing, authored, hits);
    return true;
  }
  // Cut tags: `<scr<script>ipt>` and `<script/x` end up here as "scr" or "script…".
  if (name.startsWith("script") && !(next > 0)) hits.add("xss/script-tag", 60, at, to);
  if (from - at > 1 && !closing) return true;
  const weight = ACTIVE.get(name);
  const attributes = attributesAt(text, to);
  if (weight !== undefined && !closing) {
    // A frame or another base in an address is nobody's text, however much of one stands around it.
    const trusted = rich && !(direct && /^(?:iframe|object|embed|base)$/.test(name));
    if (attributes !== "" || next === 62 || next === 47) active(text, name, weight, attributes, at, to, hits, trusted);
  }
  if (
    /\bdatasrc\s{0,4}=|\s(?:data-)?(?:hx-(?:get|post|put|patch|delete|on\S{0,20})|ng-(?:include|bind-html)|[vx]-(?:html|init))(?:\s{0,4}=|\s)|\s@[a-z][\w:.-]{1,40}=|xsi:schemalocation\s{0,4}=|\bformaction\s{0,4}=|xlink:href\s{0,4}=\s{0,4}["']?(?:javascript|data|\/\/)/.test(
      attributes,
    )
  )
    hits.add("xss/active-element", 100, at, to);
  if (
    /\bstyle\s{0,4}=[^>]{0,200}(?:expression\s{0,4}\(|(?:\\0{0,4}[4-7][0-9a-f]\s?){4}|javascript:|-moz-binding|behaviou?r\s{0,4}:|@import)/.test(
      attributes,
    )
  )
    hits.add("xss/style", 100, at, to);
  // A quote or bracket directly before the tag ends what the value was put into.
  if (!rich && at > 0 && at < 200) {
    const before = text.charCodeAt(at - 1);
    if (before === 62 || before === 34 || before === 39) {
      const quote = text.charCodeAt(at - 2);
      if (before !== 62 || quote === 34 || quote === 39)
        hits.add(
          "xss/breakout",
          /^["']{1,2}[\s\\/]{0,2}>$/.test(text.slice(0, at))
            ? 100
            : /^["'][^<]{0,3}$/.test(text.slice(0, Math.min(at, 5))) ||
                /^(?:[\w .@-]{0,40}[\w.@-])?["']{1,2}[^\w<]{0,6}$/.test(text.slice(0, at))
              ? 80
              : 30,
          at - 1,
          to,
        );
    }
  }
  return true;
}

function attributesAt(text: string, from: number): string {
  // Bounded before it is searched: a text of nothing but opening brackets would cost the square of its length otherwise.
  const near = text.slice(from, from + 400);
  const close = near.indexOf(">");
  if (close < 0) return near;
  // A bracket inside of quotes ends no tag.
  const quoted = /["']/.test(near.slice(0, close)) ? /^(?:[^>"']|"[^"]{0,400}"|'[^']{0,400}'){0,400}/.exec(near)![0].length : close;
  return near.slice(0, Math.max(close, quoted));
}

/** Scripts of their publishers that turn a quoted post into a card, as their sites hand them out for embedding. */
const WIDGETS =
  /^\s{1,4}(?:(?:async|defer|charset="utf-8")(?:="[a-z]{0,8}")?\s{1,4}){0,3}src="(?:https:)?\/\/(?:platform\.(?:twitter|x)\.com\/widgets\.js|www\.(?:instagram|tiktok)\.com\/embed\.js|embed\.reddit\.com\/widgets\.js|assets\.pinterest\.com\/js\/pinit\.js|s\.imgur\.com\/min\/embed\.js)"(?:\s{1,4}(?:async|defer|charset="utf-8")(?:="[a-z]{0,8}")?){0,3}\s{0,4}$/;

function script(text: string, at: number, to: number, closing: boolean, authored: boolean, hits: Hits): void {
  const close = text.slice(to, to + 2000).indexOf(">");
  const end = close < 0 ? -1 : to + close;
  if (closing) {
    hits.add(
      "xss/script-tag",
      // Behind a bracket it ends a script that stands in the page.
      text.slice(Math.max(0, at - 2000), at).includes("<script") ? 40 : text[at - 1] === "}" ? 100 : end >= 0 && end - to <= 12 ? 70 : 50,
      at,
      to,
    );
    return;
  }
  const attributes = text.slice(to, end < 0 ? Math.min(text.length, to + 300) : Math.min(end, to + 300));
  if (authored || WIDGETS.test(attributes)) {
    hits.add("xss/script-tag", authored ? 55 : 30, at, to);
    return;
  }
  // Data blocks are not run.
  if (
    /^(?:\s{1,4}(?:id|class|nonce|data-[\w-]{1,20})="[\w -]{0,80}"){0,4}\s{1,4}type\s{0,4}=\s{0,4}["']?(?:application\/(?:ld.)?json|text\/(?:template|x-template|x-handlebars\S{0,20}))/.test(
      attributes,
    )
  ) {
    hits.add("xss/script-tag", 30, at, to);
    return;
  }
  if (/(?:src|href|type|defer|async|language|nonce|charset|id|on\w{3,20})\s{0,6}=/.test(attributes))
    hits.add("xss/script-tag", 100, at, to);
  else if (end >= 0) {
    // A mark of code that closes behind the tag belongs to the sentence: "use `<script>` at the end".
    const content = text
      .slice(end + 1, end + 2000)
      .trimStart()
      .replace(/^[`"'](?=[\s.,:!?])/, "");
    // Behind other tags an empty element is no talk about one.
    if (/^\s{0,8}$/.test(content)) hits.add("xss/script-tag", text[at - 1] === ">" ? 100 : 60, at, to);
    else if (/<[\s/]{0,4}\/?[\s/]{0,4}script|[`(=;{}]|\+[("'[]|\/\*|\/\/|\w\.\w/.test(content.slice(0, 120)))
      hits.add("xss/script-tag", 100, at, to);
    else hits.add("xss/script-tag", 55, at, to);
  } else hits.add("xss/script-tag", attributes.trim() === "" ? 70 : 60, at, to);
}

function active(text: string, name: string, weight: number, attributes: string, at: number, to: number, hits: Hits, rich: boolean): void {
  let score = weight;
  if (name === "meta")
    score = /refresh.{0,80}url\s{0,4}=/.test(attributes)
      ? 110
      : /http-equiv/.test(attributes) &&
          (attributes.includes("content") || attributes.length > 300) &&
          // Every newsletter says so.
          !/content="(?:text\/html; ?charset=(?:utf-8|iso-8859-1)|ie=edge)"/.test(attributes)
        ? 100
        : 20;
  else if (name === "base") score = /href/.test(attributes) ? (rich ? 80 : 100) : 40;
  else if (name === "link")
    score = /rel\s{0,4}=\s{0,4}["']?(?:import|stylesheet|prefetch|preload)/.test(attributes) ? (rich ? 90 : 100) : 40;
  else if (name === "iframe" || name === "frame" || name === "object" || name === "embed") {
    if (/srcdoc|data:|javascript:|vbscript:/.test(attributes)) score = 100;
    // The common players are embedded in honest rich text all day; unknown sources are not.
    else if (
      /\ssrc\s{0,4}=\s{0,4}["']?(?:https?:)?\/\/(?:\w{1,3}\.)?(?:youtube(?:-nocookie)?\.com|player\.vimeo\.com|google\.com\/maps|open\.spotify\.com|codepen\.io|soundcloud\.com|docs\.google\.com)\//.test(
        attributes,
      )
    )
      score = 20;
    else if (/(?:src|data|code)\s{0,4}=/.test(attributes)) score = rich ? 60 : 100;
  } else if (name === "style") {
    const content = text.slice(to, to + 200);
    score =
      /(?:\\0{0,4}[4-7][0-9a-f]\s?){4}|expression\s{0,4}\(|@import|javascript:|-moz-binding|behaviou?r\s{0,4}:|url\s{0,4}\(\s{0,4}["']?(?:https?:)?\/\//.test(
        content,
      )
        ? 100
        : rich
          ? 10
          : 50;
  } else if (name === "form") score = /action\s{0,4}=\s{0,4}["']?(?:https?:)?\/\//.test(attributes) ? 70 : 30;
  else if (name === "set" || name === "animate")
    score = /attributename/.test(attributes) ? (/href|on\w{3}|xlink/.test(attributes) ? 100 : 50) : 10;
  else if (name === "xml") score = /src|id\s{0,4}=/.test(attributes) ? 100 : 30;
  else if (name === "layer" || name === "ilayer" || name === "bgsound") score = /src/.test(attributes) ? 100 : 60;
  else if (name === "listener" || name === "handler") score = /event|handler/.test(attributes) ? 100 : 30;
  else if (name === "button" || name === "input") score = /formaction/.test(attributes) ? 100 : weight;
  else if (name === "marquee" || name === "isindex" || name === "xss" || name === "applet")
    // "Remember the <marquee>?" names it; behind a quote or another tag it is put there.
    score = attributes === "" && /[\w`.,:(] {0,4}$/.test(text.slice(Math.max(0, at - 5), at)) ? 50 : rich ? weight - 20 : 100;
  hits.add("xss/active-element", rich ? score - 10 : score, at, to);
}

/** Finds `on…=` with something to run. `firstTag` is the first tag's offset, or -1. */
function handlers(text: string, firstTag: number, direct: boolean, hits: Hits): void {
  for (let at = text.indexOf("on"); at >= 0; at = text.indexOf("on", at + 2)) {
    if (at > 0 && (isWordCode(text.charCodeAt(at - 1)) || text.charCodeAt(at - 1) === 46)) continue;
    let to = at + 2;
    while (to - at < 32 && isWordCode(text.charCodeAt(to))) to++;
    if (to - at < 5) continue;
    let sign = to;
    for (
      let skipped = 0;
      skipped < 12 && sign < text.length && (isBlankCode(text.charCodeAt(sign)) || text.charCodeAt(sign) === 47);
      skipped++
    )
      sign++;
    const code = text.charCodeAt(sign);
    if (code !== 61) {
      continue;
    }
    const known = EVENTS.test(text.slice(at, to));
    const inTag = firstTag >= 0 && firstTag < at;
    const open = inTag ? text.slice(Math.max(0, at - 400), at).lastIndexOf("<") + Math.max(0, at - 400) : -1;
    const inOpenTag =
      open >= 0 &&
      at - open < 400 &&
      (isLetterCode(text.charCodeAt(open + 1)) || text.charCodeAt(open + 1) === 47) &&
      !text.slice(open, at).includes(">");
    if (!known && !inTag) continue;
    const value = text.slice(sign + 1, sign + 90);
    if (/^\s{0,6}(?:"\s{0,4}"|'\s{0,4}')/.test(value)) {
      continue;
    }
    // Pairs of an address or of settings, which nothing was left for: `/list?online=1&page=2`, `onderwerp=vraag; naam=jan`.
    if (/^[\w.%+-]{0,40}(?:[;&]\s?\w{1,40}=|[;&]?\s?$)/.test(value) && !/["'`<>]/.test(text.slice(0, at))) continue;
    const blank = value.trim() === "";
    const calls =
      /^\s{0,8}["'`\\]{0,2}\s{0,8}(?:javascript:|(?:let|var|const|throw|with|new)\b|[^\s"'<>]{0,80}[(`=;]|\w{1,20}\.\w|["'`\w]{0,40}\s{0,4}\()/.test(
        value,
      );
    // A component of React that is talked about, and what editors and lazy loaders write: they reach nothing.
    if (
      /^\{(?:[\w.]{1,40}|(?!alert|confirm|prompt|eval|print)\w{1,40}\(\w?\))\}/.test(value) ||
      /^\s{0,4}["']?\s{0,4}(?:this\.(?:(?:remove|select)\(\)|onerror\s{0,4}=\s{0,4}null;?|style\.display\s{0,4}=\s{0,4}["']none["'])|return (?:false|true))\s{0,4};?\s{0,4}["']/.test(
        value,
      )
    )
      continue;
    if (inOpenTag && (calls || !known || direct)) hits.add("xss/event-handler", 100, at, sign + 1);
    else if (inTag) hits.add("xss/event-handler", known ? (calls || blank ? 100 : 70) : calls ? 70 : 30, at, sign + 1);
    else {
      const before = at === 0 ? 32 : text.charCodeAt(at - 1);
      const brokenOut = /["'`>/]/.test(text.slice(Math.max(0, at - 12), at)) || /["'`>]/.test(text.slice(0, Math.min(at, 80)));
      const separated =
        isBlankCode(before) ||
        before === 34 ||
        before === 39 ||
        before === 47 ||
        before === 96 ||
        before === 59 ||
        before === 44 ||
        before === 43 ||
        before === 62 ||
        before === 63;
      if (separated)
        hits.add(
          "xss/event-handler",
          calls ? (brokenOut || at < 24 ? 100 : 80) : blank ? (brokenOut && at < 3 ? 100 : brokenOut ? 80 : 40) : brokenOut ? 60 : 30,
          at,
          sign + 1,
        );
    }
  }
}

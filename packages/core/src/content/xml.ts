/**
 * Cuts XML into texts, attribute values and names, without entities, namespaces or a tree.
 *
 * @module
 */

export interface XmlVisitor {
  /** Character data, or the content of a CDATA section or comment, as sent; and what several of them make together. */
  text(raw: string): void;
  attribute(name: string, raw: string): void;
  /** An element's name with its prefix. */
  element(name: string): void;
}

/** Reads `text` to its end, whatever it is. */
export function walkXml(text: string, visitor: XmlVisitor): void {
  let joined = "";
  let pieces = 0;
  const add = (from: number, to: number): void => {
    const raw = text.slice(from, to);
    joined += raw;
    if (isBlank(text, from, to)) return;
    visitor.text(raw);
    pieces++;
  };
  for (let at = 0; at < text.length; ) {
    const open = text.indexOf("<", at);
    add(at, open < 0 ? text.length : open);
    if (open < 0) return;
    if (text.startsWith("<![CDATA[", open)) {
      const close = text.indexOf("]]>", open);
      add(open + 9, close < 0 ? text.length : close);
      at = close < 0 ? text.length : close + 3;
    } else if (text.startsWith("<!--", open)) {
      const close = text.indexOf("-->", open);
      visitor.text(text.slice(open + 4, close < 0 ? text.length : close));
      at = close < 0 ? text.length : close + 3;
    } else {
      if (pieces > 1) visitor.text(joined);
      joined = "";
      pieces = 0;
      at = tag(text, open, visitor);
    }
  }
}

function isBlank(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (text.charCodeAt(at) > 32) return false;
  return true;
}

/** Reads one tag and returns the offset behind it. */
function tag(text: string, open: number, visitor: XmlVisitor): number {
  let at = open + 1;
  while (at < text.length && !isNameEnd(text.charCodeAt(at))) at++;
  const name = text.slice(open + 1, Math.min(at, open + 200));
  if (name !== "" && name.charCodeAt(0) !== 47 && name.charCodeAt(0) !== 63 && name.charCodeAt(0) !== 33) visitor.element(name);
  let nameFrom = at;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === 62) return at + 1;
    if (code === 34 || code === 39) {
      const close = text.indexOf(code === 34 ? '"' : "'", at + 1);
      const end = close < 0 ? text.length : close;
      const label = text.slice(Math.max(nameFrom, at - 80), at).replace(/[\s=]/g, "");
      visitor.attribute(label, text.slice(at + 1, end));
      at = nameFrom = end + 1;
      continue;
    }
    if (code === 60) return at;
    at++;
  }
  return at;
}

function isNameEnd(code: number): boolean {
  return code <= 32 || code === 62 || code === 60;
}

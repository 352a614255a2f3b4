/**
 * True when a page holds markup that a browser would execute and that is not the shop's own: script elements, event handlers, script
 * addresses, frames with content of their own, refreshes. The shop's pages have one script with a local address and nothing else of it.
 *
 * `proof`: only markup that contains this text counts, so that one visitor's script is not taken for another's.
 */
export function hasExecutableMarkup(page: string, proof: string | undefined): boolean {
  const tag = /<([a-z][^\s/>]*)((?:"[^"]*"|'[^']*'|[^>"'])*)>?/gi;
  for (let match = tag.exec(page); match !== null; match = tag.exec(page)) {
    const name = (match[1] ?? "").toLowerCase();
    // Inside of these, what looks like a tag is text until their end tag.
    if (rawTextElements.has(name)) tag.lastIndex = closeOf(page, name, tag.lastIndex);
    const written = name === "script" ? page.slice(match.index, tag.lastIndex) : match[0];
    if (proof !== undefined && !written.includes(proof)) continue;
    if (isExecutable(name, readAttributes(match[2] ?? ""))) return true;
  }
  return false;
}

const rawTextElements = new Set(["iframe", "noembed", "noframes", "noscript", "script", "style", "textarea", "title", "xmp"]);

function closeOf(page: string, name: string, from: number): number {
  const close = page.toLowerCase().indexOf(`</${name}`, from);
  return close < 0 ? page.length : close;
}

function readAttributes(text: string): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const match of text.matchAll(/([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>`]+)))?/g)) {
    const name = (match[1] ?? "").toLowerCase();
    if (!attributes.has(name)) attributes.set(name, match[2] ?? match[3] ?? match[4] ?? "");
  }
  return attributes;
}

function isExecutable(name: string, attributes: ReadonlyMap<string, string>): boolean {
  if (name === "script") return !/^\/static\/[\w.-]+$/.test(attributes.get("src") ?? "");
  for (const [attribute, value] of attributes) {
    if (/^on[a-z]{3,}$/.test(attribute)) return true;
    if (attribute === "srcdoc") return true;
    if (/^(?:href|src|action|formaction|data|to|from|values|xlink:href|content)$/.test(attribute) && isScriptAddress(value)) return true;
  }
  return name === "base" && attributes.has("href") ? true : name === "meta" && attributes.get("http-equiv")?.toLowerCase() === "refresh";
}

/** As browsers read an address: references decoded, white space and control characters dropped. */
function isScriptAddress(value: string): boolean {
  const decoded = value
    .replace(/&#x([0-9a-f]{1,6});?/gi, (_reference, hex: string) => codePoint(Number.parseInt(hex, 16)))
    .replace(/&#(\d{1,7});?/g, (_reference, digits: string) => codePoint(Number(digits)))
    .replaceAll("&colon;", ":")
    .replaceAll(/&(?:tab|newline);/gi, "");
  const address = decoded.replace(/[\x00-\x20]/g, "").toLowerCase();
  return /^(?:\d+;url=)?(?:javascript|vbscript):/.test(address) || /^data:(?:text\/html|image\/svg\+xml|application\/xhtml)/.test(address);
}

function codePoint(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : "";
}

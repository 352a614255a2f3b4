import { compileAddressSet } from "./addresses.ts";

/** Files of operators have a few thousand ranges at most. */
const MAX_RANGES = 20_000;

/**
 * The ranges in what a crawler's operator publishes: JSON as the large search engines have it (`{ "prefixes": [{ "ipv4Prefix": "…" }, …] }`), a JSON
 * list, or text with one range a line. What is no range is left out; never throws, and never fetches anything.
 *
 * @param published - The file's text, or its JSON.
 * @example
 * goodBots({ ranges: { googlebot: publishedRanges(await readFile("googlebot.json", "utf8")) } })
 */
export function publishedRanges(published: unknown): readonly string[] {
  const found = new Set<string>();
  for (const text of textsOf(parsed(published))) {
    const range = text.trim();
    if (found.size < MAX_RANGES && isRange(range)) found.add(range);
  }
  return [...found];
}

function parsed(published: unknown): unknown {
  if (typeof published !== "string") return published;
  try {
    return JSON.parse(published);
  } catch {
    return published.split(/\r?\n/).map((line) => line.replace(/#.*/, ""));
  }
}

/** Every text that stands in the list, or in the objects of the list; deeper is nothing that is published. */
function textsOf(value: unknown): readonly string[] {
  const list = Array.isArray(value)
    ? value
    : Object.values(typeof value === "object" && value !== null ? value : {})
        .filter(Array.isArray)
        .flat();
  return list
    .flatMap((one: unknown) => (typeof one === "object" && one !== null ? Object.values(one) : [one]))
    .filter((text) => typeof text === "string");
}

function isRange(text: string): boolean {
  if (text.length > 60 || !/[.:]/.test(text)) return false;
  try {
    compileAddressSet([text], "publishedRanges");
    // The whole internet is no crawler's.
    return !/\/0$/.test(text);
  } catch {
    return false;
  }
}

/**
 * Two who share one address: a person, and the pages in their browser. Whoever writes a page, or a comment with a picture in it, chooses what the
 * browsers of its readers ask for. That is judged like anything else, and must not be held against the readers.
 *
 * @module
 */
import type { WafRequest } from "../types.ts";

/**
 * True for what a page made a browser send, as far as the browser tells: from another site, for a picture, a style, a script or a frame, or ahead of a
 * click. Told by Fetch Metadata (W3C), which pages cannot write and programs can; so whoever relies on it keeps count of such requests apart, and does
 * not leave them uncounted.
 */
export function isByPage({ headers }: WafRequest): boolean {
  if (headers.get("sec-fetch-site") === "cross-site") return true;
  const destination = headers.get("sec-fetch-dest") ?? "";
  if (destination !== "" && destination !== "document" && destination !== "empty") return true;
  return (headers.get("sec-purpose") ?? "") !== "";
}

/**
 * True for what the application's own programs asked for: a script of its pages, or an app that signs in with each request. They follow what they were
 * written for: an item without a rating, a language without a file and a page of the last deployment are each a 404, dozens in a second, and nobody tried
 * anything. Told by Fetch Metadata like the above; where a browser sends none (without TLS, and Safari before 16.4), by a `Referer` of the same host on
 * what is no page; and by an `Authorization` field, which nobody else has a use for.
 */
export function isByScript({ headers }: WafRequest): boolean {
  const site = headers.get("sec-fetch-site") ?? "";
  if (site !== "") return site === "same-origin" && headers.get("sec-fetch-dest") === "empty" && (headers.get("sec-purpose") ?? "") === "";
  if ((headers.get("authorization") ?? "") !== "") return true;
  const host = headers.get("host") ?? "";
  const referer = headers.get("referer") ?? "";
  const isOwn = host !== "" && (referer.startsWith(`http://${host}/`) || referer.startsWith(`https://${host}/`));
  return isOwn && !(headers.get("accept") ?? "").includes("text/html");
}

/** Destinations (Fetch) of what a page consists of: not pages of their own, and not what scripts fetch. */
const PARTS = new Set(
  "audio audioworklet font image json manifest paintworklet script serviceworker sharedworker style track video worker xslt".split(" "),
);

/** True for a part of a page, as far as the browser tells: a picture, a style, a script, a font. Nobody sends anything to one. */
export const isPart = ({ method, headers }: WafRequest): boolean => method === "GET" && PARTS.has(headers.get("sec-fetch-dest") ?? "");

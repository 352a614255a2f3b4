/**
 * Other paths that frameworks answer with the same page: its data, its serialized components, its parts. Leaving the page's protection out for any of
 * these was a middleware bypass of its own.
 *
 * @module
 */

/** Next's data route of the pages directory: build id, page, `.json`. */
const NEXT_DATA = /\/_next\/data\/[^/]+/i;
const NEXT_LOCALE = /^\/[a-z]{2,3}(?:-[a-z0-9]{2,8})*(?=\/|$)/i;
/** What each framework puts after a page: Next's component payloads and their segments, SvelteKit's data and routing, Nuxt's payload. */
const SUFFIX = /(?:\.segments\/.*|(?:\.prefetch)?\.rsc|\/?__(?:data\.json|route\.js)|\/_payload\.js(?:on)?)$/is;

/** The pages that `path` could be a transport of; empty for almost every path. */
export function pageAliases(path: string): readonly string[] {
  // All of them have one of these, and most paths neither.
  if (!/[._]/.test(path)) return [];
  const isData = NEXT_DATA.test(path);
  if (!isData && !SUFFIX.test(path)) return [];
  const page = (isData ? path.replace(NEXT_DATA, "").replace(/\.json$/i, "") : path).replace(SUFFIX, "");
  // The root's data is called `index`, and a page's may come with or without the locale that its address leaves out.
  const pages = isData ? [page, page.replace(NEXT_LOCALE, "")] : [page];
  return pages.map((each) => each.replace(/\/index$/i, "") || "/");
}

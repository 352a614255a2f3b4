/**
 * Where in the dashboard somebody is, kept behind `#`: the server serves one page, whatever prefix it is mounted under.
 *
 * @module
 */
import { signal } from "@preact/signals";

/** A page with what it was asked to show. */
export interface Place {
  /** Name of the page, `overview` for none. */
  readonly page: string;
  /** What follows the page's name, for example a decision's id. */
  readonly detail: string;
  readonly query: URLSearchParams;
}

/** The place that a hash names. Never throws. */
export function readPlace(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [page = "", ...rest] = path.split("/");
  return { page: page === "" ? "overview" : page, detail: decoded(rest.join("/")), query: new URLSearchParams(query) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The address of a place, for `href`. Empty fields of the query are left out. */
export function addressOf(page: string, detail = "", query: Readonly<Record<string, string | undefined>> = {}): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== "") given.set(name, value);
  const text = given.toString();
  return `#/${page}${detail === "" ? "" : `/${encodeURIComponent(detail.replace(/\p{Cs}/gu, "\ufffd"))}`}${text === "" ? "" : `?${text}`}`;
}

/** Where somebody is now. */
export const place = signal<Place>(readPlace(location.hash));

/** Goes to an address that `addressOf` made. `replace` leaves no step in the history, for filters that change with each key. */
export function goTo(address: string, how: "push" | "replace" = "push"): void {
  if (how === "push") location.hash = address;
  else history.replaceState(null, "", address);
  place.value = readPlace(address);
}

/** Follows the address bar. */
export function startRouting(): void {
  addEventListener("hashchange", () => {
    place.value = readPlace(location.hash);
  });
}

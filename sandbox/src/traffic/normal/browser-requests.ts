/**
 * Requests as browsers write them: which fields, in which order, for a page, a form, an asset and a script's call.
 *
 * @module
 */
import type { BrowserProfile } from "./browser-profiles.ts";
import type { HonestRequest } from "./visit.ts";

export const host = "shop.example";
export const origin = `https://${host}`;

type Kind = "document" | "style" | "script" | "image" | "empty";

interface Extras {
  readonly referer?: string;
  readonly cookie?: string;
  /** Appended at the end, for example `if-none-match`. */
  readonly more?: Readonly<Record<string, string>>;
}

const acceptOf: Readonly<Record<"chromium" | "gecko" | "webkit", Readonly<Record<Kind, string>>>> = {
  chromium: {
    document:
      "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
    style: "text/css,*/*;q=0.1",
    script: "*/*",
    image: "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
    empty: "*/*",
  },
  gecko: {
    document: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    style: "text/css,*/*;q=0.1",
    script: "*/*",
    image: "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
    empty: "*/*",
  },
  webkit: {
    document: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    style: "text/css,*/*;q=0.1",
    script: "*/*",
    image: "image/webp,image/avif,image/jxl,image/heic,image/heic-sequence,video/*;q=0.8,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
    empty: "*/*",
  },
};

const modeOf: Readonly<Record<Kind, string>> = {
  document: "navigate",
  style: "no-cors",
  script: "no-cors",
  image: "no-cors",
  empty: "cors",
};

/** Opens a page: typed in, or followed from `referer`. */
export function openPage(profile: BrowserProfile, url: string, extras: Extras = {}): HonestRequest {
  return { method: "GET", url, headers: headersOf(profile, "document", undefined, extras) };
}

/** Loads a style sheet, a script or an image of the page at `referer`. */
export function loadAsset(profile: BrowserProfile, url: string, referer: string, more?: Readonly<Record<string, string>>): HonestRequest {
  const kind = url.endsWith(".css") ? "style" : url.endsWith(".js") ? "script" : "image";
  return {
    method: "GET",
    url,
    headers: headersOf(profile, kind, undefined, { referer: origin + referer, ...(more === undefined ? {} : { more }) }),
  };
}

/** Calls the shop from a script of the page at `referer`; `json` makes it a POST. */
export function callApi(profile: BrowserProfile, url: string, referer: string, json?: unknown): HonestRequest {
  const extras = { referer: origin + referer };
  if (json === undefined) return { method: "GET", url, headers: headersOf(profile, "empty", undefined, extras) };
  return { method: "POST", url, headers: headersOf(profile, "empty", "application/json", extras), body: JSON.stringify(json) };
}

/** Sends the form of the page at `referer`. */
export function sendForm(
  profile: BrowserProfile,
  url: string,
  referer: string,
  body: string | Uint8Array,
  type = "application/x-www-form-urlencoded",
): HonestRequest {
  return { method: "POST", url, headers: headersOf(profile, "document", type, { referer: origin + referer }), body };
}

function headersOf(profile: BrowserProfile, kind: Kind, contentType: string | undefined, extras: Extras): Record<string, string> {
  if (profile.engine === "legacy") return legacyHeaders(profile, kind, contentType, extras);
  const accept = acceptOf[profile.engine][kind];
  const sent = contentType === undefined ? {} : { origin, "content-type": contentType };
  const opens = kind === "document";
  const referer = extras.referer === undefined ? {} : { referer: extras.referer };
  const tail = { ...(extras.cookie === undefined ? {} : { cookie: extras.cookie }), ...extras.more };
  const fetchFields = fetchMetadata(kind, extras.referer);
  const encoding = { "accept-encoding": profile.engine === "webkit" ? "gzip, deflate, br" : "gzip, deflate, br, zstd" };
  const language = { "accept-language": profile.language };
  if (profile.engine === "chromium") {
    const hints = profile.hints!;
    return {
      host,
      connection: "keep-alive",
      ...(opens && contentType !== undefined ? { "cache-control": "max-age=0" } : {}),
      "sec-ch-ua-platform": hints.platform,
      "user-agent": profile.userAgent,
      accept,
      "sec-ch-ua": hints.brands,
      "sec-ch-ua-mobile": profile.mobile ? "?1" : "?0",
      ...sent,
      ...(opens ? { "upgrade-insecure-requests": "1" } : {}),
      ...profile.extra,
      ...fetchFields,
      ...referer,
      ...encoding,
      ...language,
      ...tail,
    };
  }
  if (profile.engine === "gecko") {
    return {
      host,
      "user-agent": profile.userAgent,
      accept,
      ...language,
      ...encoding,
      ...referer,
      ...sent,
      ...profile.extra,
      connection: "keep-alive",
      ...(opens ? { "upgrade-insecure-requests": "1" } : {}),
      ...fetchFields,
      priority: opens ? "u=0, i" : "u=2",
      ...tail,
    };
  }
  return {
    host,
    ...sent,
    accept,
    ...fetchFields,
    ...language,
    ...encoding,
    "user-agent": profile.userAgent,
    ...referer,
    connection: "keep-alive",
    ...tail,
  };
}

/** Only a person's own navigation carries `sec-fetch-user`, and only a page that was typed in or bookmarked has no site. */
function fetchMetadata(kind: Kind, referer: string | undefined): Record<string, string> {
  const site = referer === undefined ? "none" : referer.startsWith(origin) ? "same-origin" : "cross-site";
  return {
    "sec-fetch-site": site,
    "sec-fetch-mode": modeOf[kind],
    ...(kind === "document" ? { "sec-fetch-user": "?1" } : {}),
    "sec-fetch-dest": kind,
  };
}

function legacyHeaders(profile: BrowserProfile, kind: Kind, contentType: string | undefined, extras: Extras): Record<string, string> {
  return {
    host,
    accept: kind === "document" ? profile.accept! : kind === "style" ? "text/css,*/*;q=0.1" : "*/*",
    "accept-encoding": profile.acceptEncoding!,
    "accept-language": profile.language,
    "user-agent": profile.userAgent,
    ...(contentType === undefined ? {} : { "content-type": contentType }),
    ...(extras.referer === undefined ? {} : { referer: extras.referer }),
    // Text browsers open one connection a request and do not ask to keep it.
    ...(profile.name === "lynx" || profile.name === "w3m" ? {} : { connection: "keep-alive" }),
    ...(extras.cookie === undefined ? {} : { cookie: extras.cookie }),
    ...extras.more,
  };
}

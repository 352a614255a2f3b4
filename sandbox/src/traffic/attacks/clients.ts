/**
 * What attackers send with their requests: the headers of ordinary browsers and programs, so that no user-agent rule can pass for detection.
 *
 * @module
 */

/** A client that attackers use or imitate. */
export type ClientKind =
  | "chrome"
  | "firefox"
  | "safari"
  | "edge"
  | "android"
  | "iphone"
  | "axios"
  | "okhttp"
  | "fetch"
  | "dart"
  | "java"
  | "go"
  | "bare";

const documents = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8";

interface Kind {
  readonly browser: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

const kinds: Readonly<Record<ClientKind, Kind>> = {
  chrome: chromium("Windows NT 10.0; Win64; x64", "Windows", 142, ""),
  edge: chromium("Windows NT 10.0; Win64; x64", "Windows", 141, " Edg/141.0.0.0"),
  android: chromium("Linux; Android 10; K", "Android", 142, ""),
  firefox: browser({
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
    accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "accept-language": "en-US,en;q=0.5",
    "accept-encoding": "gzip, deflate, br, zstd",
    "upgrade-insecure-requests": "1",
    "sec-fetch-dest": "document",
    "sec-fetch-mode": "navigate",
    "sec-fetch-site": "same-origin",
    "sec-fetch-user": "?1",
  }),
  safari: browser({
    "user-agent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
    accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "accept-language": "en-GB,en;q=0.9",
    "accept-encoding": "gzip, deflate, br",
  }),
  iphone: browser({
    "user-agent":
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
    accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "accept-language": "en-US,en;q=0.9",
    "accept-encoding": "gzip, deflate, br",
  }),
  axios: program({
    accept: "application/json, text/plain, */*",
    "user-agent": "axios/1.12.2",
    "accept-encoding": "gzip, compress, deflate, br",
  }),
  okhttp: program({ accept: "application/json", "accept-encoding": "gzip", "user-agent": "okhttp/5.1.0" }),
  fetch: program({
    accept: "*/*",
    "accept-language": "*",
    "sec-fetch-mode": "cors",
    "user-agent": "node",
    "accept-encoding": "gzip, deflate",
  }),
  dart: program({ "user-agent": "Dart/3.9 (dart:io)", accept: "application/json", "accept-encoding": "gzip" }),
  java: program({
    accept: "application/json",
    "user-agent": "Apache-HttpClient/5.5 (Java/21.0.8)",
    "accept-encoding": "gzip, x-gzip, deflate",
  }),
  go: program({ "user-agent": "Go-http-client/1.1", accept: "*/*", "accept-encoding": "gzip" }),
  /** Flood tools send little. */
  bare: program({
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    accept: "*/*",
    "accept-encoding": "gzip",
  }),
};

/** The header fields of a client for one request. */
export function clientHeaders(kind: ClientKind, method: string, contentType: string | undefined): Record<string, string> {
  const { browser: isBrowser, headers } = kinds[kind];
  const sent: Record<string, string> = { ...headers };
  if (contentType !== undefined) sent["content-type"] = contentType;
  if (isBrowser && method === "POST") Object.assign(sent, { origin: "http://shop.example", referer: "http://shop.example/" });
  return sent;
}

function browser(headers: Readonly<Record<string, string>>): Kind {
  return { browser: true, headers };
}

function program(headers: Readonly<Record<string, string>>): Kind {
  return { browser: false, headers };
}

function chromium(system: string, platform: string, version: number, tail: string): Kind {
  const mobile = platform === "Android";
  return browser({
    "sec-ch-ua": `"Chromium";v="${version}", "${tail === "" ? "Google Chrome" : "Microsoft Edge"}";v="${version}", "Not_A Brand";v="99"`,
    "sec-ch-ua-mobile": mobile ? "?1" : "?0",
    "sec-ch-ua-platform": `"${platform}"`,
    "upgrade-insecure-requests": "1",
    "user-agent": `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version}.0.0.0 ${mobile ? "Mobile " : ""}Safari/537.36${tail}`,
    accept: documents,
    "sec-fetch-site": "same-origin",
    "sec-fetch-mode": "navigate",
    "sec-fetch-user": "?1",
    "sec-fetch-dest": "document",
    "accept-encoding": "gzip, deflate, br, zstd",
    "accept-language": "en-US,en;q=0.9",
  });
}

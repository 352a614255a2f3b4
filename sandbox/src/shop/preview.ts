import { escapeHtml, htmlPage, jsonReply, textReply } from "./html.ts";
import type { Page, ShopState } from "./visit.ts";

/** `GET /preview?url=`: fetches what it is told to, as far as the emulated resolver lets it. JSON for programs, a page for browsers. */
export const previewPage: Page = async (visit) => {
  const address = visit.query.get("url") ?? "";
  const content = await fetchEmulated(address, visit.state);
  if (content === undefined) return textReply(`Could not resolve ${address.slice(0, 200)}\n`, { status: 502 });
  if (!(visit.headers.get("accept") ?? "").includes("text/html")) return jsonReply({ url: address.slice(0, 500), content });
  return htmlPage(visit, "Preview", `<h1>Preview</h1><p>${escapeHtml(address)}</p><pre>${escapeHtml(content)}</pre>`);
};

/** Pages of the outside world that the emulated resolver knows, so that honest previews have an answer. */
const knownPages: Readonly<Record<string, string>> = {
  "blog.harbour-pine.example": "Harbour & Pine journal: how we season a skillet.",
  "maker.example": "Maker's page: the hands behind the mug.",
  "www.example.com": "Example domain.",
};

/**
 * What an address leads to in the emulated network: inside addresses (loopback, link-local, private ranges, metadata names, in every
 * spelling) lead to the canary, `file:` to the make-believe disk, a few names to fixed texts, and everything else nowhere. No name is ever
 * looked up.
 */
export async function fetchEmulated(address: string, state: ShopState): Promise<string | undefined> {
  const url = parseAddress(address.trim().slice(0, 2000));
  if (url === undefined) return undefined;
  if (url.protocol === "file:" || url.protocol === "netdoc:") {
    const bytes = state.files.read(url.pathname);
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
  }
  const host = url.hostname
    .replace(/^\[|\]$/g, "")
    .replace(/\.$/, "")
    .toLowerCase();
  if (isInside(host)) return state.fetchCanary(`${url.pathname || "/"}${url.search}`, url.host);
  return Object.hasOwn(knownPages, host) ? knownPages[host] : undefined;
}

/** Reads an address as a forgiving client does. Schemes such as gopher or dict are read with HTTP's rules, so that `127.1` is an address. */
function parseAddress(address: string): URL | undefined {
  const written = address.startsWith("//") ? `http:${address}` : /^[a-z][a-z0-9+.-]*:/i.test(address) ? address : `http://${address}`;
  if (/^(?:file|netdoc):/i.test(written)) return tryUrl(written.replace(/^netdoc:\/*/i, "file:///"));
  return tryUrl(written.replace(/^[a-z][a-z0-9+.-]*:/i, "http:"));
}

function tryUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

const insideNames =
  /^(?:localhost|.*\.localhost|localtest\.me|.*\.localtest\.me|metadata|metadata\.google\.internal|.*\.internal|.*\.local|instance-data|kubernetes\.default.*|redis|postgres|admin)$/;

function isInside(host: string): boolean {
  if (insideNames.test(host)) return true;
  // Names that spell an address, such as 127.0.0.1.nip.io or 7f000001.nip.io.
  const wildcard = /^(?:.*\.)?(\d+[.-]\d+[.-]\d+[.-]\d+)\.(?:nip|sslip)\.io$/.exec(host)?.[1]?.replaceAll("-", ".");
  const mapped = /^::(?:ffff:)?([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(host);
  const words = mapped === null ? undefined : [Number.parseInt(mapped[1] ?? "", 16), Number.parseInt(mapped[2] ?? "", 16)];
  const address =
    words === undefined
      ? (wildcard ?? host)
      : `${(words[0] ?? 0) >> 8}.${(words[0] ?? 0) & 255}.${(words[1] ?? 0) >> 8}.${(words[1] ?? 0) & 255}`;
  if (/^(?:::|::1|f[cd][0-9a-f]{2}:.*|fe80:.*)$/.test(host)) return true;
  const [first, second] = address.split(".").map(Number);
  if (!/^\d+\.\d+\.\d+\.\d+$/.test(address) || first === undefined || second === undefined) return false;
  return (
    first === 127 ||
    first === 0 ||
    first === 10 ||
    (first === 169 && second === 254) ||
    (first === 192 && second === 168) ||
    (first === 172 && second >= 16 && second < 32)
  );
}

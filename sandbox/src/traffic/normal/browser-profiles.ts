/**
 * The browsers that visit the shop, as header sets of their engines.
 *
 * @module
 */

/** Families of browsers that send the same fields in the same order. */
export type Engine = "chromium" | "gecko" | "webkit" | "legacy";

export interface BrowserProfile {
  readonly name: string;
  readonly engine: Engine;
  readonly userAgent: string;
  readonly language: string;
  readonly mobile: boolean;
  /** Client hints; Chromium over TLS only. */
  readonly hints?: { readonly brands: string; readonly platform: string };
  /** Fields that this browser adds to every request, such as `dnt`. */
  readonly extra?: Readonly<Record<string, string>>;
  /** For `legacy` only: what it sends instead of a modern `accept` and `accept-encoding`. */
  readonly accept?: string;
  readonly acceptEncoding?: string;
}

const windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)";
const mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)";
const linux = "Mozilla/5.0 (X11; Linux x86_64)";
const android = "Mozilla/5.0 (Linux; Android 10; K)";
const blink = "AppleWebKit/537.36 (KHTML, like Gecko)";

function brands(...names: readonly (readonly [string, number])[]): string {
  return names.map(([name, version]) => `"${name}";v="${version}"`).join(", ");
}

function chromium(
  name: string,
  system: string,
  platform: string,
  version: number,
  language: string,
  brand = "Google Chrome",
  tail = "",
): BrowserProfile {
  const mobile = platform === "Android";
  return {
    name,
    engine: "chromium",
    userAgent: `${system} ${blink} Chrome/${version}.0.0.0 ${mobile ? "Mobile " : ""}Safari/537.36${tail}`,
    language,
    mobile,
    hints: { brands: brands([brand, version], ["Not?A_Brand", 8], ["Chromium", version]), platform: `"${platform}"` },
  };
}

function gecko(name: string, system: string, version: number, language: string, mobile = false): BrowserProfile {
  const trail = mobile ? `${version}.0` : "20100101";
  return {
    name,
    engine: "gecko",
    userAgent: `Mozilla/5.0 (${system}; rv:${version}.0) Gecko/${trail} Firefox/${version}.0`,
    language,
    mobile,
  };
}

function webkit(name: string, userAgent: string, language: string, mobile: boolean): BrowserProfile {
  return { name, engine: "webkit", userAgent, language, mobile };
}

/** Current desktop browsers. */
export const desktopBrowsers: readonly BrowserProfile[] = [
  chromium("chrome-windows", windows, "Windows", 142, "en-US,en;q=0.9"),
  chromium("chrome-mac", mac, "macOS", 142, "en-GB,en;q=0.9,fr;q=0.8"),
  chromium("chrome-linux", linux, "Linux", 141, "de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7"),
  chromium("chromebook", "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0)", "Chrome OS", 140, "en-US,en;q=0.9,es;q=0.8"),
  chromium("edge-windows", windows, "Windows", 142, "en-US,en;q=0.9,nl;q=0.8", "Microsoft Edge", " Edg/142.0.0.0"),
  chromium("opera-windows", windows, "Windows", 140, "pl-PL,pl;q=0.9,en-US;q=0.8,en;q=0.7", "Opera", " OPR/124.0.0.0"),
  chromium("vivaldi-linux", linux, "Linux", 140, "nb-NO,nb;q=0.9,no;q=0.8,nn;q=0.7,en;q=0.6", "Vivaldi"),
  { ...chromium("brave-mac", mac, "macOS", 142, "en-US,en;q=0.5", "Brave"), extra: { "sec-gpc": "1" } },
  { ...gecko("firefox-windows", "Windows NT 10.0; Win64; x64", 144, "en-US,en;q=0.5"), extra: { dnt: "1", "sec-gpc": "1" } },
  gecko("firefox-linux", "X11; Linux x86_64", 145, "fr,fr-FR;q=0.8,en-US;q=0.5,en;q=0.3"),
  gecko("firefox-mac", "Macintosh; Intel Mac OS X 10.15", 140, "it-IT,it;q=0.8,en-US;q=0.5,en;q=0.3"),
  gecko("tor-browser", "Windows NT 10.0; Win64; x64", 128, "en-US,en;q=0.5"),
  webkit("safari-mac", `${mac} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15`, "en-US,en;q=0.9", false),
  webkit("safari-mac-old", `${mac} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Safari/605.1.15`, "ja", false),
];

/** Current phones and tablets, web views of apps among them. */
export const mobileBrowsers: readonly BrowserProfile[] = [
  chromium("chrome-android", android, "Android", 142, "en-IN,en-GB;q=0.9,en-US;q=0.8,hi;q=0.7"),
  chromium("chrome-android-br", android, "Android", 141, "pt-BR,pt;q=0.9,en-US;q=0.8,en;q=0.7"),
  chromium("samsung-internet", "Mozilla/5.0 (Linux; Android 10; K)", "Android", 136, "ko-KR,ko;q=0.9,en-US;q=0.8", "Samsung Internet"),
  {
    ...chromium(
      "instagram-webview",
      "Mozilla/5.0 (Linux; Android 14; SM-S911B Build/UP1A.231005.007; wv)",
      "Android",
      142,
      "tr-TR,tr;q=0.9,en-US;q=0.8",
      "Android WebView",
      " Instagram 405.0.0.52.79 Android (34/14; 450dpi; 1080x2340; samsung; SM-S911B; dm1q; qcom; tr_TR; 821214870)",
    ),
    extra: { "x-requested-with": "com.instagram.android" },
  },
  gecko("firefox-android", "Android 15; Mobile", 144, "es-MX,es;q=0.8,en-US;q=0.5,en;q=0.3", true),
  webkit(
    "safari-iphone",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
    "en-US,en;q=0.9",
    true,
  ),
  webkit(
    "safari-ipad",
    "Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.7 Mobile/15E148 Safari/604.1",
    "sv-SE,sv;q=0.9",
    true,
  ),
  webkit(
    "chrome-ios",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142.0.7444.77 Mobile/15E148 Safari/604.1",
    "zh-TW,zh;q=0.9,en;q=0.8",
    true,
  ),
  webkit(
    "duckduckgo-ios",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 DuckDuckGo/7 Safari/605.1.15",
    "en-AU,en;q=0.9",
    true,
  ),
  webkit(
    "facebook-iphone",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/22G100 [FBAN/FBIOS;FBAV/535.0.0.47.105;FBBV/800000001;FBDV/iPhone15,2;FBMD/iPhone;FBSN/iOS;FBSV/18.6.2;FBSS/3;FBID/phone;FBLC/ar_AE;FBOP/5]",
    "ar-AE,ar;q=0.9",
    true,
  ),
];

/** Browsers that send fewer or older fields, and are people all the same. */
export const unusualBrowsers: readonly BrowserProfile[] = [
  legacy(
    "internet-explorer",
    "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
    "de-DE",
    "text/html, application/xhtml+xml, image/jxr, */*",
  ),
  legacy(
    "chrome-windows-7",
    `Mozilla/5.0 (Windows NT 6.1; Win64; x64) ${blink} Chrome/109.0.0.0 Safari/537.36`,
    "ru-RU,ru;q=0.9,en;q=0.8",
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8",
    "gzip, deflate",
  ),
  legacy(
    "lynx",
    "Lynx/2.9.2 libwww-FM/2.14 SSL-MM/1.4.1 OpenSSL/3.4.1",
    "en",
    "text/html, text/plain, text/sgml, text/css, application/xhtml+xml, */*;q=0.01",
    "gzip, compress, bzip2",
  ),
  legacy(
    "w3m",
    "w3m/0.5.3+git20230121",
    "en;q=1.0",
    "text/html, text/*;q=0.5, image/*, application/*",
    "gzip, compress, bzip, bzip2, deflate",
  ),
  legacy(
    "playstation",
    "Mozilla/5.0 (PlayStation; PlayStation 5/9.60) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Safari/605.1.15",
    "es-ES,es;q=0.9",
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
  ),
  legacy(
    "smart-tv",
    `Mozilla/5.0 (SMART-TV; LINUX; Tizen 7.0) ${blink} 94.0.4606.31/7.0 TV Safari/537.36`,
    "fr-FR,fr",
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8",
  ),
  legacy(
    "kindle",
    `Mozilla/5.0 (Linux; Android 9; KFTRWI) ${blink} Silk/140.3.2 like Chrome/140.0.0.0 Safari/537.36`,
    "en-US,en;q=0.9",
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "gzip, deflate, br",
  ),
  legacy(
    "old-ipad",
    "Mozilla/5.0 (iPad; CPU OS 12_5_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1.2 Mobile/15E148 Safari/604.1",
    "el-GR",
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "br, gzip, deflate",
  ),
  legacy(
    "seamonkey",
    "Mozilla/5.0 (X11; Linux x86_64; rv:91.0) Gecko/20100101 Firefox/91.0 SeaMonkey/2.53.21",
    "cs,en-US;q=0.7,en;q=0.3",
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
  ),
];

function legacy(name: string, userAgent: string, language: string, accept: string, acceptEncoding = "gzip, deflate"): BrowserProfile {
  return { name, engine: "legacy", userAgent, language, mobile: false, accept, acceptEncoding };
}

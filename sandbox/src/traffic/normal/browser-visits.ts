/**
 * People with browsers: they arrive from somewhere, load pages with their assets, search, log in, fill a basket and leave.
 *
 * @module
 */
import { type BrowserProfile, desktopBrowsers, mobileBrowsers, unusualBrowsers } from "./browser-profiles.ts";
import { callApi, host, loadAsset, openPage, origin, sendForm } from "./browser-requests.ts";
import { customerLogin } from "./customers.ts";
import { createDice, type Dice, formBody, type HonestRecord, queryValue, startVisit, type Visit } from "./visit.ts";

/** How people arrive: typed, from a search, from a newsletter, from a social network. */
const landings: readonly { readonly url: string; readonly referer?: string }[] = [
  { url: "/" },
  { url: "/", referer: "https://www.google.com/" },
  {
    url: "/?utm_source=newsletter&utm_medium=email&utm_campaign=Autumn%20Sale%20%2F%20Week%2047&utm_content=hero-cta",
    referer: "https://mail.example.net/",
  },
  {
    url: "/product/16?gclid=CjwKCAiA-kfI3sR2xQ8aBhEiwA7Xb0mZ_Qe1-vT4yYcUqg9hR7sKxv0wDkq5mQ2xJ8nB4cVt6pLr1eAbcQAvD_BwE",
    referer: "https://www.google.com/",
  },
  {
    url: "/products?category=kitchen&sort=price_cents&fbclid=IwAR2x9pQvN3kLmT8rYz0aBcDeFgHiJkLmNoPqRsTuVwXyZ",
    referer: "https://l.facebook.com/",
  },
  { url: "/search?q=cast+iron+pan+26%C2%A0cm", referer: "https://duckduckgo.com/" },
  { url: "/product/5", referer: "https://www.reddit.com/r/tides/comments/1k2x9/what_book_should_i_get_o_o/" },
  { url: "/products?page=2", referer: "https://t.co/9sXkQ2vLwe" },
];

const categories = ["outdoor", "kitchen", "books", "garden"];
const sorts = ["price_cents", "name"];
const words = ["mug", "wool", "lantern", "salt & bread", "O'Reilly", "saw", "gift card", "dry bag 20 l", "moka", "left-handed"];
const trackingCookies = [
  "_ga=GA1.1.1438502217.1763370000; _ga_H4RB0URPNE=GS2.1.s1763370000$o4$g1$t1763370312$j60$l0$h0",
  "consent=%7B%22ads%22%3Afalse%2C%22stats%22%3Atrue%2C%22v%22%3A3%7D; theme=dark",
  "OptanonConsent=isGpcEnabled=0&datestamp=Mon+Nov+17+2025+09%3A00%3A00+GMT%2B0100&version=202509.1.0&groups=C0001%3A1%2CC0002%3A0",
];

/** All visits of people on their own connections. */
export function browserVisits(): HonestRecord[] {
  const dice = createDice(7);
  const records: HonestRecord[] = [];
  for (const [number, browser] of [...desktopBrowsers, ...mobileBrowsers, ...unusualBrowsers].entries()) {
    const client =
      number % 4 === 3
        ? `2001:db8:7:${(number + 1).toString(16)}:a41c:9ff:fe27:${(0x1000 + number * 37).toString(16)}`
        : `198.51.100.${50 + number}`;
    const visit = startVisit({ scenario: `browse-${browser.name}`, class: "browser", client, startMs: dice.between(0, 28_000) });
    browse(visit, browser, dice, landings[number % landings.length]!);
    records.push(...visit.records);
  }
  for (const [number, browser] of [...desktopBrowsers.slice(0, 9), ...mobileBrowsers.slice(0, 5)].entries()) {
    const visit = startVisit({
      scenario: `shopping-${browser.name}`,
      class: "browser",
      client: `198.51.100.${110 + number}`,
      startMs: dice.between(0, 18_000),
      cookies: true,
    });
    shop(visit, browser, dice, number + 1);
    records.push(...visit.records);
  }
  for (const visit of oddVisits(dice)) records.push(...visit.records);
  return records;
}

/** Loads what a page needs the first time. */
function loadPage(
  visit: Visit,
  browser: BrowserProfile,
  url: string,
  gapMs: number,
  dice: Dice,
  extras: Parameters<typeof openPage>[2] = {},
): void {
  visit.send(gapMs, openPage(browser, url, extras));
  // Text browsers load neither style sheets nor pictures.
  if (browser.name === "lynx" || browser.name === "w3m") return;
  visit.send(dice.between(30, 120), loadAsset(browser, "/static/shop.css", url));
  visit.send(dice.between(0, 20), loadAsset(browser, "/static/shop.js?v=3.2.1", url));
  visit.send(dice.between(0, 20), loadAsset(browser, "/static/logo.png", url));
}

function browse(visit: Visit, browser: BrowserProfile, dice: Dice, landing: (typeof landings)[number]): void {
  const product = dice.between(1, 24);
  const category = `/products?category=${dice.pick(categories)}&sort=${dice.pick(sorts)}&page=1`;
  const cookie = dice.between(0, 1) === 0 ? {} : { cookie: dice.pick(trackingCookies) };
  loadPage(visit, browser, landing.url, 0, dice, { ...(landing.referer === undefined ? {} : { referer: landing.referer }), ...cookie });
  if (browser.engine !== "legacy") {
    visit.send(dice.between(30, 90), loadAsset(browser, "/favicon.ico", landing.url));
    visit.send(dice.between(50, 150), callApi(browser, "/api/products?limit=4&fields=id,name,price", landing.url));
  }
  visit.send(dice.between(2_000, 6_000), openPage(browser, category, { referer: origin + landing.url, ...cookie }));
  visit.send(dice.between(2_000, 6_000), openPage(browser, `/product/${product}`, { referer: origin + category, ...cookie }));
  if (browser.engine !== "legacy") visit.send(dice.between(50, 150), callApi(browser, `/api/products/${product}`, `/product/${product}`));
  const search = `/search?q=${queryValue(dice.pick(words))}`;
  visit.send(dice.between(2_000, 6_000), openPage(browser, search, { referer: `${origin}/product/${product}`, ...cookie }));
  visit.send(dice.between(1_000, 4_000), openPage(browser, `/product/${dice.between(1, 24)}`, { referer: origin + search, ...cookie }));
}

function shop(visit: Visit, browser: BrowserProfile, dice: Dice, customer: number): void {
  const product = dice.between(1, 24);
  const page = `/product/${product}`;
  const account = customerLogin(customer);
  loadPage(visit, browser, "/", 0, dice);
  const search = `/search?q=${queryValue(dice.pick(words))}`;
  visit.send(dice.between(1_500, 3_000), openPage(browser, search, { referer: `${origin}/` }));
  visit.send(dice.between(1_500, 3_000), openPage(browser, page, { referer: origin + search }));
  visit.send(dice.between(800, 1_500), openPage(browser, "/login", { referer: origin + page }));
  if (customer % 7 === 3) {
    visit.send(dice.between(3_000, 5_000), {
      ...sendForm(browser, "/login", "/login", formBody({ ...account, password: `${account.password}!` })),
      expectDirect: 401,
    });
  }
  if (customer % 4 === 1) visit.send(dice.between(3_000, 6_000), callApi(browser, "/api/login", "/login", account));
  else visit.send(dice.between(3_000, 6_000), sendForm(browser, "/login", "/login", formBody(account)));
  visit.send(dice.between(50, 200), openPage(browser, "/account", { referer: `${origin}/login` }));
  visit.send(dice.between(1_000, 2_500), openPage(browser, page, { referer: `${origin}/account` }));
  if (customer % 2 === 0)
    visit.send(dice.between(2_000, 3_500), callApi(browser, "/api/basket", page, { product, quantity: dice.between(1, 4) }));
  else
    visit.send(
      dice.between(2_000, 3_500),
      sendForm(browser, "/basket", page, formBody({ product: String(product), quantity: String(dice.between(1, 4)) })),
    );
  visit.send(dice.between(100, 300), openPage(browser, "/basket", { referer: origin + page }));
  visit.send(dice.between(1_500, 3_000), openPage(browser, `/reviews?product=${product}`, { referer: `${origin}/basket` }));
  const review = {
    product: String(product),
    name: `Customer ${customer}`,
    text: `Arrived in ${dice.between(2, 5)} days, well packed. "Would buy again" -- 5/5 & it's on sale (20% off)!`,
  };
  visit.send(dice.between(4_000, 8_000), sendForm(browser, "/reviews", `/reviews?product=${product}`, formBody(review)));
  visit.send(dice.between(800, 2_000), openPage(browser, "/redirect?to=/products", { referer: `${origin}/reviews?product=${product}` }));
  visit.send(dice.between(50, 150), openPage(browser, "/products", { referer: `${origin}/reviews?product=${product}` }));
  visit.send(dice.between(1_000, 2_500), openPage(browser, "/logout", { referer: `${origin}/products` }));
}

/** What browsers do beside opening pages: revalidate, resume, prefetch, listen, and ask for files that many sites have and this one has not. */
function oddVisits(dice: Dice): Visit[] {
  const [chrome, mac, linux] = desktopBrowsers as [BrowserProfile, BrowserProfile, BrowserProfile];
  const firefox = desktopBrowsers[8]!;
  const iphone = mobileBrowsers[5]!;
  const visits: Visit[] = [];
  const start = (scenario: string, octet: number): Visit => {
    const visit = startVisit({ scenario, class: "browser", client: `198.51.100.${octet}`, startMs: dice.between(0, 40_000) });
    visits.push(visit);
    return visit;
  };

  const returning = start("revalidate", 140);
  const unchanged = { "if-none-match": '"shop-css-3.2.1"', "if-modified-since": "Mon, 03 Nov 2025 08:12:31 GMT" };
  returning.send(0, openPage(chrome, "/products", { more: { "cache-control": "max-age=0", "if-none-match": 'W/"2f1-Zp8LrQ"' } }));
  returning.send(60, loadAsset(chrome, "/static/shop.css", "/products", unchanged));
  returning.send(10, loadAsset(chrome, "/static/logo.png", "/products", { "if-modified-since": "Mon, 03 Nov 2025 08:12:31 GMT" }));
  returning.send(4_000, openPage(firefox, "/products", { more: { pragma: "no-cache", "cache-control": "no-cache" } }));

  const catalogue = start("resume-download", 141);
  const range = (value: string, more: Record<string, string> = {}) =>
    openPage(firefox, "/download?file=price-list.csv", { referer: `${origin}/`, more: { range: value, ...more } });
  catalogue.send(0, openPage(firefox, "/download?file=price-list.csv", { referer: `${origin}/` }));
  catalogue.send(1_500, range("bytes=0-1023"));
  catalogue.send(400, range("bytes=1024-", { "if-range": '"price-list-2025"' }));
  catalogue.send(900, openPage(firefox, "/download?file=terms%20(2024).txt", { referer: `${origin}/` }));

  const prefetching = start("prefetch", 142);
  for (const id of [3, 7, 16])
    prefetching.send(
      300,
      openPage(mac, `/product/${id}`, {
        referer: `${origin}/products`,
        more: { "sec-purpose": "prefetch;prerender", purpose: "prefetch" },
      }),
    );

  const listening = start("event-stream", 143);
  listening.send(0, openPage(linux, "/"));
  const stream = callApi(linux, "/events", "/");
  listening.send(200, { ...stream, headers: { ...stream.headers, accept: "text/event-stream", "cache-control": "no-cache" } });

  const missing = start("well-known", 144);
  for (const [browser, url] of [
    [iphone, "/apple-touch-icon-precomposed.png"],
    [iphone, "/apple-touch-icon.png"],
    [chrome, "/.well-known/appspecific/com.chrome.devtools.json"],
    [chrome, "/.well-known/change-password"],
    [mac, "/.well-known/security.txt"],
    [mac, "/manifest.webmanifest"],
    [firefox, "/opensearch.xml"],
    [linux, "/service-worker.js"],
    [linux, "/static/shop.js.map"],
    [chrome, "/products/old-enamel-mug-2019.html"],
  ] as const) {
    missing.send(dice.between(200, 900), { ...openPage(browser, url), expectDirect: 404 });
  }

  const crossOrigin = start("cors-preflight", 145);
  for (const [url, method, fields] of [
    ["/api/products", "GET", "authorization,x-request-id"],
    ["/api/basket", "POST", "content-type,x-csrf-token"],
    ["/api/reviews", "POST", "content-type"],
    ["/graphql", "POST", "content-type,x-apollo-operation-name"],
  ] as const) {
    crossOrigin.send(dice.between(300, 900), {
      method: "OPTIONS",
      url,
      headers: {
        host,
        connection: "keep-alive",
        accept: "*/*",
        "access-control-request-method": method,
        "access-control-request-headers": fields,
        origin: "https://partner.example",
        "user-agent": chrome.userAgent,
        "sec-fetch-mode": "cors",
        "sec-fetch-site": "cross-site",
        "sec-fetch-dest": "empty",
        referer: "https://partner.example/",
        "accept-encoding": "gzip, deflate, br, zstd",
        "accept-language": chrome.language,
      },
    });
  }

  const preview = start("link-preview", 146);
  preview.send(
    0,
    openPage(mac, `/preview?url=${encodeURIComponent("https://blog.harbour-pine.example/2025/11/skillets?ref=shop&lang=en#intro")}`, {
      referer: `${origin}/`,
    }),
  );
  preview.send(2_500, openPage(mac, "/ping?host=shop.example", { referer: `${origin}/` }));
  return visits;
}

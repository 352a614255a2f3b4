/**
 * Machines that belong to every shop's day: payment and chat services that call back, monitors, search engines, link previews, feed readers.
 *
 * @module
 */
import { host } from "./browser-requests.ts";
import { type Callback, callbacks, sign } from "./callbacks.ts";
import { createDice, type Dice, type HonestRecord, startVisit, type Visit } from "./visit.ts";

type Fields = Readonly<Record<string, string>>;

const monitors: readonly { readonly name: string; readonly method: string; readonly url: string; readonly headers: Fields }[] = [
  monitor("kube-probe", "GET", "/health", { host, "user-agent": "kube-probe/1.34", accept: "*/*", connection: "close" }),
  monitor("elb", "GET", "/health", {
    host: "10.0.3.17:8080",
    connection: "close",
    "user-agent": "ELB-HealthChecker/2.0",
    "accept-encoding": "gzip, compressed",
  }),
  monitor("google-health-check", "GET", "/health", { host: "10.128.0.9", "user-agent": "GoogleHC/1.0", connection: "Keep-alive" }),
  monitor("azure-gateway", "GET", "/health", { "user-agent": "Load Balancer Agent", host: "10.0.0.4" }),
  monitor("consul", "GET", "/health", {
    host: "10.0.1.5:3000",
    "user-agent": "Consul Health Check",
    accept: "text/plain, text/*, */*",
    "accept-encoding": "gzip",
    connection: "close",
  }),
  monitor("docker-healthcheck", "GET", "/health", { host: "localhost:3000", "user-agent": "curl/8.14.1", accept: "*/*" }),
  monitor("busybox-healthcheck", "GET", "/health", { host: "localhost:3000", "user-agent": "Wget", connection: "close" }),
  monitor("uptimerobot", "HEAD", "/", {
    host,
    "user-agent": "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
    "accept-encoding": "gzip, deflate",
    accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    connection: "close",
  }),
  monitor("pingdom", "GET", "/", {
    host,
    "user-agent": "Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)",
    accept: "*/*",
    "accept-encoding": "gzip, deflate",
    connection: "close",
    pragma: "no-cache",
  }),
  monitor("statuscake", "GET", "/products", {
    host,
    "user-agent": "Mozilla/5.0 (compatible; StatusCake)",
    accept: "text/html,*/*;q=0.8",
    "accept-encoding": "gzip, deflate, br",
  }),
  monitor("better-stack", "HEAD", "/", {
    host,
    "user-agent":
      "Better Stack Better Uptime Bot Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36",
    accept: "*/*",
  }),
  monitor("datadog", "GET", "/", {
    host,
    "user-agent": "Datadog/Synthetics",
    accept: "*/*",
    "accept-encoding": "gzip, deflate, br",
    "x-datadog-trace-id": "7421830174928341021",
    "x-datadog-sampling-priority": "1",
    connection: "close",
  }),
  monitor("blackbox-exporter", "GET", "/health", { host, "user-agent": "Blackbox Exporter/0.27.0", "accept-encoding": "gzip" }),
  monitor("nagios", "GET", "/", { "user-agent": "check_http/v2.4.12 (monitoring-plugins 2.4.12)", connection: "close", host }),
  monitor("site24x7", "GET", "/search?q=mug", {
    host,
    "user-agent": "Site24x7",
    accept: "*/*",
    "accept-encoding": "gzip",
    "cache-control": "no-cache",
  }),
  monitor("hetrix", "GET", "/", {
    host,
    "user-agent": "Mozilla/5.0 (compatible; HetrixTools Uptime Monitoring Bot. https://hetrix.tools/uptime-monitoring-bot.html)",
    accept: "*/*",
  }),
  monitor("haproxy", "OPTIONS", "/", { host: "127.0.0.1" }),
];

const crawlers: readonly { readonly name: string; readonly client: string; readonly headers: Fields }[] = [
  crawler("googlebot-phone", "66.249.66.13", {
    host,
    connection: "keep-alive",
    accept: "text/html,application/xhtml+xml,application/signed-exchange;v=b3,application/xml;q=0.9,*/*;q=0.8",
    from: "googlebot(at)googlebot.com",
    "user-agent":
      "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.7444.59 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "accept-encoding": "gzip, deflate, br",
  }),
  crawler("googlebot-image", "66.249.66.74", {
    host,
    connection: "keep-alive",
    accept: "image/*, */*;q=0.8",
    from: "googlebot(at)googlebot.com",
    "user-agent": "Googlebot-Image/1.0",
    "accept-encoding": "gzip, deflate, br",
  }),
  crawler("bingbot", "40.77.167.5", {
    "cache-control": "no-cache",
    connection: "Keep-Alive",
    pragma: "no-cache",
    accept: "*/*",
    "accept-encoding": "gzip, deflate, br",
    from: "bingbot(at)microsoft.com",
    host,
    "user-agent":
      "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/136.0.0.0 Safari/537.36",
  }),
  crawler("duckduckbot", "20.191.45.212", {
    host,
    "user-agent": "DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)",
    accept: "text/html",
    "accept-encoding": "gzip",
  }),
  crawler("applebot", "17.241.75.20", {
    host,
    accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "accept-language": "en-US,en;q=0.9",
    "accept-encoding": "gzip, deflate, br",
    "user-agent":
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15 (Applebot/0.1; +http://www.apple.com/go/applebot)",
  }),
  crawler("yandexbot", "5.255.231.40", {
    host,
    connection: "Keep-Alive",
    accept: "*/*",
    "accept-encoding": "gzip,deflate",
    "accept-language": "ru, uk;q=0.8, be;q=0.8, en;q=0.7, *;q=0.01",
    from: "support@search.yandex.ru",
    "user-agent": "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
  }),
  crawler("baiduspider", "220.181.108.96", {
    host,
    connection: "close",
    "user-agent": "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
    "accept-encoding": "gzip",
    "accept-language": "zh-cn,zh-tw",
    accept: "*/*",
  }),
  crawler("archive", "207.241.229.48", {
    host,
    "user-agent": "Mozilla/5.0 (compatible; archive.org_bot +http://archive.org/details/archive.org_bot)",
    accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "accept-encoding": "br,gzip",
  }),
  crawler("gptbot", "52.230.152.9", {
    host,
    accept: "*/*",
    "user-agent": "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
    "accept-encoding": "gzip, br, deflate",
    from: "gptbot(at)openai.com",
  }),
  crawler("ccbot", "18.97.9.168", {
    "user-agent": "CCBot/2.0 (https://commoncrawl.org/faq/)",
    accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "accept-language": "en-US,en;q=0.5",
    "accept-encoding": "br,gzip",
    host,
    connection: "Keep-Alive",
  }),
  crawler("link-checker", "198.51.100.230", {
    host,
    "user-agent": "LinkChecker/10.6 (+https://linkchecker.github.io/linkchecker/)",
    accept: "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1",
    "accept-encoding": "gzip,deflate",
    dnt: "1",
  }),
  crawler("accessibility-checker", "198.51.100.231", {
    host,
    "user-agent": "W3C_Validator/1.3 https://validator.w3.org/services",
    accept: "*/*",
    connection: "close",
  }),
];

const previews: readonly Fields[] = [
  {
    host,
    "user-agent": "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    accept: "*/*",
    "accept-encoding": "deflate, gzip",
    range: "bytes=0-524287",
    connection: "close",
  },
  { host, "user-agent": "Twitterbot/1.0", accept: "*/*", "accept-encoding": "gzip, deflate, br" },
  {
    host,
    "user-agent": "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    accept: "*/*",
    "accept-encoding": "gzip, deflate, br",
    connection: "keep-alive",
  },
  {
    host,
    "user-agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    accept: "*/*",
    range: "bytes=0-32768",
    "accept-encoding": "gzip,deflate",
    connection: "close",
  },
  { host, "user-agent": "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)", "accept-encoding": "gzip, br" },
  { host, "user-agent": "TelegramBot (like TwitterBot)", accept: "*/*", connection: "keep-alive" },
  { host, "user-agent": "WhatsApp/2.23.20.0", accept: "*/*", "accept-encoding": "gzip, deflate" },
  {
    host,
    "user-agent": "Mozilla/5.0 (compatible; Pinterestbot/1.0; +http://www.pinterest.com/bot.html)",
    accept: "text/html,*/*;q=0.8",
    "accept-encoding": "gzip",
  },
  {
    host,
    "user-agent": "Mastodon/4.5.0 (http.rb/5.3.1; +https://social.example/) Bot",
    accept: "text/html",
    "accept-encoding": "gzip",
    connection: "close",
  },
  {
    host,
    "user-agent":
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko; compatible; BingPreview/1.0b) Chrome/136.0.0.0 Safari/537.36",
    accept: "*/*",
    "accept-encoding": "gzip, deflate",
  },
];

const readers: readonly string[] = [
  "Feedly/1.0 (+http://www.feedly.com/fetcher.html; 16 subscribers; )",
  "NetNewsWire (RSS Reader; https://netnewswire.com/)",
  "Mozilla/5.0 (compatible; Miniflux/2.2.14; +https://miniflux.app)",
  "Tiny Tiny RSS/25.11 (https://tt-rss.org/)",
  "FreshRSS/1.27.1 (Linux; https://freshrss.org)",
  "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.5.0",
  "NewsBlur Feed Fetcher - 3 subscribers - https://www.newsblur.com/site/8841/shop (Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7))",
];

function monitor(name: string, method: string, url: string, headers: Fields) {
  return { name, method, url, headers };
}

function crawler(name: string, client: string, headers: Fields) {
  return { name, client, headers };
}

/** Every machine's minute. */
export function machineVisits(): HonestRecord[] {
  const dice = createDice(53);
  const visits: Visit[] = [];
  const start = (scenario: string, kind: string, client: string, startMs: number): Visit => {
    const visit = startVisit({ scenario, class: kind, client, startMs });
    visits.push(visit);
    return visit;
  };

  for (const [number, callback] of callbacks.entries()) {
    const visit = start(`webhook-${number + 1}-${callback.sender}`, "webhook", `192.0.2.${110 + number}`, dice.between(0, 55_000));
    visit.send(0, callbackRequest(callback));
  }
  for (const [number, { name, method, url, headers }] of monitors.entries()) {
    const inside = headers["host"] !== host;
    const visit = start(
      `monitor-${name}`,
      "monitor",
      inside ? `192.0.2.${150 + number}` : `2001:db8:77:${number.toString(16)}::1`,
      dice.between(0, 8_000),
    );
    // Inside monitors ask every ten seconds, outside ones about twice a minute.
    const everyMs = inside || name === "kube-probe" ? 10_000 : 25_000;
    for (let at = 0; at < 50_000; at += everyMs) visit.send(at === 0 ? 0 : everyMs, { method, url, headers });
  }
  for (const { name, client, headers } of crawlers) {
    crawl(start(`crawler-${name}`, "crawler", client, dice.between(0, 30_000)), name, headers, dice);
  }
  for (const [number, headers] of previews.entries()) {
    const visit = start(`link-preview-bot-${number + 1}`, "crawler", `192.0.2.${170 + number}`, dice.between(0, 50_000));
    visit.send(0, {
      method: number === 6 ? "HEAD" : "GET",
      url: `/product/${dice.between(1, 24)}?utm_source=share&s=${dice.between(10, 99)}`,
      headers,
    });
    visit.send(dice.between(100, 600), { method: "GET", url: "/static/logo.png", headers });
  }
  for (const [number, agent] of readers.entries()) {
    const visit = start(`feed-reader-${number + 1}`, "feed-reader", `192.0.2.${182 + number}`, dice.between(0, 50_000));
    const conditional = number % 2 === 0 ? { "if-none-match": 'W/"5f3-19a2"', "if-modified-since": "Sun, 16 Nov 2025 21:00:00 GMT" } : {};
    const headers = {
      host,
      "user-agent": agent,
      accept: "application/atom+xml, application/rss+xml, application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1",
      "accept-encoding": "gzip",
      "a-im": "feed",
      ...conditional,
    };
    visit.send(0, { method: "GET", url: "/sitemap.xml", headers });
    visit.send(dice.between(100, 900), { method: "GET", url: "/favicon.ico", headers });
  }
  return visits.flatMap((visit) => visit.records);
}

function callbackRequest(callback: Callback) {
  const body = typeof callback.body === "string" ? callback.body : JSON.stringify(callback.body);
  return { method: "POST", url: "/webhook", headers: { host, ...callback.headers, "x-shop-signature": sign(body) }, body };
}

function crawl(visit: Visit, name: string, headers: Fields, dice: Dice): void {
  visit.send(0, { method: "GET", url: "/robots.txt", headers });
  if (name === "googlebot-image") {
    visit.send(900, { method: "GET", url: "/static/logo.png", headers });
    return;
  }
  const method = name === "link-checker" ? "HEAD" : "GET";
  visit.send(dice.between(500, 1_500), { method: "GET", url: "/sitemap.xml", headers });
  for (const url of [
    "/",
    "/products",
    `/products?category=${dice.pick(["kitchen", "books", "garden"])}&sort=name&page=1`,
    `/product/${dice.between(1, 24)}`,
    `/product/${dice.between(1, 24)}`,
    "/products?page=2",
  ]) {
    visit.send(dice.between(1_200, 3_500), { method, url, headers });
  }
}

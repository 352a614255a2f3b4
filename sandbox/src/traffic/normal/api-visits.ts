/**
 * Programs that use the shop's interface: SDKs, command-line tools, spreadsheets and integration platforms, with the few header fields
 * that their libraries send.
 *
 * @module
 */
import { host } from "./browser-requests.ts";
import { customerLogin } from "./customers.ts";
import { catalogueQueries, productFeeds } from "./payloads.ts";
import { createDice, type HonestRecord, type HonestRequest, queryValue, startVisit } from "./visit.ts";

interface ClientProfile {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
}

const clients: readonly ClientProfile[] = [
  client("curl", { host, "user-agent": "curl/8.17.0", accept: "*/*" }),
  client("curl-old", { host, "user-agent": "curl/7.68.0", accept: "*/*", "cache-control": "no-cache" }),
  client("wget", { host, "user-agent": "Wget/1.25.0", accept: "*/*", "accept-encoding": "identity", connection: "Keep-Alive" }),
  client("httpie", { host, "user-agent": "HTTPie/3.2.4", "accept-encoding": "gzip, deflate, br", accept: "*/*", connection: "keep-alive" }),
  client("python-requests", {
    host,
    "user-agent": "python-requests/2.32.5",
    "accept-encoding": "gzip, deflate",
    accept: "*/*",
    connection: "keep-alive",
  }),
  client("python-urllib", { "accept-encoding": "identity", host, "user-agent": "Python-urllib/3.13", connection: "close" }),
  client("aiohttp", { host, accept: "*/*", "accept-encoding": "gzip, deflate", "user-agent": "Python/3.12 aiohttp/3.13.2" }),
  client("httpx", {
    host,
    accept: "*/*",
    "accept-encoding": "gzip, deflate",
    connection: "keep-alive",
    "user-agent": "python-httpx/0.28.1",
  }),
  client("axios", {
    accept: "application/json, text/plain, */*",
    "user-agent": "axios/1.13.2",
    "accept-encoding": "gzip, compress, deflate, br",
    host,
    connection: "keep-alive",
  }),
  client("undici", {
    host,
    connection: "keep-alive",
    accept: "*/*",
    "accept-language": "*",
    "sec-fetch-mode": "cors",
    "user-agent": "node",
    "accept-encoding": "gzip, deflate",
  }),
  client("node-fetch", { accept: "*/*", "user-agent": "node-fetch", "accept-encoding": "gzip, deflate, br", host, connection: "close" }),
  client("got", {
    "user-agent": "got (https://github.com/sindresorhus/got)",
    accept: "application/json",
    "accept-encoding": "gzip, deflate, br",
    host,
    connection: "keep-alive",
  }),
  client("bun", { connection: "keep-alive", "user-agent": "Bun/1.3.2", accept: "*/*", host, "accept-encoding": "gzip, deflate, br, zstd" }),
  client("deno", { accept: "*/*", "accept-language": "*", "user-agent": "Deno/2.5.6", "accept-encoding": "gzip,br", host }),
  client("go", { host, "user-agent": "Go-http-client/1.1", "accept-encoding": "gzip" }),
  client("go-resty", {
    host,
    "user-agent": "go-resty/2.16.5 (https://github.com/go-resty/resty)",
    accept: "application/json",
    "accept-encoding": "gzip",
  }),
  client("java-http", {
    connection: "Upgrade, HTTP2-Settings",
    host,
    "http2-settings": "AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
    upgrade: "h2c",
    "user-agent": "Java-http-client/21.0.9",
  }),
  client("java-url", {
    "user-agent": "Java/17.0.17",
    host,
    accept: "text/html, image/gif, image/jpeg, */*; q=0.2",
    connection: "keep-alive",
  }),
  client("apache-httpclient", {
    accept: "application/json",
    "accept-encoding": "gzip, x-gzip, deflate",
    host,
    connection: "keep-alive",
    "user-agent": "Apache-HttpClient/5.5.1 (Java/21.0.9)",
  }),
  client("spring-feign", {
    accept: "application/json",
    "user-agent": "Feign/13.6",
    host,
    "accept-encoding": "gzip, deflate",
    connection: "keep-alive",
  }),
  client("postman", {
    "user-agent": "PostmanRuntime/7.49.1",
    accept: "*/*",
    "cache-control": "no-cache",
    "postman-token": "7b1d2f0e-61c9-4d0c-9a43-5f1b3a0f9e77",
    host,
    "accept-encoding": "gzip, deflate, br",
    connection: "keep-alive",
  }),
  client("insomnia", { host, "user-agent": "insomnia/12.0.0", accept: "*/*" }),
  client("bruno", {
    accept: "application/json, text/plain, */*",
    "user-agent": "bruno-runtime/2.14.2",
    "request-start-time": "1763370061123",
    host,
    "accept-encoding": "gzip, compress, deflate, br",
    connection: "close",
  }),
  client("guzzle", { host, "user-agent": "GuzzleHttp/7", accept: "application/json" }),
  client("symfony", { accept: "*/*", "user-agent": "Symfony HttpClient (Curl)", host, "accept-encoding": "gzip" }),
  client("php-stream", { host, connection: "close" }),
  client("faraday", {
    "user-agent": "Faraday v2.14.0",
    "accept-encoding": "gzip;q=1.0,deflate;q=0.6,identity;q=0.3",
    accept: "*/*",
    connection: "close",
    host,
  }),
  client("ruby", { "accept-encoding": "gzip;q=1.0,deflate;q=0.6,identity;q=0.3", accept: "*/*", "user-agent": "Ruby", host }),
  client("dotnet", { host }),
  client("restsharp", {
    host,
    "user-agent": "RestSharp/112.1.0.0",
    accept: "application/json, text/json, text/x-json, text/javascript, application/xml, text/xml",
    "accept-encoding": "gzip, deflate, br",
  }),
  client("reqwest", { accept: "*/*", host }),
  client("ureq", { host, "user-agent": "ureq/3.1.4", accept: "*/*", "accept-encoding": "gzip" }),
  client("perl-lwp", { te: "deflate,gzip;q=0.3", connection: "TE, close", host, "user-agent": "libwww-perl/6.81" }),
  client("powershell", {
    host,
    "user-agent": "Mozilla/5.0 (Windows NT 10.0; Microsoft Windows 10.0.26100; en-GB) PowerShell/7.5.4",
    "accept-encoding": "gzip, deflate, br",
  }),
  client("excel", {
    accept: "*/*",
    "accept-encoding": "gzip, deflate",
    "user-agent": "Microsoft.Data.Mashup (https://go.microsoft.com/fwlink/?LinkID=304225)",
    host,
    connection: "Keep-Alive",
    "x-ms-client-request-id": "c1f9a7f2-93a9-4d19-8a5e-98b3df6b8f11",
  }),
  client("apps-script", {
    host,
    "user-agent": "Mozilla/5.0 (compatible; Google-Apps-Script; beanserver; +https://script.google.com; id: UAEmdDd-Z9XQ)",
    "accept-encoding": "gzip, deflate, br",
    connection: "keep-alive",
  }),
  client("zapier", { host, "user-agent": "Zapier", accept: "application/json", "accept-encoding": "gzip,deflate", connection: "close" }),
  client("n8n", {
    accept: "application/json,text/html,application/xhtml+xml,application/xml,text/*;q=0.9, image/*;q=0.8, */*;q=0.7",
    "user-agent": "n8n",
    host,
    "accept-encoding": "gzip, compress, deflate, br",
    connection: "keep-alive",
  }),
  client("our-sdk", {
    host,
    "user-agent": "shop-sdk-node/4.2.0 (linux; x64) node/24.11.1",
    accept: "application/json",
    "x-request-id": "req_01JCXQ5W3Z8Y4V",
    authorization:
      "Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJwYXJ0bmVyLTciLCJzY29wZSI6InJlYWQifQ.c2lnbmF0dXJlLW9mLXRoZS1wYXJ0bmVy",
  }),
];

function client(name: string, headers: Readonly<Record<string, string>>): ClientProfile {
  return { name, headers };
}

/** Three or four calls of each client, then GraphQL queries and product feeds. */
export function apiVisits(): HonestRecord[] {
  const dice = createDice(37);
  const records: HonestRecord[] = [];
  for (const [number, profile] of clients.entries()) {
    const visit = startVisit({
      scenario: `api-${profile.name}`,
      class: "api-client",
      client: `198.51.100.${180 + number}`,
      startMs: dice.between(0, 45_000),
    });
    const product = dice.between(1, 24);
    visit.send(0, get(profile, `/api/products?${dice.pick(listQueries)}`));
    visit.send(dice.between(100, 900), get(profile, `/api/products/${product}`));
    if (number % 3 === 0) visit.send(dice.between(100, 900), post(profile, "/api/basket", { product, quantity: 1 }));
    if (number % 4 === 1) visit.send(dice.between(100, 900), post(profile, "/api/login", customerLogin(number)));
    if (number % 5 === 2) visit.send(dice.between(100, 900), { ...get(profile, "/products"), method: "HEAD" });
    if (number % 6 === 3)
      visit.send(dice.between(100, 900), get(profile, `/search?q=${queryValue("table > 80 cm & < 120 cm; 'oak' or \"pine\"")}`));
    records.push(...visit.records);
  }

  const speakers = [clients[8]!, clients[9]!, clients[20]!, clients[38]!, clients[4]!];
  for (const [number, query] of catalogueQueries.entries()) {
    const profile = speakers[number % speakers.length]!;
    const visit = startVisit({
      scenario: `graphql-${number + 1}`,
      class: "graphql",
      client: `2001:db8:6:${(number + 1).toString(16)}::1`,
      startMs: dice.between(0, 55_000),
    });
    visit.send(0, post(profile, "/graphql", query));
    records.push(...visit.records);
  }

  for (const [number, feed] of productFeeds.entries()) {
    const profile = speakers[(number + 3) % speakers.length]!;
    const visit = startVisit({
      scenario: `feed-import-${number + 1}`,
      class: "xml",
      client: `192.0.2.${90 + number}`,
      startMs: dice.between(0, 55_000),
    });
    const type = number % 2 === 0 ? "application/xml" : "text/xml; charset=utf-8";
    visit.send(0, { method: "POST", url: "/import", headers: { ...profile.headers, "content-type": type }, body: feed });
    records.push(...visit.records);
  }
  return records;
}

const listQueries = [
  "page=1&per_page=50",
  "limit=100&offset=200&order=price.asc",
  "filter[category]=kitchen&filter[price][lte]=4000",
  "ids=1,2,3,5,8,13&fields=id,name",
  "updated_since=2025-11-01T00%3A00%3A00%2B01%3A00",
  "q=name%3A%22cast%20iron%22%20AND%20price%3A%5B20%20TO%20*%5D",
  "tags[]=gift&tags[]=wool&tags[]=%2310%20off",
  "$top=10&$filter=Price%20gt%2020%20and%20Price%20lt%2050&$orderby=Name",
  "where=%7B%22price%22%3A%7B%22lt%22%3A5000%7D%2C%22category%22%3A%22books%22%7D",
  "cursor=eyJpZCI6MjQsImRpciI6Im5leHQifQ%3D%3D",
  "",
];

function get(profile: ClientProfile, url: string): HonestRequest {
  return { method: "GET", url: url.endsWith("?") ? url.slice(0, -1) : url, headers: profile.headers };
}

function post(profile: ClientProfile, url: string, json: unknown): HonestRequest {
  return { method: "POST", url, headers: { ...profile.headers, "content-type": "application/json" }, body: JSON.stringify(json) };
}

/**
 * Native apps on phones, watches and television sets: short header sets, agents that no browser has, JSON both ways.
 *
 * @module
 */
import { host } from "./browser-requests.ts";
import { customerLogin } from "./customers.ts";
import { reviews } from "./texts.ts";
import { createDice, type HonestRecord, type HonestRequest, queryValue, startVisit } from "./visit.ts";

/** Fields of one app's HTTP library, without what belongs to the single request. */
interface AppProfile {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What the library calls a JSON body. */
  readonly jsonType: string;
}

const apps: readonly AppProfile[] = [
  app(
    "okhttp",
    { host, connection: "Keep-Alive", "accept-encoding": "gzip", "user-agent": "okhttp/4.12.0" },
    "application/json; charset=UTF-8",
  ),
  app(
    "okhttp-5",
    {
      "x-app-version": "6.3.1 (6031)",
      "accept-language": "en-US",
      host,
      connection: "Keep-Alive",
      "accept-encoding": "gzip",
      "user-agent": "okhttp/5.1.0",
    },
    "application/json; charset=utf-8",
  ),
  app("shop-android", {
    accept: "application/json",
    "user-agent": "HarbourShop/6.3.1 (Linux; U; Android 15; Pixel 8; Build/AP4A.250205.002) okhttp/4.12.0",
    "x-device-id": "0f1c2a7e-6a39-4a35-b7d9-2c1e7c5d9a01",
    host,
    connection: "Keep-Alive",
    "accept-encoding": "gzip",
  }),
  app("shop-ios", {
    host,
    accept: "*/*",
    "accept-language": "en-GB,en;q=0.9",
    "accept-encoding": "gzip, deflate, br",
    "user-agent": "HarbourShop/6.3.0 (example.shop.ios; build:6030; iOS 18.6.2) Alamofire/5.9.1",
    connection: "keep-alive",
  }),
  app("cfnetwork", {
    host,
    accept: "*/*",
    "user-agent": "HarbourShop/6030 CFNetwork/3826.600.41 Darwin/24.6.0",
    "accept-language": "fr-FR,fr;q=0.9",
    "accept-encoding": "gzip, deflate, br",
    connection: "keep-alive",
  }),
  app("watch", {
    host,
    accept: "*/*",
    "user-agent": "HarbourShopWatch/6030 CFNetwork/1568.300.101 Darwin/24.2.0",
    "accept-language": "ja-JP,ja;q=0.9",
    "accept-encoding": "gzip, deflate",
    connection: "keep-alive",
  }),
  app("flutter", { "user-agent": "Dart/3.5 (dart:io)", "accept-encoding": "gzip", host }, "application/json; charset=utf-8"),
  app("flutter-dio", { accept: "application/json", "user-agent": "HarbourShop-Flutter/2.1.0+210", "accept-encoding": "gzip", host }),
  app("react-native-ios", {
    host,
    accept: "application/json, text/plain, */*",
    "user-agent": "HarbourShopRN/41 CFNetwork/3826.500.131 Darwin/24.5.0",
    "accept-language": "pt-BR,pt;q=0.9",
    "accept-encoding": "gzip, deflate, br",
    connection: "keep-alive",
  }),
  app("dalvik", {
    "user-agent": "Dalvik/2.1.0 (Linux; U; Android 13; SM-A536B Build/TP1A.220624.014)",
    host,
    connection: "Keep-Alive",
    "accept-encoding": "gzip",
  }),
  app("unity", {
    host,
    "user-agent": "UnityPlayer/2022.3.20f1 (UnityWebRequest/1.0, libcurl/8.5.0-DEV)",
    accept: "*/*",
    "accept-encoding": "deflate, gzip",
    "x-unity-version": "2022.3.20f1",
  }),
  app("television", { host, "user-agent": "Roku/DVP-14.5 (14.5.4.5934-C2)", accept: "*/*" }),
  app(
    "winui",
    {
      connection: "Keep-Alive",
      accept: "application/json",
      "accept-encoding": "gzip, deflate",
      "user-agent": "HarbourShop.Desktop/3.0 (Windows NT 10.0.26100; x64)",
      host,
    },
    "application/json; charset=utf-8",
  ),
  app("ktor", {
    accept: "application/json",
    "accept-charset": "UTF-8",
    "user-agent": "ktor-client",
    host,
    connection: "Keep-Alive",
    "accept-encoding": "gzip",
  }),
];

function app(name: string, headers: Readonly<Record<string, string>>, jsonType = "application/json"): AppProfile {
  return { name, headers, jsonType };
}

/** A short visit of each app, each on a phone network of its own. */
export function appVisits(): HonestRecord[] {
  const dice = createDice(23);
  const records: HonestRecord[] = [];
  for (const [number, profile] of apps.entries()) {
    const client =
      number % 2 === 0 ? `2001:db8:5e:${(number + 1).toString(16)}::${(0x20 + number).toString(16)}` : `198.51.100.${160 + number}`;
    const visit = startVisit({
      scenario: `app-${profile.name}`,
      class: "mobile-app",
      client,
      startMs: dice.between(0, 35_000),
      cookies: true,
    });
    const product = dice.between(1, 24);
    const review = reviews[(number * 4 + 1) % reviews.length]!;
    const customer = 5 + number;
    visit.send(0, get(profile, "/api/products?page=1&per_page=20&sort=name&include=images,price"));
    visit.send(dice.between(300, 900), get(profile, `/api/products/${product}`));
    visit.send(dice.between(50, 200), get(profile, "/static/logo.png"));
    visit.send(
      dice.between(900, 2_500),
      get(profile, `/search?q=${queryValue(dice.pick(["wool", "mug", "it's a gift", "pan > 24 cm", "salt & pepper"]))}`),
    );
    visit.send(
      dice.between(3_000, 5_000),
      post(profile, "/api/login", {
        ...customerLogin(customer),
        device: { os: profile.name, push: null, locale: "en_GB" },
      }),
    );
    visit.send(dice.between(200, 700), post(profile, "/api/basket", { product, quantity: dice.between(1, 3) }));
    visit.send(
      dice.between(2_500, 6_000),
      post(profile, "/api/reviews", { product: review.product, name: review.name, text: review.text }),
    );
    visit.send(dice.between(500, 2_000), get(profile, `/api/products/${dice.between(1, 24)}`));
    visit.send(dice.between(500, 2_000), get(profile, "/basket"));
    records.push(...visit.records);
  }
  return records;
}

function get(profile: AppProfile, url: string): HonestRequest {
  return { method: "GET", url, headers: profile.headers };
}

function post(profile: AppProfile, url: string, json: unknown): HonestRequest {
  return { method: "POST", url, headers: { "content-type": profile.jsonType, ...profile.headers }, body: JSON.stringify(json) };
}

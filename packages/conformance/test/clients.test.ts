import { type GeoLookup, geo, goodBots } from "@aiwaf/core/detectors";
import { memoryStore } from "@aiwaf/core/stores/memory";
import { test } from "vitest";
import { type DetectorRecord, detectorSuite } from "../src/detector-suite.ts";

const from = (client: string, change: Partial<DetectorRecord> = {}): DetectorRecord => ({
  id: `from ${client}`,
  method: "GET",
  url: "/",
  headers: {},
  body: null,
  client,
  ...change,
});
const crawler = (client: string, agent: string): DetectorRecord =>
  from(client, { id: `${agent} from ${client}`, headers: { "user-agent": agent } });

const database: GeoLookup = {
  lookup: (address) =>
    address.startsWith("198.51.100.") ? { country: "KP" } : address.startsWith("192.0.2.") ? { country: "DE" } : undefined,
};

detectorSuite({
  name: "geo",
  test,
  detector: geo({ database, block: ["FR"], unknown: "block" }),
  services: {
    makeStore() {
      const store = memoryStore();
      store.set("list:country:KP", JSON.stringify({ reason: "sanctions", since: 0 }), undefined, 1_600_000_000_000);
      return store;
    },
  },
  hits: [
    { ...from("198.51.100.7"), rule: "geo/country" },
    { ...from("203.0.113.7"), rule: "geo/unknown" },
    { ...from("2001:db8::1"), rule: "geo/unknown" },
  ],
  passes: [
    from("192.0.2.1"),
    from("192.0.2.1", { id: "a header about a country", headers: { "cf-ipcountry": "KP", "x-country-code": "KP" } }),
    from("10.1.2.3"),
    from("127.0.0.1"),
    from("fd00::1"),
    from("::1"),
  ],
});

const GOOGLE = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
detectorSuite({
  name: "good-bots",
  test,
  detector: goodBots({ ranges: { googlebot: ["66.249.64.0/19"] } }),
  hits: [
    { ...crawler("203.0.113.7", GOOGLE), rule: "good-bots/impostor" },
    { ...crawler("203.0.113.7", "GOOGLEBOT"), rule: "good-bots/impostor" },
  ],
  passes: [
    crawler("66.249.66.1", GOOGLE),
    crawler("203.0.113.7", "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"),
    crawler("203.0.113.7", "curl/8.5.0"),
    crawler("203.0.113.7", "notgooglebot/1.0"),
    // Nothing is known that could prove or disprove it.
    crawler("203.0.113.7", "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"),
    from("203.0.113.7"),
  ],
});

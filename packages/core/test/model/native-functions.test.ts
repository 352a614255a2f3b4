import { describe, expect, it } from "vitest";
import {
  analyzeRecentBehavior,
  extractFeatures,
  extractFeaturesBatchWithState,
  type FeatureRecord,
  finalizeFeatureState,
  type RecentEntry,
  validateHeaders,
  validateHeadersWithConfig,
} from "../../src/forest.ts";

const BROWSER = {
  HTTP_USER_AGENT: "Mozilla/5.0 (X11; Linux x86_64) Chrome/141.0",
  HTTP_ACCEPT: "text/html,application/xml",
  HTTP_ACCEPT_LANGUAGE: "en",
  HTTP_ACCEPT_ENCODING: "gzip",
  HTTP_CONNECTION: "keep-alive",
};

describe("validateHeaders", () => {
  it("passes a browser, under CGI names, plain names, and as a Headers object", () => {
    expect(validateHeaders(BROWSER)).toBeNull();
    const plain = Object.fromEntries(
      Object.entries(BROWSER).map(([name, value]) => [name.slice(5).toLowerCase().replaceAll("_", "-"), value]),
    );
    expect(validateHeaders(plain)).toBeNull();
    expect(validateHeaders(new Headers(plain))).toBeNull();
    expect(validateHeaders(Object.entries(plain))).toBeNull();
  });

  it("names what is missing", () => {
    expect(validateHeaders({})).toBe("header_missing: required and not there: user-agent, accept");
    expect(validateHeaders({ "user-agent": BROWSER.HTTP_USER_AGENT, accept: "" })).toBe("header_missing: required and not there: accept");
    expect(validateHeadersWithConfig(BROWSER, ["HTTP_REFERER", "Accept"])).toBe("header_missing: required and not there: referer");
  });

  it("refuses agents that name a program before it counts, and passes known bots", () => {
    const reason = (agent: string, rest = {}): string | null => validateHeaders({ ...BROWSER, HTTP_USER_AGENT: agent, ...rest });
    expect(reason("curl/8.5.0")).toBe("header_ua: the user agent names curl");
    expect(reason("Mozilla/4.0")).toBe("header_ua: the user agent names mozilla/4.0");
    expect(reason("Moz/5.0")).toBe("header_ua: the user agent is shorter than 10 characters");
    expect(reason("M".repeat(501))).toBe("header_ua: the user agent is longer than 500 characters");
    const bot = { HTTP_USER_AGENT: "Mozilla/5.0 (compatible; Googlebot/2.1)", HTTP_ACCEPT: "*/*", HTTP_ACCEPT_LANGUAGE: "en" };
    expect(validateHeaders(bot)).toBeNull();
  });

  it("names odd combinations by code, unless nothing is required", () => {
    const { HTTP_USER_AGENT } = BROWSER;
    const bare = { HTTP_USER_AGENT, HTTP_ACCEPT: "text/html" };
    expect(validateHeaders(bare)).toMatch(/^header_combo_no_browser_headers: /);
    expect(validateHeaders({ HTTP_USER_AGENT, HTTP_ACCEPT: "*/*", HTTP_CONNECTION: "close" })).toMatch(/^header_combo_generic_accept: /);
    expect(validateHeaders({ ...BROWSER, SERVER_PROTOCOL: "HTTP/1.0" })).toMatch(/^header_combo_modern_browser_http10: /);
    expect(validateHeaders({ ...BROWSER, HTTP_USER_AGENT: "Mozilla/4.0 (old)", SERVER_PROTOCOL: "HTTP/2.0" })).toMatch(
      /^header_combo_http2_with_old_ua: /,
    );
    expect(validateHeadersWithConfig(bare, [])).toBeNull();
  });

  it("scores 10 for a browser and 5 for a plain client, and 0 or less asks for nothing", () => {
    expect(validateHeadersWithConfig(BROWSER, null, 10)).toBeNull();
    expect(validateHeadersWithConfig(BROWSER, null, 11)).toBe("header_quality: 10 of 11, at least 11 is asked for");
    expect(validateHeadersWithConfig({ ...BROWSER, HTTP_CACHE_CONTROL: "no-cache" }, null, 11)).toBeNull();
    const client = { HTTP_USER_AGENT: BROWSER.HTTP_USER_AGENT, HTTP_ACCEPT: "application/json", HTTP_ACCEPT_ENCODING: "gzip" };
    expect(validateHeadersWithConfig(client, null, 5)).toBeNull();
    expect(validateHeadersWithConfig(client, null, 6)).toMatch(/^header_quality: 5 of 11/);
    expect(validateHeadersWithConfig({ HTTP_USER_AGENT: "Something/1.0" }, [], 0)).toBeNull();
    expect(validateHeadersWithConfig({ HTTP_USER_AGENT: "Something/1.0" }, [], 3)).toMatch(/^header_quality: 2 of 11/);
  });

  it("does not take a client's field called http_user_agent for the true one, whichever comes first", () => {
    const forged = { ...Object.fromEntries(new Headers({ accept: "text/html", "accept-language": "en" })), "user-agent": "curl/8.5.0" };
    expect(validateHeaders({ ...forged, http_user_agent: BROWSER.HTTP_USER_AGENT })).toMatch(/names curl/);
    expect(validateHeaders({ http_user_agent: BROWSER.HTTP_USER_AGENT, ...forged })).toMatch(/names curl/);
  });
});

const record = (timestamp: number, more: Partial<FeatureRecord> = {}): FeatureRecord => ({
  ip: "192.0.2.1",
  path_lower: "/wp-admin",
  path_len: 9,
  timestamp,
  response_time: 0.03,
  status_idx: 3,
  kw_check: true,
  total_404: 5,
  ...more,
});

describe("extractFeatures", () => {
  it("copies, renames and counts keywords, for one record or a list", () => {
    const features = {
      ip: "192.0.2.1",
      path_len: 9,
      kw_hits: 2,
      resp_time: 0.03,
      status_idx: 3,
      burst_count: 1,
      total_404: 5,
    };
    expect(extractFeatures(record(1_700_000_000), ["WP", "admin", "shell"])).toEqual([features]);
    expect(extractFeatures([record(1_700_000_000)], ["WP", "admin", "shell"])).toEqual([features]);
    expect(extractFeatures([record(0, { kw_check: false })], ["wp"])[0]!.kw_hits).toBe(0);
    expect(extractFeatures([], [])).toEqual([]);
  });

  it("counts a burst over the ten seconds up to and with a request, both ends included, by address, in any order", () => {
    const times = [10, 0, 5, 10, 20.5, 10.5];
    const bursts = extractFeatures([...times.map((time) => record(time)), record(10, { ip: "192.0.2.2" })], []).map(
      ({ burst_count }) => burst_count,
    );
    expect(bursts).toEqual([4, 1, 2, 4, 2, 4, 1]);
  });

  it("says what is wrong with a record", () => {
    expect(() => extractFeatures([record(Number.NaN)], [])).toThrow(/AIWAF_MODEL_ROWS_INVALID: Record 0: timestamp/);
    expect(() => extractFeatures([record(0), null as never], [])).toThrow(/Record 1 is not an object/);
    expect(() => extractFeatures([record(0)], [1 as never])).toThrow(/Keywords must be/);
  });
});

describe("extractFeaturesBatchWithState", () => {
  it("counts bursts over the border between batches, as one batch would", () => {
    const records = Array.from({ length: 60 }, (_, index) => record(index * 1.7, { ip: `192.0.2.${index % 3}` }));
    const whole = extractFeatures(records, ["wp"]);
    const first = extractFeaturesBatchWithState(records.slice(0, 25), ["wp"]);
    const second = extractFeaturesBatchWithState(records.slice(25), ["wp"], JSON.parse(JSON.stringify(first.state)));
    expect([...first.features, ...second.features]).toEqual(whole);
  });

  it("keeps ten seconds of each address, however long the log is", () => {
    let state = finalizeFeatureState().state;
    for (let batch = 0; batch < 50; batch++) {
      const records = Array.from({ length: 100 }, (_, index) => record(batch * 100 + index));
      state = extractFeaturesBatchWithState(records, [], state).state;
    }
    expect(state.timestamps_by_ip["192.0.2.1"]).toHaveLength(11);
  });

  it("takes an address called __proto__ for data, and refuses state that is none", () => {
    const { state } = extractFeaturesBatchWithState([record(1, { ip: "__proto__" })], []);
    expect(JSON.stringify(state)).toBe('{"timestamps_by_ip":{"__proto__":[1]}}');
    expect(
      extractFeaturesBatchWithState([record(2, { ip: "__proto__" })], [], JSON.parse(JSON.stringify(state))).features[0]!.burst_count,
    ).toBe(2);
    expect(() => extractFeaturesBatchWithState([], [], {} as never)).toThrow(/AIWAF_MODEL_STATE_INVALID/);
    expect(() => extractFeaturesBatchWithState([], [], { timestamps_by_ip: { a: ["1"] } } as never)).toThrow(/AIWAF_MODEL_STATE_INVALID/);
  });

  it("ends with no features and an empty state", () => {
    expect(finalizeFeatureState([], null)).toEqual({ features: [], state: { timestamps_by_ip: {} } });
  });
});

describe("analyzeRecentBehavior", () => {
  const entries = (count: number, gapSeconds: number, make: (index: number) => Partial<RecentEntry>): RecentEntry[] =>
    Array.from({ length: count }, (_, index) => ({
      path_lower: "/",
      timestamp: index * gapSeconds,
      status: 200,
      kw_check: true,
      ...make(index),
    }));

  it("blocks twelve alternating scans one second apart", () => {
    const seen = analyzeRecentBehavior(
      entries(12, 1, (index) => ({ path_lower: index % 2 === 0 ? "/wp-admin" : "/.env", status: 404 })),
      ["wp"],
    )!;
    expect(seen).toMatchObject({
      avg_kw_hits: 0.5,
      max_404s: 12,
      total_requests: 12,
      scanning_404s: 12,
      legitimate_404s: 0,
      should_block: true,
    });
    expect(seen.avg_burst).toBeCloseTo(11.833, 3);
  });

  it("passes one page, and thirty polls in a burst of 27", () => {
    expect(
      analyzeRecentBehavior(
        entries(1, 0, () => ({})),
        [],
      )!.should_block,
    ).toBe(false);
    const polls = analyzeRecentBehavior(
      entries(30, 0.5, () => ({})),
      [],
    )!;
    expect(polls.avg_burst).toBe(27);
    expect(polls.should_block).toBe(false);
  });

  it("has the original's known false positives: 150 requests with one of them a missing favicon, and five misses under /sqlite-docs/", () => {
    const page = entries(150, 0.4, (index) =>
      index === 149 ? { path_lower: "/favicon.ico", timestamp: 60, status: 404 } : { path_lower: "/static/a.js" },
    );
    const seen = analyzeRecentBehavior(page, [])!;
    expect(seen).toMatchObject({ total_requests: 150, max_404s: 1, should_block: true });
    expect(seen.avg_burst).toBeCloseTo(46.36, 2);
    const docs = analyzeRecentBehavior(
      entries(5, 30, (index) => ({ path_lower: `/sqlite-docs/${index}`, status: 404 })),
      [],
    )!;
    expect(docs).toMatchObject({ scanning_404s: 5, should_block: true });
  });

  it("passes thirty requests two seconds apart with one missing favicon, and blocks twenty plain misses", () => {
    const page = entries(30, 2, (index) => (index === 29 ? { path_lower: "/favicon.ico", timestamp: 60, status: 404 } : {}));
    const seen = analyzeRecentBehavior(page, [])!;
    expect(seen.avg_burst).toBeCloseTo(9.933, 3);
    expect(seen.should_block).toBe(false);
    const misses = analyzeRecentBehavior(
      entries(20, 10, () => ({ path_lower: "/old-page", status: 404 })),
      [],
    )!;
    expect(misses).toMatchObject({ legitimate_404s: 20, scanning_404s: 0, should_block: true });
  });

  it("answers null for no entries, takes a text for one keyword, and does not care for order", () => {
    expect(analyzeRecentBehavior([], "192.0.2.1")).toBeNull();
    const scans = entries(12, 1, (index) => ({ path_lower: index % 2 === 0 ? "/wp-admin" : "/.env", status: 404 }));
    expect(analyzeRecentBehavior([...scans].reverse(), "wp")).toEqual(analyzeRecentBehavior(scans, ["wp"]));
    expect(() => analyzeRecentBehavior([{ path_lower: "/", timestamp: Number.NaN, status: 200, kw_check: true }], [])).toThrow(/timestamp/);
  });

  it("takes time in proportion to the entries", () => {
    // Were each entry compared with all others, this would take many minutes.
    expect(
      analyzeRecentBehavior(
        entries(600_000, 0, () => ({})),
        ["wp"],
      )!.avg_burst,
    ).toBe(600_000);
  });
});

/** Applications in development and in a house: their pages name themselves by addresses that only attackers name from outside. */
import { describe, expect, test } from "vitest";
import { inspect, type Sent, score } from "./inspect.ts";

const FORM = "application/x-www-form-urlencoded";
const JSON_TYPE = "application/json";
const within = (host: string, from: string, sent: Sent, ...more: (readonly [string, string])[]): Sent => ({
  ...sent,
  from,
  headers: [["host", host], ...more, ...(sent.headers ?? [])],
});
const found = (sent: Sent): boolean => score(inspect(sent)) >= 100;

/** What sign-in libraries, analytics and picture services send, with the origin of the application in it. */
const REQUESTS = (origin: string): readonly (readonly [string, Sent])[] => {
  const escaped = encodeURIComponent(origin);
  return [
    ["the cookie of Auth.js", { headers: [["cookie", `authjs.callback-url=${escaped}%2Fitems; authjs.csrf-token=a%7Cb`]] }],
    ["a sign-in of Auth.js", { type: FORM, body: `csrfToken=abc&callbackUrl=${escaped}%2Fitems` }],
    ["a link to sign in", { target: `/api/auth/signin?callbackUrl=${escaped}%2F` }],
    [
      "a sign-in of Better Auth",
      { type: JSON_TYPE, body: JSON.stringify({ email: "ana@example.com", callbackURL: `${origin}/dashboard` }) },
    ],
    ["a sign-in of Supabase", { target: `/auth/v1/authorize?provider=github&redirect_to=${escaped}%2Fauth%2Fcallback` }],
    ["a sign-out of Auth0", { target: `/api/auth/logout?returnTo=${escaped}` }],
    ["a page to come back to", { target: `/login?next=${origin}/a` }],
    ["a picture to be made smaller", { target: `/_next/image?url=${escaped}%2Flogo.png&w=640&q=75` }],
    ["where a frame stands", { target: `/embed?origin=${origin}` }],
    ["a page view", { type: JSON_TYPE, body: JSON.stringify({ url: `${origin}/items`, referrer: `${origin}/` }) }],
  ];
};

describe.each([
  ["http://localhost:3000", "127.0.0.1"],
  ["http://localhost:3000", "::1"],
  ["http://127.0.0.1:8080", "127.0.0.1"],
  ["http://192.168.1.20:3000", "192.168.1.77"],
  ["http://app.internal", "10.1.2.3"],
])("%s, asked from %s", (origin, from) => {
  const host = origin.slice("http://".length);

  test.each(REQUESTS(origin))("may be named in %s", (_, sent) => {
    expect(inspect(within(host, from, sent)).filter((finding) => finding.score >= 30)).toEqual([]);
  });

  test.each(REQUESTS(origin).filter(([name]) => !/page view|Better Auth/.test(name)))("may not be named from outside in %s", (_, sent) => {
    expect(found(within(host, "203.0.113.66", sent))).toBe(true);
    expect(found(within("shop.example", from, sent))).toBe(true);
    // Who has it forwarded is not in the house, and can write what they like in Host.
    expect(found(within(host, from, sent, ["x-forwarded-for", "203.0.113.66"]))).toBe(true);
  });
});

test("other machines of the house, services of the own one and what a cloud tells its machines stay closed", () => {
  for (const [host, url] of [
    ["localhost:3000", "http://192.168.1.1/admin"],
    ["localhost:3000", "http://169.254.169.254/latest/meta-data/"],
    ["localhost:3000", "http://localhost:6379/"],
    ["localhost:3000", "http://127.0.0.1:9200/_cat"],
    ["192.168.1.20", "http://192.168.1.21/"],
    ["app.internal", "http://other.internal/"],
    ["localhost", "http://localhost.evil.example@10.0.0.1/"],
    ["localhost", "http://localhost@10.0.0.1/"],
    ["169.254.169.254", "http://169.254.169.254/latest/meta-data/"],
    ["metadata.google.internal", "http://metadata.google.internal/computeMetadata/v1/"],
  ] as const)
    expect([url, found(within(host, "127.0.0.1", { target: `/fetch?url=${encodeURIComponent(url)}` }))]).toEqual([url, true]);
});

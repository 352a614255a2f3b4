/**
 * What pages make browsers ask for: whoever writes a page, or a comment with a picture in it, must get nobody banned who reads it, and teach nothing.
 */
import { describe, expect, test } from "vitest";
import { isByPage } from "../../src/behaviour/by-page.ts";
import { blocklist } from "../../src/detectors/blocklist.ts";
import { identifiers } from "../../src/detectors/identifiers.ts";
import { keywords } from "../../src/detectors/keywords.ts";
import { logins } from "../../src/detectors/logins.ts";
import { learnParameters } from "../../src/detectors/parameters.ts";
import { probes } from "../../src/detectors/probes.ts";
import { rateLimit } from "../../src/detectors/rate-limit.ts";
import { waves } from "../../src/detectors/waves.ts";
import { listEntries } from "../../src/stored-lists.ts";
import type { Detector, RawRequest, WafRequest } from "../../src/types.ts";
import { range, site } from "./site.ts";

const shop = (path: string): number => (path === "/" || path.startsWith("/products/") ? 200 : 404);
const fields = (lines: Record<string, string>): Partial<RawRequest> => ({ headers: new Headers(lines) });
/** As browsers send them; the site of a page that is read there, or of another. */
const PICTURE = fields({ "sec-fetch-site": "same-origin", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" });
const ELSEWHERE = fields({ "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" });
const AHEAD = fields({
  "sec-fetch-site": "same-origin",
  "sec-fetch-mode": "no-cors",
  "sec-fetch-dest": "empty",
  "sec-purpose": "prefetch",
});
/** A person, and programs, which rarely send any of it. */
const TYPED = fields({ "sec-fetch-site": "none", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "sec-fetch-user": "?1" });
const CALLED = fields({ "sec-fetch-site": "same-site", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" });
const NOTHING = fields({});

const BY_PAGES = [
  ["a picture of the same site", PICTURE],
  ["a frame on another site", ELSEWHERE],
  ["a link that is fetched ahead", AHEAD],
] as const;
const BY_ITSELF = [
  ["a person", TYPED],
  ["a script of a neighbouring host", CALLED],
  ["a program", NOTHING],
] as const;

const ENTER = { method: "POST" } as const;
const behind = (...detectors: Detector[]) => site([blocklist(), ...detectors], shop);

test.each([
  ...BY_PAGES.map(([name, sent]) => [name, sent, true] as const),
  ...BY_ITSELF.map(([name, sent]) => [name, sent, false] as const),
])("%s is told by Fetch Metadata", (_, sent, expected) => {
  expect(isByPage({ headers: sent.headers } as unknown as WafRequest)).toBe(expected);
});

describe.each(BY_PAGES)("%s", (_, sent) => {
  test("is refused like any probe, and bans nobody", () => {
    const { visit } = behind(probes());
    const refused = ["/.env", "/.git/config", "/wp-login.php", "/backup.zip", "/.aws/credentials", "/phpmyadmin/"];
    for (const path of refused) expect(visit(path, sent), path).toMatch(/^probes\//);
    expect(visit("/", TYPED)).toBe(200);
    // Half of what bans, by the client itself: nothing is added to it from before.
    visit("/.env", TYPED);
    visit("/.git/config", TYPED);
    expect(visit("/", TYPED)).toBe(200);
    visit("/wp-login.php", TYPED);
    expect(visit("/", TYPED)).toBe("blocklist/banned");
  });

  test("stops its like where it asks for one missing path after the other, and never its reader", () => {
    const { visit } = behind(probes(), waves());
    const answers = range(400, (index) => visit(`/word${index}`, sent));
    // Thirty times what a client is let do by itself: a page asks for many things at once.
    expect(answers.indexOf("waves/scan")).toBeGreaterThanOrEqual(300);
    expect(answers.indexOf("waves/scan")).toBeLessThanOrEqual(303);
    for (const path of ["/.env", "/.git/config", "/wp-login.php", "/backup.zip"]) visit(path, sent);
    expect(visit("/new-page", TYPED)).toBe(404);
    expect(visit("/", TYPED)).toBe(200);
    expect(visit("/word-500", sent)).toBe("waves/scan");
  });

  test("tries out ids without its reader being stopped", () => {
    const { visit } = behind(identifiers());
    const answers = range(200, (index) => visit(`/orders/${1_000 + index}`, sent));
    expect(answers.at(-1)).toBe("identifiers/enumeration");
    expect(visit("/orders/77", TYPED)).toBe(404);
    expect(visit("/", TYPED)).toBe(200);
  });

  test("is limited like any flood, and the limit ends with its window", () => {
    const { visit, wait } = behind(rateLimit({ max: 10, windowMs: 10_000, floodMax: 20 }));
    const answers = range(320, () => visit("/", sent));
    expect(answers.slice(0, 10).every((answer) => answer === 200)).toBe(true);
    expect(answers.at(-1)).toBe("rate-limit/flood");
    wait(20_000);
    expect(visit("/", TYPED)).toBe(200);
  });

  test("teaches no words, whoever reads it", async () => {
    const { visit, wait, store, now } = behind(probes(), keywords({ minNetworks: 3, quarantineMs: 60_000 }));
    for (const round of range(6, (value) => value)) {
      for (const network of range(12, (value) => value)) {
        const peer = { peer: `10.${network}.0.${round + 1}` };
        visit("/.env", { ...sent, ...peer });
        visit("/summersale", { ...sent, ...peer });
      }
      wait(61_000);
    }
    expect(await listEntries(store, "keyword", now())).toEqual([]);
  });

  test("is not what a parameter usually holds", () => {
    const learning = learnParameters({ minNetworks: 3, minIntervals: 2, intervalMs: 1_000 });
    const { visit, decide, wait } = site([learning.detector], () => 200);
    const teach = (target: string, who: Partial<RawRequest>): void => {
      for (const _ of range(6, (value) => value)) {
        for (const network of range(6, (value) => value)) visit(target, { ...who, peer: `10.${network}.0.1` });
        wait(1_000);
      }
    };
    teach("/search?page=7", TYPED);
    teach("/search?page=%27%3B%20x%28%29%20%7C%7C%20%7By%7D", sent);
    expect(decide("/search?page=%27%3B%20x%28%29%20%7C%7C%20%7By%7D", TYPED).findings.map(({ rule }) => rule)).toEqual([
      "parameters/unusual",
    ]);
  });
});

test("a page of another site cannot have its reader's logins stopped, and is stopped itself", () => {
  const { visit } = site(logins(), (path) => (path === "/login" ? 401 : 200));
  const answers = range(30, () => visit("/login", { ...ENTER, ...ELSEWHERE }));
  expect(answers.at(-1)).toMatch(/^logins\//);
  expect(visit("/login", { ...ENTER, ...TYPED })).toBe(401);
});

describe.each(BY_ITSELF)("%s", (_, sent) => {
  test("is banned after three probes, as ever", () => {
    const { visit } = behind(probes());
    for (const path of ["/.env", "/.git/config", "/wp-login.php"]) visit(path, sent);
    expect(visit("/", sent)).toBe("blocklist/banned");
  });

  test("is banned for a flood, as ever", () => {
    const { visit } = behind(rateLimit({ max: 10, windowMs: 10_000, floodMax: 20 }));
    for (const _ of range(40, (value) => value)) visit("/", sent);
    expect(visit("/", sent)).toBe("blocklist/banned");
  });
});

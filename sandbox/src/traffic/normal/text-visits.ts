/**
 * Visitors who write: searches, reviews and greetings whose text looks dangerous to a filter that does not understand it.
 *
 * @module
 */
import { desktopBrowsers, mobileBrowsers, unusualBrowsers } from "./browser-profiles.ts";
import { callApi, openPage, origin, sendForm } from "./browser-requests.ts";
import { reviews, searches } from "./texts.ts";
import { createDice, formBody, type HonestRecord, queryValue, startVisit } from "./visit.ts";

const names = [
  "Seán O'Neill",
  "Zoë & Max",
  "Mr. <Tom> Baker",
  "Anne-Marie D'Angelo",
  "李雷",
  "R2-D2; C-3PO",
  "José 🎉",
  "null",
  "O’Malley (the cat)",
  "50% Sarah",
];

/** Searches, then reviews by form and by script, then greetings. */
export function textVisits(): HonestRecord[] {
  const dice = createDice(41);
  const browsers = [...desktopBrowsers, ...mobileBrowsers, ...unusualBrowsers];
  const records: HonestRecord[] = [];

  for (let start = 0; start < searches.length; start += 4) {
    const number = start / 4;
    const browser = browsers[number % browsers.length]!;
    const visit = startVisit({
      scenario: `search-${number + 1}`,
      class: "text",
      client: `198.51.100.${10 + number}`,
      startMs: dice.between(0, 30_000),
    });
    let referer: string | undefined = "https://www.google.com/";
    for (const text of searches.slice(start, start + 4)) {
      const url = `/search?q=${queryValue(text)}`;
      visit.send(dice.between(1_500, 5_000), openPage(browser, url, { referer }));
      referer = origin + url;
    }
    records.push(...visit.records);
  }

  for (const [number, review] of reviews.entries()) {
    const browser = browsers[(number * 5 + 2) % browsers.length]!;
    const visit = startVisit({
      scenario: `review-${number + 1}`,
      class: "text",
      client: `192.0.2.${10 + number}`,
      startMs: dice.between(0, 40_000),
    });
    const form = `/reviews?product=${review.product}`;
    visit.send(0, openPage(browser, `/product/${review.product}`, { referer: `${origin}/products` }));
    visit.send(dice.between(800, 2_500), openPage(browser, form, { referer: `${origin}/product/${review.product}` }));
    // Nobody writes a review in under three seconds; some paste one.
    const writingMs = dice.between(3_000, 9_000);
    const fields = { product: String(review.product), name: review.name, text: review.text };
    if (number % 3 === 2 && browser.engine !== "legacy") {
      visit.send(writingMs, callApi(browser, "/api/reviews", form, { product: review.product, name: review.name, text: review.text }));
    } else visit.send(writingMs, sendForm(browser, "/reviews", form, formBody(fields)));
    visit.send(dice.between(300, 900), openPage(browser, form, { referer: origin + form }));
    records.push(...visit.records);
  }

  for (const [number, name] of names.entries()) {
    const browser = browsers[(number * 7 + 1) % browsers.length]!;
    const visit = startVisit({
      scenario: `greeting-${number + 1}`,
      class: "text",
      client: `2001:db8:41:${(number + 1).toString(16)}::7`,
      startMs: dice.between(0, 50_000),
    });
    visit.send(0, openPage(browser, `/greet?name=${queryValue(name)}`, { referer: `${origin}/` }));
    records.push(...visit.records);
  }
  return records;
}

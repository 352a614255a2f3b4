/**
 * Many people behind one address: an office with a dozen browsers, phones behind a carrier's NAT, a flat that shares one IPv6 network.
 * A limit that counts addresses must leave room for them.
 *
 * @module
 */
import { type BrowserProfile, desktopBrowsers, mobileBrowsers } from "./browser-profiles.ts";
import { callApi, loadAsset, openPage, origin, sendForm } from "./browser-requests.ts";
import { customerLogin } from "./customers.ts";
import { createDice, type Dice, formBody, type HonestRecord, startVisit, type Visit } from "./visit.ts";

const officeAddress = "192.0.2.200";
const carrierAddress = "192.0.2.201";

/** The office, the carrier and the flat. */
export function officeVisits(): HonestRecord[] {
  const dice = createDice(12);
  const records: HonestRecord[] = [];
  for (let seat = 0; seat < 12; seat += 1) {
    const browser = desktopBrowsers[seat]!;
    // Nine o'clock: everybody follows the same newsletter within half a minute.
    const visit = startVisit({
      scenario: `office-seat-${seat + 1}`,
      class: "office",
      client: officeAddress,
      startMs: seat * 2_500 + dice.between(0, 1_500),
      cookies: true,
    });
    loadsPages(visit, browser, dice);
    if (seat % 3 === 0) logsIn(visit, browser, dice, 20 + seat);
    records.push(...visit.records);
  }
  for (let phone = 0; phone < 6; phone += 1) {
    const visit = startVisit({
      scenario: `carrier-phone-${phone + 1}`,
      class: "office",
      client: carrierAddress,
      startMs: phone * 5_000 + dice.between(0, 3_000),
    });
    loadsPages(visit, mobileBrowsers[phone]!, dice);
    records.push(...visit.records);
  }
  for (let device = 0; device < 4; device += 1) {
    const visit = startVisit({
      scenario: `flat-device-${device + 1}`,
      class: "office",
      client: `2001:db8:90:1:${(0xa00 + device * 0x111).toString(16)}::${device + 1}`,
      startMs: device * 7_000,
    });
    loadsPages(visit, [...mobileBrowsers, ...desktopBrowsers][device * 5]!, dice);
    records.push(...visit.records);
  }
  return records;
}

function loadsPages(visit: Visit, browser: BrowserProfile, dice: Dice): void {
  const landing = "/?utm_source=newsletter&utm_campaign=Staff%20offer%20%2D%2010%25";
  visit.send(0, openPage(browser, landing, { referer: "https://outlook.example.net/" }));
  visit.send(dice.between(30, 90), loadAsset(browser, "/static/shop.css", landing));
  visit.send(dice.between(0, 10), loadAsset(browser, "/static/shop.js?v=3.2.1", landing));
  visit.send(dice.between(0, 10), loadAsset(browser, "/static/logo.png", landing));
  visit.send(dice.between(20, 60), loadAsset(browser, "/favicon.ico", landing));
  const product = dice.between(1, 24);
  const page = `/product/${product}`;
  visit.send(dice.between(2_000, 5_000), openPage(browser, "/products?category=kitchen&page=1", { referer: origin + landing }));
  visit.send(dice.between(1_500, 4_000), openPage(browser, page, { referer: `${origin}/products?category=kitchen&page=1` }));
  visit.send(dice.between(60, 150), callApi(browser, `/api/products/${product}`, page));
  visit.send(dice.between(2_000, 4_000), openPage(browser, "/basket", { referer: origin + page }));
}

function logsIn(visit: Visit, browser: BrowserProfile, dice: Dice, customer: number): void {
  visit.send(dice.between(800, 1_500), openPage(browser, "/login", { referer: `${origin}/basket` }));
  visit.send(dice.between(3_000, 6_000), sendForm(browser, "/login", "/login", formBody({ ...customerLogin(customer) })));
  visit.send(dice.between(50, 200), openPage(browser, "/account", { referer: `${origin}/login` }));
}

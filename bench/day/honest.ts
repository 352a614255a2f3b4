/** Honest people and machines of the simulated day, with the habits that other firewalls ban them for. */
import { type Actor, type Behaviour, HEADERS, type Step } from "./actor.ts";
import type { Random } from "./random.ts";
import { DEPLOY_AT_MS, isSold, NEW_PAGES, NEW_PAGES_AT_MS, PRODUCTS, RIGHT_PASSWORD, type Shop } from "./shop.ts";

const HOUR = 3_600_000;
const MINUTE = 60_000;

export interface World {
  readonly random: Random;
  readonly shop: Shop;
}

const get = (waitMs: number, target: string, headers = HEADERS.browser): Step => ({ waitMs, target, headers });

/** A page and what it loads. */
function* page(world: World, target: string, thinkMs: number, assets = 3): Behaviour {
  const { random } = world;
  const { atMs } = yield get(random.gap(thinkMs), target);
  const release = atMs >= DEPLOY_AT_MS ? "new" : "old";
  for (let index = 0; index < assets; index++)
    yield get(
      20 + random.gap(30),
      index === 0 ? `/assets/chunk-${random.below(30)}-${release}.js` : `/assets/image-${random.below(900)}.webp`,
      HEADERS.asset,
    );
}

/** Links from search engines and old mails: a few lead to products that are gone, or to the site's former life in another language. */
function entrance({ random }: World): string {
  const roll = random.share();
  if (roll < 0.02) return `/article.php?id=${random.below(4_000)}`;
  if (roll < 0.05) return `/products/${random.below(PRODUCTS / 12) * 12 + 5}`;
  if (roll < 0.06) return `/blog/post-${300 + random.below(100)}`;
  return roll < 0.5 ? "/" : `/products/${soldProduct(random)}`;
}

function soldProduct(random: Random): number {
  const product = random.below(PRODUCTS);
  return isSold(product) ? product : product + 1;
}

function* shopper(world: World): Behaviour {
  const { random } = world;
  yield* page(world, entrance(world), 0);
  if (random.chance(0.5)) yield get(50, "/favicon.ico", HEADERS.asset);
  if (random.chance(0.1)) yield get(10, "/apple-touch-icon.png", HEADERS.asset);
  for (let count = random.below(6); count > 0; count--) {
    yield* page(world, random.chance(0.3) ? `/search?q=bench+${random.below(90)}` : `/products/${soldProduct(random)}`, 20_000);
  }
}

/** Password managers are quick, fingers are doubled, passwords are forgotten. */
function* accountHolder(world: World): Behaviour {
  const { random, shop } = world;
  const { atMs } = yield get(0, "/login");
  const attempts = random.chance(0.2) ? 1 + random.below(4) : 1;
  const user = random.below(9_999);
  for (let attempt = 0; attempt < attempts; attempt++) {
    const waitMs = 1_000 + (random.chance(0.3) ? random.below(500) : random.gap(8_000));
    const form = {
      target: "/login",
      method: "POST",
      headers: HEADERS.form,
      body: `user=u${user}&${attempt === attempts - 1 ? RIGHT_PASSWORD : "password=x"}&remarks_2=`,
      shownAtMs: atMs,
    };
    yield { waitMs, ...form };
    if (random.chance(0.05)) yield { waitMs: 120, ...form };
  }
  yield get(300, "/account");
  for (let count = random.below(4); count > 0; count--) yield get(random.gap(15_000), `/account/orders/${random.pick(shop.orders)}`);
  // An old confirmation mail.
  if (random.chance(0.03)) yield get(random.gap(9_000), `/account/orders/${random.pick(shop.deletedOrders)}`);
}

/** An app that was never updated asks for endpoints that are gone, each time it is opened. */
function* appUser(world: World): Behaviour {
  const { random } = world;
  const isOld = random.chance(0.1);
  for (let opened = 1 + random.below(3); opened > 0; opened--) {
    if (isOld) for (const name of ["config", "banners", "me"]) yield get(random.gap(150), `/api/v1/${name}`, HEADERS.app);
    for (const name of ["me", "cart", "products"]) yield get(random.gap(120), `/api/v2/${name}`, HEADERS.app);
    for (let count = random.below(9); count > 0; count--)
      yield get(random.gap(4_000), `/api/v2/products/${soldProduct(random)}`, HEADERS.app);
    yield get(random.gap(HOUR), "/api/v2/me", HEADERS.app);
  }
}

function* officeWorker(world: World): Behaviour {
  const { random } = world;
  for (let visit = 1 + random.below(3); visit > 0; visit--) {
    yield* shopper(world);
    if (random.chance(0.3)) yield* accountHolder(world);
    yield get(random.gap(HOUR), "/cart");
  }
}

/** Forms stay open over lunch. */
function* editor(world: World): Behaviour {
  const { random } = world;
  for (let edit = 1 + random.below(5); edit > 0; edit--) {
    const { atMs } = yield get(random.gap(60_000), "/admin/products");
    const waitMs = random.chance(0.05) ? 65 * MINUTE : 2_000 + random.gap(120_000);
    const form = { target: "/admin/products", method: "POST", headers: HEADERS.form, body: "remarks_2=&name=Bench+%2B+table" };
    const { status } = yield { waitMs, ...form, shownAtMs: atMs };
    if (status !== 409) continue;
    const { atMs: reloadedAtMs } = yield get(300, "/admin/products");
    yield { waitMs: 3_000, ...form, shownAtMs: reloadedAtMs };
  }
}

/** Reads old bookmarks one after the other, most of them long gone. */
function* reader(world: World): Behaviour {
  const { random } = world;
  for (let count = 1 + random.below(3); count > 0; count--) {
    const old = random.chance(0.4) ? `/story.php?id=${random.below(300)}` : `/2019/${random.below(12)}/letter-${random.below(80)}`;
    yield get(random.gap(30_000), old);
    yield* page(world, "/blog", 5_000);
  }
  yield* page(world, `/blog/post-${random.below(300)}`, 20_000);
}

/** A script of a customer that walks its orders; some were deleted meanwhile. */
function* integrator(world: World): Behaviour {
  const { random, shop } = world;
  yield get(0, "/api/v2/orders", HEADERS.script);
  for (let count = 5 + random.below(40); count > 0; count--) {
    const order = random.chance(0.04) ? random.pick(shop.deletedOrders) : random.pick(shop.orders);
    yield get(200 + random.gap(400), `/api/v2/orders/${order}`, HEADERS.script);
  }
}

/** Many tabs, many reloads, and tabs from before the release that ask for chunks which are gone. */
function* impatient(world: World): Behaviour {
  const { random } = world;
  for (let tab = 2 + random.below(4); tab > 0; tab--) yield* page(world, `/products/${soldProduct(random)}`, 400, 20);
  for (let index = 0; index < 12; index++) yield get(random.gap(40), `/assets/chunk-${index}-old.js`, HEADERS.asset);
  for (let reload = random.below(5); reload > 0; reload--) yield get(300 + random.gap(400), "/cart");
}

function* visitorOfNews(world: World): Behaviour {
  for (const target of NEW_PAGES) yield* page(world, target, 20_000);
}

const KINDS = { shopper, accountHolder, appUser, officeWorker, editor, reader, integrator, impatient } as const;
const SHARES: readonly (readonly [keyof typeof KINDS, number])[] = [
  ["shopper", 0.46],
  ["accountHolder", 0.18],
  ["appUser", 0.14],
  ["reader", 0.07],
  ["impatient", 0.06],
  ["officeWorker", 0.05],
  ["integrator", 0.03],
  ["editor", 0.01],
];

/** Most people come between eight and twenty-two o'clock. */
const hourOfDay = (random: Random): number => (random.chance(0.85) ? 8 + random.share() * 14 : random.share() * 24);

const OFFICES = ["198.51.100.10", "198.51.100.20", "2001:db8:0ff1:ce00::9"] as const;

/** `users` people of eight kinds, and the machines that any shop knows. */
export function honestActors(world: World, users: number): Actor[] {
  const { random } = world;
  const actors: Actor[] = [];
  const add = (kind: string, peer: string, startMs: number, begin: () => Behaviour): void =>
    void actors.push({ kind, isHonest: true, peer, startMs, begin });
  for (const [kind, share] of SHARES) {
    for (let count = Math.round(users * share); count > 0; count--) {
      const peer = kind === "officeWorker" ? random.pick(OFFICES) : homeAddress(random);
      const hour = kind === "officeWorker" ? 8 + random.share() * 9 : hourOfDay(random);
      add(kind, peer, hour * HOUR, () => KINDS[kind](world));
    }
  }
  for (let count = Math.round(users * 0.02); count > 0; count--)
    add("visitorOfNews", homeAddress(random), NEW_PAGES_AT_MS + random.gap(3 * HOUR), () => visitorOfNews(world));
  for (const [index, paths] of [["/health"], ["/", "/login", "/api/v2/me"], ["/health", "/old/status", "/legacy/check.php"]].entries())
    add("monitor", `192.0.2.${10 + index}`, index * 1_000, () => monitor(paths));
  for (let index = 0; index < 4; index++)
    add("webhook", `192.0.2.${40 + index}`, 5 * MINUTE, () => webhook(random, index % 2 === 0 ? "payments" : "shipping"));
  for (let index = 0; index < 6; index++) add("crawler", `192.0.2.${60 + index}`, random.share() * HOUR, () => crawler(random, 0.12));
  add("crawler of a former site", "192.0.2.70", random.share() * HOUR, () => crawler(random, 0.4));
  return actors;
}

function* monitor(paths: readonly string[]): Behaviour {
  for (let minute = 0; minute < 24 * 60 - 2; minute++)
    for (const [index, path] of paths.entries()) yield get(index === 0 ? MINUTE - 400 : 100, path, HEADERS.monitor);
}

function* webhook(random: Random, name: string): Behaviour {
  for (let count = 0; count < 2_500; count++)
    yield {
      waitMs: random.gap(30_000),
      target: `/webhooks/${name}`,
      method: "POST",
      headers: HEADERS.webhook,
      body: `{"event":"paid","id":${count}}`,
    };
}

/** A share of its links is dead: products, posts and pages of the former site. */
function* crawler(random: Random, dead: number): Behaviour {
  yield get(0, "/robots.txt", HEADERS.crawler);
  yield get(500, "/sitemap.xml", HEADERS.crawler);
  for (let count = 0; count < 4_000; count++) {
    const target = random.chance(dead)
      ? deadLink(random)
      : random.chance(0.2)
        ? `/blog/post-${random.below(300)}`
        : `/products/${soldProduct(random)}`;
    yield get(2_000 + random.gap(12_000), target, HEADERS.crawler);
  }
}

const deadLink = (random: Random): string =>
  random.pick([
    `/products/${random.below(PRODUCTS / 12) * 12 + 5}`,
    `/article.php?id=${random.below(4_000)}`,
    `/blog/post-${300 + random.below(90)}`,
  ]);

/** Some have IPv6 and change the last half of it with every visit. */
export function homeAddress(random: Random): string {
  if (random.chance(0.3))
    return `2a02:${(0x8000 + random.below(0x4000)).toString(16)}:${random.below(65_536).toString(16)}:${random.below(256).toString(16)}::${(1 + random.below(60_000)).toString(16)}`;
  return `${20 + random.below(150)}.${random.below(256)}.${random.below(256)}.${1 + random.below(254)}`;
}

/** Who means harm on the simulated day. */
import { type Actor, type Behaviour, HEADERS, type Step } from "./actor.ts";
import { homeAddress, type World } from "./honest.ts";
import { PRODUCTS } from "./shop.ts";

const HOUR = 3_600_000;
const MINUTE = 60_000;

/** What scanners try, by trade. */
const LISTS: Readonly<Record<string, readonly string[]>> = {
  scripts: "wp-login.php xmlrpc.php admin.php index2.php upload.php test.php old.php user.php forum.php board.php mail.php conn.php".split(
    " ",
  ),
  servlets: "login.jsp main.jsp view.aspx admin.asp default.aspx report.jsp user.asp list.aspx start.jsp console.jsp".split(" "),
  secrets: ".env .git/config .aws/credentials .env.bak config.json .htpasswd id_rsa backup.zip dump.sql .DS_Store db.sqlite3".split(" "),
  words: (
    "intranet oldsite hidden members1 private2 secretarea bin include scripts forms docs2 phone stats1 report5 billing2 storefront archive9 beta3 sandbox legacy " +
    "internal2 tools7 service1 mobile webapp portal5 partners3 vendor2 ftp gateway crm erp wiki2 jira git2 jenkins2 grafana kibana"
  ).split(" "),
};

const get = (waitMs: number, target: string, headers = HEADERS.browser): Step => ({ waitMs, target, headers });

function* scanner(world: World, trade: string, meanMs: number, count = 120, headers = HEADERS.browser): Behaviour {
  const { random } = world;
  yield get(0, "/", headers);
  const words = LISTS[trade]!;
  for (let index = 0; index < count; index++) {
    const folder = random.pick(["", "", "", "old/", "site/", "app/", "v1/"]);
    const number = index < words.length ? "" : random.below(99);
    yield get(random.gap(meanMs), `/${folder}${random.pick(words).replace(/(?=\.\w+$)|$/, `${number}`)}`, headers);
  }
}

/** A word list between visits to pages that exist. */
function* politeScanner(world: World): Behaviour {
  const { random } = world;
  for (let index = 0; index < 200; index++) {
    yield get(random.gap(500), `/${random.pick(LISTS["words"]!)}${random.below(999)}`);
    if (index % 2 === 0) yield get(random.gap(500), random.pick(["/", "/products", "/blog"]));
  }
}

function* slowProber(world: World): Behaviour {
  const { random } = world;
  for (let index = 0; index < 400; index++)
    yield get(
      90_000 + random.gap(60_000),
      `/${random.pick(LISTS[random.pick(["words", "scripts", "servlets"])]!).replace(/(?=\.\w+$)|$/, `${random.below(50)}`)}`,
    );
}

function* bruteForce(world: World, waitMs: number, count: number): Behaviour {
  const { random } = world;
  const { atMs } = yield get(0, "/login");
  for (let index = 0; index < count; index++)
    yield {
      waitMs: random.gap(waitMs),
      target: "/login",
      method: "POST",
      headers: HEADERS.form,
      body: `user=admin&password=p${index}&remarks_2=`,
      shownAtMs: atMs,
    };
}

/** Sends the form without ever having seen it, a few times from each address. */
function* stuffing(world: World, count: number): Behaviour {
  for (let index = 0; index < count; index++)
    yield {
      waitMs: world.random.gap(20 * MINUTE),
      target: "/login",
      method: "POST",
      headers: HEADERS.form,
      body: `user=u${index}&password=leaked&remarks_2=yes`,
    };
}

/** Orders by random UUID, products by number, or both mixed with ids that exist. */
function* enumeration(world: World, trade: "orders" | "products" | "mixed"): Behaviour {
  const { random, shop } = world;
  for (let index = 0; index < 150; index++) {
    if (trade === "mixed" && index % 3 === 2) yield get(random.gap(700), `/api/v2/orders/${random.pick(shop.orders)}`, HEADERS.script);
    else if (trade === "products") yield get(random.gap(300), `/api/v2/products/${PRODUCTS + index}`, HEADERS.script);
    else yield get(random.gap(700), `/api/v2/orders/${random.uuid()}`, HEADERS.script);
  }
}

/** Wants the words of tomorrow's pages learned, from six networks, all morning. */
function* poisoner(world: World): Behaviour {
  const { random } = world;
  for (let index = 0; index < 200; index++) {
    const word = random.pick(["gardenshow", "tickets", "stories", "products", "review"]);
    yield get(random.gap(3 * MINUTE), random.pick([`/old/${word}.php`, `/${word}/shell.jsp`, `/x/${word}/.hidden`]));
  }
}

const hostileAddress = (index: number): string => `185.${(index >> 8) & 255}.${index & 255}.${1 + (index % 250)}`;

/** The attackers; `scale` 1 is the full day. */
export function attackers(world: World, scale: number): Actor[] {
  const { random } = world;
  const actors: Actor[] = [];
  let next = 0;
  const add = (
    kind: string,
    count: number,
    begin: (index: number) => Behaviour,
    peer = (_: number) => hostileAddress(next++),
    span = [0, 24],
  ): void => {
    for (let index = 0; index < Math.max(1, Math.round(count * scale)); index++)
      actors.push({
        kind,
        isHonest: false,
        peer: peer(index),
        startMs: (span[0]! + random.share() * (span[1]! - span[0]!)) * HOUR,
        begin: () => begin(index),
      });
  };
  for (const trade of Object.keys(LISTS)) add(`scanner: ${trade}`, 40, (index) => scanner(world, trade, [60, 800, 3_000][index % 3]!));
  add("scanner: spoofed bot", 20, (index) => scanner(world, Object.keys(LISTS)[index % 4]!, 1_500, 120, HEADERS.crawler));
  add("scanner: polite", 10, () => politeScanner(world));
  add("slow prober", 20, () => slowProber(world), undefined, [0, 4]);
  add("brute force, one address", 5, () => bruteForce(world, 200, 3_000));
  add(
    "brute force, 10,000 addresses",
    10_000,
    () => bruteForce(world, 30_000, 3),
    () => homeAddress(random),
  );
  add(
    "credential stuffing",
    2_000,
    () => stuffing(world, 5),
    () => homeAddress(random),
    [0, 20],
  );
  for (const trade of ["orders", "products", "mixed"] as const) add(`enumeration: ${trade}`, 15, () => enumeration(world, trade));
  add(
    "poisoner",
    120,
    () => poisoner(world),
    (index) => `${90 + (index % 6)}.77.${index}.5`,
    [0, 6],
  );
  return actors;
}

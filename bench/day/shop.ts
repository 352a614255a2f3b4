/** The application of the simulated day: what it answers, and what of it disappears or appears. */
import type { Random } from "./random.ts";

export interface Shop {
  /** The status of an answer at a time of the day, in milliseconds since its start. `body` tells whether a password is right. */
  answer(method: string, path: string, atMs: number, body?: string): number;
  readonly orders: readonly string[];
  readonly deletedOrders: readonly string[];
}

export const PRODUCTS = 2_000;
const HOUR = 3_600_000;
/** Goes live at noon; poisoners try to have its words learned in the morning. */
export const NEW_PAGES = ["/gardenshow", "/gardenshow/tickets", "/stories/gardenshow-review"] as const;
export const NEW_PAGES_AT_MS = 12 * HOUR;
/** Chunks change their names: tabs that were open keep asking for the old ones. */
export const DEPLOY_AT_MS = 15 * HOUR;

const PAGES = new Set(
  (
    "/ /products /search /cart /checkout /login /logout /register /account /account/orders /account/settings /contact /about /blog /news /terms /feed.xml /health " +
    "/api/v2/products /api/v2/cart /api/v2/me /api/v2/orders /webhooks/payments /webhooks/shipping /admin /admin/products /admin/orders /admin/reports /sitemap.xml"
  ).split(" "),
);

/** What people who remember their password send. */
export const RIGHT_PASSWORD = "password=right";

/** One product in twelve was taken out of the shop long ago; links to it are still about. */
export const isSold = (product: number): boolean => product % 12 !== 5;

export function createShop(random: Random): Shop {
  const orders = Array.from({ length: 20_000 }, () => random.uuid());
  const deletedOrders = Array.from({ length: 500 }, () => random.uuid());
  const existing = new Set(orders);
  const isProduct = (id: string): boolean => /^\d{1,6}$/.test(id) && Number(id) < PRODUCTS && isSold(Number(id));
  return {
    orders,
    deletedOrders,
    answer(method, path, atMs, body = "") {
      if (method === "POST" && path === "/login") return body.includes(RIGHT_PASSWORD) ? 303 : 401;
      if (PAGES.has(path)) return 200;
      const [, first = "", second = "", third = "", fourth = ""] = path.split("/");
      if (first === "products" && fourth === "") return isProduct(second) ? 200 : 404;
      if (first === "blog" && /^post-\d{1,3}$/.test(second)) return Number(second.slice(5)) < 300 ? 200 : 404;
      if (first === "assets") return assetStatus(second, atMs);
      if (first === "api" && second === "v2" && third === "orders") return existing.has(fourth) ? 200 : 404;
      if (first === "api" && second === "v2" && third === "products") return isProduct(fourth) ? 200 : 404;
      if (first === "account" && second === "orders") return existing.has(third) ? 200 : 404;
      if ((NEW_PAGES as readonly string[]).includes(path)) return atMs >= NEW_PAGES_AT_MS ? 200 : 404;
      return 404;
    },
  };
}

function assetStatus(name: string, atMs: number): number {
  const chunk = /^chunk-(\d+)-(old|new)\.js$/.exec(name);
  if (chunk === null) return /^(?:image|style|font)-\d+\.\w+$/.test(name) ? 200 : 404;
  return (chunk[2] === "new") === atMs >= DEPLOY_AT_MS ? 200 : 404;
}

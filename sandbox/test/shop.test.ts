import { afterAll, describe, expect, it } from "vitest";
import { users } from "../src/shop/seed.ts";
import { createShop } from "../src/shop/shop.ts";
import { send } from "./shop-fixtures.ts";

const shop = createShop();
afterAll(() => shop.close());

const get = (url: string, headers: Record<string, string> = {}) => send(shop, { method: "GET", url, headers });
const post = (url: string, type: string, body: string, headers: Record<string, string> = {}) =>
  send(shop, { method: "POST", url, headers: { "content-type": type, ...headers }, body });
const form = "application/x-www-form-urlencoded";
const json = "application/json";

describe("the shop serves honest visitors", () => {
  const pages: readonly [string, string][] = [
    ["/", "Things that last by the sea"],
    ["/products", "Everything"],
    ["/products?category=kitchen&sort=price_cents&page=1", "Moka pot"],
    ["/products?page=2", "Product"],
    ["/product/5", "O&#39;Reilly&#39;s Field Guide"],
    ["/search?q=lantern", "Trail lantern"],
    ["/search?q=O%27Reilly", "Field Guide"],
    ["/login", "Password"],
    ["/reviews?product=1", "Solid mug"],
    ["/basket", "Nothing yet"],
    ["/upload", "Share a photo"],
    ["/greet?name=Ana", "Hello Ana, good to see you!"],
    ["/download?file=manual-lantern.txt", "charge before first use"],
    ["/preview?url=https://maker.example/", "hands behind the mug"],
    ["/static/shop.css", "--sea"],
    ["/robots.txt", "Sitemap"],
    ["/sitemap.xml", "/product/24"],
    ["/health", "ok"],
    ["/api/products", "Enamel mug"],
    ["/api/products/3", "Trail lantern"],
    ["/events", "event: stock"],
    ["/whoami", "guest"],
  ];
  it.each(pages)("GET %s answers 200 with what was asked for", async (url, text) => {
    const { status, body } = await get(url);
    expect([status, body.includes(text)]).toEqual([200, true]);
  });

  it("keeps a session from login to logout", async () => {
    const login = await post("/login", form, "email=ana.kovac%40mail.example&password=green-Kayak-19");
    const sid = login.headers.find(([name]) => name === "set-cookie")?.[1].split(";")[0] ?? "";
    expect([login.status, (await get("/account")).status]).toEqual([303, 401]);
    expect((await get("/account", { cookie: sid })).body).toContain("Ana Kovač");
    expect((await get("/logout", { cookie: sid })).status).toBe(303);
    expect((await get("/account", { cookie: sid })).status).toBe(401);
  });

  it("lets every account in with its own password and with no other's", async () => {
    for (const { email, password } of users) {
      expect((await post("/api/login", json, JSON.stringify({ email, password }))).status).toBe(200);
      expect((await post("/api/login", json, JSON.stringify({ email, password: `${password}x` }))).status).toBe(401);
    }
  });

  it("stores reviews, baskets and uploads", async () => {
    expect((await post("/reviews", form, "product=2&name=Tom&text=It%27s+%22fine%22+%26+sturdy")).status).toBe(303);
    expect((await get("/product/2")).body).toContain(`It's "fine" & sturdy`);
    const basket = await post("/api/basket", json, '{"product":3,"quantity":2}', { cookie: "basket=test-basket" });
    expect(JSON.parse(basket.body)).toMatchObject({ items: [{ product: 3, quantity: 2 }], customer: { isAdmin: false, role: "customer" } });
    const body = '--b\r\ncontent-disposition: form-data; name="file"; filename="photo.txt"\r\n\r\nhello\r\n--b--\r\n';
    expect((await post("/upload", "multipart/form-data; boundary=b", body)).status).toBe(201);
    expect((await get("/uploads/photo.txt")).body).toBe("hello");
  });

  it("accepts a signed webhook and refuses one with another signature", async () => {
    const key = await crypto.subtle.importKey(
      "raw",
      new TextEncoder().encode("harbour-webhook-key"),
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["sign"],
    );
    const body = '{"event":"paid","order":17}';
    const digest = Buffer.from(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(body))).toString("hex");
    expect((await post("/webhook", json, body, { "x-shop-signature": `sha256=${digest}` })).status).toBe(202);
    expect((await post("/webhook", json, body, { "x-shop-signature": `sha256=${digest.replace(/^./, "x")}` })).status).toBe(401);
  });

  it("answers missing paths with 404, wrong methods with 405 and Allow, and preflights with 204", async () => {
    expect((await get("/nothing-here")).status).toBe(404);
    const wrong = await send(shop, { method: "DELETE", url: "/api/products/1" });
    expect([wrong.status, wrong.headers.find(([name]) => name === "allow")?.[1]]).toEqual([405, "GET, HEAD"]);
    expect((await send(shop, { method: "OPTIONS", url: "/api/basket" })).status).toBe(204);
  });

  it("answers HEAD as GET without the body", async () => {
    const head = await send(shop, { method: "HEAD", url: "/products" });
    expect([head.status, head.body]).toEqual([200, ""]);
  });
});

describe("what visitors break is mended", () => {
  it("takes back what an injected statement changed", async () => {
    for (const statement of ["DROP TABLE users", "DELETE FROM products", "UPDATE users SET password='x'"]) {
      expect((await get(`/product/${encodeURIComponent(`1;${statement}`)}`)).status).toBe(200);
    }
    expect((await post("/api/login", json, '{"email":"lars.berg@mail.example","password":"fjordvik2021"}')).status).toBe(200);
    expect((await get("/product/24")).status).toBe(200);
  });

  it("pollutes nothing but the one request's own toy objects", async () => {
    const before = Object.getOwnPropertyNames(Object.prototype).length;
    const polluted = await post("/api/basket", json, '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"role":"admin"}}}');
    expect(JSON.parse(polluted.body)).toMatchObject({ customer: { isAdmin: true, role: "admin" } });
    expect(Object.getOwnPropertyNames(Object.prototype).length).toBe(before);
    expect(({} as Record<string, unknown>)["isAdmin"]).toBeUndefined();
    expect(JSON.parse((await post("/api/basket", json, '{"product":3}')).body)).toMatchObject({
      customer: { isAdmin: false, role: "customer" },
    });
  });

  it("keeps each shop's data apart", async () => {
    const other = createShop();
    await post("/reviews", form, "product=9&name=Mo&text=only-in-the-first-shop");
    expect((await get("/product/9")).body).toContain("only-in-the-first-shop");
    expect((await send(other, { method: "GET", url: "/product/9" })).body).not.toContain("only-in-the-first-shop");
    await other.close();
  });
});

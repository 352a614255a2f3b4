import { parseForm, parseMultipart, readForm, textField } from "./forms.ts";
import { escapeHtml, formatPrice, htmlPage, jsonReply, textReply, wrongMethod } from "./html.ts";
import { products } from "./seed.ts";
import { reviewForm, reviewList } from "./sql-pages.ts";
import { createToyRealm, mergeToy, readToy } from "./toy-objects.ts";
import type { Page, Visit } from "./visit.ts";

/** `GET /reviews?product=` lists, `POST /reviews` (form: product, name, text) adds and goes to the product. Nothing is escaped. */
export const reviewsPage: Page = (visit) => {
  if (visit.method === "GET" || visit.method === "HEAD") {
    const id = Number.parseInt(visit.query.get("product") ?? "", 10);
    const reviews = Number.isNaN(id)
      ? visit.state.database.run("SELECT name, text FROM reviews ORDER BY id DESC LIMIT 30")
      : visit.state.database.run("SELECT name, text FROM reviews WHERE product_id = ? ORDER BY id DESC LIMIT 30", id);
    return htmlPage(visit, "Reviews", `<h1>What people say</h1>${reviewList(reviews)}${Number.isNaN(id) ? "" : reviewForm(String(id))}`);
  }
  if (visit.method !== "POST") return wrongMethod(["GET", "HEAD", "POST"]);
  const fields = readFields(visit);
  const id = addReview(visit, fields("product"), fields("name"), fields("text"));
  if (id === undefined) return htmlPage(visit, "Reviews", `<p class="problem">No such product, or no text.</p>`, { status: 400 });
  return textReply("Thank you\n", { status: 303, headers: { location: `/product/${id}` } });
};

/** `POST /api/reviews` (JSON: product, name, text): 201 with what was stored. */
export const apiReviewsPage: Page = (visit) => {
  if (visit.method === "GET" || visit.method === "HEAD") {
    return jsonReply(visit.state.database.run("SELECT product_id, name, text FROM reviews ORDER BY id DESC LIMIT 30"));
  }
  if (visit.method !== "POST") return wrongMethod(["GET", "HEAD", "POST"]);
  const fields = readJson(visit);
  if (fields === undefined) return jsonReply({ error: "bad JSON" }, { status: 400 });
  const text = (name: string) => String(fields[name] ?? "");
  const id = addReview(visit, text("product"), text("name"), text("text"));
  return id === undefined
    ? jsonReply({ error: "no such product, or no text" }, { status: 400 })
    : jsonReply({ product: id, stored: true }, { status: 201 });
};

function addReview(visit: Visit, product: string, name: string, text: string): number | undefined {
  const id = Number.parseInt(product, 10);
  if (text === "" || !products.some((each) => each.id === id && each.released)) return undefined;
  visit.state.database.run("INSERT INTO reviews (product_id, name, text) VALUES (?, ?, ?)", id, name.slice(0, 200), text.slice(0, 1000));
  return id;
}

/** `GET /basket` shows, `POST /basket` (form: product, quantity, note; `a[b]=` nests) adds. */
export const basketPage: Page = (visit) => {
  const { id, cookie } = basketOf(visit);
  const basket = visit.state.sessions.basket(id);
  const headers: Record<string, string> = cookie === undefined ? {} : { "set-cookie": cookie };
  if (visit.method === "POST") {
    const view = mergeBasket(basket, visit.headers.get("content-type")?.includes("json") ? (readJson(visit) ?? {}) : parseForm(visit.text));
    return htmlPage(
      visit,
      "Basket",
      `<h1>In your basket</h1>${basketTable(basket)}<pre class="meta">${escapeHtml(JSON.stringify(view))}</pre>`,
      { headers },
    );
  }
  if (visit.method !== "GET" && visit.method !== "HEAD") return wrongMethod(["GET", "HEAD", "POST"]);
  return htmlPage(visit, "Basket", `<h1>In your basket</h1>${basketTable(basket)}`, { headers });
};

/** `GET` and `POST /api/basket`: the same in JSON, `{ "product": 3, "quantity": 1 }`. */
export const apiBasketPage: Page = (visit) => {
  if (visit.method !== "GET" && visit.method !== "HEAD" && visit.method !== "POST") return wrongMethod(["GET", "HEAD", "POST"]);
  const { id, cookie } = basketOf(visit);
  const basket = visit.state.sessions.basket(id);
  const headers: Record<string, string> = cookie === undefined ? {} : { "set-cookie": cookie };
  const fields = visit.method === "POST" ? readJson(visit) : {};
  if (fields === undefined) return jsonReply({ error: "bad JSON" }, { status: 400, headers });
  return jsonReply(mergeBasket(basket, fields), { headers });
};

/**
 * Merges what was sent into a toy object and reads the customer's rights from another object of the same toy realm: a polluted root shows up
 * there, as it would in a real application.
 */
function mergeBasket(basket: Map<number, number>, fields: Readonly<Record<string, unknown>>): unknown {
  const realm = createToyRealm();
  const order = realm.create();
  const customer = realm.create();
  mergeToy(realm, order, fields);
  const product = products.find((each) => each.released && each.id === Number(readToy(order, "product")));
  if (product !== undefined) {
    const quantity = Math.min(Math.max(Math.trunc(Number(readToy(order, "quantity") ?? 1)) || 1, 1), 99);
    if (basket.size < 50 || basket.has(product.id)) basket.set(product.id, quantity);
  }
  const discount = readToy(customer, "discount");
  const inherited = [...realm.root.own.keys()].slice(0, 20);
  const rights = { isAdmin: readToy(customer, "isAdmin") ?? false, role: readToy(customer, "role") ?? "customer", discount: discount ?? 0 };
  return {
    items: [...basket].map(([id, quantity]) => ({ product: id, quantity })),
    customer: { ...rights, ...(inherited.length > 0 ? { inherited } : {}) },
  };
}

function basketTable(basket: ReadonlyMap<number, number>): string {
  const rows = [...basket].map(([id, quantity]) => {
    const product = products.find((each) => each.id === id);
    return `<tr><td>${escapeHtml(product?.name)}</td><td>${quantity}</td><td>${formatPrice((product?.priceCents ?? 0) * quantity)}</td></tr>`;
  });
  return rows.length === 0
    ? "<p>Nothing yet.</p>"
    : `<table><tr><th>Thing</th><th>How many</th><th>Price</th></tr>${rows.join("")}</table>`;
}

function basketOf(visit: Visit): { id: string; cookie: string | undefined } {
  const known = visit.cookies.get("basket");
  if (known !== undefined && /^[\w-]{1,64}$/.test(known)) return { id: known, cookie: undefined };
  const id = crypto.randomUUID();
  return { id, cookie: `basket=${id}; Path=/; SameSite=Lax` };
}

/** `GET /upload` shows the form, `POST /upload` (multipart, field `file`) stores any name and any type: 201 with the address. */
export const uploadPage: Page = (visit) => {
  if (visit.method === "GET" || visit.method === "HEAD") {
    const form = `<form method="post" action="/upload" enctype="multipart/form-data" class="card"><label>Photo <input type="file" name="file"></label><label>Title <input name="title"></label><button>Send</button></form>`;
    return htmlPage(visit, "Share a photo", `<h1>Share a photo</h1>${form}`);
  }
  if (visit.method !== "POST") return wrongMethod(["GET", "HEAD", "POST"]);
  const parts = parseMultipart(visit.body, visit.headers.get("content-type") ?? "");
  const file = parts.find((part) => part.fileName !== undefined && part.fileName !== "");
  if (file?.fileName === undefined) return jsonReply({ error: "no file" }, { status: 400 });
  const title = new TextDecoder().decode(parts.find((part) => part.name === "title")?.bytes ?? new Uint8Array());
  visit.state.files.write(`/srv/shop/public/uploads/${file.fileName.slice(0, 300)}`, file.bytes);
  const address = `/uploads/${file.fileName.slice(0, 300)}`;
  if (!(visit.headers.get("accept") ?? "").includes("text/html"))
    return jsonReply({ stored: address, bytes: file.bytes.length, title }, { status: 201 });
  // The title comes back unescaped: a planted weakness that only a multipart body reaches.
  const main = `<h1>Thank you</h1><p>${title}</p><p><a href="${escapeHtml(address)}">${escapeHtml(address)}</a></p>`;
  return htmlPage(visit, "Thank you", main, { status: 201 });
};

function readFields(visit: Visit): (name: string) => string {
  const contentType = visit.headers.get("content-type") ?? "";
  if (contentType.includes("json")) {
    const fields = readJson(visit) ?? {};
    return (name) => String(fields[name] ?? "");
  }
  const fields = readForm(visit.body, contentType);
  return (name) => textField(fields, name);
}

function readJson(visit: Visit): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(visit.text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

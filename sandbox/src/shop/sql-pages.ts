import type { SQLInputValue } from "node:sqlite";
import { type Cells, type Row, SqlError } from "./database.ts";
import { matchesDocument } from "./document-query.ts";
import { escapeHtml, formatPrice, htmlPage, jsonReply, notFound, textReply, wrongMethod } from "./html.ts";
import { products } from "./seed.ts";
import { type Page, restOfPath, type Visit } from "./visit.ts";

/** What a page gets from a query: the rows, and response fields that tell how long the database took. */
export interface PageRows {
  readonly rows: readonly Cells[];
  readonly headers: Record<string, string>;
}

/**
 * Runs SQL text with visitors' words in it, and waits as long as its emulated sleeps ask. With a `fallback`, text that is no valid SQL (an
 * apostrophe in an honest search) is asked again properly; without one the {@link SqlError} goes on to the visitor.
 */
export async function runQuery(visit: Visit, sql: string, fallback?: { sql: string; parameters: SQLInputValue[] }): Promise<PageRows> {
  const { database } = visit.state;
  try {
    const { rows, delayMs } = database.query(sql);
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    return { rows, headers: { "server-timing": `db;dur=${Math.round(delayMs)}` } };
  } catch (error) {
    if (fallback === undefined || !(error instanceof SqlError)) throw error;
    const rows = database.run(fallback.sql, ...fallback.parameters).map((row) => Object.values(row));
    return { rows, headers: { "server-timing": "db;dur=0" } };
  }
}

/** A database error the way a careless shop shows it: message, statement and all. */
export function sqlErrorPage(visit: Visit, error: SqlError): Response {
  if (visit.segments[0]?.toLowerCase() === "api")
    return jsonReply({ error: error.message, sql: error.sql.slice(0, 2000) }, { status: 500 });
  const details = `<pre>SQLite error: ${escapeHtml(error.message)}\n${escapeHtml(error.sql.slice(0, 2000))}</pre>`;
  return htmlPage(visit, "Database error", `<h1>Something broke</h1>${details}`, { status: 500 });
}

/** The columns of every query for products, in order. */
export const productColumns = "id, name, category, price_cents, description";

/** Rows with the names of {@link productColumns}, whatever an injected query called its own. */
export function namedProducts(rows: readonly Cells[]): Row[] {
  const names = productColumns.split(", ");
  return rows.map((cells) => Object.fromEntries(names.map((name, index) => [name, cells[index] ?? null])));
}
const pageSize = 12;

/** `GET /`: a few picks, and what the `seen` cookie says was looked at last (ids, straight into the SQL text). */
export const homePage: Page = async (visit) => {
  const { rows: picks } = await runQuery(
    visit,
    `SELECT ${productColumns} FROM products WHERE released = 1 AND id IN (1, 3, 8, 13, 16, 20)`,
  );
  const seen = visit.cookies.get("seen");
  let last = "";
  const headers: Record<string, string> = {};
  if (seen !== undefined && seen !== "") {
    const result = await runQuery(visit, `SELECT ${productColumns} FROM products WHERE released = 1 AND id IN (${seen})`);
    last = `<h2>You looked at</h2>${cards(result.rows)}`;
    Object.assign(headers, result.headers);
  }
  const intro = `<section class="hero"><h1>Things that last by the sea</h1><p>Mugs, lanterns, blankets and books from the quay.</p></section>`;
  return htmlPage(visit, "Home", `${intro}<h2>Picks</h2>${cards(picks)}${last}`, { headers });
};

/** `GET /products?category=&sort=&page=`: `category` and `sort` go into the SQL text as they are. */
export const productsPage: Page = async (visit) => {
  const { rows, headers, page } = await listProducts(visit);
  const category = visit.query.get("category") ?? "";
  const next =
    rows.length < pageSize ? "" : `<a href="/products?category=${encodeURIComponent(category)}&amp;page=${page + 1}">Next page</a>`;
  return htmlPage(visit, "Products", `<h1>${category === "" ? "Everything" : escapeHtml(category)}</h1>${cards(rows)}<p>${next}</p>`, {
    headers,
  });
};

async function listProducts(visit: Visit): Promise<PageRows & { page: number }> {
  const category = visit.query.get("category") ?? "";
  const sort = visit.query.get("sort") || "name";
  const page = Math.min(Math.max(Number.parseInt(visit.query.get("page") ?? "1", 10) || 1, 1), 1000);
  const filter = category === "" ? "" : ` AND category = '${category}'`;
  const sql = `SELECT ${productColumns} FROM products WHERE released = 1${filter} ORDER BY ${sort} LIMIT ${pageSize} OFFSET ${(page - 1) * pageSize}`;
  return { ...(await runQuery(visit, sql)), page };
}

/** `GET /product/:id`: the id goes into the SQL text as it is; every row that comes back is shown. */
export const productPage: Page = async (visit) => {
  const id = restOfPath(visit, "/product/");
  const { rows, headers } = await runQuery(visit, `SELECT ${productColumns} FROM products WHERE released = 1 AND id = ${id}`);
  if (rows.length === 0) return notFound(visit);
  const reviews = visit.state.database.run(
    "SELECT name, text FROM reviews WHERE product_id = ? ORDER BY id DESC LIMIT 30",
    Number.parseInt(id, 10) || 0,
  );
  return htmlPage(visit, String(rows[0]?.[1] ?? ""), `${cards(rows, true)}${reviewList(reviews)}${reviewForm(id)}`, { headers });
};

/** Reviews as stored, unescaped: a planted weakness. */
export function reviewList(reviews: readonly Row[]): string {
  const items = reviews.map((review) => `<li><b>${review["name"]}</b> <span>${review["text"]}</span></li>`);
  return `<h2>Reviews</h2><ul class="reviews">${items.join("\n")}</ul>`;
}

/** The form that posts a review. */
export function reviewForm(product: string): string {
  return `<form method="post" action="/reviews" class="card"><input type="hidden" name="product" value="${escapeHtml(product)}">
<label>Your name <input name="name"></label><label>Review <textarea name="text"></textarea></label><button>Send</button></form>`;
}

/** `GET /search?q=`: the words come back unescaped in the heading and in the field, and go into the LIKE as they are. */
export const searchPage: Page = async (visit) => {
  const words = visit.query.get("q") ?? "";
  const sql = `SELECT ${productColumns} FROM products WHERE released = 1 AND name || ' ' || description LIKE '%${words}%' LIMIT 50`;
  const fallback = `SELECT ${productColumns} FROM products WHERE released = 1 AND name || ' ' || description LIKE ? LIMIT 50`;
  const { rows, headers } = await runQuery(visit, sql, { sql: fallback, parameters: [`%${words}%`] });
  const again = `<form action="/search"><input name="q" value="${words}"><button>Search again</button></form>`;
  return htmlPage(visit, "Search", `<h1>Results for ${words}</h1>${again}<p>${rows.length} found</p>${cards(rows)}`, { headers });
};

/** `GET /api/products` and `/api/products/:id`. `filter` is a document query; the `x-partner-key` field goes into SQL text. */
export const apiProductsPage: Page = async (visit) => {
  if (visit.method !== "GET" && visit.method !== "HEAD") return wrongMethod(["GET", "HEAD"]);
  const headers: Record<string, string> = {};
  let partner: unknown;
  const key = visit.headers.get("x-partner-key");
  if (key !== null) {
    const found = await runQuery(visit, `SELECT name FROM partners WHERE api_key = '${key}'`);
    partner = found.rows.map((row) => row.join(" ")).join(", ");
    Object.assign(headers, found.headers);
  }
  if (visit.segments.length > 2) {
    const { rows, headers: timing } = await runQuery(
      visit,
      `SELECT ${productColumns} FROM products WHERE released = 1 AND id = ${restOfPath(visit, "/api/products/")}`,
    );
    return rows.length === 0
      ? jsonReply({ error: "not found" }, { status: 404 })
      : jsonReply(rows.length === 1 ? namedProducts(rows)[0] : namedProducts(rows), { headers: timing });
  }
  const filter = visit.query.get("filter");
  if (filter !== null) return filteredProducts(filter);
  const { rows, headers: timing, page } = await listProducts(visit);
  return jsonReply({ page, partner, products: namedProducts(rows) }, { headers: { ...headers, ...timing } });
};

function filteredProducts(filter: string): Response {
  try {
    const wanted: unknown = JSON.parse(filter);
    // The visitor's object is spread over the shop's own condition, and may replace it.
    const query = { released: true, ...(typeof wanted === "object" && wanted !== null ? wanted : {}) };
    return jsonReply({ products: products.filter((product) => matchesDocument({ ...product }, query)) });
  } catch {
    return textReply('{"error":"bad filter"}', { status: 400, headers: { "content-type": "application/json" } });
  }
}

function cards(rows: readonly Cells[], full = false): string {
  const items = rows.map((row) => {
    const [id, name, category, price, description] = row;
    const link = `<a href="/product/${encodeURIComponent(String(id))}">${escapeHtml(name)}</a>`;
    const text = full
      ? `<p>${escapeHtml(description)}</p><form method="post" action="/basket"><input type="hidden" name="product" value="${escapeHtml(id)}"><label>Quantity <input name="quantity" value="1"></label><button>Add to basket</button></form>`
      : "";
    return `<li class="card"><h3>${link}</h3><p class="meta">${escapeHtml(category)} · ${formatPrice(price)}</p>${text}</li>`;
  });
  return `<ul class="cards">${items.join("\n")}</ul>`;
}

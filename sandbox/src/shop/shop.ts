import { accountPage, apiLoginPage, loginPage, logoutPage } from "./accounts.ts";
import { assets, robots } from "./assets.ts";
import { createCanary } from "./canary.ts";
import { createDatabase, SqlError } from "./database.ts";
import { exposedFiles } from "./exposed.ts";
import { downloadPage, plantedStatic, uploadsPage } from "./file-pages.ts";
import { createFileTree, resolvePath } from "./file-tree.ts";
import { apiBasketPage, apiReviewsPage, basketPage, reviewsPage, uploadPage } from "./form-pages.ts";
import { graphqlPage } from "./graphql-page.ts";
import { notFound, textReply, wrongMethod } from "./html.ts";
import { previewPage } from "./preview.ts";
import {
  adminPage,
  eventsPage,
  greetPage,
  healthPage,
  importPage,
  pingPage,
  redirectPage,
  webhookPage,
  whoamiPage,
} from "./program-pages.ts";
import { products } from "./seed.ts";
import { createSessions } from "./sessions.ts";
import { apiProductsPage, homePage, productPage, productsPage, searchPage, sqlErrorPage } from "./sql-pages.ts";
import { bodyLimitBytes, type Page, readCookies, readSegments, type ShopState, type Visit } from "./visit.ts";

/** The vulnerable shop: a function from request to response, and nothing else. */
export interface Shop {
  /** Answers any request; never rejects. */
  handle(request: Request, context: ShopContext): Promise<Response>;
  /** Closes the database and the canary. */
  close(): Promise<void>;
}

/** What a `Request` cannot tell. */
export interface ShopContext {
  /** Address of the socket's other end. */
  readonly peer: string;
  /** The request target as sent. Without it, dot segments that `URL` resolves are invisible to the shop. */
  readonly target?: string;
  /** The method as sent, for those a `Request` refuses (`TRACE`). */
  readonly method?: string;
}

/** Settings of a shop. */
export interface ShopOptions {
  /** Longest wait for a request's body, in milliseconds; later the answer is 408. Default 5,000. */
  readonly bodyTimeoutMs?: number;
}

/**
 * A fresh shop with its own data. Really vulnerable, and harmless: SQL runs in memory under a cost limit, files, shell, templates, XML and
 * the network are emulated, and the only socket is a canary on loopback. See SHOP.md.
 */
export function createShop(options: ShopOptions = {}): Shop {
  const files = createFileTree();
  const canary = createCanary();
  const database = createDatabase((path) => {
    const bytes = files.read(resolvePath("/", path));
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
  });
  const state: ShopState = { database, files, sessions: createSessions(), fetchCanary: canary.fetch };
  return {
    async handle(request, context) {
      let visit: Visit | undefined;
      try {
        const body = await readBody(request, options.bodyTimeoutMs ?? 5000);
        if (typeof body === "number") return textReply("Too long or too slow\n", { status: body });
        visit = readVisit(request, context, body, state);
        const response = await route(visit);
        return visit.method === "HEAD" ? new Response(null, response) : response;
      } catch (error) {
        if (visit !== undefined && error instanceof SqlError) return sqlErrorPage(visit, error);
        return textReply("Something broke\n", { status: 500 });
      }
    },
    async close() {
      database.close();
      await canary.close();
    },
  };
}

function readVisit(request: Request, context: ShopContext, body: Uint8Array, state: ShopState): Visit {
  const url = new URL(request.url);
  const rewrite = request.headers.get("x-original-url") ?? request.headers.get("x-rewrite-url") ?? undefined;
  const target = readTarget(rewrite ?? context.target) ?? url.pathname + url.search;
  const mark = target.indexOf("?");
  const rawPath = mark < 0 ? target : target.slice(0, mark);
  const cookies = readCookies(request.headers.get("cookie"));
  return {
    state,
    method: context.method ?? request.method,
    target,
    rawPath,
    segments: readSegments(rawPath),
    query: readQuery(mark < 0 ? "" : target.slice(mark + 1)),
    headers: request.headers,
    cookies,
    body,
    text: new TextDecoder().decode(body),
    account: state.sessions.find(cookies.get("sid")),
    rewritten: rewrite !== undefined,
    peer: context.peer,
  };
}

function readQuery(text: string): Visit["query"] {
  const parameters = new URLSearchParams(text);
  return { get: (name) => (parameters.has(name) ? parameters.getAll(name).join(",") : null) };
}

/** Path and query of a target; an absolute one loses its origin, as proxies make it. */
function readTarget(target: string | undefined): string | undefined {
  if (target === undefined) return undefined;
  const written = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i, "").split("#")[0] ?? "";
  return written.startsWith("/") || written.startsWith("?") ? written : "/";
}

/** The body, or the status that refuses it. Stops reading at the limit. */
async function readBody(request: Request, timeoutMs: number): Promise<Uint8Array | 408 | 413> {
  if (request.body === null) return new Uint8Array();
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(resolve, timeoutMs, "late");
  });
  try {
    for (;;) {
      const result = await Promise.race([reader.read(), late]);
      if (result === "late") return 408;
      if (result.done) break;
      length += result.value.length;
      if (length > bodyLimitBytes) return 413;
      chunks.push(result.value);
    }
  } finally {
    clearTimeout(timer);
    reader.cancel().catch(() => undefined);
  }
  return Buffer.concat(chunks, length);
}

/** Pages by their first path segments, in lower case: the router does not care about case, doubled slashes or a slash at the end. */
const pages: ReadonlyMap<string, Page> = new Map<string, Page>([
  ["", reads(homePage)],
  ["products", reads(productsPage)],
  ["search", reads(searchPage)],
  ["login", loginPage],
  ["api/login", apiLoginPage],
  ["logout", reads(logoutPage)],
  ["account", reads(accountPage)],
  ["reviews", reviewsPage],
  ["api/reviews", apiReviewsPage],
  ["basket", basketPage],
  ["api/basket", apiBasketPage],
  ["upload", uploadPage],
  ["download", downloadPage],
  ["preview", reads(previewPage)],
  ["greet", greetPage],
  ["import", importPage],
  ["ping", pingPage],
  ["redirect", reads(redirectPage)],
  ["admin", reads(adminPage)],
  ["graphql", graphqlPage],
  ["api/products", apiProductsPage],
  ["whoami", reads(whoamiPage)],
  ["health", reads(healthPage)],
  ["webhook", webhookPage],
  ["events", reads(eventsPage)],
  ["robots.txt", reads(() => textReply(robots))],
  ["sitemap.xml", reads(sitemap)],
  ["favicon.ico", reads(() => asset("logo.png"))],
]);

/** Any page of any site may ask the shop for data: another of its weaknesses, and what keeps apps of partners working. */
const preflight = {
  allow: "GET, HEAD, POST, OPTIONS",
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "GET, POST",
  "access-control-allow-headers": "content-type, x-partner-key",
};

function route(visit: Visit): Response | Promise<Response> {
  if (visit.method === "TRACE" || visit.method === "TRACK") return echo(visit);
  if (visit.method === "OPTIONS") return new Response(null, { status: 204, headers: preflight });
  const folder = visit.rawPath.replace(/^\/+/, "/").split("/")[1]?.toLowerCase();
  if (folder === "uploads") return uploadsPage(visit);
  const path = visit.segments.join("/").toLowerCase();
  const page = pages.get(path);
  if (page !== undefined) return page(visit);
  const first = visit.segments[0]?.toLowerCase();
  if (first === "product" && visit.segments.length > 1) return reads(productPage)(visit);
  if (first === "api" && visit.segments[1]?.toLowerCase() === "products") return apiProductsPage(visit);
  if (path === "server-status" && visit.query.get("auto") !== null) return reads(counters)(visit);
  const found = exposedFiles.get(`/${path}`);
  if (found !== undefined) return reads(() => new Response(found.text, { headers: { "content-type": found.contentType } }))(visit);
  if (folder === "static")
    return assets.has(path.slice("static/".length)) ? reads(() => asset(path.slice(7)))(visit) : plantedStatic(visit);
  return notFound(visit);
}

/** The server's status for machines: none of the addresses and targets that the page for people shows. */
const counters = (): Response => new Response("Total Accesses: 4711\nBusyWorkers: 1\nIdleWorkers: 4\n");

/** A page that only answers GET and HEAD. */
function reads(page: Page): Page {
  return (visit) => (visit.method === "GET" || visit.method === "HEAD" ? page(visit) : wrongMethod(["GET", "HEAD"]));
}

/** TRACE, switched on by mistake: the request comes back, cookies and all. */
function echo(visit: Visit): Response {
  const lines = [...visit.headers].map(([name, value]) => `${name}: ${value}`);
  return new Response(`${visit.method} ${visit.target} HTTP/1.1\r\n${lines.join("\r\n")}\r\n`, {
    headers: { "content-type": "message/http" },
  });
}

function asset(name: string): Response {
  const found = assets.get(name);
  return new Response(found?.content as BodyInit, {
    headers: { "content-type": found?.contentType ?? "", "cache-control": "public, max-age=3600" },
  });
}

function sitemap(): Response {
  const addresses = products.filter((product) => product.released).map((product) => `<url><loc>/product/${product.id}</loc></url>`);
  const text = `<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${addresses.join("")}</urlset>\n`;
  return new Response(text, { headers: { "content-type": "application/xml" } });
}

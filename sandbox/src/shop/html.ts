import type { Visit } from "./visit.ts";

/** Text made safe for HTML text and quoted attributes. The shop uses it in most places, and forgets it in the planted ones. */
export function escapeHtml(value: unknown): string {
  return String(value ?? "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** Euros with two digits, from cents. Anything that is not a number is shown as it is: rows of an injected query end here. */
export function formatPrice(cents: unknown): string {
  return typeof cents === "number" ? `€ ${(cents / 100).toFixed(2)}` : escapeHtml(cents);
}

/** A whole page of the shop. `main` is HTML already. The `lang` cookie lands in the markup unescaped: a planted weakness. */
export function htmlPage(visit: Visit, title: string, main: string, init: ResponseInit = {}): Response {
  const language = visit.cookies.get("lang") ?? "en";
  const greeting =
    visit.account === undefined
      ? `<a href="/login">Log in</a>`
      : `<a href="/account">${escapeHtml(visit.account.name)}</a> · <a href="/logout">Log out</a>`;
  const html = `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · Harbour &amp; Pine</title>
<link rel="stylesheet" href="/static/shop.css">
<script src="/static/shop.js" defer></script>
</head>
<body>
<header>
<a class="brand" href="/"><img src="/static/logo.png" alt="" width="32" height="32"> Harbour &amp; Pine</a>
<nav><a href="/products">All</a> <a href="/products?category=outdoor">Outdoor</a> <a href="/products?category=kitchen">Kitchen</a> <a href="/products?category=garden">Garden</a> <a href="/products?category=books">Books</a></nav>
<form class="find" action="/search" role="search"><input type="search" name="q" aria-label="Search" placeholder="Search"><button>Find</button></form>
<div class="me">${greeting} · <a href="/basket">Basket</a></div>
</header>
<main>
${main}
</main>
<footer>Harbour &amp; Pine, Quay 4. <a href="/greet?name=friend">Say hello</a> · <a href="/download?file=manual-lantern.txt">Manuals</a> · <a href="/redirect?to=/products">Offers</a></footer>
</body>
</html>
`;
  return new Response(html, withHeader(init, "content-type", "text/html; charset=utf-8"));
}

/** A JSON answer. */
export function jsonReply(value: unknown, init: ResponseInit = {}): Response {
  return new Response(JSON.stringify(value), withHeader(init, "content-type", "application/json; charset=utf-8"));
}

/** A plain text answer. */
export function textReply(text: string, init: ResponseInit = {}): Response {
  return new Response(text, withHeader(init, "content-type", "text/plain; charset=utf-8"));
}

/** The shop's own 404. It shows the Referer unescaped as the way back: a planted weakness. */
export function notFound(visit: Visit): Response {
  if (wantsJson(visit)) return jsonReply({ error: "not found" }, { status: 404 });
  const back = visit.headers.get("referer") ?? "/";
  return htmlPage(
    visit,
    "Not found",
    `<h1>Nothing here</h1><p><a href="${back}">Back to where you were</a> or <a href="/products">see everything</a>.</p>`,
    {
      status: 404,
    },
  );
}

/** The shop's own 405, with the methods that would have worked. */
export function wrongMethod(allowed: readonly string[]): Response {
  return textReply("Method not allowed\n", { status: 405, headers: { allow: allowed.join(", ") } });
}

function wantsJson(visit: Visit): boolean {
  return visit.segments[0]?.toLowerCase() === "api" || (visit.headers.get("accept") ?? "").startsWith("application/json");
}

function withHeader(init: ResponseInit, name: string, value: string): ResponseInit {
  const headers = new Headers(init.headers);
  if (!headers.has(name)) headers.set(name, value);
  return { ...init, headers };
}

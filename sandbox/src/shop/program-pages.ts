import type { Row } from "./database.ts";
import { parseForm, textField } from "./forms.ts";
import { escapeHtml, htmlPage, jsonReply, textReply, wrongMethod } from "./html.ts";
import { fetchEmulated } from "./preview.ts";
import { secrets } from "./secrets.ts";
import { runToyShell } from "./shell.ts";
import { runQuery } from "./sql-pages.ts";
import { renderToyTemplate } from "./template.ts";
import { parseToyGraphql, type QueryField } from "./toy-graphql.ts";
import { parseToyXml } from "./toy-xml.ts";
import type { Page, Visit } from "./visit.ts";

/** `GET /greet?name=` and `POST` (form field `name`): compiles what was sent as a template. */
export const greetPage: Page = (visit) => {
  if (visit.method !== "GET" && visit.method !== "HEAD" && visit.method !== "POST") return wrongMethod(["GET", "HEAD", "POST"]);
  const name = visit.method === "POST" ? textField(parseForm(visit.text), "name") : (visit.query.get("name") ?? "friend");
  const greeting = renderToyTemplate(`Hello ${name}, good to see you!`, visit.state.files);
  return htmlPage(visit, "Hello", `<h1>${escapeHtml(greeting)}</h1><p>Send a friend a greeting with <code>?name=</code>.</p>`);
};

/** `GET /ping?host=` and `POST` (form or JSON field `host`): hands the host to the toy shell inside a command line. */
export const pingPage: Page = async (visit) => {
  if (visit.method !== "GET" && visit.method !== "HEAD" && visit.method !== "POST") return wrongMethod(["GET", "HEAD", "POST"]);
  const host = visit.method === "POST" ? readField(visit, "host") : (visit.query.get("host") ?? "");
  if (host === "") return textReply("Tell me a host: /ping?host=\n", { status: 400 });
  const { output, delayMs } = runToyShell(`ping -c 1 ${host}`, visit.state.files);
  if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
  return textReply(output, { headers: { "server-timing": `shell;dur=${Math.round(delayMs)}` } });
};

function readField(visit: Visit, name: string): string {
  if (!visit.headers.get("content-type")?.includes("json")) return textField(parseForm(visit.text), name);
  try {
    const value = (JSON.parse(visit.text) as Record<string, unknown> | null)?.[name];
    return typeof value === "string" ? value : "";
  } catch {
    return "";
  }
}

/** `POST /import` (XML): lists the names it found, entities expanded. */
export const importPage: Page = async (visit) => {
  if (visit.method !== "POST") return wrongMethod(["POST"]);
  const document = await parseToyXml(decodeXml(visit.body), (address) => fetchEmulated(address, visit.state));
  if (document === undefined) return jsonReply({ error: "no XML elements" }, { status: 400 });
  return jsonReply({ imported: document.leaves.map(([name, text]) => ({ [name]: text })), cut: document.cut });
};

/** UTF-16 by its byte order mark, UTF-8 otherwise: parsers follow the mark, and so do attackers. */
function decodeXml(body: Uint8Array): string {
  const encoding = body[0] === 0xfe && body[1] === 0xff ? "utf-16be" : body[0] === 0xff && body[1] === 0xfe ? "utf-16le" : "utf-8";
  return new TextDecoder(encoding).decode(body);
}

/** `POST /graphql` (`{ "query", "variables" }`, or a list of up to 20 of them) and `GET /graphql?query=`. */
export const graphqlPage: Page = async (visit) => {
  if (visit.method === "GET" || visit.method === "HEAD") {
    const query = visit.query.get("query");
    return query === null ? textReply("POST a query\n", { status: 400 }) : jsonReply(await answerQuery(visit, { query }));
  }
  if (visit.method !== "POST") return wrongMethod(["GET", "HEAD", "POST"]);
  let asked: unknown;
  try {
    asked = visit.headers.get("content-type")?.includes("application/graphql") ? { query: visit.text } : JSON.parse(visit.text);
  } catch {
    return jsonReply({ errors: [{ message: "bad JSON" }] }, { status: 400 });
  }
  if (!Array.isArray(asked)) return jsonReply(await answerQuery(visit, asked));
  const answers: unknown[] = [];
  for (const each of asked.slice(0, 20)) answers.push(await answerQuery(visit, each));
  return jsonReply(answers);
};

async function answerQuery(visit: Visit, asked: unknown): Promise<unknown> {
  const { query, variables } = (typeof asked === "object" && asked !== null ? asked : {}) as { query?: unknown; variables?: unknown };
  try {
    const known = typeof variables === "object" && variables !== null ? (variables as Record<string, unknown>) : {};
    const data: Record<string, unknown> = Object.create(null);
    for (const field of parseToyGraphql(String(query ?? ""), known).slice(0, 100)) data[field.alias] = await answerField(visit, field);
    return { data };
  } catch (error) {
    return { errors: [{ message: error instanceof Error ? error.message : "bad query" }] };
  }
}

async function answerField(visit: Visit, { name, parameters, selection }: QueryField): Promise<unknown> {
  const columns = "id, name, category, price_cents, description";
  switch (name) {
    case "products": {
      const filter = parameters["category"] === undefined ? "" : ` AND category = '${parameters["category"]}'`;
      return pick((await runQuery(visit, `SELECT ${columns} FROM products WHERE released = 1${filter} LIMIT 50`)).rows, selection);
    }
    case "product": {
      const { rows } = await runQuery(visit, `SELECT ${columns} FROM products WHERE released = 1 AND id = ${parameters["id"] ?? 0}`);
      const picked = pick(rows, selection);
      return picked.length === 1 ? picked[0] : picked;
    }
    case "users":
      // Nobody is asked who they are: the whole table is one field away.
      return pick(visit.state.database.run("SELECT id, email, name, password_hash AS password, role FROM users"), selection);
    case "reviews":
      return pick(visit.state.database.run("SELECT product_id, name, text FROM reviews ORDER BY id DESC LIMIT 30"), selection);
    case "__schema":
    case "__type":
      return schema;
    default:
      throw new Error(`Cannot query field "${name.slice(0, 40)}". Did you mean "products", "product", "users" or "reviews"?`);
  }
}

/** The asked columns of each row, by position where an injected query brought other names. */
function pick(rows: readonly Row[], selection: readonly QueryField[]): Record<string, unknown>[] {
  return rows.map((row) => {
    if (selection.length === 0) return { ...row };
    const picked: Record<string, unknown> = Object.create(null);
    const own = { price: row["price_cents"], ...row };
    for (const field of selection)
      picked[field.alias] =
        field.name === "__typename" ? "Row" : Object.hasOwn(own, field.name) ? own[field.name as keyof typeof own] : null;
    return picked;
  });
}

const schema = {
  queryType: { name: "Query" },
  types: [
    { name: "Query", kind: "OBJECT", fields: ["products", "product", "users", "reviews"].map((name) => ({ name })) },
    { name: "User", kind: "OBJECT", fields: ["id", "email", "name", "password", "role"].map((name) => ({ name })) },
    { name: "Product", kind: "OBJECT", fields: ["id", "name", "category", "price", "description"].map((name) => ({ name })) },
  ],
};

/** `GET /admin`: hidden, and "protected" by things that any visitor can write. */
export const adminPage: Page = (visit) => {
  const inside =
    /^(?:127\.|10\.|::1$|localhost$)/.test(visit.claimedAddress ?? "") ||
    visit.headers.get("x-original-url")?.startsWith("/admin") === true;
  const debug = visit.query.get("debug") === "true" || visit.cookies.get("admin") === "1" || visit.cookies.get("role") === "admin";
  if (!inside && !debug && visit.account?.role !== "admin") return textReply("Forbidden\n", { status: 403 });
  return htmlPage(visit, "Back office", `<h1>Back office</h1><p>${secrets.adminPage}</p><ul><li>Orders</li><li>Accounts</li></ul>`);
};

/** `GET /redirect?to=`: goes wherever it is told to, and lets line breaks in the target become fields of the response. */
export const redirectPage: Page = (visit) => {
  const [target = "/", ...lines] = (visit.query.get("to") || "/").split(/\r\n|\r|\n/);
  const headers = new Headers({ location: asHeaderValue(target) });
  for (const line of lines.slice(0, 10)) {
    const field = /^(set-cookie|x-[\w-]{1,40}|refresh|link):\s*(.{0,500})/i.exec(line);
    if (field !== null) headers.append(field[1] ?? "", asHeaderValue(field[2] ?? ""));
  }
  return textReply("Moved\n", { status: 302, headers });
};

function asHeaderValue(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, (letter) => encodeURIComponent(letter)).slice(0, 4000);
}

/** `GET /whoami`: what the shop believes about the visitor. */
export const whoamiPage: Page = (visit) =>
  jsonReply({
    address: visit.claimedAddress ?? visit.peer,
    agent: visit.headers.get("user-agent") ?? "",
    name: visit.account?.name ?? "guest",
  });

/** `GET /health`. */
export const healthPage: Page = () => jsonReply({ status: "ok" });

/** `POST /webhook`: JSON signed with HMAC-SHA-256 of the body in `x-shop-signature: sha256=<hex>`; 202, or 401 when the signature is wrong. */
export const webhookPage: Page = async (visit) => {
  if (visit.method !== "POST") return wrongMethod(["POST"]);
  const encoded = new TextEncoder().encode(secrets.webhookKey);
  const key = await crypto.subtle.importKey("raw", encoded, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const digest = new Uint8Array(await crypto.subtle.sign("HMAC", key, visit.body as BufferSource));
  const expected = `sha256=${[...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  if (visit.headers.get("x-shop-signature") !== expected) return jsonReply({ error: "bad signature" }, { status: 401 });
  return jsonReply({ accepted: true }, { status: 202 });
};

/** `GET /events`: three server-sent events, then the end. */
export const eventsPage: Page = () => {
  let sent = 0;
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (sent >= 3) {
        controller.close();
        return;
      }
      sent += 1;
      controller.enqueue(new TextEncoder().encode(`id: ${sent}\nevent: stock\ndata: {"product":${sent},"left":${10 - sent}}\n\n`));
      await new Promise((resolve) => setTimeout(resolve, 10));
    },
  });
  return new Response(stream, { headers: { "content-type": "text/event-stream", "cache-control": "no-cache" } });
};

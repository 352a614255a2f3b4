import { readForm, textField } from "./forms.ts";
import { escapeHtml, htmlPage, jsonReply, textReply, wrongMethod } from "./html.ts";
import { fetchEmulated } from "./preview.ts";
import { secrets } from "./secrets.ts";
import { runToyShell } from "./shell.ts";
import { renderToyTemplate } from "./template.ts";
import { parseToyXml } from "./toy-xml.ts";
import type { Page, Visit } from "./visit.ts";

/** `GET /greet?name=` and `POST` (form field `name`): compiles what was sent as a template. */
export const greetPage: Page = (visit) => {
  if (visit.method !== "GET" && visit.method !== "HEAD" && visit.method !== "POST") return wrongMethod(["GET", "HEAD", "POST"]);
  const name = visit.method === "POST" ? readField(visit, "name") : (visit.query.get("name") ?? "friend");
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
  if (!visit.headers.get("content-type")?.includes("json"))
    return textField(readForm(visit.body, visit.headers.get("content-type") ?? ""), name);
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

/** `GET /admin`: hidden, and "protected" by things that any visitor can write. */
export const adminPage: Page = (visit) => {
  const inside = visit.rewritten || claimedAddresses(visit.headers).some((address) => /^(?:127\.|10\.|::1$|localhost$)/.test(address));
  const debug = visit.query.get("debug") === "true" || visit.cookies.get("admin") === "1" || visit.cookies.get("role") === "admin";
  if (!inside && !debug && visit.account?.role !== "admin") return textReply("Forbidden\n", { status: 403 });
  return htmlPage(visit, "Back office", `<h1>Back office</h1><p>${secrets.adminPage}</p><ul><li>Orders</li><li>Accounts</li></ul>`);
};

/** The addresses that the shop believes: whatever the usual fields say first, whoever wrote them. */
function claimedAddresses(headers: Headers): string[] {
  const fields = ["x-forwarded-for", "x-real-ip", "x-client-ip", "client-ip", "true-client-ip", "x-originating-ip", "x-remote-ip"];
  const claimed = fields.map((name) => headers.get(name)?.split(",")[0]?.trim() ?? "");
  claimed.push(/for="?\[?([^;,"\]]+)/i.exec(headers.get("forwarded") ?? "")?.[1] ?? "");
  return claimed.filter((address) => address !== "");
}

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
    address: claimedAddresses(visit.headers)[0] ?? visit.peer,
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

/** A guest book: a page with a form, an API and an upload, behind the firewall. `PORT` picks the port, 3000 by default. */
import type { AddressInfo } from "node:net";
import { protect } from "@aiwaf/express";
import express, { type Request, type Response } from "express";

const firewall = protect({
  paths: {
    // Programs call this one: nothing is expected of them that only browsers send.
    "/api/**": { profile: "api", rateLimit: { max: 60, windowMs: 60_000 } },
    "/files/*": { methods: ["PUT"] },
  },
});
firewall.waf.subscribe((decision) => {
  if (decision.action === "block")
    console.log(`blocked ${decision.request.method} ${decision.request.path}: ${decision.rule} (${decision.id})`);
});

const entries: string[] = ["Nice shop!"];
const MAX_ENTRIES = 100;

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

const app = express();
app.disable("x-powered-by");
app.use(firewall);

app.get("/", (_: Request, response: Response) => {
  const list = entries.map((entry) => `<li>${escapeHtml(entry)}</li>`).join("");
  response.send(
    `<!doctype html><title>Guest book</title><h1>Guest book</h1><ul>${list}</ul>` +
      `<form method="post" action="/entries"><input name="text" maxlength="200" required><button>Sign</button></form>`,
  );
});

app.post("/entries", express.urlencoded({ extended: false, limit: "10kb" }), (request: Request, response: Response) => {
  const { text } = request.body as { text?: unknown };
  if (typeof text !== "string" || text.trim() === "") {
    response.status(400).send("An entry needs some text.");
    return;
  }
  entries.push(text.slice(0, 200));
  if (entries.length > MAX_ENTRIES) entries.shift();
  response.redirect(303, "/");
});

app.get("/api/entries", (request: Request, response: Response) => {
  response.json({ entries, decision: request.aiwaf?.id });
});

/** Counts an upload without keeping it: the stream is read here, after the firewall has looked at its beginning. */
app.put("/files/:name", async (request: Request, response: Response) => {
  let bytes = 0;
  for await (const chunk of request) bytes += (chunk as Buffer).byteLength;
  response.status(201).json({ name: request.params["name"], bytes });
});

const server = app.listen(Number(process.env["PORT"] ?? 3000), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

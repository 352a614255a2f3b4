import type { SQLOutputValue } from "node:sqlite";
import type { Cells } from "./database.ts";
import { matchesDocument } from "./document-query.ts";
import { type Field, readForm } from "./forms.ts";
import { escapeHtml, htmlPage, jsonReply, textReply, wrongMethod } from "./html.ts";
import { users } from "./seed.ts";
import type { Account } from "./sessions.ts";
import { runQuery } from "./sql-pages.ts";
import type { Page, Visit } from "./visit.ts";

/** `GET` and `POST /login`: a form whose fields go into the SQL text as they are. Success is 303 to `/account` with a session cookie. */
export const loginPage: Page = async (visit) => {
  if (visit.method === "GET" || visit.method === "HEAD") return loginForm(visit, 200, "");
  if (visit.method !== "POST") return wrongMethod(["GET", "HEAD", "POST"]);
  const fields = readForm(visit.body, visit.headers.get("content-type") ?? "");
  const result = await findAccount(visit, fields["email"] ?? fields["username"] ?? "", fields["password"] ?? "");
  if (result.account === undefined) return loginForm(visit, 401, result.problem, result.headers);
  const headers = { ...result.headers, "set-cookie": sessionCookie(visit, result.account), location: "/account" };
  return textReply("Welcome back\n", { status: 303, headers });
};

/** `POST /api/login`: the same for programs, in JSON; objects are handed to the document query, operators and all. */
export const apiLoginPage: Page = async (visit) => {
  if (visit.method !== "POST") return wrongMethod(["POST"]);
  let fields: unknown;
  try {
    fields = JSON.parse(visit.text);
  } catch (error) {
    return jsonReply({ error: "bad JSON", detail: String(error).slice(0, 200) }, { status: 400 });
  }
  if (typeof fields !== "object" || fields === null) return jsonReply({ error: "expected an object" }, { status: 400 });
  const { email, password } = fields as Record<string, unknown>;
  const result = await findAccount(visit, email ?? "", password ?? "", fields as Record<string, unknown>);
  if (result.account === undefined) return jsonReply({ error: result.problem }, { status: 401, headers: result.headers });
  const cookie = sessionCookie(visit, result.account);
  const token = cookie.slice("sid=".length, cookie.indexOf(";"));
  return jsonReply({ token, user: result.account }, { headers: { ...result.headers, "set-cookie": cookie } });
};

/** `GET /logout`. */
export const logoutPage: Page = (visit) => {
  visit.state.sessions.close(visit.cookies.get("sid"));
  return textReply("Bye\n", { status: 303, headers: { location: "/", "set-cookie": "sid=; Path=/; Max-Age=0" } });
};

/** `GET /account`: the visitor's own data, 401 without a session. */
export const accountPage: Page = (visit) => {
  if (visit.account === undefined) return loginForm(visit, 401, "Please log in first.");
  const { name, email, role } = visit.account;
  const rows = `<dl><dt>Name</dt><dd>${escapeHtml(name)}</dd><dt>E-mail</dt><dd>${escapeHtml(email)}</dd><dt>Role</dt><dd>${escapeHtml(role)}</dd></dl>`;
  return htmlPage(visit, "Your account", `<h1>Hello ${escapeHtml(name)}</h1>${rows}`);
};

interface LoginResult {
  readonly account: Account | undefined;
  /** What the shop tells the visitor; it gives away whether the address is known. */
  readonly problem: string;
  readonly headers: Record<string, string>;
}

async function findAccount(visit: Visit, email: unknown, password: unknown, query?: Record<string, unknown>): Promise<LoginResult> {
  const isQuery = typeof email === "object" || typeof password === "object" || Object.keys(query ?? {}).some((key) => key.startsWith("$"));
  if (isQuery) {
    const found = users.find((user) => matchesDocument({ ...user }, { ...query, email: plain(email), password: plain(password) }));
    return {
      account: found === undefined ? undefined : toAccount([found.id, found.email, found.name, found.role]),
      problem: "No such account.",
      headers: {},
    };
  }
  const sql = `SELECT id, email, name, role FROM users WHERE email = '${email}' AND password = '${password}'`;
  const fallback = "SELECT id, email, name, role FROM users WHERE email = ? AND password = ?";
  const { rows, headers } = await runQuery(visit, sql, { sql: fallback, parameters: [String(email), String(password)] });
  const row = rows[0];
  const known = users.some((user) => user.email === email);
  return {
    account: row === undefined ? undefined : toAccount(row),
    problem: known ? "Wrong password." : "No account with that e-mail.",
    headers,
  };
}

/** An empty operand (`""`) of a query object means "not given" to a document database, not "equal to the empty text". */
function plain(value: unknown): unknown {
  return value === "" ? { $exists: true } : (value as Field);
}

function toAccount([id, email, name, role]: Cells): Account {
  const text = (value: SQLOutputValue | undefined) => String(value ?? "");
  return { id: Number(id), email: text(email), name: text(name), role: text(role) };
}

function sessionCookie(visit: Visit, account: Account): string {
  return `sid=${visit.state.sessions.open(account)}; Path=/; HttpOnly; SameSite=Lax`;
}

function loginForm(visit: Visit, status: number, problem: string, headers: Record<string, string> = {}): Response {
  const note = problem === "" ? "" : `<p class="problem">${escapeHtml(problem)}</p>`;
  const form = `<h1>Log in</h1>${note}<form method="post" action="/login" class="card">
<label>E-mail <input name="email" type="email" autocomplete="username"></label>
<label>Password <input name="password" type="password" autocomplete="current-password"></label>
<button>Log in</button></form>`;
  return htmlPage(visit, "Log in", form, { status, headers });
}

import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { createWaf, type Decision, type Waf } from "@aiwaf/core";
import { type RecommendedOptions, recommended } from "@aiwaf/core/recommended";
import { createDashboard, type Dashboard, type DashboardOptions } from "../src/index.ts";

/** A console on a port of its own, in front of a site that says `site` to everything else. */
export interface Console {
  readonly port: number;
  readonly waf: Waf;
  readonly dashboard: Dashboard;
  readonly logged: readonly string[];
  /** Sends bytes as they are and gives what came back once it is quiet or closed. */
  raw(text: string): Promise<string>;
  /** A request of the console's own page. */
  ask(path: string, init?: RequestInit & { readonly headers?: Record<string, string> }): Promise<Response>;
  /** Logs in with a token and sets a password; `ask` then carries the session. */
  enter(password?: string): Promise<void>;
  session: { cookie: string; csrf: string };
  decide(target: string, options?: { readonly client?: string; readonly status?: number; readonly durationMs?: number }): Decision;
  /** The one-time token. */
  readonly token: string;
}

export const PASSWORD = "correct horse 12";
export const SQL = "1'%20UNION%20SELECT%20password%20FROM%20users--%20";

const running: (() => Promise<void>)[] = [];

/** Ends all that was started. */
export async function endAll(): Promise<void> {
  for (const end of running.splice(0)) await end();
}

const BROWSER = { host: "a", "user-agent": "Mozilla/5.0 Firefox/140.0", accept: "text/html", "accept-language": "en" };

/** Starts one; `auth` is the console's own login unless another is given. */
export async function start(options: Partial<DashboardOptions> = {}, firewall: RecommendedOptions = {}): Promise<Console> {
  const logged: string[] = [];
  const log = { warn: (text: string) => void logged.push(text), error: (text: string) => void logged.push(text) };
  const waf = options.waf ?? createWaf(recommended({ log, ...firewall }));
  const dashboard = createDashboard({ auth: "token", ...options, waf });
  const server = createServer((request, response) => dashboard.node(request, response, () => response.end("site")));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  running.push(async () => {
    dashboard.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const token = (await dashboard.issueToken()) ?? "";
  const started: Console = {
    port,
    waf,
    dashboard,
    logged,
    token,
    session: { cookie: "", csrf: "" },
    raw: (text) => exchange(port, text),
    ask: (path, { headers, ...init } = {}) =>
      fetch(`http://127.0.0.1:${port}${dashboard.path}${path}`, {
        redirect: "manual",
        ...init,
        headers: {
          ...(init.body !== undefined && { "content-type": "application/json" }),
          ...(started.session.cookie !== "" && { cookie: started.session.cookie, "x-aiwaf-csrf": started.session.csrf }),
          ...headers,
        },
      }),
    async enter(password = PASSWORD) {
      await refresh(started, await started.ask("api/login", { method: "POST", body: JSON.stringify({ token }) }));
      await refresh(started, await started.ask("api/password", { method: "POST", body: JSON.stringify({ password }) }));
    },
    decide(target, { client = "192.0.2.9", status = 200, durationMs = 1 } = {}) {
      const decision = waf.inspect({ method: "GET", target, headers: new Headers(BROWSER), peer: client, httpVersion: "1.1" });
      if ("then" in decision) throw new Error("a memory store does not wait");
      waf.observe(decision, { status: decision.action === "block" ? decision.status : status, durationMs });
      return decision;
    },
  };
  return started;
}

/** Takes the session over that an answer gives. */
async function refresh(console: Console, response: Response): Promise<void> {
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  console.session.cookie = (response.headers.get("set-cookie") ?? "").split(";")[0] as string;
  console.session.csrf = (await bodyOf<{ readonly csrf: string }>(response)).csrf;
}

/** JSON of an answer. */
export const bodyOf = async <T>(response: Response | Promise<Response>): Promise<T> => (await (await response).json()) as T;

/** As `ask` with a JSON body. */
export const send = (
  console: Console,
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> => console.ask(path, { method, body: JSON.stringify(body), headers });

/** What a server answers to these bytes, until it closes or says nothing more for a while. */
function exchange(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text, "latin1"));
    let answer = "";
    const end = (): void => {
      socket.destroy();
      resolve(answer);
    };
    let quiet = setTimeout(end, 15_000);
    socket.setEncoding("latin1").on("data", (part: string) => {
      answer += part;
      clearTimeout(quiet);
      quiet = setTimeout(end, 3_000);
    });
    socket.on("close", () => {
      clearTimeout(quiet);
      end();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => (error.code === "ECONNRESET" || error.code === "EPIPE" ? end() : reject(error)));
  });
}

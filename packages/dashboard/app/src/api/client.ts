/**
 * Talks to the dashboard's server: same origin, relative to where the page lies.
 *
 * @module
 */
import { signal } from "@preact/signals";

/** What went wrong, in words for the operator. */
export class ApiProblem extends Error {
  /** HTTP status; 0 when the server could not be reached. */
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = "ApiProblem";
    this.status = status;
  }
}

/** False while the server cannot be reached. */
export const isReachable = signal(true);
/** The token that every change carries, from the session. */
export const csrfToken = signal("");
/** Set when the server said that nobody is signed in. */
export const isSignedOut = signal(false);

/** Long enough for a replay of a day; a hanging server must not leave a page loading for ever. */
const DEADLINE_MS = 120_000;

/** Fields of a query; what is absent or empty is left out. */
export type Query = Readonly<Record<string, string | number | undefined>>;

/** The absolute address of a part of the API. */
export function apiUrl(path: string, query: Query = {}): string {
  const url = new URL(`api/${path}`, document.baseURI);
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== "") url.searchParams.set(name, String(value));
  return url.href;
}

/**
 * Asks, and reads the answer as JSON.
 *
 * @throws ApiProblem with what the server said; the abort's reason when `signal` was aborted.
 */
export async function ask<T>(method: string, path: string, more: { query?: Query; body?: unknown; signal?: AbortSignal } = {}): Promise<T> {
  const { query, body, signal: aborted } = more;
  const headers: Record<string, string> = { accept: "application/json" };
  if (method !== "GET") headers["x-aiwaf-csrf"] = csrfToken.value;
  if (body !== undefined) headers["content-type"] = "application/json";
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  let response: Response;
  try {
    response = await fetch(apiUrl(path, query), {
      method,
      headers,
      credentials: "same-origin",
      redirect: "error",
      cache: "no-store",
      signal: aborted === undefined ? deadline : AbortSignal.any([aborted, deadline]),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  } catch (error) {
    if (aborted?.aborted === true) throw error;
    isReachable.value = false;
    throw new ApiProblem(0, "The server cannot be reached.");
  }
  isReachable.value = true;
  const text = await response.text();
  if (response.ok) return (text === "" ? undefined : parsed(text)) as T;
  if (response.status === 401 && path !== "login" && path !== "session") isSignedOut.value = true;
  throw new ApiProblem(response.status, problemText(response.status, text));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiProblem(502, "The answer cannot be read. Something between this page and its server may have changed it.");
  }
}

/** What a problem document says, or the status where the answer is none. */
function problemText(status: number, text: string): string {
  try {
    const { title, detail } = JSON.parse(text) as { readonly title?: unknown; readonly detail?: unknown };
    const parts = [title, detail].filter((part) => typeof part === "string" && part !== "");
    if (parts.length > 0) return [...new Set(parts)].join(": ");
  } catch {
    // A proxy's own error page.
  }
  return `The server answered ${status}.`;
}

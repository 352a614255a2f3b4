/** What a receiver of records said to a batch. */
export interface Received {
  readonly status: number;
  readonly text: string;
}

/** A receiver's answer is for people and counts; more of it is not read. */
const ANSWER_LIMIT = 10_000;

/**
 * Sends one batch over HTTP.
 *
 * @returns the answer when the batch was taken, or refused in a way that trying again cannot mend.
 * @throws when it may be taken later: no connection, no answer in time, 408, 429 and 5xx.
 */
export async function post(url: string, headers: Readonly<Record<string, string>>, body: string, timeoutMs: number): Promise<Received> {
  // Redirects could carry credentials and records elsewhere.
  const response = await fetch(url, { method: "POST", headers, body, redirect: "error", signal: AbortSignal.timeout(timeoutMs) });
  const text = (await response.text()).slice(0, ANSWER_LIMIT);
  const { status } = response;
  if (status === 408 || status === 429 || status >= 500) throw new Error(`${status} ${text.slice(0, 150)}`);
  return { status, text };
}

/** Whether an option is an address that records may be sent to. */
export function isHttpAddress(value: unknown): boolean {
  if (typeof value !== "string") return false;
  try {
    return /^https?:$/.test(new URL(value).protocol);
  } catch {
    return false;
  }
}

import { messageOf, UsageError } from "../usage-error.ts";

const DEADLINE_MS = 20_000;
const REDIRECTS_MAX = 3;

/**
 * The text at an https address, also behind redirects to https. Sends no cookie and nothing of this site's.
 *
 * @throws UsageError for another scheme, an answer other than 200, one of more than `limitBytes`, and none within 20 seconds.
 */
export async function fetchPublished(address: string, limitBytes: number): Promise<string> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  let url = readAddress(address);
  try {
    for (let hop = 0; hop <= REDIRECTS_MAX; hop++) {
      const response = await fetch(url, {
        redirect: "manual",
        signal,
        credentials: "omit",
        headers: { accept: "application/json, text/plain" },
      });
      const location = response.headers.get("location");
      if (response.status >= 300 && response.status < 400 && location !== null) {
        await response.body?.cancel();
        url = readAddress(new URL(location, url).href);
        continue;
      }
      if (response.status !== 200) throw new UsageError(`${address}: answers ${response.status}; nothing was changed`);
      return await readText(response, address, limitBytes);
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { cause } = error as { readonly cause?: unknown };
    throw new UsageError(`${address}: ${messageOf(cause ?? error)}; nothing was changed`);
  }
  throw new UsageError(`${address}: redirects more than ${REDIRECTS_MAX} times; nothing was changed`);
}

function readAddress(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new UsageError(`${text.slice(0, 100)}: is no address`);
  }
  if (url.protocol !== "https:")
    throw new UsageError(`${text.slice(0, 100)}: only https is read; anybody on the way could change the rest`);
  return url;
}

/** Counts what arrives and not what `content-length` says, so that packed answers are counted unpacked. */
async function readText(response: Response, address: string, limitBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > limitBytes) throw new UsageError(`${address}: is larger than ${limitBytes / 1024 / 1024} MiB; nothing was changed`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

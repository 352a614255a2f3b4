import { type ReadRequest, readCurl } from "./curl.ts";
import { readRawRequest } from "./raw-request.ts";
import { parseRecord, toParts, toWire } from "./request-record.ts";
import { shellWords } from "./shell-words.ts";
import { UsageError } from "./usage-error.ts";

/** Bytes of a request on standard input at most. */
export const INPUT_LIMIT_BYTES = 16 * 1024 * 1024;

/**
 * Reads a request in whichever form it comes: JSON record, curl command, or raw.
 *
 * @param text - Bytes, one character each.
 * @throws UsageError saying what is wrong with it.
 */
export function readRequest(text: string): ReadRequest {
  const start = text.replace(/^\xef\xbb\xbf/, "").trimStart();
  if (start === "")
    throw new UsageError('the request is empty; give a line such as "GET /?q=1 HTTP/1.1", a curl command, or a JSON record');
  if (start.startsWith("{")) return readJson(start);
  const command = /^(?:\$ )?curl(?:\.exe)?\s+(?=\S)/.exec(start.slice(0, 40));
  if (command === null) return readRawRequest(start);
  const line = start.slice(command[0].length);
  if (/\^["&^]/.test(line.slice(0, 4_096)) && !/^['"]/.test(line))
    throw new UsageError('curl: this is written for cmd.exe; in the browser choose "Copy as cURL (bash)"');
  return readCurl(shellWords(line));
}

/** The words of a curl command that a shell has split already. */
export const readCurlWords = (words: readonly string[]): ReadRequest => readCurl(words.map(toWire));

function readJson(text: string): ReadRequest {
  const record = parseRecord(Buffer.from(text, "latin1").toString("utf8"));
  if (typeof record === "string")
    throw new UsageError(record === "not JSON" ? "not JSON; give one record (aiwaf replay takes files of them)" : record);
  return { parts: toParts(record), notes: [] };
}

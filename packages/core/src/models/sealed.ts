/**
 * The envelope of every model file: one JSON object, whose last field is the SHA-256 of all that stands before it. Whatever was cut short, changed or
 * written by another program is refused before it is parsed.
 *
 * @module
 */
import { MAX_STATE_TEXT } from "../model/limits.ts";
import { refuse, tooMany } from "../model/state-fields.ts";

const FORMAT = "aiwaf-model";
const VERSION = 1;
const DEPTH_MAX = 16;
const TAIL = /,"sha256":"([0-9a-f]{64})"\}\s*$/;

/** A file's object once its envelope held. Its fields are still anybody's. */
export interface Unsealed {
  readonly value: unknown;
  readonly sha256: string;
  /** `forest/1:` or `autoencoder/1:`, and the first half of the hash. */
  readonly id: string;
}

/** The text of a model file with `kind` and `contents`, and the hash it ends with. Loads WebCrypto, hence a promise. */
export async function sealModel(kind: string, contents: object): Promise<{ readonly text: string; readonly sha256: string }> {
  const body = JSON.stringify({ format: FORMAT, version: VERSION, kind, ...contents }).slice(0, -1);
  const sha256 = await digestOf(body);
  return { text: `${body},"sha256":"${sha256}"}\n`, sha256 };
}

/**
 * Opens the text of a model file: its size, hash, depth, format, version and kind are checked.
 *
 * @throws (rejects with) WafError saying what is wrong with it.
 */
export async function unsealModel(kind: string, text: string): Promise<Unsealed> {
  if (text.length > MAX_STATE_TEXT) throw tooMany("characters of model", text.length, MAX_STATE_TEXT);
  const tail = TAIL.exec(text.slice(-200));
  if (tail === null)
    throw refuse(
      "The model",
      text.startsWith(`{"format":"${FORMAT}"`) ? "does not end with its hash: it was cut short" : "is not a file of this program",
    );
  const body = text.slice(0, text.length - tail[0].length);
  const sha256 = tail[1]!;
  if ((await digestOf(body)) !== sha256)
    throw refuse("The model", "does not match its hash: it was changed after it was written, or damaged");
  if (!isShallow(body)) throw refuse("The model", `is nested deeper than ${DEPTH_MAX} levels`);
  let value: unknown;
  try {
    value = JSON.parse(`${body}}`);
  } catch {
    throw refuse("The model", "is not JSON");
  }
  const found = (name: string): unknown =>
    typeof value === "object" && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
  if (found("format") !== FORMAT) throw refuse("The model", "is not a file of this program");
  if (found("version") !== VERSION) throw refuse("version", `is not ${VERSION}: the model was written by a newer version of this package`);
  if (found("kind") !== kind) throw refuse("kind", `is not ${kind}: another package makes models of that kind`);
  return { value, sha256, id: `${kind}/${VERSION}:${sha256.slice(0, 32)}` };
}

async function digestOf(text: string): Promise<string> {
  const digest = await globalThis.crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Counts brackets outside of texts, so that no parser has to follow a million of them. */
function isShallow(text: string): boolean {
  let depth = 0;
  let isText = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isText) {
      if (code === 92) at++;
      else if (code === 34) isText = false;
    } else if (code === 34) isText = true;
    else if (code === 91 || code === 123) {
      if (++depth > DEPTH_MAX) return false;
    } else if (code === 93 || code === 125) depth--;
  }
  return true;
}

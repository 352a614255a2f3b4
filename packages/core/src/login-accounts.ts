/**
 * Whom somebody tries to sign in as, read from the body of a login.
 *
 * @module
 */
import { eachPart } from "./content/multipart.ts";
import { eachPair } from "./content/pairs.ts";
import { isRecord } from "./options.ts";
import { hashText } from "./stores/keyed-hash.ts";
import type { WafRequest } from "./types.ts";

/** Names of fields that hold an account's name, in lower case and without anything but letters. */
const FIELDS = new Set(
  (
    "account accountname customer customerid email emailaddress handle identifier identity login loginid loginname mail member memberid mobile msisdn nickname phone " +
    "phonenumber uid user useremail userid username userlogin"
  ).split(" "),
);
/** A login is short; what lies behind that is not looked at. */
const MAX_BYTES = 16_384;
const MAX_NAME = 256;
/** Whoever hides the account among decoys has them all counted, and gets no more than so many counters. */
const MAX_ACCOUNTS = 8;

/**
 * Hashes of the accounts that a form, a multipart form or a JSON document names, in the order of their fields; empty where there is none to be found. JSON is
 * read two levels deep. Case and surrounding blanks make no difference. Total: any bytes have an answer.
 */
export function accountsIn({ headers, body }: WafRequest): readonly string[] {
  if (body === undefined || body.bytes.length > MAX_BYTES) return [];
  const found = new Set<string>();
  const take = (field: string, value: unknown): void => {
    if (typeof value !== "string" && typeof value !== "number") return;
    const name = String(value).slice(0, MAX_NAME).trim().toLowerCase();
    if (name !== "" && found.size < MAX_ACCOUNTS && FIELDS.has(plainName(field))) found.add(fingerprint(name));
  };
  const text = new TextDecoder().decode(body.bytes);
  const type = (headers.get("content-type") ?? "").slice(0, 500);
  if (/^\s*application\/x-www-form-urlencoded/i.test(type)) eachPair(text, (name, value) => take(unescaped(name), unescaped(value)));
  else if (/^\s*multipart\/form-data/i.test(type)) {
    const boundary = /;\s{0,20}boundary\s{0,4}=\s{0,4}"?([^\s;,"]{1,200})/i.exec(type)?.[1];
    if (boundary !== undefined) eachPart(text, boundary, ({ name, content }) => take(name, content));
  }
  // Many an application reads JSON whatever the type says.
  takeJson(text, take);
  return [...found];
}

function takeJson(text: string, take: (field: string, value: unknown) => void): void {
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch {
    return;
  }
  if (!isRecord(root)) return;
  for (const [name, value] of Object.entries(root).slice(0, 100)) {
    if (isRecord(value)) for (const [inner, content] of Object.entries(value).slice(0, 100)) take(inner, content);
    else take(name, value);
  }
}

/** `user[Email_Address]` is `emailaddress`, and so is `1_email-address`. */
const plainName = (field: string): string =>
  (
    field
      .slice(0, 200)
      .match(/[^[\].]+/g)
      ?.at(-1) ?? ""
  )
    .toLowerCase()
    .replace(/[^a-z]/g, "");

function unescaped(text: string): string {
  const spaced = text.slice(0, 1_000).replaceAll("+", " ");
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

/**
 * The same in every process, as what it names is shared through the store; two names with one fingerprint would share a count, and whoever wants to count
 * against an account can name it anyway.
 */
function fingerprint(name: string): string {
  const out = new Int32Array(2);
  hashText(name, 0x6c6f6769, 0x6e733a31, out);
  return `${(out[0]! >>> 0).toString(36)}-${(out[1]! >>> 0).toString(36)}`;
}

/**
 * Signed form tokens: put into a form when its page is made, they say when it was shown and where it may be sent. No state, no cookie, no session.
 *
 * @module
 */
import { any, invalid, isText, type OptionTable, readOptions } from "./options.ts";

/** What `formTokens` takes. */
export interface FormTokensOptions {
  /** At least 16 characters that only your servers know. Of a list, the first signs and all are accepted: put a new one in front to change it. */
  readonly secret: string | readonly string[];
  /** Name of the hidden field with the token, letters, digits, `_` and `-`. Default `form_token`. */
  readonly tokenField?: string;
  /** Name of the field that nobody sees and only programs fill in. Default `remarks_2`. */
  readonly trapField?: string;
}

const isSecret = (value: unknown): boolean => isText(value) && value.length >= 16 && value.length <= 1_024;
const isFieldName = (value: unknown): boolean => typeof value === "string" && /^[\w-]{1,60}$/.test(value);

/** How each option is checked, and what holds without it. */
export const FORM_TOKENS_OPTIONS = {
  secret: any<string | readonly string[]>(
    undefined,
    "a secret of 16 to 1,024 characters, or a list of up to 8",
    (value) => isSecret(value) || (Array.isArray(value) && value.length > 0 && value.length <= 8 && value.every(isSecret)),
  ),
  tokenField: any<string, "form_token">("form_token", "letters, digits, _ and -, at most 60", isFieldName),
  trapField: any<string, "remarks_2">("remarks_2", "letters, digits, _ and -, at most 60", isFieldName),
} as const satisfies OptionTable;

/** What a token says. */
export type FormToken =
  | {
      readonly valid: true;
      /** When the form was shown, in milliseconds since the epoch. */
      readonly issuedAt: number;
      /** Tells this token from all others. */
      readonly nonce: string;
    }
  | { readonly valid: false };

/** Makes and reads form tokens. */
export interface FormTokens {
  readonly tokenField: string;
  readonly trapField: string;
  /** A token for a form that is sent to `path`. `now` is in milliseconds since the epoch; default: the clock. */
  issue(path: string, now?: number): Promise<string>;
  /** The hidden fields as HTML, for inside the `<form>`: the token, and the trap that people neither see nor reach with the keyboard. */
  fields(path: string, now?: number): Promise<string>;
  /** Reads a token that was sent to `path`. Total: any string has an answer. Says nothing about its age. */
  verify(token: string, path: string): Promise<FormToken>;
}

const INVALID: FormToken = Object.freeze({ valid: false });
const SHAPE = /^1\.([0-9a-z]{1,11})\.([\w-]{16})\.([\w-]{43})$/;
const NONCE_BYTES = 12;

/**
 * Makes the tokens of one secret. Draws no randomness and derives no key before the first token is asked for.
 *
 * A token is `1.<time in base 36>.<96 random bits>.<HMAC-SHA-256>`; the signature covers the path, so that a token of one form is worth nothing for
 * another. It may be sent more than once: who clicks twice, or goes back and sends again, has done nothing wrong.
 *
 * @throws WafError for an option that is unknown or out of range.
 * @example
 * const forms = formTokens({ secret: process.env.FORM_SECRET ?? "sixteen characters or more" });
 * const html = `<form method="post" action="/orders">${await forms.fields("/orders")}…</form>`;
 */
export function formTokens(options: FormTokensOptions): FormTokens {
  const { secret, tokenField, trapField } = readOptions("formTokens", FORM_TOKENS_OPTIONS, options);
  if (secret === undefined) throw invalid("formTokens.secret", secret, FORM_TOKENS_OPTIONS.secret.allowed);
  if (tokenField === trapField) throw invalid("formTokens.trapField", trapField, "another name than formTokens.tokenField");
  const secrets = typeof secret === "string" ? [secret] : secret;
  let keys: Promise<readonly CryptoKey[]> | undefined;
  const loadKeys = (): Promise<readonly CryptoKey[]> => {
    keys ??= Promise.all(secrets.map(importKey));
    return keys;
  };

  const issue = async (path: string, now = Date.now()): Promise<string> => {
    const [key] = await loadKeys();
    const time = Math.max(0, Math.floor(now)).toString(36);
    const nonce = toBase64Url(globalThis.crypto.getRandomValues(new Uint8Array(NONCE_BYTES)));
    const signature = await globalThis.crypto.subtle.sign("HMAC", key!, message(time, nonce, path));
    return `1.${time}.${nonce}.${toBase64Url(new Uint8Array(signature))}`;
  };

  return {
    tokenField,
    trapField,
    issue,
    async fields(path, now) {
      const token = await issue(path, now);
      // `hidden` rather than a style: a strict content security policy drops inline styles, and people would see the trap and fill it in.
      return (
        `<input type="hidden" name="${tokenField}" value="${token}">` +
        `<div hidden aria-hidden="true"><input type="text" name="${trapField}" value="" tabindex="-1" autocomplete="off"></div>`
      );
    },
    async verify(token, path) {
      const parts = token.length > 100 ? null : SHAPE.exec(token);
      if (parts === null) return INVALID;
      const [, time, nonce, signature] = parts as unknown as readonly [string, string, string, string];
      const bytes = fromBase64Url(signature);
      const issuedAt = Number.parseInt(time, 36);
      if (bytes === undefined || !Number.isSafeInteger(issuedAt)) return INVALID;
      const signed = message(time, nonce, path);
      for (const key of await loadKeys())
        if (await globalThis.crypto.subtle.verify("HMAC", key, bytes, signed)) return { valid: true, issuedAt, nonce };
      return INVALID;
    },
  };
}

const encoder = new TextEncoder();

const importKey = (secret: string): Promise<CryptoKey> =>
  globalThis.crypto.subtle.importKey("raw", encoder.encode(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);

/** What is signed. Begins with a name, so that a secret shared with something else signs nothing that could be taken for a token. */
const message = (time: string, nonce: string, path: string): Uint8Array<ArrayBuffer> =>
  encoder.encode(`aiwaf form token 1\n${time}\n${nonce}\n${pathOf(path)}`);

/** Without query and trailing slash: `/orders/?x=1` and `/orders` are one form. */
function pathOf(target: string): string {
  const path = target.split(/[?#]/, 1)[0]!;
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

const toBase64Url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

/**
 * Answers of the API: JSON, or a problem document.
 *
 * @module
 */
import { STATUS_CODES } from "node:http";
import type { Problem, ProblemCode } from "./api.ts";

/** Fields of every answer. Nothing of the console is kept, framed, sniffed, or read by another site. */
export const SAFE_FIELDS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "referrer-policy": "no-referrer",
};

/** Ends a request with a problem document wherever it is thrown. */
export class ProblemError extends Error {
  readonly status: number;
  readonly code: ProblemCode;
  readonly fields: Readonly<Record<string, string>>;

  constructor(status: number, code: ProblemCode, detail: string, fields: Readonly<Record<string, string>> = {}) {
    super(detail);
    this.name = "ProblemError";
    this.status = status;
    this.code = code;
    this.fields = fields;
  }
}

/** An answer as JSON. */
export function json(value: unknown, status = 200, fields: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(value), { status, headers: { ...SAFE_FIELDS, "content-type": "application/json", ...fields } });
}

/** A problem document (RFC 9457). */
export function problem({ status, code, message, fields }: ProblemError): Response {
  const retry = fields["retry-after"];
  const body: Problem = {
    type: "about:blank",
    title: STATUS_CODES[status] ?? "Error",
    status,
    detail: message,
    code,
    ...(retry !== undefined && { retryAfterS: Number(retry) }),
  };
  return json(body, status, { ...fields, "content-type": "application/problem+json" });
}

/** What the user of the API did wrong. */
export const wrongInput = (detail: string): ProblemError => new ProblemError(400, "input", detail);

/** Something that is not there. */
export const absent = (detail: string): ProblemError => new ProblemError(404, "absent", detail);

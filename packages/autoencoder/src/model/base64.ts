/**
 * Bytes as text and back, with what every runtime has.
 *
 * @module
 */
import { refuse } from "@aiwaf/core/models";

const CHUNK = 8_192;

export function toBase64(table: Int8Array): string {
  const bytes = new Uint8Array(table.buffer, table.byteOffset, table.byteLength);
  let binary = "";
  for (let at = 0; at < bytes.length; at += CHUNK) binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(binary);
}

/** @throws WafError when `text` is not exactly `length` bytes. */
export function fromBase64(name: string, text: unknown, length: number): Int8Array {
  const isWhole = typeof text === "string" && text.length === Math.ceil(length / 3) * 4 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
  const binary = isWhole ? atob(text) : "";
  if (!isWhole || binary.length !== length) throw refuse(name, `is not a table of ${length} numbers`);
  return Int8Array.from(binary, (character) => (character.charCodeAt(0) << 24) >> 24);
}

/**
 * What AIWAF's five model products promise, row by row, in few words. Tests name the rows they hold in their titles. The rows are in promise-rows.txt, an
 * id and a description a line.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The products, by the first part of a row's id. */
export const PRODUCTS: Readonly<Record<string, string>> = {
  S1: "aiwaf-rust and aiwaf-wasm",
  S2: "aiwaf 1.0.2 for Python",
  S3: "aiwaf 0.1.9.1.6 for Django",
  S4: "a hybrid firewall of rules and an autoencoder",
  S5: "PyWAF",
};

/** Description by row id, in order. */
export const PROMISES: ReadonlyMap<string, string> = new Map(
  readFileSync(join(import.meta.dirname, "promise-rows.txt"), "utf8")
    .trim()
    .split("\n")
    .map((line) => [line.slice(0, 6), line.slice(7)] as const),
);

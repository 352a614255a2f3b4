/**
 * The server half of the operator's console.
 *
 * @module
 */
export type * from "./api.ts";

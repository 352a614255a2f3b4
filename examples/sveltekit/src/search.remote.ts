import { query } from "$app/server";
import { entries } from "./entries.server.ts";

/** Entries with `text` in them, called by the page as it were a function of its own. */
export const find = query("unchecked", (text: string) => (typeof text === "string" ? entries.filter((entry) => entry.includes(text)) : []));

/**
 * Taking back: what each change did is kept for an hour, so that any process can undo it.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import type { RuleId, Store } from "@aiwaf/core";
import { addBans, addEntries, type ListEntry, type ListedBan, removeEntries, undoBans } from "@aiwaf/core/lists";
import type { ModelFolder } from "@aiwaf/core/models/file";
import { removeException, restoreException, type StoredException, switchMode, switchRule } from "@aiwaf/core/switches";
import type { ChangeEvent, ExemptionEntry } from "./api.ts";
import { absent } from "./problem.ts";

/** What was done, with all it takes to take it back. */
export type Done =
  | { readonly kind: "ban-made"; readonly client: string }
  | { readonly kind: "bans-ended"; readonly bans: readonly ListedBan[] }
  | { readonly kind: "exemption-made"; readonly list: ExemptionEntry["list"]; readonly name: string; readonly before?: ListEntry }
  | { readonly kind: "exemption-ended"; readonly list: ExemptionEntry["list"]; readonly entry: ListEntry }
  | { readonly kind: "exceptions-made"; readonly ids: readonly string[] }
  | { readonly kind: "exception-ended"; readonly exception: StoredException }
  | { readonly kind: "rule"; readonly rule: string; readonly before: "report" | "enforce" }
  | { readonly kind: "mode"; readonly before?: "report" | "enforce" }
  | { readonly kind: "model"; readonly before: string };

const KEY = "console:undo:";
const KEPT_MS = 3_600_000;

/** Keeps what was done. @returns the id to undo it by. */
export async function keepDone(store: Store, done: Done, now: number): Promise<string> {
  const id = randomBytes(12).toString("base64url");
  await store.set(KEY + id, JSON.stringify(done), KEPT_MS, now);
  return id;
}

/**
 * Takes a change back, once.
 *
 * @throws (rejects with) ProblemError when there is nothing of that id any more.
 */
export async function undo(
  store: Store,
  models: ModelFolder | undefined,
  id: string,
  by: string,
  now: number,
): Promise<{ readonly text: string; readonly what: ChangeEvent["what"] }> {
  const gone = absent("This was undone already, or is more than an hour ago.");
  const stored = /^[\w-]{16}$/.test(id) ? await store.get(KEY + id, now) : undefined;
  if (stored === undefined) throw gone;
  // Two who undo at once must not undo each other.
  if ((await store.increment(`${KEY}once:${id}`, 1, KEPT_MS, now)).value > 1) throw gone;
  await store.delete(KEY + id);
  const done = JSON.parse(stored) as Done;
  switch (done.kind) {
    case "ban-made":
      await undoBans(store, { client: done.client }, now);
      return { what: "bans", text: `${done.client} is not banned any more.` };
    case "bans-ended": {
      const added = await addBans(store, done.bans, now);
      const one = done.bans.length === 1 ? done.bans[0]?.client : undefined;
      if (added === 0)
        return { what: "bans", text: one === undefined ? "The bans would have ended meanwhile." : "The ban would have ended meanwhile." };
      return { what: "bans", text: one === undefined ? `${added} bans hold again.` : `The ban of ${one} holds again.` };
    }
    case "exemption-made":
      if (done.before === undefined) await removeEntries(store, done.list, [done.name], now);
      else await addEntries(store, done.list, [done.before], now);
      return { what: "exemptions", text: `The exemption of ${done.name} is as it was.` };
    case "exemption-ended":
      await addEntries(store, done.list, [done.entry], now);
      return { what: "exemptions", text: `${done.entry.name} is exempt again.` };
    case "exceptions-made":
      for (const id of done.ids) await removeException(store, id, now);
      return { what: "exceptions", text: done.ids.length === 1 ? "The exception is gone." : "The exceptions are gone." };
    case "exception-ended":
      await restoreException(store, done.exception, now);
      return { what: "exceptions", text: `The exception for ${done.exception.path} holds again.` };
    case "rule":
      await switchRule(store, done.rule as RuleId, done.before, by, now);
      return { what: "rules", text: `${done.rule} is back to ${done.before}.` };
    case "mode":
      await switchMode(store, done.before, by, now);
      return { what: "mode", text: done.before === undefined ? "The mode is as configured." : `The mode is back to ${done.before}.` };
    case "model":
      await models?.promote(done.before);
      return { what: "models", text: `${done.before} is in use again.` };
  }
}

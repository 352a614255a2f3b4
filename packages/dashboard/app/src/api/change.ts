import type { Undoable, UndoResult } from "../../../src/api.ts";
import { announce } from "../announce.ts";
import { noteOwnChange } from "./changes.ts";
import { ask } from "./client.ts";

/**
 * Changes something, says so, and offers to take it back.
 *
 * @param text What was done, in the past: `The ban of 192.0.2.7 was ended.`
 * @param reload Asks anew for what is shown, after the change and after its undo.
 * @throws ApiProblem when the server refused; nothing is announced then.
 */
export async function change<T extends Undoable>(
  request: { readonly method: string; readonly path: string; readonly body?: unknown },
  text: string,
  reload: () => void,
): Promise<T> {
  const { method, path, body } = request;
  // The first part of an address says what is changed there.
  const what = path.split("/", 1)[0] as string;
  noteOwnChange(what);
  const answer = await ask<T>(method, path, body === undefined ? {} : { body });
  reload();
  announce(text, { undo: () => takeBack(answer.undo, what, reload) });
  return answer;
}

/** As `change`; a refusal is shown as a message instead of thrown. For controls that have no place of their own for it. */
export async function tryChange(
  request: { readonly method: string; readonly path: string; readonly body?: unknown },
  text: string,
  reload: () => void,
): Promise<boolean> {
  try {
    await change(request, text, reload);
    return true;
  } catch (error) {
    announce(error instanceof Error ? error.message : "That did not work.", { tone: "bad" });
    return false;
  }
}

async function takeBack(undo: string, what: string, reload: () => void): Promise<void> {
  noteOwnChange(what);
  try {
    const { text } = await ask<UndoResult>("POST", "undo", { body: { undo } });
    announce(text);
  } catch (error) {
    announce(error instanceof Error ? error.message : "That could not be undone.", { tone: "bad" });
  }
  reload();
}

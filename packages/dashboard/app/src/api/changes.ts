/**
 * What others change while somebody looks: other pages, other consoles, the command line, and the firewall itself where it bans.
 *
 * @module
 */
import type { ChangeEvent } from "../../../src/api.ts";
import { announce } from "../announce.ts";
import { visibleText } from "../text/visible.ts";
import { apiUrl } from "./client.ts";

type What = ChangeEvent["what"];

const NAMES: Readonly<Record<What, string>> = {
  bans: "the bans",
  exemptions: "the exemptions",
  exceptions: "the exceptions",
  rules: "the rules",
  mode: "the mode",
  models: "the model",
};
const RETRY_MS = 15_000;
/** Lists are asked for once for all that changes in so short a time: under attack, bans change without a pause. */
const GATHER_MS = 400;
const PAUSE_MS = 3_000;
/** What this page changed itself comes back once, within so long. */
const OWN_MS = 5_000;

const listeners = new Set<{ readonly whats: readonly What[]; readonly act: () => void }>();
const waiting = new Set<What>();
let timer: ReturnType<typeof setTimeout> | undefined;
let lastTold = 0;
const own: { readonly what: string; readonly until: number }[] = [];

/** Calls `act` when anybody changed something of `whats`. @returns what ends that. */
export function onChange(whats: readonly What[], act: () => void): () => void {
  if (whats.length === 0) return () => {};
  const listener = { whats, act };
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Says that this page changes something: it asks anew by itself, and nobody needs to be told who it was. */
export function noteOwnChange(what: string): void {
  own.push({ what, until: Date.now() + OWN_MS });
}

/** Whether a change is one that this page made. */
function isOwn(what: What): boolean {
  const now = Date.now();
  while (own[0] !== undefined && own[0].until < now) own.shift();
  const at = own.findIndex((one) => one.what === what);
  if (at >= 0) own.splice(at, 1);
  return at >= 0;
}

/** Takes over a `change` event, from whichever stream. */
export function takeChange(data: string): void {
  let change: ChangeEvent;
  try {
    change = JSON.parse(data) as ChangeEvent;
  } catch {
    return;
  }
  if (!Object.hasOwn(NAMES, change.what)) return;
  if (change.user !== "" && !isOwn(change.what)) announce(`${visibleText(change.user, 40)} changed ${NAMES[change.what]}.`);
  waiting.add(change.what);
  if (timer === undefined) timer = setTimeout(tell, Math.max(GATHER_MS, lastTold + PAUSE_MS - Date.now()));
}

function tell(): void {
  timer = undefined;
  lastTold = Date.now();
  const changed = new Set(waiting);
  waiting.clear();
  for (const { whats, act } of [...listeners]) if (whats.some((what) => changed.has(what))) act();
}

/** Hears of changes while the page is in sight: browsers allow few connections to one server, and hidden pages ask anew when they are shown. */
export function hearChanges(): () => void {
  let source: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  const close = (): void => {
    clearTimeout(retry);
    source?.close();
    source = undefined;
  };
  const open = (): void => {
    close();
    if (document.visibilityState === "hidden") return;
    source = new EventSource(apiUrl("events", { only: "changes" }));
    source.addEventListener("change", ({ data }: MessageEvent<string>) => takeChange(data));
    source.addEventListener("error", () => {
      // Too many watch, or nobody is signed in any more: a browser would not try again.
      if (source?.readyState === EventSource.CLOSED) retry = setTimeout(open, RETRY_MS);
    });
  };
  open();
  document.addEventListener("visibilitychange", open);
  return () => {
    document.removeEventListener("visibilitychange", open);
    close();
  };
}

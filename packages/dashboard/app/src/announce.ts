/**
 * Short messages: shown for a while, read out by screen readers, with an undo where there is one.
 *
 * @module
 */
import { signal } from "@preact/signals";

/** A message on the screen. */
export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly tone: "good" | "bad";
  readonly undo?: () => Promise<void>;
}

const NOTICES_MAX = 3;
/** Long enough to be read and reached by keyboard; a message with an undo stays longer, a failure until it is closed. */
const SHOWN_MS = 6_000;
const UNDO_SHOWN_MS = 20_000;

/** What is on the screen, oldest first. */
export const notices = signal<readonly Notice[]>([]);
/** What screen readers are told politely; changes with each message. */
export const spoken = signal("");

let last = 0;

/** Shows and speaks a message. */
export function announce(text: string, more: { readonly tone?: "good" | "bad"; readonly undo?: () => Promise<void> } = {}): void {
  const notice: Notice = { id: ++last, text, tone: more.tone ?? "good", ...(more.undo !== undefined && { undo: more.undo }) };
  notices.value = [...notices.value, notice].slice(-NOTICES_MAX);
  speak(text);
  if (notice.tone === "good") setTimeout(() => dismiss(notice.id), notice.undo === undefined ? SHOWN_MS : UNDO_SHOWN_MS);
}

/** Tells screen readers alone. */
export function speak(text: string): void {
  // The same text twice would not be read again; a changed blank makes it another text.
  spoken.value = spoken.value === text ? `${text}\u00a0` : text;
}

/** Takes a message off the screen. */
export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

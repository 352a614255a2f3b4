const MAX_ENTRIES = 100;

/** The guest book; forgotten when the server stops. */
export const entries: string[] = ["Nice shop!"];

export function sign(text: string): void {
  entries.push(text.slice(0, 200));
  if (entries.length > MAX_ENTRIES) entries.shift();
}

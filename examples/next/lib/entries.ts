const MAX_ENTRIES = 100;

/** Next gives each entry of an application its own copy of a module; the global object is the one place they share. */
const shared = globalThis as { guestBook?: string[] };

/** The guest book; forgotten when the server stops. */
export const entries = (): string[] => {
  shared.guestBook ??= ["Nice shop!"];
  return shared.guestBook;
};

export function sign(text: string): void {
  entries().push(text.slice(0, 200));
  if (entries().length > MAX_ENTRIES) entries().shift();
}

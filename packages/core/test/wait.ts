/** Longer than anything here takes on the busiest machine: a guard against hanging, never a measure. */
export const PATIENCE_MS = 60_000;

export const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Looks every 5 ms whether `holds` does. Rejects after a minute, naming `what` is missing. */
export async function waitUntil(holds: () => unknown, what: string): Promise<void> {
  for (let waitedMs = 0; !(await holds()); waitedMs += 5) {
    if (waitedMs > PATIENCE_MS) throw new Error(`waited in vain: ${what}`);
    await pause(5);
  }
}

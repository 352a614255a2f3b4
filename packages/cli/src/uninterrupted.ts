/**
 * Holds Ctrl-C and a polite end back until the work is done, so that it is done or taken back as a whole. Nothing holds `kill -9` back: whoever works
 * here leaves a way back first.
 */
export async function uninterrupted<T>(work: () => Promise<T>): Promise<T> {
  const hold = (): void => {};
  process.on("SIGINT", hold);
  process.on("SIGTERM", hold);
  try {
    return await work();
  } finally {
    process.off("SIGINT", hold);
    process.off("SIGTERM", hold);
  }
}

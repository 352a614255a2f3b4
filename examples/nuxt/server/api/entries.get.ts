// biome-ignore lint/style/noDefaultExport: Nitro takes a handler from a file's default export.
export default defineEventHandler((event) => ({ entries, decision: event.context.aiwaf?.id }));

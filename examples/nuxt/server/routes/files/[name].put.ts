/** Counts an upload without keeping it. */
// biome-ignore lint/style/noDefaultExport: Nitro takes a handler from a file's default export.
export default defineEventHandler(async (event) => {
  const body = await readRawBody(event, false);
  setResponseStatus(event, 201);
  return { name: getRouterParam(event, "name"), bytes: body?.byteLength ?? 0 };
});

// biome-ignore lint/style/noDefaultExport: Nitro takes a handler from a file's default export.
export default defineEventHandler(async (event) => {
  const { text } = (await readBody<{ text?: unknown }>(event)) ?? {};
  if (typeof text !== "string" || text.trim() === "") throw createError({ statusCode: 400, message: "An entry needs some text." });
  sign(text);
  return sendRedirect(event, "/", 303);
});

import { getHost } from "../../../host.ts";

/** A middleware and no route: the page renderer stands on the route of everything. What Nuxt shows of its own is left to it. */
// biome-ignore lint/style/noDefaultExport: Nuxt takes files of this kind from their default export.
export default defineEventHandler((event) =>
  event.path.startsWith("/framework/") ? undefined : getHost().answer(toWebRequest(event), event.context.aiwaf),
);

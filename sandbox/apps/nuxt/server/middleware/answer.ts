import { getHost } from "../../../host.ts";

/** A middleware and no route: the page renderer stands on the route of everything. */
// biome-ignore lint/style/noDefaultExport: Nuxt takes files of this kind from their default export.
export default defineEventHandler((event) => getHost().answer(toWebRequest(event), event.context.aiwaf));

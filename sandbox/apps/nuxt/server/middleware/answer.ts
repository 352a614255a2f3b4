import { getHost } from "../../../host.ts";

/** A middleware and no route: the page renderer stands on the route of everything. */
export default defineEventHandler((event) => getHost().answer(toWebRequest(event), event.context.aiwaf));

import { getHost } from "../../../host.ts";

export default defineEventHandler((event) => getHost().answer(toWebRequest(event), event.context.aiwaf));

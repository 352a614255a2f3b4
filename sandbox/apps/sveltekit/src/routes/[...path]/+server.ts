import { getHost } from "../../../../host.ts";
import type { RequestHandler } from "./$types";

const answer: RequestHandler = ({ request, locals }) => getHost().answer(request, locals.aiwaf);

export const trailingSlash = "ignore";
export { answer as fallback, answer as GET, answer as HEAD, answer as OPTIONS, answer as POST };

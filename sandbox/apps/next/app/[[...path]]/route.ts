import { currentDecision } from "@aiwaf/next";
import { getHost } from "../../../host.ts";

const answer = (request: Request): Promise<Response> => getHost().answer(request, currentDecision());

export const dynamic = "force-dynamic";
export { answer as DELETE, answer as GET, answer as HEAD, answer as OPTIONS, answer as PATCH, answer as POST, answer as PUT };

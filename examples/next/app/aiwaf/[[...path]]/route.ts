import { shared } from "../../../lib/console";

export const dynamic = "force-dynamic";

const answer = async (request: Request): Promise<Response> =>
  (await shared.firewallConsole?.fetch(request)) ?? new Response(null, { status: 404 });

export { answer as DELETE, answer as GET, answer as HEAD, answer as POST, answer as PUT };

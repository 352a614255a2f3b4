import { CATALOGUE } from "../../../../host.ts";

export const GET = (): Response => Response.json(CATALOGUE);

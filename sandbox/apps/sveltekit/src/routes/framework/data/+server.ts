import { json } from "@sveltejs/kit";
import { CATALOGUE } from "../../../../../host.ts";

export const GET = () => json(CATALOGUE);

import { json } from "@sveltejs/kit";
import { entries } from "../../../entries.server.ts";
import type { RequestHandler } from "./$types";

export const GET: RequestHandler = ({ locals }) => json({ entries, decision: locals.aiwaf?.id });

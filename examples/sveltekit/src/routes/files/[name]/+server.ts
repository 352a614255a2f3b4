import { json } from "@sveltejs/kit";
import type { RequestHandler } from "./$types";

/** Counts an upload without keeping it. */
export const PUT: RequestHandler = async ({ request, params }) =>
  json({ name: params.name, bytes: (await request.arrayBuffer()).byteLength }, { status: 201 });

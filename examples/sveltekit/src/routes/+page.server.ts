import { fail, redirect } from "@sveltejs/kit";
import { entries, sign } from "../entries.server.ts";
import type { Actions, PageServerLoad } from "./$types";

export const load: PageServerLoad = () => ({ entries: [...entries] });

export const actions: Actions = {
  default: async ({ request }) => {
    const text = (await request.formData()).get("text");
    if (typeof text !== "string" || text.trim() === "") return fail(400, { message: "An entry needs some text." });
    sign(text);
    redirect(303, "/");
  },
};

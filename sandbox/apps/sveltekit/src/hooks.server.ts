import { guardServers, protect } from "@aiwaf/sveltekit";
import type { Handle } from "@sveltejs/kit/hooks";
import { getHost } from "../../host.ts";

const { waf, guardsServers } = getHost();

if (waf !== undefined && guardsServers) guardServers(waf);

export const handle: Handle = waf === undefined ? ({ event, resolve }) => resolve(event) : protect(waf);

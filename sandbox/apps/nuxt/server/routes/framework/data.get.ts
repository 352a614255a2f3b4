import { CATALOGUE } from "../../../../host.ts";

// biome-ignore lint/style/noDefaultExport: Nuxt takes files of this kind from their default export.
export default defineEventHandler(() => CATALOGUE);

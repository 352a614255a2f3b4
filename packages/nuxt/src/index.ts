/**
 * AIWAF as a Nuxt module.
 *
 * @module
 */
import { type RecommendedOptions, recommended } from "@aiwaf/core/recommended";
import { addServerPlugin, addServerTemplate, createResolver, defineNuxtModule, findPath } from "nuxt/kit";
import type { NuxtModule } from "nuxt/schema";

/**
 * The `aiwaf` key of `nuxt.config`: options of the recommended firewall that JSON can carry, or `file`. `aiwaf: false` leaves the firewall out.
 */
export interface ModuleOptions extends RecommendedOptions {
  /**
   * A file whose default export is the options, a firewall made with `createWaf`, or `false`. For stores, detectors and functions, which a build
   * cannot carry over; then no other option may stand beside it. Resolved as Nuxt resolves paths: `~~/server/aiwaf`.
   */
  readonly file?: string;
}

/** The module: `modules: ["@aiwaf/nuxt"]` puts the firewall in front of everything the built server does. */
const aiwaf: NuxtModule<ModuleOptions> = defineNuxtModule<ModuleOptions>({
  meta: { name: "@aiwaf/nuxt", configKey: "aiwaf", compatibility: { nuxt: "^4.0.0" } },
  async setup({ file, ...options }) {
    const from = file === undefined ? toText(options) : JSON.stringify(await locate(file, options));
    addServerTemplate({
      filename: "#aiwaf",
      getContents: () => (file === undefined ? `export default ${from}` : `export { default } from ${from}`),
    });
    addServerPlugin(createResolver(import.meta.url).resolve("./plugin.js"));
  },
});

/** Wrong options end the build instead of the first start. */
function toText(options: RecommendedOptions): string {
  recommended(options);
  return JSON.stringify(options, (key, value: unknown) => {
    if (typeof value !== "function") return value;
    throw new TypeError(
      `aiwaf: "${key}" is a function, which a build cannot carry over; move the options to a file and name it in aiwaf.file`,
    );
  });
}

async function locate(file: string, options: object): Promise<string> {
  const found = Object.keys(options).length === 0 ? await findPath(file) : null;
  if (found !== null) return found;
  throw new TypeError(`aiwaf: file ${JSON.stringify(file)} is missing, or other options stand beside it: it must bring them all`);
}

// biome-ignore lint/style/noDefaultExport: Nuxt takes a module from a package's default export.
export { aiwaf as default };

import manifest from "../package.json" with { type: "json" };

/** The package's version, as pages show it. */
export const VERSION = manifest.version;

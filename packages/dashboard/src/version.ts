/** The package's version, as pages show it. */
export const VERSION = "0.0.0";

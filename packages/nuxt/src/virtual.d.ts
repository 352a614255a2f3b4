/** Made up by the module when Nuxt builds: the options of `nuxt.config`, or what its `file` exports. */
declare module "#aiwaf" {
  const source: import("@aiwaf/core").Waf | import("@aiwaf/core/recommended").RecommendedOptions | false | undefined;

  // biome-ignore lint/style/noDefaultExport: files named in `aiwaf.file` export by default.
  export { source as default };
}

interface ImportMeta {
  /** Nitro's name of what it builds for, such as `node-server`; put in its place when it builds. */
  readonly preset?: string;
}

/**
 * Route manifests: what `aiwaf init` wrote, as options of a firewall.
 *
 * @module
 */
export { fromManifest, type ManifestOptions } from "./manifest/compile.ts";
export { type Manifest, type ManifestLimit, type ManifestRoute, type Protections, readManifest, type Switch } from "./manifest/manifest.ts";

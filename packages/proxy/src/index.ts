/**
 * AIWAF as a reverse proxy in front of any web server.
 *
 * @module
 */
export type { ProxyOptions, TlsOptions } from "./options.ts";
export { createProxy, type ProxyHealth, type ReverseProxy } from "./proxy.ts";
export type { UpstreamRoute } from "./upstreams.ts";

import type { NextConfig } from "next";

/** The same application built twice: without a proxy, and with `proxy.with-proxy.ts`, which only this file extension makes Next's proxy. */
const hasProxy = process.env["AIWAF_SANDBOX_PROXY"] === "1";

const config: NextConfig = {
  distDir: hasProxy ? ".next/with-proxy" : ".next/plain",
  pageExtensions: hasProxy ? ["with-proxy.ts", "ts", "tsx"] : ["ts", "tsx"],
  poweredByHeader: false,
  compress: false,
  skipTrailingSlashRedirect: true,
  typescript: { ignoreBuildErrors: true },
};

export default config;

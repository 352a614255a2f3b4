import { protectServers, register as watchServers } from "@aiwaf/next/instrumentation";
import { getHost } from "../host.ts";

export async function register(): Promise<void> {
  const { waf, guardsServers } = getHost();
  if (waf === undefined) return;
  if (guardsServers) await protectServers(waf)();
  else watchServers();
}

/**
 * The console of `aiwaf proxy`: who may use it, what it can look back at, and where its password is kept.
 *
 * @module
 */
import type { Waf } from "@aiwaf/core";
import type { Dashboard, DashboardOptions } from "@aiwaf/dashboard";
import { UsageError } from "./usage-error.ts";

/** The flags that are about the console. */
export interface ConsoleFlags {
  /** False for `--no-console`. */
  readonly console?: string | boolean;
  readonly consoleHost?: readonly string[];
  readonly passwordFile?: string;
  readonly records?: string;
  readonly model?: string;
}

/** A console, and what ends with it. */
export interface OpenConsole {
  readonly dashboard: Dashboard;
  close(): Promise<void>;
}

/** Builds the console of a firewall. @throws TypeError and WafError for what is wrong. */
export async function openConsole(flags: ConsoleFlags, waf: Waf, configured: unknown): Promise<OpenConsole> {
  if (configured !== undefined && (typeof configured !== "object" || configured === null))
    throw new UsageError("console: must be an object of options, as createDashboard takes them");
  const { createDashboard } = await import("@aiwaf/dashboard");
  const { recordTable } = await import("@aiwaf/core/records/sqlite");
  const { modelFolder } = await import("@aiwaf/core/models/file");
  const options = (configured ?? {}) as Partial<DashboardOptions>;
  const { deployment } = options;
  const records =
    flags.records === undefined ? undefined : recordTable(flags.records, deployment === undefined ? {} : { record: { deployment } });
  if (records !== undefined) waf.subscribe(records.listener);
  const dashboard = createDashboard({
    auth: flags.passwordFile === undefined ? "token" : { passwordFile: flags.passwordFile },
    ...(records !== undefined && { records }),
    ...(flags.model !== undefined && { models: modelFolder(flags.model) }),
    ...(flags.consoleHost !== undefined && { hosts: flags.consoleHost }),
    ...options,
    waf,
  });
  return {
    dashboard,
    async close() {
      dashboard.close();
      await records?.close();
    },
  };
}

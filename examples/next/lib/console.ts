import type { Dashboard } from "@aiwaf/dashboard";

/** Next gives each entry of an application its own copy of a module; the global object is the one place they share. */
export const shared = globalThis as { firewallConsole?: Dashboard };

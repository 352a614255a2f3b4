/**
 * What the answers of one console share.
 *
 * @module
 */
import type { Logger, Store, Waf } from "@aiwaf/core";
import type { ModelFolder } from "@aiwaf/core/models/file";
import type { FirewallParts } from "@aiwaf/core/switches";
import type { ChangeEvent } from "./api.ts";
import type { Gate, Identity, RequestInfo } from "./auth.ts";
import type { Events } from "./events.ts";
import type { Past, Records } from "./past.ts";
import type { StoreWatch } from "./store-watch.ts";
import type { Tallies } from "./tallies.ts";

/** The parts of one console. */
export interface Context {
  readonly waf: Waf;
  readonly store: Store;
  readonly log: Logger;
  readonly gate: Gate;
  readonly events: Events;
  readonly tallies: Tallies;
  readonly records: Records | undefined;
  readonly past: Past | undefined;
  readonly watch: StoreWatch;
  /** How often clients were let through, as far as that was asked. */
  readonly known: Map<string, { readonly passed: number; readonly at: number }>;
  readonly models: ModelFolder | undefined;
  readonly deployment: string;
  readonly isReadOnly: boolean;
  /** How often a stream's reader is asked again whether it may still read, in milliseconds. */
  readonly recheckMs: number;
  /** Path of the console, without a slash at its end. */
  readonly prefix: string;
  /** `undefined` while it is not known: the firewall was not made switchable. */
  parts(): FirewallParts | undefined;
}

/** One request of the API that was let in. */
export interface Call {
  readonly request: Request;
  readonly info: RequestInfo;
  readonly query: URLSearchParams;
  /** Parts of the path that the route leaves open. */
  readonly rest: readonly string[];
  readonly identity: Identity;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Says in the log and to every page, of other consoles too, that something was changed. */
export async function note(context: Context, call: Call, what: ChangeEvent["what"], text: string): Promise<void> {
  const user = call.identity.user.name;
  // A warning, because it changes who is let through, and loggers keep warnings.
  context.log.warn(`Console: ${text}`, { user, code: "AIWAF_CONSOLE_CHANGE" });
  await context.watch.tell(what, user, call.now);
}

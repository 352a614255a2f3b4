/**
 * Runs in a process of its own: loads built modules and builds a firewall while everything that acts on the world reports its caller.
 * Arguments: the folder of the build, then the modules to load. Prints the violations as JSON, one list.
 *
 * Anything of the build that is caught throws as well, so code that swallows nothing stops right there. What Node itself does while it loads
 * a module goes through the same globals and is told apart by the stack.
 *
 * @module
 */
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [folder = "", ...modules] = process.argv.slice(2);
const build = pathToFileURL(`${folder}/`).href;
const violations: string[] = [];

/** Stops the code that was caught; it is on the list already. */
class Caught extends Error {}

function report(name: string): void {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 50;
  const caller = new Error(name).stack?.split("\n").find((line) => line.includes(build) || line.includes(folder));
  Error.stackTraceLimit = stackTraceLimit;
  if (caller === undefined) return;
  violations.push(`${name} ${caller.trim().replace(build, "").replace(`${folder}/`, "")}`);
  throw new Caught(`${name} must not be used while a firewall is being built`);
}

function trap(owner: object, owned: string, ...names: readonly string[]): void {
  for (const name of names) {
    const original: unknown = Reflect.get(owner, name);
    if (typeof original !== "function") throw new Error(`this Node has no ${owned}${name} to watch`);
    const watched = new Proxy(original, {
      apply(target, self, list) {
        report(owned + name);
        return Reflect.apply(target as () => unknown, self, list);
      },
      construct(target, list, self) {
        // `new Date(0)` reads no clock.
        if (name !== "Date" || list.length === 0) report(`new ${owned}${name}`);
        return Reflect.construct(target as new () => object, list, self);
      },
    });
    Object.defineProperty(owner, name, { value: watched, configurable: true, writable: true });
  }
}

trap(Date, "Date.", "now");
trap(performance, "performance.", "now", "mark", "measure");
trap(Math, "Math.", "random");
trap(Object.getPrototypeOf(crypto) as object, "crypto.", "getRandomValues", "randomUUID");
trap(process, "process.", "nextTick", "hrtime", "getBuiltinModule", "cwd", "on", "once", "emitWarning");
trap(
  globalThis,
  "",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
  "fetch",
  "WebSocket",
  "BroadcastChannel",
  "MessageChannel",
  "Date",
);

// Files and sockets are out of reach: of the build, only the two entries that are for Node alone can load Node's modules.
const isNodeEntry = (path: string): boolean =>
  path === "stores/sqlite.js" || /(?:^|\/)node[\w-]*\.js$/.test(path) || path === "models/file.js";
registerHooks({
  resolve(specifier, context, next) {
    const { parentURL = "" } = context;
    const importer = parentURL.startsWith(build) ? parentURL.slice(build.length) : undefined;
    const isBuiltin = /^node:|^[a-z_]+$/.test(specifier);
    if (isBuiltin && importer !== undefined && !isNodeEntry(importer)) violations.push(`import of ${specifier} by ${importer}`);
    return next(specifier, context);
  },
});

const before = process.getActiveResourcesInfo().length;
try {
  const loaded = Object.assign({}, ...(await Promise.all(modules.map((module) => import(pathToFileURL(join(folder, module)).href))))) as {
    createWaf?: (options: unknown) => unknown;
    recommended?: (options?: unknown) => unknown;
  };
  if (loaded.createWaf !== undefined && loaded.recommended !== undefined) {
    loaded.createWaf(loaded.recommended());
    loaded.createWaf(
      loaded.recommended({
        mode: "report",
        rateLimit: { max: 100, windowMs: 60_000 },
        blocklist: { block: ["203.0.113.0/24"] },
        client: { proxies: ["10.0.0.0/8"] },
        paths: { "/api/**": { rateLimit: { max: 5, windowMs: 1_000 }, skip: ["headers"] } },
      }),
    );
  }
} catch (error) {
  if (!(error instanceof Caught)) violations.push(error instanceof Error ? error.message : String(error));
}
const after = process.getActiveResourcesInfo().length;
if (after > before) violations.push(`${after - before} timers or handles are open: ${process.getActiveResourcesInfo().join(", ")}`);
process.stdout.write(JSON.stringify([...new Set(violations)]));

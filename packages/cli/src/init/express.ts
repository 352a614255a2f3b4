import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { messageOf, UsageError } from "../usage-error.ts";
import { type FoundApp, type FoundRoute, patternOf } from "./found-route.ts";

/** What Express 4 and 5 have in common, as far as it is looked at. */
interface Router {
  readonly stack?: readonly { readonly route?: { readonly path?: unknown; readonly methods?: Readonly<Record<string, boolean>> } }[];
}
interface App extends Router {
  readonly router?: Router;
  readonly _router?: Router;
}
interface Mount {
  readonly path: unknown;
  readonly child: App;
}
type Use = (this: object, ...values: unknown[]) => unknown;

function requireExpress(folder: string): { readonly Router: { prototype: object } & object; readonly application: object } {
  try {
    return createRequire(join(folder, "package.json"))("express") as ReturnType<typeof requireExpress>;
  } catch {
    throw new UsageError(`--app: there is no Express in ${folder}; name the application's folder: aiwaf init FOLDER --app FILE`);
  }
}

async function load(path: string, shown: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new UsageError(`--app ${shown}: ${messageOf(error)}`);
  }
}

/**
 * Reads an Express application by loading the module that exports it. Express forgets where a router was mounted, so that is noted while the module
 * runs. Whatever else the module does, it does: it should export the application and leave listening to another.
 */
export async function readExpress(folder: string, file: string): Promise<FoundApp> {
  const mounts = new WeakMap<object, Mount[]>();
  const { Router, application } = requireExpress(folder);
  // Express 4 keeps a router's methods on the function itself.
  for (const holder of [application, "use" in Router.prototype ? Router.prototype : Router] as { use: Use }[]) {
    const { use } = holder;
    holder.use = function (...values) {
      // As Express tells them apart: a list of paths is a path, a list of handlers is none.
      const hasPath = typeof [values[0]].flat(8)[0] !== "function";
      for (const child of (hasPath ? values.slice(1) : values).flat(8))
        if (typeof child === "function")
          mounts.set(this, [...(mounts.get(this) ?? []), { path: hasPath ? values[0] : "/", child: child as App }]);
      return use.apply(this, values);
    };
  }
  const loaded = await load(resolve(folder, file), file);
  const app = [loaded["default"], loaded["app"], ...Object.values(loaded)].find(
    (value) => typeof value === "function" && "handle" in value && "use" in value,
  );
  if (app === undefined) throw new UsageError(`${file} exports no Express application: export it as default or as app`);
  const routes: FoundRoute[] = [];
  const notes: string[] = [];
  collect(app as App, [], new Set());
  return { framework: "express", routes, context: {}, notes };

  function collect(owner: App, before: readonly string[], above: ReadonlySet<object>): void {
    if (above.has(owner) || above.size > 20) return;
    const inside = new Set([...above, owner]);
    // Express 4 has the second, and throws for whoever reads the first.
    const inner = owner._router ?? ("lazyrouter" in owner ? undefined : owner.router);
    for (const { route } of (inner ?? owner).stack ?? []) {
      for (const path of [route?.path].flat()) {
        if (route === undefined) continue;
        const methods = Object.keys(route.methods ?? {})
          .filter((name) => route.methods?.[name] === true)
          .map((name) => name.toUpperCase())
          .filter((name) => !["HEAD", "OPTIONS", "_ALL"].includes(name));
        // `app.all` of version 5 lists every method there is.
        const isAll = route.methods?.["_all"] === true || methods.length > 12;
        const all = segmentsOf(path);
        if (all === undefined) notes.push(`A route at ${String(path).slice(0, 80)} is left out: patterns cannot say it.`);
        else
          for (const segments of all)
            routes.push({
              pattern: patternOf([...before, ...segments]),
              methods: isAll ? [] : methods,
              view: file,
              kind: "endpoint",
            });
      }
    }
    // An application hands a mount on to its router, under a function of its own where it mounts another application.
    const holder = mounts.has(owner) || inner === undefined ? owner : inner;
    for (const { path, child } of mounts.get(holder) ?? [])
      for (const one of [path].flat()) {
        const all = segmentsOf(one);
        if (all === undefined) notes.push(`What is mounted at ${String(one).slice(0, 80)} is left out: patterns cannot say it.`);
        for (const segments of all ?? []) collect(child, [...before, ...segments], inside);
      }
  }
}

/** The patterns of an Express path, of either version; `undefined` for a regular expression. */
function segmentsOf(path: unknown): readonly (readonly string[])[] | undefined {
  if (typeof path !== "string") return undefined;
  // `{/:id}` of version 5 and `/:id?` of version 4 may be there or not.
  const optional = path.replace(/\/(:\w+)\?/g, "{/$1}");
  const both = optional.includes("{") ? [optional.replace(/\{[^}]*\}/g, ""), optional.replace(/[{}]/g, "")] : [optional];
  return both.map((one) =>
    one
      .split("/")
      .filter((part) => part !== "")
      .map((part) =>
        part.startsWith("*") || part === "(.*)" ? "**" : /^:[A-Za-z_]\w*$/.test(part) ? part : /[:*(+?]/.test(part) ? "*" : part,
      ),
  );
}

import { existsSync } from "node:fs";
import { join } from "node:path";
import { type FoundApp, type FoundRoute, patternOf } from "./found-route.ts";
import { filesBelow } from "./walk.ts";

/** Reads a Nuxt application: pages, and Nitro's `server/api` and `server/routes` with the methods in their names. */
export function readNuxt(folder: string): FoundApp {
  const pages = ["app/pages", "pages"].find((path) => existsSync(join(folder, path)));
  const found: FoundRoute[] = [
    ...(pages === undefined ? [] : filesBelow(join(folder, pages)).flatMap((file) => pageRoute(pages, file))),
    ...filesBelow(join(folder, "server/api")).flatMap((file) => serverRoute("server/api", file, ["api"])),
    ...filesBelow(join(folder, "server/routes")).flatMap((file) => serverRoute("server/routes", file, [])),
    { pattern: "/_nuxt/**", methods: ["GET"], view: "nuxt", kind: "assets" },
    { pattern: "/__nuxt_island/**", methods: ["GET", "POST"], view: "nuxt", kind: "endpoint" },
  ];
  return {
    framework: "nuxt",
    routes: found,
    context: {},
    notes: pages === undefined ? ["There are no pages: app.vue answers every address."] : [],
  };
}

function pageRoute(pages: string, file: string): readonly FoundRoute[] {
  if (!/\.(?:vue|[jt]sx?)$/.test(file)) return [];
  const parts = file.replace(/\.\w+$/, "").split("/");
  return variants(parts).map((segments) => ({ pattern: patternOf(segments), methods: ["GET"], view: `${pages}/${file}`, kind: "page" }));
}

function serverRoute(base: string, file: string, before: readonly string[]): readonly FoundRoute[] {
  const found = /^(.*?)(?:\.(get|post|put|patch|delete|head|options|connect|trace))?(?:\.(?:dev|prod))?\.[cm]?[jt]s$/.exec(file);
  if (found === null || file.endsWith(".d.ts")) return [];
  const [, path = "", method] = found;
  const methods = method === undefined ? [] : [method.toUpperCase()].filter((name) => name !== "HEAD" && name !== "OPTIONS");
  return variants([...before, ...path.split("/")]).map((segments) => ({
    pattern: patternOf(segments),
    methods,
    view: `${base}/${file}`,
    kind: "endpoint",
  }));
}

/** `index` and `(groups)` leave the address, `[[optional]]` makes two of them. */
function variants(parts: readonly string[]): readonly (readonly string[])[] {
  let all: string[][] = [[]];
  for (const [index, part] of parts.entries()) {
    if ((part === "index" && index === parts.length - 1) || /^\(.*\)$/.test(part)) continue;
    const name = /^\[{1,2}([A-Za-z_]\w*)\]{1,2}$/.exec(part)?.[1];
    const segment = /^\[\.\.\./.test(part) ? "**" : name !== undefined ? `:${name}` : part.includes("[") ? "*" : part;
    const longer = all.map((one) => [...one, segment]);
    all = /^\[\[/.test(part) && all.length < 32 ? [...all, ...longer] : longer;
  }
  return all;
}

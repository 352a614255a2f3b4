import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { exportedMethods, type FoundApp, type FoundRoute, patternOf } from "./found-route.ts";
import { filesBelow } from "./walk.ts";

/** Reads a SvelteKit application: pages with their actions, endpoints with their methods, remote functions. */
export function readSvelteKit(folder: string): FoundApp {
  const base = "src/routes";
  const files = filesBelow(join(folder, base));
  const folders = [...new Set(files.map((file) => file.split("/").slice(0, -1).join("/")))];
  const routes = folders.flatMap((path) => {
    const inside = files
      .filter((file) => file.split("/").slice(0, -1).join("/") === path)
      .map((file) => file.slice(path === "" ? 0 : path.length + 1));
    const page = inside.find((name) => /^\+page(?:@[^.]*)?\.svelte$/.test(name));
    const server = inside.find((name) => /^\+server\.[jt]s$/.test(name));
    const text = (name: RegExp): string => {
      const file = inside.find((one) => name.test(one));
      return file === undefined ? "" : readFileSync(join(folder, base, path, file), "utf8");
    };
    const exported = server === undefined ? [] : exportedMethods(text(/^\+server\.[jt]s$/));
    // An endpoint with `fallback` answers everything, and then so does its path.
    const answersAll = server !== undefined && exported.length === 0;
    const posts = /\bexport\s+const\s+actions\b|\bas\s+actions\b/.test(text(/^\+page\.server\.[jt]s$/));
    const methods = answersAll
      ? []
      : [...new Set([...(page === undefined ? [] : ["GET", ...(posts ? ["POST"] : [])]), ...exported])].sort();
    if (page === undefined && server === undefined) return [];
    const view = join(base, path, (page ?? server)!).replaceAll("\\", "/");
    return variants(path === "" ? [] : path.split("/")).map(
      (segments): FoundRoute => ({ pattern: patternOf(segments), methods, view, kind: page === undefined ? "endpoint" : "page" }),
    );
  });
  const remote = filesBelow(join(folder, "src")).filter((file) => /\.remote\.[jt]s$/.test(file));
  const own: FoundRoute[] = [{ pattern: "/_app/immutable/**", methods: ["GET"], view: "sveltekit", kind: "assets" }];
  if (remote.length > 0) own.push({ pattern: "/_app/remote/**", methods: ["GET", "POST"], view: remote.join(", "), kind: "endpoint" });
  const notes = existsSync(join(folder, base)) ? [] : [`There is no ${base}.`];
  return { framework: "sveltekit", routes: [...routes, ...own], context: {}, notes };
}

/** Groups leave the address, `[[optional]]` makes two of them, `[x+2e]` is an escaped character. */
function variants(parts: readonly string[]): readonly (readonly string[])[] {
  let all: string[][] = [[]];
  for (const part of parts) {
    if (/^\(.*\)$/.test(part)) continue;
    const plain = part.replace(/\[x\+([0-9a-f]{2})\]/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    const segment = /^\[\.\.\./.test(plain) ? "**" : (parameter(plain) ?? (plain.includes("[") ? "*" : plain));
    const longer = all.map((one) => [...one, segment]);
    all = /^\[\[/.test(plain) && all.length < 32 ? [...all, ...longer] : longer;
  }
  return all;
}

const parameter = (part: string): string | undefined => {
  const name = /^\[{1,2}([A-Za-z_]\w*)(?:=\w+)?\]{1,2}$/.exec(part)?.[1];
  return name === undefined ? undefined : `:${name}`;
};

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { exportedMethods, type FoundApp, type FoundRoute, patternOf } from "./found-route.ts";
import { filesBelow } from "./walk.ts";

/** What of Next's own build manifest matters here; written by `next build`. */
interface RoutesManifest {
  readonly basePath?: string;
  readonly i18n?: { readonly locales?: readonly string[] } | null;
  readonly rewrites?: readonly { readonly source?: string }[] | Readonly<Record<string, readonly { readonly source?: string }[]>>;
}

/** Reads a Next application: its `app` and `pages` directories, and base path, locales and rewrites from its last build. */
export function readNext(folder: string): FoundApp {
  const notes: string[] = [];
  const at = (name: string): string | undefined => [name, `src/${name}`].find((path) => existsSync(join(folder, path)));
  const [app, pages] = [at("app"), at("pages")];
  const routes = [
    ...(app === undefined ? [] : filesBelow(join(folder, app)).flatMap((file) => appRoute(folder, app, file))),
    ...(pages === undefined ? [] : filesBelow(join(folder, pages)).flatMap((file) => pagesRoute(pages, file))),
  ];
  const manifest = buildManifest(folder);
  if (manifest === undefined) notes.push("No build was found: run `next build` first if next.config has a basePath, i18n or rewrites.");
  const { basePath = "", i18n, rewrites = [] } = manifest ?? {};
  const locales = i18n?.locales ?? [];
  const sources = (Array.isArray(rewrites) ? rewrites : Object.values(rewrites).flat()).flatMap(({ source }) =>
    typeof source === "string" ? [source] : [],
  );
  const rewritten = sources.map(
    (source): FoundRoute => ({ pattern: fromPathToRegexp(source, basePath), methods: [], view: "next.config", kind: "endpoint" }),
  );
  // Every page answers below each locale too. Routes of `app` have no locales.
  const localized = routes.flatMap((route) =>
    route.kind === "page" && pages !== undefined && route.view.startsWith(pages)
      ? locales.map((locale) => ({ ...route, pattern: join2(`/${locale}`, route.pattern) }))
      : [],
  );
  const all = [...routes, ...rewritten, ...localized].map((route) => ({ ...route, pattern: join2(basePath, route.pattern) }));
  return {
    framework: "next",
    routes: [...all, { pattern: join2(basePath, "/_next/static/**"), methods: ["GET"], view: "next", kind: "assets" }],
    context: { basePath, locales },
    notes,
  };
}

function buildManifest(folder: string): RoutesManifest | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, ".next/routes-manifest.json"), "utf8")) as RoutesManifest;
  } catch {
    return undefined;
  }
}

const join2 = (base: string, pattern: string): string => (base === "" || base === "/" ? pattern : pattern === "/" ? base : base + pattern);

function appRoute(folder: string, app: string, file: string): readonly FoundRoute[] {
  const found = /^(?:(.*)\/)?(page|route)\.(?:[cm]?[jt]sx?|mdx?)$/.exec(file);
  if (found === null) return [];
  const [, path = "", kind] = found;
  const parts = path === "" ? [] : path.split("/");
  // Folders with an underscore are private; `(group)` and `@slot` are in no address.
  if (parts.some((part) => part.startsWith("_"))) return [];
  const view = `${app}/${file}`;
  const visible = parts
    .filter((part) => !/^(?:\([^.)][^)]*\)|@.*)$/.test(part))
    .map((part) => part.replace(/^(?:\(\.{1,3}\))+/, "").replaceAll("%5F", "_"));
  if (kind === "route")
    return variants(visible).map((segments) => ({
      pattern: patternOf(segments),
      methods: exportedMethods(readFileSync(join(folder, view), "utf8")),
      view,
      kind: "endpoint" as const,
    }));
  // A page's Server Actions are posted to its own address.
  return variants(visible).map((segments) => ({ pattern: patternOf(segments), methods: ["GET", "POST"], view, kind: "page" as const }));
}

function pagesRoute(pages: string, file: string): readonly FoundRoute[] {
  const found = /^(.*)\.(?:[cm]?[jt]sx?|mdx?)$/.exec(file);
  const path = found?.[1] ?? "";
  if (found === null || /^(?:_app|_document|_error|404|500|middleware)$/.test(path) || path.endsWith(".d")) return [];
  const parts = path.split("/").filter((part, index, all) => !(part === "index" && index === all.length - 1));
  const isApi = path.startsWith("api/");
  return variants(parts).map((segments) => ({
    pattern: patternOf(segments),
    methods: isApi ? [] : ["GET"],
    view: `${pages}/${file}`,
    kind: isApi ? "endpoint" : "page",
  }));
}

/** `[id]`, `[...rest]` and `[[...rest]]`; a pattern's `**` covers the folder itself too. */
const variants = (parts: readonly string[]): readonly (readonly string[])[] => [
  parts.map((part) =>
    /^\[{1,2}\.\.\./.test(part) ? "**" : /^\[[\w-]+\]$/.test(part) ? parameter(part.slice(1, -1)) : part.includes("[") ? "*" : part,
  ),
];

const parameter = (name: string): string => (/^[A-Za-z_]\w*$/.test(name) ? `:${name}` : "*");

/** The `source` of a rewrite: `/a/:id`, `/a/:path*`, `/a/:id(\\d+)`. */
const fromPathToRegexp = (source: string, basePath: string): string => {
  const own = basePath !== "" && source.startsWith(basePath) ? source.slice(basePath.length) : source;
  const segments = own
    .split("/")
    .filter((part) => part !== "")
    .map((part) =>
      /^:\w+(?:\(.*\))?[*+]$|\(\.\*\)/.test(part) ? "**" : /[:({*]/.test(part) ? (/^:[A-Za-z_]\w*$/.test(part) ? part : "*") : part,
    );
  return patternOf(segments);
};

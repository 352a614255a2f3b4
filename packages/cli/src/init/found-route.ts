/** One route as a framework's files or routers show it, before it is classified. */
export interface FoundRoute {
  /** Pattern of a path rule: `/a/:id`, `/a/**`. */
  readonly pattern: string;
  /** Upper case, without HEAD and OPTIONS; empty where the source does not tell. */
  readonly methods: readonly string[];
  /** Where it is: a file relative to the application, or the router. */
  readonly view: string;
  /** What it answers. */
  readonly kind: "page" | "endpoint" | "assets";
}

/** Everything that one framework's reader found. */
export interface FoundApp {
  readonly framework: string;
  readonly routes: readonly FoundRoute[];
  /** What else decides about paths: base path, locales. Part of the manifest's hash. */
  readonly context: Readonly<Record<string, unknown>>;
  /** Routes that no pattern can say, one line each. */
  readonly notes: readonly string[];
}

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

/** The HTTP methods a module exports by name, in any of JavaScript's ways; `fallback` stands for all. Reads text and runs nothing. */
export function exportedMethods(source: string): readonly string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\/|(^|[^:])\/\/.*$/gm, "$1");
  const isExported = (name: string): boolean =>
    new RegExp(`\\bexport\\s+(?:async\\s+)?(?:function\\s*\\*?|const|let|var)\\s+${name}\\b`).test(code) ||
    [...code.matchAll(/\bexport\s*\{([^}]*)\}/g)].some(([, list]) =>
      new RegExp(`(?:^|,|\\bas\\s)\\s*${name}\\s*(?:,|$)`).test(list ?? ""),
    ) ||
    [...code.matchAll(/\bexport\s+const\s*\{([^}]*)\}/g)].some(([, list]) => new RegExp(`\\b${name}\\b`).test(list ?? ""));
  return isExported("fallback") ? [] : METHODS.filter(isExported);
}

/** Joins segments to a pattern. What follows a rest parameter cannot be said by a pattern, and is covered by it. */
export function patternOf(segments: readonly string[]): string {
  const rest = segments.indexOf("**");
  return `/${(rest < 0 ? segments : segments.slice(0, rest + 1)).join("/")}`;
}

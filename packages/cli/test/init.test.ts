import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createWaf } from "@aiwaf/core";
import { fromManifest } from "@aiwaf/core/manifest";
import { recommended } from "@aiwaf/core/recommended";
import { afterAll, describe, expect, test } from "vitest";
import { classify } from "../src/init/classify.ts";
import { exportedMethods } from "../src/init/found-route.ts";
import { init } from "../src/init/init.ts";
import { readNext } from "../src/init/next.ts";
import { readNuxt } from "../src/init/nuxt.ts";
import { readSvelteKit } from "../src/init/sveltekit.ts";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** An application of empty files, but for those that are given a text. */
function application(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "aiwaf-init-"));
  folders.push(folder);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

const table = (routes: readonly { pattern: string; methods: readonly string[] }[]): Record<string, string> =>
  Object.fromEntries(routes.map(({ pattern, methods }) => [pattern, methods.join()]));

async function run(folder: string, flags = {}): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const io = {
    out: { hasColors: false, write: async (text: string) => void out.push(text) },
    err: { hasColors: false, write: async (text: string) => void err.push(text) },
    readInput: async () => undefined,
  };
  return { code: await init(folder, flags, io), out: out.join(""), err: err.join("") };
}

test.each([
  ["export async function GET() {}\nexport const POST = handler;", "GET,POST"],
  ["const a = 1;\nexport { a as PUT, b as DELETE };", "PUT,DELETE"],
  ["export const { GET, POST } = handlers;", "GET,POST"],
  ["// export const GET = 1\n/* export const PUT */ export function PATCH() {}", "PATCH"],
  ["const GET = 1; exportGET();", ""],
  ["export const GETTER = 1;", ""],
])("methods are read from exports: %s", (source, methods) => {
  expect(exportedMethods(source).join()).toBe(methods);
});

describe("Next", () => {
  const folder = application({
    "app/page.tsx": "",
    "app/(shop)/products/[id]/page.tsx": "",
    "app/docs/[[...slug]]/page.mdx": "",
    "app/@modal/(.)photo/[id]/page.tsx": "",
    "app/_private/page.tsx": "",
    "app/api/items/route.ts": "export async function GET() {}\nexport async function POST() {}",
    "app/layout.tsx": "",
    "pages/about.tsx": "",
    "pages/index.tsx": "",
    "pages/_app.tsx": "",
    "pages/blog/[slug].tsx": "",
    "pages/api/hook.ts": "",
    ".next/routes-manifest.json": JSON.stringify({
      basePath: "/shop",
      i18n: { locales: ["en", "de"], defaultLocale: "en" },
      rewrites: { beforeFiles: [], afterFiles: [{ source: "/shop/old/:path*" }], fallback: [] },
    }),
  });

  test("both directories, base path, locales and rewrites", () => {
    const { routes, context } = readNext(folder);
    expect(table(routes)).toEqual({
      "/shop": "GET",
      "/shop/products/:id": "GET,POST",
      "/shop/docs/**": "GET,POST",
      "/shop/photo/:id": "GET,POST",
      "/shop/api/items": "GET,POST",
      "/shop/about": "GET",
      "/shop/blog/:slug": "GET",
      "/shop/api/hook": "",
      "/shop/old/**": "",
      "/shop/en": "GET",
      "/shop/en/about": "GET",
      "/shop/en/blog/:slug": "GET",
      "/shop/de": "GET",
      "/shop/de/about": "GET",
      "/shop/de/blog/:slug": "GET",
      "/shop/_next/static/**": "GET",
    });
    expect(context).toEqual({ basePath: "/shop", locales: ["en", "de"] });
  });

  test("without a build, it says what it cannot know", () => {
    expect(readNext(application({ "src/app/page.tsx": "" })).notes[0]).toContain("next build");
  });
});

test("SvelteKit: pages, actions, endpoints, parameters and remote functions", () => {
  const folder = application({
    "src/routes/+page.svelte": "",
    "src/routes/+page.server.ts": "export const actions = {};",
    "src/routes/(app)/users/[id=integer]/+page.svelte": "",
    "src/routes/[[lang]]/about/+page.svelte": "",
    "src/routes/files/[...path]/+server.ts": "export const GET = () => {};",
    "src/routes/api/+server.ts": "export const fallback = () => {};",
    "src/routes/[x+2e]well-known/thing/+server.ts": "export function GET() {}",
    "src/routes/mixed/+page@.svelte": "",
    "src/routes/mixed/+server.ts": "export const PUT = () => {};",
    "src/routes/only-layout/+layout.svelte": "",
    "src/lib/data.remote.ts": "",
  });
  expect(table(readSvelteKit(folder).routes)).toEqual({
    "/": "GET,POST",
    "/users/:id": "GET",
    "/about": "GET",
    "/:lang/about": "GET",
    "/files/**": "GET",
    "/api": "",
    "/.well-known/thing": "GET",
    "/mixed": "GET,PUT",
    "/_app/immutable/**": "GET",
    "/_app/remote/**": "GET,POST",
  });
});

test("Nuxt: pages and server routes", () => {
  const folder = application({
    "app/pages/index.vue": "",
    "app/pages/users/[id].vue": "",
    "app/pages/[[lang]]/news.vue": "",
    "app/pages/(group)/[...slug].vue": "",
    "server/api/items.get.ts": "",
    "server/api/items.post.ts": "",
    "server/api/any/index.ts": "",
    "server/routes/feed.xml.get.ts": "",
    "server/middleware/log.ts": "",
  });
  const { routes } = readNuxt(folder);
  expect(routes.map(({ pattern, methods }) => `${methods.join() || "*"} ${pattern}`).sort()).toEqual(
    [
      "GET /",
      "GET /users/:id",
      "GET /news",
      "GET /:lang/news",
      "GET /**",
      "GET /api/items",
      "POST /api/items",
      "* /api/any",
      "GET /feed.xml",
      "GET /_nuxt/**",
      "GET,POST /__nuxt_island/**",
    ].sort(),
  );
});

test.each([
  ["/assets/x.css", [], "endpoint", "static"],
  ["/admin/users", ["GET"], "page", "admin"],
  ["/login", ["GET", "POST"], "page", "auth"],
  ["/contact", ["GET", "POST"], "page", "form"],
  ["/api/items", ["GET", "POST"], "endpoint", "api"],
  ["/upload", ["PUT"], "endpoint", "upload"],
  ["/account/orders", ["GET"], "page", "app"],
  ["/about", ["GET"], "page", "unknown"],
  ["/administrators", ["GET"], "page", "unknown"],
] as const)("%s is %s", (pattern, methods, kind, category) => {
  expect(classify({ pattern, methods, kind, view: "x" }).category).toBe(category);
});

describe("aiwaf init", () => {
  const files = { "package.json": '{"dependencies":{"nuxt":"4.5.2"}}', "app/pages/index.vue": "", "server/api/items.get.ts": "" };

  test("S2-163, S2-164: writes a file that the firewall reads, the same again apart from its time", async () => {
    const folder = application(files);
    expect(await run(folder)).toMatchObject({ code: 0, out: "Wrote .aiwaf/paths.json: 4 routes of nuxt.\n" });
    const written = JSON.parse(readFileSync(join(folder, ".aiwaf/paths.json"), "utf8"));
    expect(written).toMatchObject({ schema_version: "1.0", framework: "nuxt", context_hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(written.generated_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(Object.keys(written.routes)).toEqual(["/", "/__nuxt_island/**", "/_nuxt/**", "/api/items"]);
    await run(folder);
    expect(JSON.parse(readFileSync(join(folder, ".aiwaf/paths.json"), "utf8")).context_hash).toBe(written.context_hash);
  });

  test("S2-165, S2-166: lists each route with its methods, source and kind, and the protections that fit it", async () => {
    const folder = application({ ...files, "app/pages/login.vue": "", "server/api/items.post.ts": "" });
    await run(folder);
    const { routes } = JSON.parse(readFileSync(join(folder, ".aiwaf/paths.json"), "utf8"));
    expect(routes["/api/items"]).toMatchObject({
      methods: ["GET", "POST"],
      view: "server/api/items.get.ts, server/api/items.post.ts",
      category: "api",
      response_type: "json",
      auth_required: false,
      protections: { api_rate_limit: { requests: 120, window_seconds: 60 }, honeypot: { enabled: false } },
    });
    expect(routes["/login"]).toMatchObject({
      methods: ["GET"],
      category: "auth",
      protections: { rate_limit: { requests: 30, window_seconds: 60 }, honeypot: { enabled: true } },
    });
  });

  test("S2-167: routes are read once, when the file is made: requests are judged by it alone, also when the sources are gone", async () => {
    const folder = application(files);
    await run(folder);
    const manifest: unknown = JSON.parse(readFileSync(join(folder, ".aiwaf/paths.json"), "utf8"));
    rmSync(folder, { recursive: true });
    const waf = createWaf(recommended(fromManifest(manifest)));
    const decision = await waf.inspect({ method: "DELETE", target: "/api/items", headers: new Headers(), peer: "192.0.2.1" });
    expect([decision.request.route?.pattern, decision.action, decision.findings.at(-1)?.rule]).toEqual([
      "/api/items",
      "block",
      "methods/not-allowed",
    ]);
  });

  test("--check fails with what changed, and changes nothing", async () => {
    const folder = application(files);
    expect(await run(folder, { check: true })).toMatchObject({ code: 1, err: expect.stringContaining("missing") });
    await run(folder);
    expect(await run(folder, { check: true })).toEqual({ code: 0, out: "", err: "" });
    writeFileSync(join(folder, "server/api/items.post.ts"), "");
    writeFileSync(join(folder, "app/pages/new.vue"), "");
    const { code, err } = await run(folder, { check: true });
    expect([code, err]).toEqual([1, expect.stringMatching(/no longer fits.*\n {2}~ \/api\/items\n {2}\+ \/new\n/)]);
  });

  test("a damaged file is missing, not an error", async () => {
    const folder = application({ ...files, ".aiwaf/paths.json": '{"schema_version":' });
    expect((await run(folder, { check: true })).code).toBe(1);
  });

  test.each([
    [{}, /package.json is missing/],
    [{ "package.json": "{" }, /no JSON/],
    [{ "package.json": "{}" }, /names neither/],
    [{ "package.json": '{"dependencies":{"express":"5"}}' }, /--app/],
  ])("says what is wrong: %j", async (given, message) => {
    await expect(run(application(given))).rejects.toThrow(message);
  });
});

import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { createDashboard as Create } from "../src/index.ts";

const BUILT = new URL("../dist/index.js", import.meta.url);

describe.skipIf(!existsSync(BUILT))("the pages of the built package (skipped where it is not built: npx turbo run build)", () => {
  it("come with the module, wherever a bundler puts it, and compressed only for who says that this arrives", async () => {
    const { createDashboard } = (await import(BUILT.href)) as { readonly createDashboard: typeof Create };
    const { createWaf } = await import("@aiwaf/core");
    const { recommended } = await import("@aiwaf/core/recommended");
    const dashboard = createDashboard({ waf: createWaf(recommended()), auth: () => "eve" });
    const ask = (path: string, compress?: boolean): Promise<Response> =>
      dashboard.fetch(
        new Request(`http://localhost/aiwaf/${path}`, { headers: { host: "localhost", "accept-encoding": "gzip, br" } }),
        compress === undefined ? {} : { compress },
      );
    const page = await ask("");
    const html = await page.text();
    expect(html).toMatch(/^<!doctype html>/i);
    const script = /src="\.\/(assets\/[\w.-]+\.js)"/.exec(html)?.[1] ?? "";
    const plain = await ask(script);
    expect([plain.status, plain.headers.get("content-encoding")]).toEqual([200, null]);
    const text = await plain.text();
    expect(text.length).toBeGreaterThan(50_000);
    const packed = await ask(script, true);
    expect(packed.headers.get("content-encoding")).toBe("br");
    expect((await packed.arrayBuffer()).byteLength).toBeLessThan(text.length / 2);
    expect((await ask("licenses.md")).status).toBe(404);
    expect((await ask("../pages.js")).status).toBe(404);
    dashboard.close();
  });
});

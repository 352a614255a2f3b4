/**
 * The adapter suite's application on versions of the frameworks beside those that the sandbox is built with.
 *
 * @module
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** One application that is made in a folder of its own. */
export interface VersionApp {
  /** In `AIWAF_VERSION_APPS`, and the folder. */
  readonly name: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly build: readonly string[];
  /** Writes its files. `apps` is the sandbox's folder of applications. */
  write(folder: string, apps: string): void;
}

/** Copies the source of one of the sandbox's applications; the build's own files stay behind. */
const copy = (from: string, to: string, names: readonly string[]): void => {
  for (const name of names) cpSync(join(from, name), join(to, name), { recursive: true });
};

const put = (folder: string, files: Readonly<Record<string, string>>): void => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
};

/** Released versions, pinned; see each package's peer dependencies. */
export const VERSION_APPS: readonly VersionApp[] = [
  {
    name: "sveltekit-2",
    dependencies: {
      "@aiwaf/core": "*",
      "@aiwaf/sveltekit": "*",
      "@sveltejs/adapter-node": "5.5.7",
      "@sveltejs/kit": "2.70.4",
      "@sveltejs/vite-plugin-svelte": "7.1.2",
      svelte: "5.57.3",
      vite: "8.3.8",
    },
    build: ["vite", "build"],
    write(folder, apps) {
      copy(join(apps, "sveltekit"), folder, ["src"]);
      put(folder, {
        "vite.config.ts":
          'import { sveltekit } from "@sveltejs/kit/vite";\nimport { defineConfig } from "vite";\n\nexport default defineConfig({ plugins: [sveltekit()] });\n',
        // Version 2 takes its configuration from this file alone.
        "svelte.config.js":
          'import adapter from "@sveltejs/adapter-node";\n\nexport default { kit: { adapter: adapter(), csrf: { trustedOrigins: ["*"] } } };\n',
      });
    },
  },
  {
    name: "nitro-3",
    dependencies: { "@aiwaf/core": "*", "@aiwaf/nuxt": "*", nitro: "3.0.260903-beta" },
    build: ["nitro", "build"],
    write(folder) {
      put(folder, {
        "nitro.config.ts": 'import { defineConfig } from "nitro";\n\nexport default defineConfig({ serverDir: "./" });\n',
        "middleware/0.aiwaf.ts":
          'import { protect } from "@aiwaf/nuxt/h3";\nimport { defineHandler } from "nitro/h3";\nimport { getHost } from "../../host.ts";\n\nexport default defineHandler(protect(getHost().waf));\n',
        "middleware/1.answer.ts":
          'import { defineHandler } from "nitro/h3";\nimport { getHost } from "../../host.ts";\n\nexport default defineHandler((event) => getHost().answer(event.req, event.context.aiwaf));\n',
      });
    },
  },
  {
    name: "next-15",
    dependencies: {
      "@aiwaf/core": "*",
      "@aiwaf/next": "*",
      "@types/node": "24.19.2",
      "@types/react": "19.3.0",
      next: "15.5.29",
      react: "19.3.1",
      "react-dom": "19.3.1",
      typescript: "5.9.3",
    },
    build: ["next", "build"],
    write(folder, apps) {
      copy(join(apps, "next"), folder, ["app/[[...path]]", "instrumentation.ts", "next.config.ts", "tsconfig.json"]);
      // What lies outside of the application is compiled by Turbopack and not by webpack.
      cpSync(join(apps, "host.ts"), join(folder, "host.ts"));
      for (const file of ["instrumentation.ts", "app/[[...path]]/route.ts"]) {
        const text = readFileSync(join(folder, file), "utf8");
        writeFileSync(join(folder, file), text.replace(/"(?:\.\.\/)+host\.ts"/, file.startsWith("app") ? '"../../host"' : '"./host"'));
      }
    },
  },
];

/** Makes one application in `root`, as its framework's own tools find it; `host.ts` lies beside it, as in the sandbox. */
export function writeApp(app: VersionApp, root: string, apps: string, npmrc: string): string {
  const folder = join(root, app.name);
  mkdirSync(folder, { recursive: true });
  cpSync(join(apps, "host.ts"), join(root, "host.ts"));
  app.write(folder, apps);
  put(folder, {
    "package.json": `${JSON.stringify({ name: app.name, private: true, type: "module", dependencies: app.dependencies }, null, 2)}\n`,
    ".npmrc": npmrc,
  });
  return folder;
}

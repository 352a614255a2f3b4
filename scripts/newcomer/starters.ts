/**
 * How each framework's documentation says that a new application is made, and what a newcomer then copies from our README.
 *
 * @module
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { FirstLines } from "./readme.ts";
import { runIn } from "./run.ts";

export type Manager = "npm" | "pnpm";

/** One framework's way from nothing to a running server. */
export interface Starter {
  readonly name: string;
  /** Folder in `packages` whose README is followed. */
  readonly readme: string;
  /** Makes `folder/app`, without installing. Says in a word where the starter came from when it is not the framework's own. */
  create(folder: string, manager: Manager): Promise<string | undefined>;
  /** Puts the README's lines where they say. */
  protect(app: string, lines: FirstLines): void;
  /** Installed besides what the starter asks for, as the framework's documentation says. */
  readonly tools?: readonly string[];
  readonly build?: readonly string[];
  readonly start: readonly string[];
  env?(port: number): Readonly<Record<string, string>>;
  /** Strict checks that must find nothing. */
  readonly checks: readonly (readonly string[])[];
}

const create = (folder: string, manager: Manager, tool: string, ...args: readonly string[]): Promise<unknown> =>
  runIn(folder, [...(manager === "npm" ? ["npx", "-y"] : ["pnpm", "dlx"]), tool, ...args]);

/** Writes the first block that names one of `files` there. */
function copyBlock(app: string, { blocks }: FirstLines, file: string, as = file): void {
  const block = blocks.find((each) => each.file === file);
  if (block === undefined) throw new Error(`The README has no block for ${file}`);
  mkdirSync(dirname(join(app, as)), { recursive: true });
  writeFileSync(join(app, as), block.code);
}

const edit = (file: string, change: (text: string) => string): void => writeFileSync(file, change(readFileSync(file, "utf8")));

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

const next = (name: string, version: string, file: string): Starter => ({
  name,
  readme: "next",
  async create(folder, manager) {
    // Without --empty its page loads fonts from a host of their own while it builds.
    await create(folder, manager, `create-next-app@${version}`, "app", "--yes", "--empty", `--use-${manager}`, "--skip-install");
    return undefined;
  },
  protect: (app, lines) => copyBlock(app, lines, file),
  build: ["next", "build"],
  start: ["next", "start"],
  env: (port) => ({ PORT: `${port}` }),
  checks: [["tsc", "--noEmit", "--strict"]],
});

/** All of them. Tools are pinned; what they ask for floats, as it does for a newcomer. */
export const STARTERS: readonly Starter[] = [
  next("next", "16.4.3", "instrumentation.ts"),
  next("next-15", "15.5.28", "instrumentation.ts"),
  {
    ...next("next-15-edge", "15.5.28", "proxy.ts"),
    protect(app, lines) {
      copyBlock(app, lines, "proxy.ts", "middleware.ts");
      // What the README says of Next 15.
      edit(join(app, "middleware.ts"), (text) => text.replace("export const proxy", "export const middleware"));
      copyBlock(app, { ...lines, blocks: lines.blocks.slice(2) }, "instrumentation.ts");
    },
  },
  {
    name: "sveltekit",
    readme: "sveltekit",
    async create(folder, manager) {
      const adapter = ["--add", "sveltekit-adapter=adapter:node", "--no-install"];
      await create(folder, manager, "sv@0.17.1", "create", "app", "--template", "minimal", "--types", "ts", ...adapter);
      return undefined;
    },
    protect: (app, lines) => copyBlock(app, lines, "src/hooks.server.ts"),
    build: ["vite", "build"],
    start: ["node", "build"],
    env: (port) => ({ PORT: `${port}`, HOST: "127.0.0.1" }),
    checks: [["svelte-check", "--tsconfig", "./tsconfig.json", "--fail-on-warnings"]],
  },
  {
    name: "nuxt",
    readme: "nuxt",
    async create(folder, manager) {
      const quiet = ["--no-gitInit", "--no-install", "--no-modules"];
      try {
        await create(folder, manager, "nuxi@3.37.0", "init", "app", "--template", "minimal", "--packageManager", manager, ...quiet);
        return undefined;
      } catch (error) {
        // The template lies on a code host, not in the tool. Any other failure is one.
        if (!/download/i.test(String(error))) throw error;
        writeNuxtStarter(join(folder, "app"));
        return "starter written here: its host cannot be reached";
      }
    },
    protect: (app, { blocks }) => {
      const line = /^ {2}modules: .+$/m.exec(blocks.find(({ file }) => file === "nuxt.config.ts")?.code ?? "")?.[0];
      if (line === undefined) throw new Error("The README has no block for nuxt.config.ts with a line of modules");
      edit(join(app, "nuxt.config.ts"), (text) => text.replace("defineNuxtConfig({\n", `defineNuxtConfig({\n${line}\n`));
    },
    tools: ["vue-tsc@3.3.14", "typescript@6.0.3"],
    build: ["nuxt", "build"],
    start: ["node", ".output/server/index.mjs"],
    env: (port) => ({ PORT: `${port}`, HOST: "127.0.0.1" }),
    checks: [["nuxt", "typecheck"]],
  },
  {
    name: "express",
    readme: "express",
    async create(folder) {
      const app = join(folder, "app");
      mkdirSync(app);
      const dependencies = { express: "^5.0.0" };
      const devDependencies = { "@types/express": "^5.0.0", "@types/node": "^24.0.0", typescript: "6.0.3" };
      writeFileSync(join(app, "package.json"), json({ name: "app", private: true, type: "module", dependencies, devDependencies }));
      const compilerOptions = { module: "nodenext", target: "es2024", strict: true, noEmit: true, types: ["node"], skipLibCheck: false };
      writeFileSync(join(app, "tsconfig.json"), json({ compilerOptions, include: ["server.ts"] }));
      return undefined;
    },
    protect(app, { blocks }) {
      const hello = `app.get("/", (request, response) => {\n  response.send("Hello World!");\n});\napp.listen(Number(process.env["PORT"]));\n`;
      writeFileSync(join(app, "server.ts"), `${blocks[0]?.code}${hello}`);
    },
    start: ["node", "server.ts"],
    env: (port) => ({ PORT: `${port}` }),
    checks: [["tsc", "-p", "tsconfig.json"]],
  },
];

/** As small as the framework's own. */
function writeNuxtStarter(app: string): void {
  mkdirSync(join(app, "app"), { recursive: true });
  const dependencies = { nuxt: "^4.5.0", vue: "^3.5.0", "vue-router": "^5.0.0" };
  writeFileSync(join(app, "package.json"), json({ name: "app", private: true, type: "module", dependencies }));
  writeFileSync(join(app, "nuxt.config.ts"), 'export default defineNuxtConfig({\n  compatibilityDate: "2026-11-01",\n});\n');
  writeFileSync(join(app, "app", "app.vue"), "<template>\n  <h1>Hello</h1>\n</template>\n");
  const references = ["app", "server", "shared", "node"].map((part) => ({ path: `./.nuxt/tsconfig.${part}.json` }));
  writeFileSync(join(app, "tsconfig.json"), json({ files: [], references }));
}

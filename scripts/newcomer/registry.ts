/**
 * The packages of this repository as a registry on loopback: what a newcomer installs is what would be published, by the line that the README prints.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { runIn } from "./run.ts";

/** A registry that knows nothing but `@aiwaf`. */
export interface Registry {
  /** The line of `.npmrc` that sends the scope here, and nothing else. */
  readonly npmrc: string;
  close(): void;
}

interface Packed {
  readonly name: string;
  readonly version: string;
  readonly manifest: object;
  readonly bytes: Buffer;
}

/** Packs every public package into `folder` and serves them; dependencies between them are as pnpm publishes them. */
export async function serveRegistry(packages: string, folder: string): Promise<Registry> {
  const packed = new Map<string, Packed>();
  for (const name of readdirSync(packages)) {
    const own = join(packages, name, "package.json");
    const { private: isPrivate, name: full } = readJson(own) as { readonly private?: boolean; readonly name?: string };
    if (isPrivate === true || full?.startsWith("@aiwaf/") !== true) continue;
    packed.set(full, await pack(join(packages, name), folder));
  }
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "/").slice(1);
    const found = packed.get(path.replace(/\.tgz$/, ""));
    if (found === undefined) response.writeHead(404).end("{}");
    else if (path.endsWith(".tgz")) response.end(found.bytes);
    else response.setHeader("content-type", "application/json").end(JSON.stringify(describe(found, `http://${request.headers.host}`)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    npmrc: `@aiwaf:registry=http://127.0.0.1:${port}/\n`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function pack(source: string, folder: string): Promise<Packed> {
  const { stdout } = await runIn(source, ["pnpm", "pack", "--json", "--pack-destination", folder]);
  const { filename } = JSON.parse(stdout.slice(stdout.indexOf("{"))) as { readonly filename: string };
  const bytes = readFileSync(filename);
  // The manifest inside the tarball, not the one beside it: pnpm writes real versions in place of `workspace:*`.
  const { stdout: text } = await runIn(folder, ["tar", "-xzOf", filename, "package/package.json"]);
  const manifest = JSON.parse(text) as { readonly name: string; readonly version: string };
  return { name: manifest.name, version: manifest.version, manifest, bytes };
}

function describe({ name, version, manifest, bytes }: Packed, origin: string): object {
  const integrity = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
  const dist = { tarball: `${origin}/${name}.tgz`, integrity };
  return { name, "dist-tags": { latest: version }, versions: { [version]: { ...manifest, dist } } };
}

const readJson = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));

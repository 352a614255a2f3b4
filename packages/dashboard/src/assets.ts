/**
 * The pages: a closed list of files that the build made, read once. What is not on the list is not there, whatever the address says.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, gunzip, gzip } from "node:zlib";
import { SAFE_FIELDS } from "./problem.ts";

interface Asset {
  readonly type: string;
  readonly etag: string;
  readonly plain: Buffer;
  readonly packed: Readonly<Record<"br" | "gzip", Buffer>>;
}

/** Answers for files. */
export interface Assets {
  /** `path` without a leading slash; `undefined` when there is no such file. Compressed only where `mayCompress`, and the client takes it. */
  answer(path: string, request: Request, mayCompress: boolean): Promise<Response | undefined>;
}

/** What a build of pages may hold. Anything else in the folder is not served. */
const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
  png: "image/png",
  woff2: "font/woff2",
  json: "application/json",
  webmanifest: "application/manifest+json",
};

/** Nothing from elsewhere, nothing inline, no frames, no forms to other places. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const FILES_MAX = 200;
const unpack = promisify(gunzip);
const packers = { gzip: promisify(gzip), br: promisify(brotliCompress) } as const;

/** The files of that folder, by default those that the package brings. */
export function createAssets(folder?: string): Assets {
  let files: Promise<ReadonlyMap<string, Asset>> | undefined;
  return {
    async answer(path, request, mayCompress) {
      // A build that was not there yet when somebody asked first must not be missing for ever.
      files ??= (folder === undefined ? loadOwn() : load(folder)).catch((error: unknown) => {
        files = undefined;
        throw error;
      });
      const asset = (await files).get(path);
      if (asset === undefined) return undefined;
      const accepted = mayCompress ? (request.headers.get("accept-encoding") ?? "") : "";
      const coding = (["br", "gzip"] as const).find((one) =>
        new RegExp(`(?:^|,)\\s*${one}\\s*(?:,|$|;(?!\\s*q=0(?:\\.0*)?\\s*(?:,|$)))`).test(accepted),
      );
      const headers: Record<string, string> = {
        ...SAFE_FIELDS,
        "content-security-policy": PAGE_POLICY,
        "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
        // Names carry a hash of the contents, the page itself does not.
        "cache-control": /-[\w-]{8}\.\w+$/.test(path) ? "private, max-age=31536000, immutable" : "no-cache",
        "content-type": asset.type,
        vary: "accept-encoding",
        etag: asset.etag,
      };
      if (request.headers.get("if-none-match") === asset.etag) return new Response(null, { status: 304, headers });
      const bytes = coding === undefined ? asset.plain : asset.packed[coding];
      if (coding !== undefined) headers["content-encoding"] = coding;
      headers["content-length"] = String(bytes.byteLength);
      return new Response(request.method === "HEAD" ? null : new Uint8Array(bytes), { headers });
    },
  };
}

/** Those of the build, as a module: an application's bundler brings it along, wherever it puts the rest. */
async function loadOwn(): Promise<ReadonlyMap<string, Asset>> {
  const { PAGES } = await import("./pages.ts");
  return new Map(
    await Promise.all(
      Object.entries(PAGES).map(async ([path, packed]) => [path, await pack(path, await unpack(Buffer.from(packed, "base64")))] as const),
    ),
  );
}

async function load(folder: string): Promise<ReadonlyMap<string, Asset>> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = found.filter((one) => one.isFile() && TYPES[endingOf(one.name)] !== undefined);
  const assets = await Promise.all(
    files.slice(0, FILES_MAX).map(async ({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [relative(folder, path).split(sep).join("/"), await pack(name, await readFile(path))] as const;
    }),
  );
  return new Map(assets);
}

const endingOf = (name: string): string => name.slice(name.lastIndexOf(".") + 1);

async function pack(name: string, plain: Buffer): Promise<Asset> {
  return {
    type: TYPES[endingOf(name)] as string,
    etag: `"${createHash("sha256").update(plain).digest("base64url").slice(0, 22)}"`,
    plain,
    packed: { gzip: await packers.gzip(plain), br: await packers.br(plain) },
  };
}

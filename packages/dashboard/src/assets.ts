/**
 * The pages: a closed list of files that the build made, read once. What is not on the list is not there, whatever the address says.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, gzip } from "node:zlib";
import { SAFE_FIELDS } from "./problem.ts";

interface Asset {
  readonly type: string;
  readonly etag: string;
  readonly plain: Buffer;
  readonly packed: Readonly<Record<"br" | "gzip", Buffer>>;
}

/** Answers for files. */
export interface Assets {
  /** `path` without a leading slash; `undefined` when there is no such file. */
  answer(path: string, request: Request): Promise<Response | undefined>;
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
const pack = { gzip: promisify(gzip), br: promisify(brotliCompress) } as const;

/** The files of that folder, by default those that the package brings. */
export function createAssets(folder: string = fileURLToPath(new URL("./app/", import.meta.url))): Assets {
  let files: Promise<ReadonlyMap<string, Asset>> | undefined;
  return {
    async answer(path, request) {
      // A build that was not there yet when somebody asked first must not be missing for ever.
      files ??= load(folder).catch((error: unknown) => {
        files = undefined;
        throw error;
      });
      const asset = (await files).get(path);
      if (asset === undefined) return undefined;
      const accepted = request.headers.get("accept-encoding") ?? "";
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

async function load(folder: string): Promise<ReadonlyMap<string, Asset>> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = found.filter((one) => one.isFile() && TYPES[one.name.slice(one.name.lastIndexOf(".") + 1)] !== undefined);
  const assets = await Promise.all(
    files.slice(0, FILES_MAX).map(async ({ parentPath, name }) => {
      const path = join(parentPath, name);
      const plain = await readFile(path);
      const asset: Asset = {
        type: TYPES[name.slice(name.lastIndexOf(".") + 1)] as string,
        etag: `"${createHash("sha256").update(plain).digest("base64url").slice(0, 22)}"`,
        plain,
        packed: { gzip: await pack.gzip(plain), br: await pack.br(plain) },
      };
      return [relative(folder, path).split(sep).join("/"), asset] as const;
    }),
  );
  return new Map(assets);
}

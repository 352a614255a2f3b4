import { secrets } from "./secrets.ts";

/** The shop's make-believe disk: a few planted files and what visitors uploaded. Nothing here ever touches a real one. */
export interface FileTree {
  /** The text at an absolute path, or `undefined`. Dot segments and repeated slashes are resolved; case counts. */
  read(path: string): Uint8Array | undefined;
  /** Stores a file. Uploads beyond 64 files or 4 MiB push out the oldest; planted files cannot be replaced. */
  write(path: string, bytes: Uint8Array): void;
  /** Names in a folder, sorted; empty when there is none. */
  list(folder: string): readonly string[];
}

export const downloadFolder = "/srv/shop/public/downloads";
export const uploadFolder = "/srv/shop/public/uploads";

const uploadCountLimit = 64;
const uploadBytesLimit = 4 * 1024 * 1024;

/** A fresh tree with the planted files. */
export function createFileTree(): FileTree {
  const planted = plantedFiles();
  const uploads = new Map<string, Uint8Array>();
  let uploadedBytes = 0;
  return {
    read(path) {
      const clean = resolvePath("/", path);
      const text = planted.get(clean);
      return text === undefined ? uploads.get(clean) : new TextEncoder().encode(text);
    },
    write(path, bytes) {
      const clean = resolvePath("/", path);
      if (planted.has(clean) || bytes.length > uploadBytesLimit) return;
      uploadedBytes += bytes.length - (uploads.get(clean)?.length ?? 0);
      uploads.delete(clean);
      uploads.set(clean, bytes);
      for (const [oldest, content] of uploads) {
        if (uploads.size <= uploadCountLimit && uploadedBytes <= uploadBytesLimit) break;
        uploads.delete(oldest);
        uploadedBytes -= content.length;
      }
    },
    list(folder) {
      const prefix = `${resolvePath("/", folder)}/`.replace("//", "/");
      const names = new Set<string>();
      for (const path of [...planted.keys(), ...uploads.keys()]) {
        if (path.startsWith(prefix)) names.add(path.slice(prefix.length).split("/")[0] ?? "");
      }
      return [...names].sort();
    },
  };
}

/** An absolute path from a folder and what a visitor wrote: backslashes count as slashes, dot segments are resolved, a NUL ends it. */
export function resolvePath(folder: string, path: string): string {
  const written = (path.split("\0")[0] ?? "").replaceAll("\\", "/").slice(0, 4096);
  const resolved: string[] = [];
  for (const part of (written.startsWith("/") ? written : `${folder}/${written}`).split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") resolved.pop();
    else resolved.push(part);
  }
  return `/${resolved.join("/")}`;
}

function plantedFiles(): Map<string, string> {
  return new Map([
    ["/etc/passwd", `root:x:0:0:root:/root:/bin/sh\n${secrets.passwdFile}:/srv/shop:/bin/sh\n`],
    ["/etc/shadow", `root:$6$${secrets.rootFile}:19000:0:99999:7:::\n`],
    ["/etc/hosts", "127.0.0.1 localhost harbour-pine\n"],
    ["/etc/hostname", "harbour-pine\n"],
    ["/etc/issue", "Harbour Linux 4 (make-believe)\n"],
    ["/root/.ssh/id_rsa", `-----BEGIN MAKE-BELIEVE KEY-----\n${secrets.rootFile}\n-----END MAKE-BELIEVE KEY-----\n`],
    ["/proc/self/environ", `PATH=/usr/bin\0SHOP_SECRET=${secrets.environment}\0HOME=/srv/shop\0`],
    ["/proc/version", "Linux version 0.0.0-make-believe\n"],
    ["/var/log/shop/access.log", '203.0.113.9 - - "GET / HTTP/1.1" 200\n'],
    ["/windows/win.ini", `; for 16-bit app support\n[${secrets.passwdFile}]\n`],
    ["/windows/system32/drivers/etc/hosts", `# ${secrets.passwdFile}\n127.0.0.1 localhost\n`],
    ["/srv/shop/server.js", `// ${secrets.sourceFile}\nstart();\n`],
    ["/srv/shop/package.json", `{"name":"harbour-pine","description":"${secrets.sourceFile}"}\n`],
    ["/srv/shop/.env", `SHOP_SECRET=${secrets.environment}\n`],
    ["/srv/shop/config/secret.yml", `gateway_key: ${secrets.configFile}\n`],
    ["/srv/shop/public/index.html", "<p>served by the shop itself</p>\n"],
    ["/srv/shop/public/static/version.txt", "4.2.0\n"],
    [`${downloadFolder}/manual-lantern.txt`, "Trail lantern: charge before first use. Do not submerge.\n"],
    [`${downloadFolder}/manual-moka.txt`, "Moka pot: water to the valve, coffee loose, low flame.\n"],
    [`${downloadFolder}/price-list.csv`, "id;name;price\n1;Enamel mug;14.50\n2;Pine cutting board;39.00\n"],
    [`${downloadFolder}/terms (2024).txt`, "Thirty days to change your mind.\n"],
    [`${uploadFolder}/welcome.txt`, "Share a photo of your mug!\n"],
  ]);
}

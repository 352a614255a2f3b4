import { downloadFolder, type FileTree, resolvePath, uploadFolder } from "./file-tree.ts";
import { jsonReply, notFound, textReply, wrongMethod } from "./html.ts";
import { runToyShell } from "./shell.ts";
import { decodeLenient, type Page, type Visit } from "./visit.ts";

/** `GET /download?file=`: reads from the make-believe disk wherever the name leads, PHP-style wrappers included. */
export const downloadPage: Page = (visit) => {
  if (visit.method !== "GET" && visit.method !== "HEAD" && visit.method !== "POST") return wrongMethod(["GET", "HEAD", "POST"]);
  const name = visit.query.get("file") ?? "";
  const wrapped = readWrapper(name, visit);
  if (wrapped !== undefined) return textReply(wrapped);
  // Overlong UTF-8 for `.` and `/`, which old decoders accepted and `URLSearchParams` has lost by now.
  const overlong = /[?&]file=([^&]*%c[01]%[^&]*)/i
    .exec(visit.target)?.[1]
    ?.replace(/%c0%ae/gi, ".")
    .replace(/%c0%af|%c1%9c/gi, "/");
  const bytes = readForgiving(visit.state.files, downloadFolder, overlong ?? name);
  if (bytes === undefined) return textReply("No such file\n", { status: 404 });
  const type = contentTypeOf(name);
  return new Response(bytes as BodyInit, { headers: { "content-type": type === "text/html; charset=utf-8" ? "text/plain" : type } });
};

/** Reads a name the way the most forgiving of servers would: as it is, decoded once more, and with `../` "removed" once. */
function readForgiving(files: FileTree, folder: string, name: string): Uint8Array | undefined {
  const decoded = decodeLenient(name);
  const stripped = decoded.replaceAll("../", "").replaceAll("..\\", "");
  for (const spelling of [name, decoded, decodeLenient(decoded), stripped]) {
    const path = resolvePath(folder, spelling.replace(/^[a-z]:(?=[\\/])/i, ""));
    const bytes = files.read(path) ?? files.read(path.toLowerCase());
    if (bytes !== undefined) return bytes;
  }
  return undefined;
}

/** What `file:`, `php:`, `data:` and `expect:` addresses would include; `undefined` for plain names. */
function readWrapper(name: string, visit: Visit): string | undefined {
  const [, scheme, rest] = /^\s*([a-z][a-z0-9+.-]{1,15}):\/{0,2}(.*)$/is.exec(name) ?? [];
  if (scheme === undefined || rest === undefined) return undefined;
  const { files } = visit.state;
  switch (scheme.toLowerCase()) {
    case "file":
      return decode(readForgiving(files, "/", rest.replace(/^localhost(?=\/)/i, ""))) ?? "No such file\n";
    case "php": {
      if (/^input/i.test(rest)) return runScript(visit.text, visit);
      const resource = /resource=(.*)$/is.exec(rest)?.[1];
      const bytes = resource === undefined ? undefined : readForgiving(files, downloadFolder, resource);
      if (bytes === undefined) return "No such file\n";
      return /base64-encode/i.test(rest) ? Buffer.from(bytes).toString("base64") : decode(bytes);
    }
    case "data": {
      const comma = rest.indexOf(",");
      const content = rest.slice(comma + 1);
      return runScript(/;base64$/i.test(rest.slice(0, comma)) ? Buffer.from(content, "base64").toString("utf8") : content, visit);
    }
    case "expect":
      return runToyShell(rest, files).output;
    case "http":
    case "https":
    case "ftp":
      return "Could not resolve host\n";
    default:
      return undefined;
  }
}

/** `GET /uploads/<name>` serves what was stored with the type its ending names; `.php` and the like are "executed". `PUT` stores, too. */
export const uploadsPage: Page = (visit) => {
  const path = decodeLenient(visit.rawPath).replace(/^\/+uploads\//i, "");
  if (visit.method === "PUT") {
    visit.state.files.write(resolvePath(uploadFolder, path), visit.body);
    return jsonReply({ stored: visit.rawPath.slice(0, 300) }, { status: 201 });
  }
  if (visit.method !== "GET" && visit.method !== "HEAD" && visit.method !== "POST") return wrongMethod(["GET", "HEAD", "POST", "PUT"]);
  const bytes = readForgiving(visit.state.files, uploadFolder, path);
  if (bytes === undefined) return notFound(visit);
  if (/\.(?:php\d?|phtml|phar|jsp|jspx|asp|aspx|cgi|pl)(?:[.\0;].*)?$/i.test(path)) {
    const output = runScript(decode(bytes) ?? "", visit);
    return new Response(output, { headers: { "content-type": "text/html; charset=utf-8", "x-powered-by": "toy-script" } });
  }
  return new Response(bytes as BodyInit, { headers: { "content-type": contentTypeOf(path) } });
};

/** `GET /static/<name>`, read from the make-believe disk; leads out of its folder like the downloads do. */
export function plantedStatic(visit: Visit): Response {
  const path = decodeLenient(visit.rawPath).replace(/^\/+static\//i, "");
  const bytes = readForgiving(visit.state.files, "/srv/shop/public/static", path);
  return bytes === undefined
    ? notFound(visit)
    : new Response(bytes as BodyInit, { headers: { "content-type": "text/plain; charset=utf-8" } });
}

/**
 * What an uploaded or included script would print, for the shapes that web shells have: the text outside of tags, `echo` of a text or a
 * product, and calls that hand a text or a request parameter to the (toy) shell. Nothing is evaluated.
 */
function runScript(source: string, visit: Visit): string {
  const parameters = new URLSearchParams(visit.target.includes("?") ? visit.target.slice(visit.target.indexOf("?")) : "");
  return source.slice(0, 20_000).replace(/<(?:\?(?:php|=)?|%=?)([\s\S]{0,4000}?)(?:\?>|%>|$)/gi, (_tag, code: string) => {
    const call =
      /(?:system|passthru|shell_exec|exec|popen|eval|assert)\s*\(\s*(?:"([^"]*)"|'([^']*)'|(?:\$_(?:GET|POST|REQUEST|COOKIE)\[|request\.getParameter\(|request\()\s*["']?(\w+))/i.exec(
        code,
      );
    if (call !== null) return runToyShell(call[1] ?? call[2] ?? parameters.get(call[3] ?? "") ?? "", visit.state.files).output;
    const product = /(?:echo|print|^)\s*\(?\s*(\d{1,6})\s*\*\s*(\d{1,6})/i.exec(code);
    if (product !== null) return String(Number(product[1]) * Number(product[2]));
    return /(?:echo|print)\s*\(?\s*["']([^"']*)["']/i.exec(code)?.[1] ?? "";
  });
}

const contentTypes: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  csv: "text/csv; charset=utf-8",
  gif: "image/gif",
  htm: "text/html; charset=utf-8",
  html: "text/html; charset=utf-8",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  js: "text/javascript; charset=utf-8",
  json: "application/json; charset=utf-8",
  pdf: "application/pdf",
  png: "image/png",
  shtml: "text/html; charset=utf-8",
  svg: "image/svg+xml",
  txt: "text/plain; charset=utf-8",
  webp: "image/webp",
  xhtml: "application/xhtml+xml",
  xml: "application/xml",
};

function contentTypeOf(name: string): string {
  const ending = /\.([a-z0-9]{1,5})$/i.exec(name)?.[1]?.toLowerCase() ?? "";
  return Object.hasOwn(contentTypes, ending) ? (contentTypes[ending] ?? "") : "application/octet-stream";
}

function decode(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

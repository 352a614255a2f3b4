import type { FileTree } from "./file-tree.ts";
import { resolvePath } from "./file-tree.ts";
import { secrets } from "./secrets.ts";
import { matchesWildcards } from "./wildcards.ts";

/** What a command line printed, and how long its emulated sleeps would have taken (at most 300 ms). */
export interface ShellResult {
  readonly output: string;
  readonly delayMs: number;
}

const outputLimit = 8192;
const commandLimit = 64;
const depthLimit = 6;
const inputLimit = 1024;
const delayLimitMs = 300;

interface Session {
  readonly files: FileTree;
  readonly variables: ReadonlyMap<string, string>;
  commands: number;
  delayMs: number;
}

/**
 * A toy shell: a few harmless words over the make-believe disk, with the separators, quotes and expansions that command injection is made
 * of. It starts no process and reads no file; time, output and nesting are bounded for any input.
 */
export function runToyShell(line: string, files: FileTree): ShellResult {
  const session: Session = { files, variables, commands: 0, delayMs: 0 };
  const output = runLine(line.slice(0, inputLimit), session, 0);
  return { output: output.slice(0, outputLimit), delayMs: session.delayMs };
}

const variables: ReadonlyMap<string, string> = new Map([
  ["IFS", " "],
  ["HOME", "/srv/shop"],
  ["PWD", "/srv/shop"],
  ["PATH", "/usr/local/bin:/usr/bin:/bin"],
  ["USER", "shopkeeper"],
  ["SHELL", "/bin/sh"],
  ["SHOP_SECRET", secrets.environment],
]);

/** Runs `a; b && c | d` and returns what the whole line prints. */
function runLine(line: string, session: Session, depth: number): string {
  if (depth > depthLimit) return "sh: too deep\n";
  let printed = "";
  let piped = "";
  let failed = false;
  for (const { text, before } of splitCommands(line)) {
    if ((before === "&&" && failed) || (before === "||" && !failed)) continue;
    session.commands += 1;
    if (session.commands > commandLimit || printed.length > outputLimit) break;
    const result = runCommand(text, before === "|" ? piped : "", session, depth);
    // A pipe takes back what the left side printed: it went to the right side instead.
    if (before === "|") printed = printed.slice(0, printed.length - piped.length);
    piped = result.output;
    printed += result.output;
    failed = result.failed;
  }
  return printed;
}

interface Part {
  readonly text: string;
  readonly before: string;
}

/** Cuts a line at `;`, `&`, `&&`, `|`, `||` and line ends outside of quotes and substitutions. */
function splitCommands(line: string): Part[] {
  const parts: Part[] = [];
  let from = 0;
  let before = ";";
  let at = 0;
  while (at < line.length) {
    const inner = endOfQuoted(line, at);
    if (inner > at) {
      at = inner;
      continue;
    }
    const separator = /^(?:&&|\|\||[;&|\r\n])/.exec(line.slice(at, at + 2))?.[0];
    if (separator === undefined) {
      at += 1;
      continue;
    }
    parts.push({ text: line.slice(from, at), before });
    before = separator;
    at += separator.length;
    from = at;
  }
  parts.push({ text: line.slice(from), before });
  return parts;
}

/** The index after the quoted text, escape or substitution that starts at `at`; `at` itself when none does. */
function endOfQuoted(line: string, at: number): number {
  const symbol = line[at];
  if (symbol === "\\") return Math.min(at + 2, line.length);
  if (symbol === "'" || symbol === '"' || symbol === "`") {
    const close = line.indexOf(symbol, at + 1);
    return close < 0 ? at : close + 1;
  }
  if (symbol !== "$" || (line[at + 1] !== "(" && line[at + 1] !== "{")) return at;
  const [open, close] = line[at + 1] === "(" ? ["(", ")"] : ["{", "}"];
  let depth = 0;
  for (let index = at + 1; index < line.length; index += 1) {
    if (line[index] === open) depth += 1;
    if (line[index] === close) depth -= 1;
    if (depth === 0) return index + 1;
  }
  return at;
}

/** The words of one command after quotes, variables, substitutions, braces and wildcards. */
function expandWords(command: string, session: Session, depth: number): string[] {
  const words: string[] = [];
  let word = "";
  let open = false;
  let at = 0;
  const finish = () => {
    if (open) words.push(word);
    word = "";
    open = false;
  };
  while (at < command.length) {
    const symbol = command[at] ?? "";
    const end = endOfQuoted(command, at);
    if (/\s/.test(symbol) || symbol === "<" || symbol === ">") {
      finish();
      at += 1;
      continue;
    }
    open = true;
    if (end === at) {
      const name = symbol === "$" ? /^\$([A-Za-z_]\w*|[@*\d])/.exec(command.slice(at, at + 40))?.[1] : undefined;
      const value = name === undefined ? symbol : (session.variables.get(name) ?? "");
      if (value === " ") finish();
      else word += value;
      at += name === undefined ? 1 : name.length + 1;
      continue;
    }
    const quoted = command.slice(at, end);
    at = end;
    if (symbol === "\\") word += quoted.slice(1);
    else if (symbol === "'") word += quoted.slice(1, -1);
    else if (symbol === '"') word += expandText(quoted.slice(1, -1), session, depth);
    else {
      const value = expandText(quoted, session, depth);
      const pieces = value.trim() === "" && value !== "" ? ["", ""] : value.trim().split(/\s+/);
      for (const [index, piece] of pieces.slice(0, 100).entries()) {
        if (index > 0) {
          finish();
          open = piece !== "";
        }
        word += piece;
      }
    }
  }
  finish();
  return words
    .flatMap((each) => expandBraces(each))
    .flatMap((each) => expandWildcards(each, session.files))
    .slice(0, 200);
}

/** Replaces `$NAME`, `${NAME}`, `$(…)` and backticks inside text. */
function expandText(text: string, session: Session, depth: number): string {
  let result = "";
  let at = 0;
  while (at < text.length && result.length < outputLimit) {
    const symbol = text[at];
    const end = symbol === "$" || symbol === "`" ? endOfQuoted(text, at) : at;
    if (end > at) {
      const piece = text.slice(at, end);
      if (piece.startsWith("${")) result += session.variables.get(/^\$\{(\w+)/.exec(piece)?.[1] ?? "") ?? "";
      else {
        session.commands += 1;
        if (session.commands <= commandLimit)
          result += runLine(piece.startsWith("$(") ? piece.slice(2, -1) : piece.slice(1, -1), session, depth + 1).trimEnd();
      }
      at = end;
      continue;
    }
    const name = symbol === "$" ? /^\$([A-Za-z_]\w*|[@*\d])/.exec(text.slice(at, at + 40))?.[1] : undefined;
    result += name === undefined ? symbol : (session.variables.get(name) ?? "");
    at += name === undefined ? 1 : name.length + 1;
  }
  return result;
}

function expandBraces(word: string): string[] {
  const inner = /^\{([^{}]*,[^{}]*)\}$/.exec(word)?.[1];
  return inner === undefined ? [word] : inner.split(",").slice(0, 20);
}

/** Resolves `?` and `*` against the make-believe disk, segment by segment; a word that matches nothing stays as it is. */
function expandWildcards(word: string, files: FileTree): string[] {
  if (!/[?*]/.test(word) || word.length > 200) return [word];
  let paths = [word.startsWith("/") ? "" : "/srv/shop"];
  for (const segment of word.split("/").filter((part) => part !== "")) {
    if (!/[?*]/.test(segment)) paths = paths.map((path) => `${path}/${segment}`);
    else
      paths = paths.flatMap((path) =>
        folderNames(files, path)
          .filter((name) => matchesWildcards(name, segment, "*", "?"))
          .map((name) => `${path}/${name}`),
      );
    paths = paths.slice(0, 50);
  }
  return paths.length === 0 ? [word] : paths;
}

function folderNames(files: FileTree, folder: string): readonly string[] {
  const programs = Object.keys(programTable);
  if (folder === "") return [...files.list("/"), "bin", "usr"];
  if (folder === "/usr") return ["bin"];
  return folder === "/bin" || folder === "/usr/bin" ? programs : files.list(folder);
}

interface CommandResult {
  readonly output: string;
  readonly failed: boolean;
}

type Program = (words: readonly string[], input: string, session: Session, depth: number) => string | undefined;

function runCommand(command: string, input: string, session: Session, depth: number): CommandResult {
  const words = expandWords(command.trim().replace(/^\(([\s\S]*)\)$/, "$1"), session, depth);
  const name = (words[0] ?? "").replace(/^\/(?:usr\/)?bin\//, "");
  if (name === "") return { output: "", failed: false };
  const program = Object.hasOwn(programTable, name) ? programTable[name] : undefined;
  if (program === undefined) return { output: `sh: ${name.slice(0, 60)}: not found\n`, failed: true };
  const output = program(words.slice(1), input, session, depth);
  return output === undefined
    ? { output: `${name}: ${words.slice(1).join(" ").slice(0, 500)}: failed\n`, failed: true }
    : { output: output.slice(0, outputLimit), failed: false };
}

const readText = (path: string, { files }: Session): string | undefined => {
  const bytes = files.read(resolvePath("/srv/shop", path));
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
};

const cat: Program = (words, input, session) => {
  const paths = words.filter((word) => !word.startsWith("-"));
  if (paths.length === 0) return input;
  const texts = paths.map((path) => readText(path, session) ?? "");
  return texts.every((text) => text === "") ? undefined : texts.join("");
};

const subShell: Program = (words, input, session, depth) => runLine(words[0] === "-c" ? (words[1] ?? "") : input, session, depth + 1);

const offline: Program = () => "connect: Network is unreachable\n";

/** Every word the toy shell knows. */
const programTable: Readonly<Record<string, Program>> = {
  base64: (words, input) =>
    words.some((word) => word.startsWith("-d") || word === "--decode") ? decodeBase64(input) : `${btoaSafe(input)}\n`,
  bash: subShell,
  cat,
  curl: offline,
  echo: (words) => `${words.join(" ")}\n`,
  env: (_words, _input, { variables: known }) => [...known].map(([name, value]) => `${name}=${value}\n`).join(""),
  false: () => undefined,
  head: cat,
  hostname: () => "harbour-pine\n",
  id: () => "uid=1000(shopkeeper) gid=1000(shopkeeper) groups=1000(shopkeeper)\n",
  ls: (words, _input, { files }) =>
    `${files.list(resolvePath("/srv/shop", words.find((word) => !word.startsWith("-")) ?? ".")).join("\n")}\n`,
  more: cat,
  nc: offline,
  ping: (words) => {
    const host = words.slice(2).join(" ").slice(0, 500);
    return /[.:\s]|^localhost$|^$/.test(host) ? `PING ${host}: 1 packets transmitted, 1 received (emulated)\n` : undefined;
  },
  printenv: (words, _input, { variables: known }) => `${known.get(words[0] ?? "") ?? ""}\n`,
  printf: (words) => words.join(" ").replaceAll("\\n", "\n"),
  pwd: () => "/srv/shop\n",
  sh: subShell,
  sleep: (words, _input, session) => {
    session.delayMs = Math.min(delayLimitMs, session.delayMs + Math.max(0, Number.parseFloat(words[0] ?? "0") || 0) * 1000);
    return "";
  },
  tac: cat,
  tail: cat,
  true: () => "",
  uname: (words) => (words.includes("-a") ? "Linux harbour-pine 0.0.0-make-believe x86_64\n" : "Linux\n"),
  wget: offline,
  whoami: () => "shopkeeper\n",
};

function decodeBase64(text: string): string {
  return Buffer.from(text, "base64").toString("utf8");
}

function btoaSafe(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}

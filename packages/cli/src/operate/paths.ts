/**
 * `aiwaf paths`: walk the application's routes, and exempt them one by one.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { addEntries, listEntries, removeEntries } from "@aiwaf/core/lists";
import { readManifest } from "@aiwaf/core/manifest";
import { escapeControls } from "../json-text.ts";
import { type Io, painter, printable } from "../terminal.ts";
import { messageOf, UsageError } from "../usage-error.ts";
import { NoStoreError, type OpenStore, openStore, type StoreFlags } from "./open-store.ts";
import { childrenOf, type PathNode, pathTree, patternOf, walk } from "./path-tree.ts";

/** The flags of `aiwaf paths`. */
export interface PathsFlags extends StoreFlags {
  readonly manifest?: string;
  /** Commands to run instead of asking for them, separated by `;` or line ends. */
  readonly command?: string;
  readonly json?: boolean;
}

const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;

const HELP = `ls                     what lies here, numbered; * marks what is exempt
cd NAME|NUMBER|..|/    go there
up                     one level up
pwd                    where am I
exempt [NAME|NUMBER|.] [REASON]
                       let detectors leave this path alone, and all below it;
                       of / the page alone
exempt /** [REASON]    every path; asks whether you mean it
unexempt [NAME|NUMBER|.|/**]
                       take that back
exit                   leave (also quit, Ctrl-D)
`;

/** One session. */
interface Shell {
  readonly root: PathNode;
  readonly io: Io;
  /** Opened when it is first needed: looking around needs no store. */
  store(): Promise<OpenStore>;
  /** Asks a person, who may leave instead of an answer: `undefined`. Not there where nobody can be asked. */
  ask: ((question: string) => Promise<string | undefined>) | undefined;
  at: PathNode;
  /** Answers as JSON, one line a command. */
  readonly isJson: boolean;
}

/** Where a person types. */
interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

const ownTerminal = (): Terminal | undefined => (process.stdin.isTTY ? { input: process.stdin, output: process.stdout } : undefined);

/** Walks the manifest, by hand or by `--command`. @returns the exit code: 0, or 1 when a scripted command could not be done. */
export async function paths(flags: PathsFlags, io: Io, terminal: Terminal | undefined = ownTerminal()): Promise<number> {
  const root = pathTree(readRoutes(flags.manifest ?? ".aiwaf/paths.json"));
  let opened: OpenStore | undefined;
  const isJson = flags.json === true;
  const shell: Shell = { root, io, at: root, ask: undefined, isJson, store: async () => (opened ??= await openStore(flags)) };
  try {
    if (flags.command !== undefined) return await runScript(shell, flags.command);
    if (terminal !== undefined && isJson) throw new UsageError('--json needs commands: -c "ls", or lines on standard input');
    if (terminal !== undefined) return await converse(shell, terminal);
    const input = await io.readInput(1024 * 1024);
    return await runScript(shell, input?.toString("utf8") ?? "");
  } finally {
    await opened?.close();
  }
}

function readRoutes(path: string): Parameters<typeof pathTree>[0] {
  if (!existsSync(path)) throw new UsageError(`${path}: there is no manifest; aiwaf init makes one`);
  try {
    const text = readFileSync(path, "utf8");
    if (text.length > MAX_MANIFEST_BYTES) throw new Error("is too large");
    return readManifest(JSON.parse(text)).routes;
  } catch (error) {
    throw new UsageError(`${path}: ${messageOf(error)}`);
  }
}

async function runScript(shell: Shell, script: string): Promise<number> {
  for (const line of script.split(/[;\r\n]+/)) {
    const result = await run(shell, line);
    if (result === "exit") return 0;
    if (result === "failed") return 1;
  }
  return 0;
}

/** Reads lines from the terminal, with completion and the history of this session, until `exit`, Ctrl-C or Ctrl-D. */
async function converse(shell: Shell, terminal: Terminal): Promise<number> {
  const reader = createInterface({
    ...terminal,
    completer: (line: string) => complete(shell, line),
    historySize: 200,
  });
  const paint = painter(shell.io.out);
  // The iterator keeps lines that come while a command still runs, as when several are pasted.
  const lines = reader[Symbol.asyncIterator]();
  let isClosed = false;
  let isStopped = false;
  let isOver = false;
  reader.on("close", () => {
    isClosed = true;
  });
  reader.on("SIGINT", () => {
    isStopped = true;
    reader.close();
  });
  /** The next line; `undefined` once there is none: after Ctrl-C, or when all that came before Ctrl-D was read. */
  const read = async (prompt: string): Promise<string | undefined> => {
    if (isOver) return undefined;
    // A reader that is closed refuses to ask.
    if (!isClosed) {
      reader.setPrompt(prompt);
      reader.prompt();
    }
    const { value, done } = await lines.next();
    isOver = done === true || isStopped;
    if (!isOver) return value;
    await shell.io.out.write("\n");
    return undefined;
  };
  shell.ask = read;
  try {
    for (;;) {
      const line = await read(`${paint("cyan", `aiwaf:${shell.at.path}`)}$ `);
      if (line === undefined || (await run(shell, line)) === "exit") return 0;
    }
  } finally {
    reader.close();
  }
}

/** Completes the last word: commands first, then what lies here. */
export function complete({ at }: Pick<Shell, "at">, line: string): [string[], string] {
  const words = line.split(" ");
  const last = words.at(-1) ?? "";
  if (words.length <= 1) return [[...ACTIONS.keys(), "exit"].filter((command) => command.startsWith(last)), last];
  const cut = last.lastIndexOf("/") + 1;
  const from = walk(at, last.slice(0, cut) || ".");
  if (from === undefined) return [[], last];
  return [
    childrenOf(from)
      .filter(({ segment }) => segment.startsWith(last.slice(cut)))
      .map(({ segment }) => last.slice(0, cut) + segment),
    last,
  ];
}

type Result = "done" | "failed" | "exit";

async function run(shell: Shell, line: string): Promise<Result> {
  const [command = "", ...words] = line.trim().split(/\s+/);
  if (command === "") return "done";
  if (command === "exit" || command === "quit") return "exit";
  const action = ACTIONS.get(command);
  if (action === undefined) return fail(shell, `there is no command ${JSON.stringify(command.slice(0, 40))}; type help`);
  try {
    return await action(shell, words);
  } catch (error) {
    // A person at the prompt may go on with something else; a script was started in the wrong way.
    if (error instanceof UsageError && shell.ask === undefined) throw error;
    return fail(shell, messageOf(error));
  }
}

async function fail({ io }: Shell, text: string): Promise<Result> {
  await io.err.write(`${printable(text, 300)}\n`);
  return "failed";
}

type Action = (shell: Shell, words: readonly string[]) => Promise<Result>;

/** Writes the answer to a command: the text, or with `--json` one object that names the command and where the shell is. */
async function answer(shell: Shell, command: string, text: string, value: Readonly<Record<string, unknown>> = {}): Promise<Result> {
  const json = (): string => `${escapeControls(JSON.stringify({ command, at: shell.at.path, ...value }))}\n`;
  await shell.io.out.write(shell.isJson ? json() : text);
  return "done";
}

const ACTIONS: ReadonlyMap<string, Action> = new Map<string, Action>([
  ["ls", (shell) => ls(shell)],
  ["cd", (shell, [name = "/"]) => go(shell, "cd", name)],
  ["up", (shell) => go(shell, "up", "..")],
  ["pwd", (shell) => answer(shell, "pwd", `${shell.at.path}\n`)],
  ["help", (shell) => answer(shell, "help", HELP, { text: HELP })],
  ["exempt", (shell, words) => exempt(shell, words)],
  ["unexempt", (shell, words) => unexempt(shell, words)],
]);

async function go(shell: Shell, command: string, name: string): Promise<Result> {
  const there = walk(shell.at, name);
  if (there === undefined) return fail(shell, `there is no ${JSON.stringify(name.slice(0, 60))} here; type ls`);
  shell.at = there;
  return answer(shell, command, "");
}

async function ls(shell: Shell): Promise<Result> {
  const { io, at } = shell;
  const paint = painter(io.out);
  const exempted = await exemptPatterns(shell.store);
  const isExempt = (node: PathNode): boolean => exempted.has(patternOf(node)) || exempted.has(node.path);
  const line = (mark: string, node: PathNode, name: string): string => {
    const methods = node.route === undefined ? "" : `  ${node.route.methods.join(" ") || "any"}  ${node.route.category}`;
    const below = node !== at && node.children.size > 0 ? "/" : "";
    return `${mark.padStart(4)} ${isExempt(node) ? paint("yellow", "*") : " "} ${printable(name, 40)}${below}${paint("dim", printable(methods, 60))}`;
  };
  const children = childrenOf(at);
  const lines = [
    ...(at.route === undefined ? [] : [line(".", at, at.path)]),
    ...children.map((child, index) => line(String(index + 1), child, child.segment)),
  ];
  const entries = children.map((node, index) => ({
    number: index + 1,
    name: node.segment,
    path: node.path,
    methods: node.route?.methods ?? null,
    category: node.route?.category ?? null,
    exempt: isExempt(node),
    below: node.children.size,
  }));
  return answer(shell, "ls", lines.length === 0 ? "nothing lies below\n" : `${lines.join("\n")}\n`, { exempt: isExempt(at), entries });
}

/** The exempt paths of the store; where none is named, nothing is marked. */
async function exemptPatterns(store: Shell["store"]): Promise<ReadonlySet<string>> {
  try {
    return new Set((await listEntries((await store()).store, "exempt-path", Date.now())).map(({ name }) => name));
  } catch (error) {
    if (error instanceof NoStoreError) return new Set();
    throw error;
  }
}

/** The pattern of every path. A slip of the hand must not switch the firewall off: the root is the page, as `ls` shows it, and this must be said. */
const EVERYTHING = "/**";

async function exempt(shell: Shell, [name = ".", ...reason]: readonly string[]): Promise<Result> {
  const node = walk(shell.at, name);
  if (node === undefined && name !== EVERYTHING) return fail(shell, `there is no ${JSON.stringify(name.slice(0, 60))} here; type ls`);
  const pattern = node === undefined ? EVERYTHING : node.parent === undefined ? node.path : patternOf(node);
  if (pattern === EVERYTHING && !(await isMeant(shell))) return cancel(shell);
  const why = reason.join(" ") || (shell.ask === undefined ? "" : await shell.ask("Reason: "));
  if (why === undefined) return cancel(shell);
  await addEntries((await shell.store()).store, "exempt-path", [{ name: pattern, reason: why }], Date.now());
  return answer(shell, "exempt", `exempt: ${printable(pattern, 300)}\n`, { pattern, reason: why });
}

async function isMeant({ ask }: Shell): Promise<boolean> {
  if (ask === undefined)
    throw new UsageError(`nobody is here to confirm that every path is meant; without asking: aiwaf add exempt-path "${EVERYTHING}"`);
  return /^\s*y(?:es)?\s*$/i.test((await ask("Every path of the site, also what comes later? (y/N) ")) ?? "");
}

async function cancel({ io }: Shell): Promise<Result> {
  await io.out.write("Nothing was exempted.\n");
  return "failed";
}

async function unexempt(shell: Shell, [name = "."]: readonly string[]): Promise<Result> {
  const node = walk(shell.at, name) ?? (name === EVERYTHING ? shell.root : undefined);
  if (node === undefined) return fail(shell, `there is no ${JSON.stringify(name.slice(0, 60))} here; type ls`);
  const removed = await removeEntries((await shell.store()).store, "exempt-path", [patternOf(node), node.path], Date.now());
  const shown = printable(node.path, 300);
  return answer(shell, "unexempt", removed === 0 ? `${shown} was not exempt\n` : `no longer exempt: ${shown}\n`, {
    path: node.path,
    removed,
  });
}

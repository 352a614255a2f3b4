/**
 * Which paths the application answered lately, and the words in them: what is known to exist is never held against anybody.
 *
 * @module
 */
import type { Decision, Outcome, Route, Services, WafRequest } from "../types.ts";
import { isValueLike, wordsOf } from "./path-words.ts";
import { perFirewall } from "./per-firewall.ts";
import { hashed, hashOf } from "./text-hash.ts";

/** What one firewall knows of its application. 490 KB once something was answered, however many paths there are. */
export interface KnownPaths {
  /** True for the start page, a path of the route manifest, and one that was answered before; never for one that can be read in two ways. */
  isKnown(request: WafRequest): boolean;
  /** True for a path that itself was answered before: of a route with parameters, each value is a path of its own. */
  isAnsweredPath(request: WafRequest): boolean;
  /** True when something below the same folder was answered before: `/orders/7` for `/orders/8`. Not for names at the root. */
  isBelowKnown(path: string): boolean;
  /** True for a word that stood in an answered path, or in the pattern of a route that was asked for. */
  isGoodWord(word: string): boolean;
  /**
   * Learns from a finished response and returns the words of a path that was answered for the first time. Called by every detector that asks; it
   * works once a response and says the same to all.
   */
  learn(decision: Decision, outcome: Outcome): readonly string[];
}

const PATHS = 65_536;
const WORDS = 32_768;
/** Long paths carry data; they are read no further than this. */
const MAX_PATH = 512;

/** Answers that show that a path exists. A redirect does not: some applications send everybody who asks for anything to a sign-in. */
export const isAnswered = (status: number): boolean => (status >= 200 && status < 300) || status === 304;

/** The knowledge that all detectors of one firewall share. */
export const knownPathsOf: (services: Services) => KnownPaths = perFirewall(createKnownPaths);

function createKnownPaths(): KnownPaths {
  const paths = createTextSet(PATHS);
  const words = createTextSet(WORDS);
  const routes = new WeakSet<Route>();
  let lastDecision: Decision | undefined;
  let lastWords = NONE;
  /** Several detectors ask about each request: the table is looked at once. */
  let lastRequest: WafRequest | undefined;
  let lastAnswer = false;
  const isAnsweredPath = (request: WafRequest): boolean => {
    if (request === lastRequest) return lastAnswer;
    lastAnswer = request.canonical && paths.has(cut(request.path));
    lastRequest = request;
    return lastAnswer;
  };
  return {
    isKnown(request) {
      const { route } = request;
      if (route === undefined) return isAnsweredPath(request) || (request.canonical && request.path === "/");
      if (!routes.has(route)) {
        routes.add(route);
        for (const word of wordsOf(route.pattern)) words.add(word);
      }
      return true;
    },
    isAnsweredPath,
    isBelowKnown(path) {
      const folder = folderOf(path);
      return folder !== undefined && paths.has(folder);
    },
    isGoodWord: (word) => words.has(word),
    learn(decision, { status }) {
      if (decision === lastDecision) return lastWords;
      lastDecision = decision;
      lastWords = NONE;
      const { path, canonical } = decision.request;
      if (!canonical || decision.action === "block" || !isAnswered(status) || !paths.add(cut(path))) return NONE;
      lastRequest = undefined;
      const folder = folderOf(path);
      if (folder !== undefined) paths.add(folder);
      // Ids and tokens would push the words out.
      lastWords = wordsOf(path).filter((word) => !isValueLike(word));
      for (const word of lastWords) words.add(word);
      return lastWords;
    },
  };
}

const NONE: readonly string[] = Object.freeze([]);
const cut = (path: string): string => (path.length > MAX_PATH ? path.slice(0, MAX_PATH) : path);

/** `/orders/7` gives `/orders/*`, which no request path of that spelling can do harm with; a name at the root gives nothing. */
function folderOf(path: string): string | undefined {
  const end = path.lastIndexOf("/", path.length - 2);
  return end <= 0 || end > MAX_PATH ? undefined : `${path.slice(0, end)}/*`;
}

/** Texts told apart by a keyed hash, in sets of four. */
interface TextSet {
  has(text: string): boolean;
  /** True when it was not there. */
  add(text: string): boolean;
}

const WAYS = 4;

/** A full set drops the text it met least often, so that a flood of paths met once leaves those in use. */
function createTextSet(size: number): TextSet {
  let marks: Int32Array | undefined;
  let counts: Uint8Array | undefined;
  const sets = size / WAYS;
  return {
    has(text) {
      if (marks === undefined) return false;
      hashOf(text);
      const from = ((hashed[1]! >>> 0) % sets) * WAYS;
      for (let at = from; at < from + WAYS; at++) {
        if (marks[at] !== hashed[0]) continue;
        if (counts![at]! < 255) counts![at]!++;
        return true;
      }
      return false;
    },
    add(text) {
      marks ??= new Int32Array(size);
      counts ??= new Uint8Array(size);
      hashOf(text);
      const from = ((hashed[1]! >>> 0) % sets) * WAYS;
      let victim = from;
      for (let at = from; at < from + WAYS; at++) {
        if (marks[at] === hashed[0]) {
          if (counts[at]! < 255) counts[at]!++;
          return false;
        }
        if (counts[at]! < counts[victim]!) victim = at;
      }
      // The others of a full set lose a little each time, so that what is not used any more goes in the end.
      if (counts[victim]! > 0) for (let at = from; at < from + WAYS; at++) if (counts[at]! > 1) counts[at]!--;
      marks[victim] = hashed[0]!;
      counts[victim] = 1;
      return true;
    },
  };
}

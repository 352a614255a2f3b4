/**
 * Which paths the application answered lately, and the words in them: what is known to exist is never held against anybody.
 *
 * @module
 */
import type { Decision, Outcome, Route, Services, WafRequest } from "../types.ts";
import { identifierIn } from "./ids-in-paths.ts";
import { isValueLike, wordsOf } from "./path-words.ts";
import { perFirewall } from "./per-firewall.ts";
import { TextSet } from "./text-set.ts";

/** What one firewall knows of its application. 490 KB once something was answered, however many paths there are. */
export interface KnownPaths {
  /** True for the start page, a path of the route manifest, and one that was answered before; never for one that can be read in two ways. */
  isKnown(request: WafRequest): boolean;
  /** True for a path that itself was answered before: of a route with parameters, each value is a path of its own. */
  isAnsweredPath(request: WafRequest): boolean;
  /** True when a segment of the path, up to which it was answered before, is `id`: `/items/7/rating` where `/items/7` was. */
  isOfAnswered(path: string, id: string): boolean;
  /**
   * True when something below the same folder was answered before: `/orders/7` for `/orders/8`, and `/orders/7/lines` for `/orders/8/lines`, where `id`
   * is the segment that differs. Not for names at the root.
   */
  isBelowKnown(path: string, id: string): boolean;
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
export const knownPathsOf: (services: Services) => KnownPaths = perFirewall(() => new Known());

/** Of a class: what several detectors ask about each request is found in one object, and by functions without a memory of their own. */
class Known implements KnownPaths {
  /** Several detectors ask about each request: the table is looked at once. */
  #lastRequest: WafRequest | undefined;
  #lastAnswer: boolean;
  #lastRoute: Route | undefined;
  readonly #paths: TextSet;
  #lastDecision: Decision | undefined;
  #lastWords: readonly string[];
  readonly #words: TextSet;
  readonly #routes: WeakSet<Route>;

  constructor() {
    this.#lastRequest = undefined;
    this.#lastAnswer = false;
    this.#lastRoute = undefined;
    this.#paths = new TextSet(PATHS);
    this.#lastDecision = undefined;
    this.#lastWords = NONE;
    this.#words = new TextSet(WORDS);
    this.#routes = new WeakSet();
  }

  isKnown(request: WafRequest): boolean {
    const { route } = request;
    if (route === undefined) return this.isAnsweredPath(request) || (request.canonical && request.path === "/");
    if (route !== this.#lastRoute) this.#note(route);
    return true;
  }

  isAnsweredPath(request: WafRequest): boolean {
    if (request === this.#lastRequest) return this.#lastAnswer;
    this.#lastAnswer = request.canonical && this.#paths.has(cut(request.path));
    this.#lastRequest = request;
    return this.#lastAnswer;
  }

  isOfAnswered(path: string, id: string): boolean {
    const thing = thingOf(path, id);
    return thing !== path && this.#paths.has(cut(thing));
  }

  isBelowKnown(path: string, id: string): boolean {
    const folder = folderOf(thingOf(path, id));
    return folder !== undefined && this.#paths.has(folder);
  }

  isGoodWord(word: string): boolean {
    return this.#words.has(word);
  }

  learn(decision: Decision, { status }: Outcome): readonly string[] {
    if (decision === this.#lastDecision) return this.#lastWords;
    this.#lastDecision = decision;
    this.#lastWords = NONE;
    const { path, canonical } = decision.request;
    if (!canonical || decision.action === "block" || !isAnswered(status) || !this.#paths.add(cut(path))) return NONE;
    this.#lastRequest = undefined;
    const folder = folderOf(path);
    if (folder !== undefined) this.#paths.add(folder);
    const id = identifierIn(path);
    const things = id === undefined ? undefined : folderOf(thingOf(path, id));
    if (things !== undefined) this.#paths.add(things);
    // Ids and tokens would push the words out.
    this.#lastWords = wordsOf(path).filter((word) => !isValueLike(word));
    for (const word of this.#lastWords) this.#words.add(word);
    return this.#lastWords;
  }

  #note(route: Route): void {
    this.#lastRoute = route;
    if (this.#routes.has(route)) return;
    this.#routes.add(route);
    for (const word of wordsOf(route.pattern)) this.#words.add(word);
  }
}

const NONE: readonly string[] = Object.freeze([]);
const cut = (path: string): string => (path.length > MAX_PATH ? path.slice(0, MAX_PATH) : path);

/** `/orders/7` gives `/orders/*`, which no request path of that spelling can do harm with; a name at the root gives nothing. */
function folderOf(path: string): string | undefined {
  const end = path.lastIndexOf("/", path.length - 2);
  return end <= 0 || end > MAX_PATH ? undefined : `${path.slice(0, end)}/*`;
}

/** `/orders/7/lines` and its `7` give `/orders/7`; a path that ends with its id gives itself. */
function thingOf(path: string, id: string): string {
  const at = path.lastIndexOf(`/${id}/`);
  return at < 0 ? path : path.slice(0, at + 1 + id.length);
}

/**
 * Reads a regular expression into a tree and matches it as a backtracking engine does, counting steps: what V8 does with an expression, without
 * a clock, so that a checker gives the same answer on every machine.
 *
 * @module
 */

/** A part of an expression. */
export type Node =
  | { readonly kind: "set"; readonly has: (code: number) => boolean; readonly samples: readonly number[] }
  | { readonly kind: "sequence"; readonly parts: readonly Node[] }
  | { readonly kind: "choice"; readonly parts: readonly Node[] }
  | { readonly kind: "repeat"; readonly part: Node; readonly least: number; readonly most: number; readonly lazy: boolean }
  | { readonly kind: "start" | "end" | "boundary" | "inside" }
  | { readonly kind: "look"; readonly part: Node; readonly behind: boolean; readonly negated: boolean };

/** Characters that sets are probed with, for telling samples. */
const PROBES = [..." a1'\"<>(){}[]=/\\.,;:-_+*&|%$#@!?~^`\n\tzxe0\u00e9\uff07"].map((character) => character.charCodeAt(0));
const isWord = (code: number): boolean => /\w/.test(String.fromCharCode(code));

function set(source: string, ignoreCase: boolean): Node {
  const own = new RegExp(`^${source}$`, ignoreCase ? "i" : "");
  const known = new Map<number, boolean>();
  const has = (code: number): boolean => {
    let answer = known.get(code);
    if (answer === undefined) {
      answer = own.test(String.fromCharCode(code));
      known.set(code, answer);
    }
    return answer;
  };
  const samples = PROBES.filter(has);
  for (let code = 0; samples.length === 0 && code < 65_536; code++) if (has(code)) samples.push(code);
  return { kind: "set", has, samples };
}

/** The tree of an expression. Throws for what it does not know: back references, named groups, flags `u` and `v`. */
export function treeOf(source: string, flags: string): Node {
  if (/[uv]/.test(flags)) throw new Error(`flag ${flags}`);
  const ignoreCase = flags.includes("i");
  let at = 0;
  const choice = (): Node => {
    const parts: Node[] = [];
    for (;;) {
      const items: Node[] = [];
      while (at < source.length && source[at] !== "|" && source[at] !== ")") items.push(term());
      parts.push(items.length === 1 ? items[0]! : { kind: "sequence", parts: items });
      if (source[at] !== "|") return parts.length === 1 ? parts[0]! : { kind: "choice", parts };
      at++;
    }
  };
  const term = (): Node => {
    const part = atom();
    const found = /^(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})(\??)/.exec(source.slice(at));
    if (found === null) return part;
    at += found[0].length;
    const [, mark, low, comma, high, lazy] = found;
    const least = mark === undefined ? Number(low) : mark === "+" ? 1 : 0;
    const most =
      mark === undefined
        ? comma === undefined
          ? least
          : high === ""
            ? Number.POSITIVE_INFINITY
            : Number(high)
        : mark === "?"
          ? 1
          : Number.POSITIVE_INFINITY;
    return { kind: "repeat", part, least, most, lazy: lazy === "?" };
  };
  const atom = (): Node => {
    const from = at;
    const character = source[at++]!;
    if (character === "^") return { kind: "start" };
    if (character === "$") return { kind: "end" };
    if (character === "(") {
      const opening = /^\?(?::|(<?)([=!]))/.exec(source.slice(at));
      if (source[at] === "?" && opening === null) throw new Error("a named group");
      at += opening?.[0].length ?? 0;
      const part = choice();
      if (source[at++] !== ")") throw new Error("an open bracket");
      return opening?.[2] === undefined ? part : { kind: "look", part, behind: opening[1] === "<", negated: opening[2] === "!" };
    }
    if (character === "[") {
      for (; source[at] !== "]"; at++) if (source[at] === "\\") at++;
      at++;
      return set(source.slice(from, at), ignoreCase);
    }
    if (character === "\\") {
      const next = source[at++]!;
      if (next === "b") return { kind: "boundary" };
      if (next === "B") return { kind: "inside" };
      if (/[1-9k]/.test(next)) throw new Error("a back reference");
      at += next === "x" ? 2 : next === "u" ? 4 : 0;
    }
    return set(source.slice(from, at), ignoreCase);
  };
  const tree = choice();
  if (at < source.length) throw new Error(`a stray ${source[at]}`);
  return tree;
}

/** Thrown when a match takes more steps than it may. */
export class TooManySteps extends Error {}

/** Searches for `tree` in `text` from every start until it matches. Throws {@link TooManySteps} beyond `limit` steps. */
export function search(tree: Node, text: string, limit: number): { readonly found: boolean; readonly steps: number } {
  const codes = Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
  let steps = 0;
  type Next = (at: number) => boolean;
  const wordAt = (at: number): boolean => at >= 0 && at < codes.length && isWord(codes[at]!);
  const run = (node: Node, at: number, next: Next): boolean => {
    if (++steps > limit) throw new TooManySteps();
    switch (node.kind) {
      case "set":
        return at < codes.length && node.has(codes[at]!) && next(at + 1);
      case "start":
        return at === 0 && next(at);
      case "end":
        return at === codes.length && next(at);
      case "boundary":
        return wordAt(at - 1) !== wordAt(at) && next(at);
      case "inside":
        return wordAt(at - 1) === wordAt(at) && next(at);
      case "choice":
        return node.parts.some((part) => run(part, at, next));
      case "sequence": {
        const from = (index: number, place: number): boolean =>
          index === node.parts.length ? next(place) : run(node.parts[index]!, place, (behind) => from(index + 1, behind));
        return from(0, at);
      }
      case "look":
        // What stands behind is short everywhere here and is not counted.
        return node.behind ? next(at) : run(node.part, at, () => true) !== node.negated && next(at);
      case "repeat": {
        if (node.part.kind === "set") {
          // One character each: counted without a call for each, because a long run would go too deep.
          const { has } = node.part;
          let count = 0;
          while (count < node.most && at + count < codes.length && has(codes[at + count]!)) count++;
          steps += count;
          if (node.lazy) {
            for (let index = node.least; index <= count; index++) if (next(at + index)) return true;
            return false;
          }
          for (let index = count; index >= node.least; index--) {
            if (++steps > limit) throw new TooManySteps();
            if (next(at + index)) return true;
          }
          return false;
        }
        const again = (count: number, place: number): boolean => {
          const more = (): boolean => count < node.most && run(node.part, place, (behind) => behind > place && again(count + 1, behind));
          const stop = (): boolean => count >= node.least && next(place);
          return node.lazy ? stop() || more() : more() || stop();
        };
        return again(0, at);
      }
    }
  };
  for (let start = 0; start <= codes.length; start++) if (run(tree, start, () => true)) return { found: true, steps };
  return { found: false, steps };
}

/** A short text that a part matches, or at least begins to. `turn` picks among the samples of a set. */
export function sampleOf(node: Node, turn: number): string {
  switch (node.kind) {
    case "set":
      return String.fromCharCode(node.samples[turn % node.samples.length]!);
    case "sequence":
      return node.parts.map((part) => sampleOf(part, turn)).join("");
    case "choice":
      return sampleOf(node.parts[turn % node.parts.length]!, turn);
    case "repeat":
      return sampleOf(node.part, turn).repeat(Math.max(node.least, Math.min(1, node.most)));
    default:
      return "";
  }
}

/** Every repetition of a tree with a text that leads up to it. */
export function repeatsOf(
  node: Node,
  before: string,
  turn: number,
  visit: (repeat: Node & { kind: "repeat" }, before: string) => void,
): void {
  if (node.kind === "repeat") {
    visit(node, before);
    repeatsOf(node.part, before, turn, visit);
  } else if (node.kind === "choice") for (const part of node.parts) repeatsOf(part, before, turn, visit);
  else if (node.kind === "look") repeatsOf(node.part, before, turn, visit);
  else if (node.kind === "sequence") {
    let lead = before;
    for (const part of node.parts) {
      repeatsOf(part, lead, turn, visit);
      lead += sampleOf(part, turn);
    }
  }
}

/**
 * The application's routes as a tree that can be walked.
 *
 * @module
 */

/** A segment of a path, and what lies below it. */
export interface PathNode {
  /** The segment as it stands in the pattern; `""` for the root. */
  readonly segment: string;
  /** The pattern from the root, `/` for the root itself. */
  readonly path: string;
  readonly parent: PathNode | undefined;
  readonly children: Map<string, PathNode>;
  /** Set where a route ends here. */
  route: { readonly methods: readonly string[]; readonly category: string } | undefined;
}

/** Builds the tree of `routes`, patterns such as `/users/:id`. */
export function pathTree(routes: Readonly<Record<string, { readonly methods: readonly string[]; readonly category: string }>>): PathNode {
  const root: PathNode = { segment: "", path: "/", parent: undefined, children: new Map(), route: undefined };
  for (const [pattern, route] of Object.entries(routes)) {
    let node = root;
    for (const segment of pattern.split("/").filter((part) => part !== "")) {
      let child = node.children.get(segment);
      if (child === undefined) {
        child = {
          segment,
          path: node === root ? `/${segment}` : `${node.path}/${segment}`,
          parent: node,
          children: new Map(),
          route: undefined,
        };
        node.children.set(segment, child);
      }
      node = child;
    }
    node.route = route;
  }
  return root;
}

/** The children of a node in the order they are numbered. */
export const childrenOf = (node: PathNode): readonly PathNode[] =>
  [...node.children.values()].sort((one, other) => (one.segment < other.segment ? -1 : 1));

/** The node that `name` means from `node`: a number of the listing, a segment, `..`, `.`, `/`, or several of them between slashes. */
export function walk(node: PathNode, name: string): PathNode | undefined {
  let at: PathNode | undefined = node;
  if (name.startsWith("/")) while (at.parent !== undefined) at = at.parent;
  for (const part of name.split("/").filter((one) => one !== "" && one !== ".")) {
    if (at === undefined) return undefined;
    at =
      part === ".."
        ? (at.parent ?? at)
        : (at.children.get(part) ?? (/^\d{1,5}$/.test(part) ? childrenOf(at)[Number(part) - 1] : undefined));
  }
  return at;
}

/** The path rule pattern that covers a node: itself where nothing lies below it, else all below it too. */
export const patternOf = (node: PathNode): string => (node.children.size === 0 ? node.path : node.path === "/" ? "/**" : `${node.path}/**`);

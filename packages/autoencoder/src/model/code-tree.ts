/**
 * A Huffman tree over the vocabulary: a token's probability is the product of a few left-or-right decisions, so that it costs its code's length and not the
 * vocabulary's size, and all probabilities sum to one without being computed.
 *
 * @module
 */

/** Which decisions lead to each token. */
export interface CodeTree {
  /** Where a token's decisions begin; one more than there are tokens. */
  readonly starts: Uint32Array;
  /** Numbers of decisions, 0 to the vocabulary's size less two. */
  readonly nodes: Uint16Array;
  /** 1 for the left, -1 for the right. */
  readonly signs: Int8Array;
}

/** An eighth of all counts is spread over the whole vocabulary, so that no code is much longer than 14 decisions: a hostile token costs no more. */
const FLATTENING = 1 / 8;

/** Builds the tree from how often each token stands. Ties are decided by number, so the same counts give the same tree on every runtime. */
export function createCodeTree(counts: ArrayLike<number>): CodeTree {
  const size = counts.length;
  let total = 0;
  for (let id = 0; id < size; id++) total += counts[id]!;
  const weights = Float64Array.from({ length: size }, (_, id) => counts[id]! + (1 + total * FLATTENING) / size);
  const leaves = Array.from({ length: size }, (_, id) => id).sort((left, right) => weights[left]! - weights[right]! || left - right);
  // Two queues (van Leeuwen, 1976): inner nodes come out in the order of their weights by themselves.
  const innerWeights: number[] = [];
  const parents = new Int32Array(2 * size - 1).fill(-1);
  const isRight = new Uint8Array(2 * size - 1);
  let leaf = 0;
  let inner = 0;
  const take = (): number => {
    const takesLeaf = inner >= innerWeights.length || (leaf < size && weights[leaves[leaf]!]! <= innerWeights[inner]!);
    return takesLeaf ? leaves[leaf++]! : size + inner++;
  };
  const weightOf = (node: number): number => (node < size ? weights[node]! : innerWeights[node - size]!);
  for (let made = 0; made < size - 1; made++) {
    const left = take();
    const right = take();
    parents[left] = size + made;
    parents[right] = size + made;
    isRight[right] = 1;
    innerWeights.push(weightOf(left) + weightOf(right));
  }
  const starts = new Uint32Array(size + 1);
  const nodes: number[] = [];
  const signs: number[] = [];
  for (let id = 0; id < size; id++) {
    starts[id] = nodes.length;
    for (let node = id; parents[node]! >= 0; node = parents[node]!) {
      nodes.push(parents[node]! - size);
      signs.push(isRight[node] === 1 ? -1 : 1);
    }
  }
  starts[size] = nodes.length;
  return { starts, nodes: Uint16Array.from(nodes), signs: Int8Array.from(signs) };
}

/**
 * The forest's kernel: the inner loops that cost the time. Each has a twin in plain TypeScript (`grow.ts`, `split.ts`, `score.ts`) that gives the same result
 * to the last bit: every operation here is one of theirs, in the same order for each column and each tree.
 *
 * @module
 */
import { FIRST_MULTIPLIER, SECOND_MULTIPLIER, SHARE, STEP } from "../../src/model/random.ts";
import { assemble, type Code, define, f64, f64x2, i32, i32x4, i64, i64x2, type Local, repeatWhile, v128, when } from "./wasm.ts";

/** Columns are cut in blocks of this many: four pairs, so that least, greatest, cut, sum and count stay in registers. */
const BLOCK = 8;
const PAIRS = [0, 1, 2, 3] as const;
/** Walks side by side. */
const WALKS = 20;

const each = (make: (pair: number) => Code): Code => PAIRS.flatMap((pair) => make(pair) as number[]);
const increase = (local: Local, by: number): Code => local.set(i32.add(local.get, i32.const(by)));

/**
 * best(order, count, sample, targets, blocks, draw, key, word) → column or −1; the cut goes to address 0. `order` holds where each row starts, in values
 * from `sample`, and its word; `draw` is the first column's counter, already spread and keyed; `word` is the node's; `targets` has room for as many numbers as rows. For two rows or more.
 */
const bestCut = define({
  name: "best",
  parameters: ["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"],
  result: "i32",
  write([order, count, sample, targets, blocks, draw, key, word], local) {
    const [at, row, end, best] = [local("i32"), local("i32"), local("i32"), local("i32")];
    const [into, mixed, drawn, total] = [local("i32"), local("i32"), local("f64"), local("f64")];
    const [gain, winner, cut, columns] = [local("v128"), local("v128"), local("v128"), local("v128")];
    const [target, totals, counts, draws, ratio] = [local("v128"), local("v128"), local("v128"), local("v128"), local("v128")];
    const least = PAIRS.map(() => local("v128"));
    const greatest = PAIRS.map(() => local("v128"));
    const sums = PAIRS.map(() => local("v128"));
    const lefts = PAIRS.map(() => local("v128"));
    const nextRow = row.set(i32.add(sample.get, i32.shl(i32.load(at.get), i32.const(3))));
    const eachRow = (first: number, body: Code): Code => [
      ...at.set(i32.add(order.get, i32.const(first * 8))),
      ...repeatWhile([...nextRow, ...body, ...increase(at, 8)], i32.ltUnsigned(at.get, end.get)),
    ];
    const value = (pair: number): Code => v128.load(row.get, pair * 16);
    const drawFour: Code = [
      ...draws.set(i32x4.add(i32x4.splat(draw.get), v128.i32Const([0, STEP, STEP * 2, STEP * 3]))),
      ...draws.set(v128.xor(draws.get, i32x4.shiftRight(draws.get, i32.const(16)))),
      ...draws.set(v128.xor(i32x4.mul(draws.get, i32x4.splat(i32.const(FIRST_MULTIPLIER))), i32x4.splat(key.get))),
      ...draws.set(v128.xor(draws.get, i32x4.shiftRight(draws.get, i32.const(15)))),
      ...draws.set(i32x4.mul(draws.get, i32x4.splat(i32.const(SECOND_MULTIPLIER)))),
      ...draws.set(v128.xor(draws.get, i32x4.shiftRight(draws.get, i32.const(16)))),
    ];
    // least + draw * SHARE * (greatest - least); `greatest` holds the cuts from here on.
    const placeCut = (pair: number, drawn: Code): Code =>
      greatest[pair]!.set(
        f64x2.add(
          f64x2.mul(f64x2.mul(f64x2.convertUnsigned(drawn), v128.f64Const(SHARE)), f64x2.sub(greatest[pair]!.get, least[pair]!.get)),
          least[pair]!.get,
        ),
      );
    const fourDraws = (first: number): Code => [
      ...drawFour,
      ...placeCut(first, draws.get),
      ...placeCut(first + 1, v128.pick(draws.get, [2, 3, 2, 3])),
      ...draw.set(i32.add(draw.get, i32.const(STEP * 4))),
    ];
    // Left counts are whole numbers in the low halves of the 64-bit lanes. Each lane keeps the first of its greatest gains: a branch a column
    // would be mispredicted at every new best.
    const gains = (pair: number): Code => [
      ...lefts[pair]!.set(f64x2.convertUnsigned(v128.pick(lefts[pair]!.get, [0, 2, 0, 2]))),
      ...ratio.set(f64x2.sub(f64x2.mul(sums[pair]!.get, counts.get), f64x2.mul(totals.get, lefts[pair]!.get))),
      ...ratio.set(f64x2.div(f64x2.mul(ratio.get, ratio.get), f64x2.mul(lefts[pair]!.get, f64x2.sub(counts.get, lefts[pair]!.get)))),
      ...target.set(f64x2.gt(ratio.get, gain.get)),
      ...gain.set(v128.select(ratio.get, gain.get, target.get)),
      ...winner.set(v128.select(columns.get, winner.get, target.get)),
      ...cut.set(v128.select(greatest[pair]!.get, cut.get, target.get)),
      ...columns.set(f64x2.add(columns.get, v128.f64Const(2))),
    ];
    const take = (lane: number): Code => [
      ...f64.store(i32.const(0), f64x2.lane(cut.get, lane)),
      ...best.set(i32.truncate(f64x2.lane(winner.get, lane))),
    ];
    const gainOf = (lane: number): Code => f64x2.lane(gain.get, lane);
    const winnerOf = (lane: number): Code => f64x2.lane(winner.get, lane);
    return [
      ...end.set(i32.add(order.get, i32.shl(count.get, i32.const(3)))),
      ...gain.set(v128.f64Const(-1)),
      ...winner.set(v128.f64Const(-1)),
      ...columns.set(v128.f64Pair(0, 1)),
      ...counts.set(f64x2.splat(f64.convert(count.get))),
      ...into.set(targets.get),
      ...at.set(order.get),
      ...repeatWhile(
        [
          ...mixed.set(i32.xor(i32.load(at.get, 4), word.get)),
          ...mixed.set(i32.mul(i32.xor(mixed.get, i32.shiftRight(mixed.get, i32.const(15))), i32.const(FIRST_MULTIPLIER))),
          ...drawn.set(f64.convert(i32.shiftRight(mixed.get, i32.const(8)))),
          ...f64.store(into.get, drawn.get),
          ...total.set(f64.add(total.get, drawn.get)),
          ...increase(into, 8),
          ...increase(at, 8),
        ],
        i32.ltUnsigned(at.get, end.get),
      ),
      ...totals.set(f64x2.splat(total.get)),
      ...repeatWhile(
        [
          ...at.set(order.get),
          ...nextRow,
          ...each((pair) => [...least[pair]!.set(value(pair)), ...greatest[pair]!.set(least[pair]!.get)]),
          ...eachRow(1, [
            ...each((pair) => [
              ...target.set(value(pair)),
              ...least[pair]!.set(f64x2.least(least[pair]!.get, target.get)),
              ...greatest[pair]!.set(f64x2.greatest(greatest[pair]!.get, target.get)),
            ]),
          ]),
          ...fourDraws(0),
          ...fourDraws(2),
          ...each((pair) => [...sums[pair]!.set(v128.f64Const(0)), ...lefts[pair]!.set(v128.f64Const(0))]),
          ...into.set(targets.get),
          ...eachRow(0, [
            ...target.set(v128.load64Splat(into.get)),
            ...increase(into, 8),
            ...each((pair) => [
              ...ratio.set(f64x2.lt(value(pair), greatest[pair]!.get)),
              ...sums[pair]!.set(f64x2.add(sums[pair]!.get, v128.and(ratio.get, target.get))),
              ...lefts[pair]!.set(i64x2.sub(lefts[pair]!.get, ratio.get)),
            ]),
          ]),
          ...each(gains),
          ...increase(sample, BLOCK * 8),
          ...increase(blocks, -1),
        ],
        blocks.get,
      ),
      ...take(0),
      ...when(i32.or(f64.gt(gainOf(1), gainOf(0)), i32.and(f64.eq(gainOf(1), gainOf(0)), f64.lt(winnerOf(1), winnerOf(0)))), take(1)),
      ...best.get,
    ];
  },
});

/**
 * fill(picked, end, matrix, blocks, sample, order, draw, key) → 0. Copies the picked rows of the matrix, both as wide as whole blocks, to the sample;
 * notes where each starts, and draws its word.
 */
const fill = define({
  name: "fill",
  parameters: ["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"],
  result: "i32",
  write([picked, end, matrix, blocks, sample, order, draw, key], local) {
    const [from, last, mixed, rowBytes, offset] = [local("i32"), local("i32"), local("i32"), local("i32"), local("i32")];
    return [
      ...rowBytes.set(i32.shl(blocks.get, i32.const(6))),
      ...repeatWhile(
        [
          ...from.set(i32.add(matrix.get, i32.mul(i32.load(picked.get), rowBytes.get))),
          ...last.set(i32.add(from.get, rowBytes.get)),
          ...repeatWhile(
            [
              ...each((pair) => v128.store(sample.get, v128.load(from.get, pair * 16), pair * 16)),
              ...increase(from, BLOCK * 8),
              ...increase(sample, BLOCK * 8),
            ],
            i32.ltUnsigned(from.get, last.get),
          ),
          ...mixed.set(draw.get),
          ...mixed.set(i32.xor(mixed.get, i32.shiftRight(mixed.get, i32.const(16)))),
          ...mixed.set(i32.xor(i32.mul(mixed.get, i32.const(FIRST_MULTIPLIER)), key.get)),
          ...mixed.set(i32.xor(mixed.get, i32.shiftRight(mixed.get, i32.const(15)))),
          ...mixed.set(i32.mul(mixed.get, i32.const(SECOND_MULTIPLIER))),
          ...mixed.set(i32.xor(mixed.get, i32.shiftRight(mixed.get, i32.const(16)))),
          ...i32.store(order.get, offset.get),
          ...i32.store(order.get, mixed.get, 4),
          ...offset.set(i32.add(offset.get, i32.shl(blocks.get, i32.const(3)))),
          ...increase(order, 8),
          ...increase(draw, STEP),
          ...increase(picked, 4),
        ],
        i32.ltUnsigned(picked.get, end.get),
      ),
      ...i32.const(0),
    ];
  },
});

/** partition(order, end, column, cut) → the address behind the rows below the cut, which stand first from then on. `column` is the address of the column. */
const partition = define({
  name: "partition",
  parameters: ["i32", "i32", "i32", "f64"],
  result: "i32",
  write([at, end, column, cut], local) {
    const [middle, row] = [local("i32"), local("i64")];
    return [
      ...middle.set(at.get),
      ...repeatWhile(
        [
          ...row.set(i64.load(at.get)),
          // Swaps without asking, then counts: the question is a coin toss that no branch predictor wins.
          ...i64.store(at.get, i64.load(middle.get)),
          ...i64.store(middle.get, row.get),
          ...middle.set(
            i32.add(
              middle.get,
              i32.shl(f64.lt(f64.load(i32.add(column.get, i32.shl(i32.wrap(row.get), i32.const(3)))), cut.get), i32.const(3)),
            ),
          ),
          ...increase(at, 8),
        ],
        i32.ltUnsigned(at.get, end.get),
      ),
      ...middle.get,
    ];
  },
});

/**
 * pathLength(groups, end) → sum of the leaves' values over all trees. A group is twenty root addresses and a number of steps, 84 bytes. A node is 16
 * bytes: threshold or path length, address of the first child, address of the row's value.
 */
const pathLength = define({
  name: "pathLength",
  parameters: ["i32", "i32"],
  result: "f64",
  write([group, end], local) {
    const walks = Array.from({ length: WALKS }, () => local("i32"));
    const [steps, sum] = [local("i32"), local("f64")];
    const step = (walk: Local): Code =>
      walk.set(i32.add(i32.load(walk.get, 8), i32.shl(f64.ge(f64.load(i32.load(walk.get, 12)), f64.load(walk.get)), i32.const(4))));
    return [
      ...repeatWhile(
        [
          ...walks.flatMap((walk, index) => walk.set(i32.load(group.get, index * 4)) as number[]),
          ...steps.set(i32.load(group.get, WALKS * 4)),
          ...repeatWhile([...walks.flatMap((walk) => step(walk) as number[]), ...increase(steps, -1)], steps.get),
          ...walks.flatMap((walk) => sum.set(f64.add(sum.get, f64.load(walk.get))) as number[]),
          ...increase(group, (WALKS + 1) * 4),
        ],
        i32.ltUnsigned(group.get, end.get),
      ),
      ...sum.get,
    ];
  },
});

export const buildKernel = (): Uint8Array<ArrayBuffer> => assemble([fill, bestCut, partition, pathLength]);

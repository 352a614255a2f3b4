/**
 * The model as an ONNX file, for runtimes that are not JavaScript. The tokenizer stays outside: whoever runs the file hands it token numbers and their fields,
 * which `onnxInputs` makes.
 *
 * @module
 */
import { readFields } from "./model/fields.ts";
import type { TrainedAutoencoder } from "./model/model-text.ts";
import { AFTER, BEFORE, PLACES } from "./model/network.ts";
import { WINDOW } from "./model/surprise.ts";
import { type Operation, type Tensor, writeOnnx } from "./onnx/messages.ts";
import { createTokenizer } from "./tokenizer/tokenizer.ts";
import { BEGIN, END } from "./tokenizer/vocabulary.ts";

/** What the graph takes, for one line. */
export interface OnnxInputs {
  readonly tokens: BigInt64Array<ArrayBuffer>;
  readonly fields: BigInt64Array<ArrayBuffer>;
}

/** The inputs of the graph for a normalised line, as `normalizeParts` returns it. */
export function onnxInputs({ merges, weights }: Pick<TrainedAutoencoder, "merges" | "weights">, line: string, limit = 1_024): OnnxInputs {
  const { ids, count } = createTokenizer(merges, limit).encode(line);
  const fields = new Uint16Array(count);
  const read = readFields(ids, count, weights.fieldCount, fields);
  return {
    tokens: BigInt64Array.from(ids.subarray(0, read), BigInt),
    fields: BigInt64Array.from(fields.subarray(0, read), BigInt),
  };
}

const FURTHEST = 2n ** 62n;

/**
 * The bytes of an ONNX file with the inputs `tokens` and `fields` (both `int64[n]`, n at least 1) and the outputs `costs` (`float[n]`, nats of each token) and
 * `surprise` (`float`, nats of the dearest five in a row). Sums of products are whole numbers below 2^24 there too, so only the last steps round.
 */
export function toOnnx({ id, weights }: Pick<TrainedAutoencoder, "id" | "weights">): Uint8Array<ArrayBuffer> {
  const { vocabulary, hidden, fieldCount, context, fields, nodes, biases, nodeScale, biasScale, tree } = weights;
  const longest = Array.from({ length: vocabulary }, (_, token) => tree.starts[token + 1]! - tree.starts[token]!).reduce(
    (most, length) => Math.max(most, length),
    1,
  );
  const codes = new BigInt64Array(vocabulary * longest);
  const signs = new Float32Array(vocabulary * longest);
  const masks = new Float32Array(vocabulary * longest);
  for (let token = 0; token < vocabulary; token++) {
    const from = tree.starts[token]!;
    for (let step = from; step < tree.starts[token + 1]!; step++) {
      const place = token * longest + step - from;
      codes[place] = BigInt(tree.nodes[step]!);
      signs[place] = -tree.signs[step]!;
      masks[place] = 1;
    }
  }
  const constants: Tensor[] = [
    { name: "fieldTable", dims: [fieldCount, hidden], data: Float32Array.from(fields) },
    { name: "nodeTable", dims: [vocabulary - 1, hidden], data: Float32Array.from(nodes) },
    { name: "biasTable", dims: [vocabulary - 1], data: Float32Array.from(biases, (bias) => bias * biasScale) },
    { name: "codes", dims: [vocabulary, longest], data: codes },
    { name: "signs", dims: [vocabulary, longest], data: signs },
    { name: "masks", dims: [vocabulary, longest], data: masks },
    { name: "nodeScale", dims: [], data: Float32Array.of(nodeScale) },
    whole("begin", new Array<number>(BEFORE).fill(BEGIN)),
    whole("end", new Array<number>(AFTER).fill(END)),
    whole("axis0", [0]),
    whole("axis1", [1]),
    whole("axis2", [2]),
    { name: "nothing", dims: [WINDOW - 1], data: new Float32Array(WINDOW - 1) },
  ];
  const operations: Operation[] = [
    { type: "Concat", inputs: ["begin", "tokens", "end"], outputs: ["padded"], attributes: { axis: 0 } },
    { type: "Gather", inputs: ["fieldTable", "fields"], outputs: ["sum0"] },
  ];
  // The places in the order of the tables: the one before first, then those further back, then those after.
  const offsets = [3, 2, 1, 0, 5, 6];
  for (const [place, offset] of offsets.entries()) {
    const table = Float32Array.from(context.subarray(place * vocabulary * hidden, (place + 1) * vocabulary * hidden));
    constants.push({ name: `table${place}`, dims: [vocabulary, hidden], data: table });
    operations.push(
      ...slice(constants, `place${place}`, "padded", offset, PLACES),
      { type: "Gather", inputs: [`table${place}`, `place${place}`], outputs: [`row${place}`] },
      { type: "Add", inputs: [`sum${place}`, `row${place}`], outputs: [`sum${place + 1}`] },
    );
  }
  operations.push(
    { type: "Relu", inputs: [`sum${PLACES}`], outputs: ["hidden"] },
    { type: "Unsqueeze", inputs: ["hidden", "axis1"], outputs: ["hiddenRows"] },
    { type: "Gather", inputs: ["codes", "tokens"], outputs: ["steps"] },
    { type: "Gather", inputs: ["nodeTable", "steps"], outputs: ["stepRows"] },
    { type: "Mul", inputs: ["stepRows", "hiddenRows"], outputs: ["products"] },
    { type: "ReduceSum", inputs: ["products", "axis2"], outputs: ["dots"], attributes: { keepdims: 0 } },
    { type: "Mul", inputs: ["dots", "nodeScale"], outputs: ["scaled"] },
    { type: "Gather", inputs: ["biasTable", "steps"], outputs: ["stepBiases"] },
    { type: "Add", inputs: ["scaled", "stepBiases"], outputs: ["odds"] },
    { type: "Gather", inputs: ["signs", "tokens"], outputs: ["stepSigns"] },
    { type: "Mul", inputs: ["odds", "stepSigns"], outputs: ["against"] },
    { type: "Softplus", inputs: ["against"], outputs: ["stepCosts"] },
    { type: "Gather", inputs: ["masks", "tokens"], outputs: ["stepMasks"] },
    { type: "Mul", inputs: ["stepCosts", "stepMasks"], outputs: ["realCosts"] },
    { type: "ReduceSum", inputs: ["realCosts", "axis1"], outputs: ["costs"], attributes: { keepdims: 0 } },
    { type: "Concat", inputs: ["nothing", "costs"], outputs: ["paddedCosts"], attributes: { axis: 0 } },
  );
  for (let back = 0; back < WINDOW; back++) operations.push(...slice(constants, `back${back}`, "paddedCosts", back, WINDOW - 1));
  operations.push(
    { type: "Sum", inputs: Array.from({ length: WINDOW }, (_, back) => `back${back}`), outputs: ["runs"] },
    { type: "ReduceMax", inputs: ["runs"], outputs: ["surprise"], attributes: { keepdims: 0 } },
  );
  return writeOnnx(
    {
      name: "surprise",
      inputs: [
        { name: "tokens", type: "int64", dims: ["n"] },
        { name: "fields", type: "int64", dims: ["n"] },
      ],
      outputs: [
        { name: "costs", type: "float", dims: ["n"] },
        { name: "surprise", type: "float", dims: [] },
      ],
      constants,
      operations,
    },
    id,
  );
}

const whole = (name: string, values: readonly number[]): Tensor => ({
  name,
  dims: [values.length],
  data: BigInt64Array.from(values, BigInt),
});

/** Leaves out the first `from` entries of a list, and so many of the last that `lost` are gone in all. */
function slice(constants: Tensor[], name: string, of: string, from: number, lost: number): Operation[] {
  constants.push(whole(`${name}From`, [from]), {
    name: `${name}To`,
    dims: [1],
    data: BigInt64Array.of(from === lost ? FURTHEST : BigInt(from - lost)),
  });
  return [{ type: "Slice", inputs: [of, `${name}From`, `${name}To`, "axis0"], outputs: [name] }];
}

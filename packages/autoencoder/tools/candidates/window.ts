import { createNetwork } from "../../src/model/network.ts";
import { fit } from "../../src/train/fit.ts";
import { type CandidateFactory, FIELD_COUNT } from "./candidate.ts";

const LIMIT = 1_024;

/** The masked-token model of the package. */
export const windowModel =
  (hidden: number, epochs = 4, seed = 1): CandidateFactory =>
  (lines, vocabulary) => {
    const weights = fit(lines, { vocabulary, hidden, fieldCount: FIELD_COUNT, epochs, seed });
    const network = createNetwork(weights, LIMIT);
    return {
      parameters: weights.context.length + weights.fields.length + weights.nodes.length + weights.biases.length,
      read(ids, count, costs) {
        const read = network.read(ids, count);
        costs.set(network.costs.subarray(0, read));
        return read;
      },
    };
  };

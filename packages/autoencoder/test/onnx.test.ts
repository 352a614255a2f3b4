import * as ort from "onnxruntime-web";
import { describe, expect, test } from "vitest";
import { normalizeParts } from "../src/index.ts";
import { surpriseOf } from "../src/model/surprise.ts";
import { onnxInputs, toOnnx } from "../src/onnx.ts";
import { trainedModel } from "./trained.ts";

describe("the ONNX file", () => {
  test("gives the same costs through onnxruntime as here, for honest and hostile lines of any length", { timeout: 120_000 }, async () => {
    const model = await trainedModel();
    ort.env.wasm.numThreads = 1;
    const session = await ort.InferenceSession.create(toOnnx(model));
    const targets = ["/", "/product/17", "/search?q=shoes", "/product?id=1'+union+select+1,2--", `/x?${"a=%3Cscript%3E&".repeat(20)}`];
    for (const target of targets) {
      const line = normalizeParts({ method: "GET", target });
      const { tokens, fields } = onnxInputs(model, line);
      const { costs, surprise } = await session.run({
        tokens: new ort.Tensor("int64", tokens, [tokens.length]),
        fields: new ort.Tensor("int64", fields, [fields.length]),
      });
      const own = model.explain(line).map(({ nats }) => nats);
      const theirs = [...(costs!.data as Float32Array)];
      expect(theirs).toHaveLength(own.length);
      // 2e-6 of the table of the logistic function a decision, and single precision in the last steps there.
      for (const [at, cost] of own.entries()) expect(theirs[at]).toBeCloseTo(cost, 3);
      expect((surprise!.data as Float32Array)[0]).toBeCloseTo(surpriseOf(own, own.length).nats, 2);
      expect(model.read(line).nats).toBe(surpriseOf(own, own.length).nats);
    }
  });
});

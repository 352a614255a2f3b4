import { logReader } from "@aiwaf/core/train";
import { readAutoencoder, type TrainedAutoencoder, writeAutoencoder } from "../src/index.ts";
import { createAutoencoderTrainer, synthesizeLog } from "../src/train.ts";

let text: Promise<string> | undefined;

/** The text of a model of the made-up shop, trained once a file: less than a second. */
export function modelText(): Promise<string> {
  text ??= train();
  return text;
}

async function train(): Promise<string> {
  const trainer = createAutoencoderTrainer({ epochs: 2 });
  const reader = logReader();
  for (const line of synthesizeLog(4_000)) {
    const read = reader.read(line);
    if (typeof read !== "string") trainer.add(read);
  }
  const { model, withoutModel } = trainer.finish("a made-up shop", Date.UTC(2025, 5, 1));
  if (model === undefined) throw new Error(withoutModel);
  return (await writeAutoencoder(model)).text;
}

export const trainedModel = async (): Promise<TrainedAutoencoder> => readAutoencoder(await modelText());

import { writeModel } from "../../src/models/model-text.ts";
import type { LoggedRequest } from "../../src/train/logged-request.ts";
import { createTrainer, type TrainerOptions, type Training } from "../../src/train/trainer.ts";

export const START = 1_760_000_000_000;

/** One usual request of a small shop: made from its number, the same every time. */
export function usual(index: number, fields: Partial<LoggedRequest> = {}): LoggedRequest {
  const visitor = index % 400;
  const pages = [
    "/",
    "/products",
    `/products/${(index * 7) % 90}`,
    `/search?q=word${index % 30}`,
    "/cart",
    `/blog/post-${index % 12}`,
    "/assets/app.js",
  ];
  return {
    client: `198.${51 + (visitor % 8)}.${visitor >> 8}.${visitor & 255}`,
    at: START + index * 350,
    method: index % 23 === 0 ? "POST" : "GET",
    target: pages[(index * 13) % pages.length]!,
    httpVersion: "1.1",
    status: index % 61 === 0 ? 304 : 200,
    durationMs: 3 + (index % 40),
    referer: index % 3 === 0 ? "https://shop.example/" : undefined,
    userAgent: `Mozilla/5.0 (X11; Linux x86_64; rv:${100 + (visitor % 40)}.0)`,
    fields: undefined,
    ...fields,
  };
}

/** Training on `count` usual requests, with others in between. */
export function train(count: number, options?: TrainerOptions, between: (index: number) => readonly LoggedRequest[] = () => []): Training {
  const trainer = createTrainer(options);
  for (let index = 0; index < count; index++) {
    trainer.add(usual(index));
    for (const other of between(index)) trainer.add(other);
  }
  return trainer.finish("a test", START);
}

/** A small trained model as text. */
export const modelText = async (options?: TrainerOptions, count = 3_000): Promise<string> =>
  (await writeModel(train(count, { force: true, trees: 20, ...options }).model!)).text;

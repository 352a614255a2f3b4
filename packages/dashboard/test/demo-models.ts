import { writeModel } from "@aiwaf/core/models";
import type { ModelFolder } from "@aiwaf/core/models/file";
import { createTrainer } from "@aiwaf/core/train";

const PATHS = ["/", "/search?q=tea", "/products", "/products/12", "/cart", "/login", "/api/products", "/blog/news"];
const DAY_MS = 86_400_000;

/** Three small trainings, a day apart, the newest in use. */
export async function addDemoModels(models: ModelFolder, now = Date.now()): Promise<void> {
  for (let day = 2; day >= 0; day--) {
    const createdAt = now - day * DAY_MS - 3_600_000;
    const trainer = createTrainer({ force: true, trees: 10, seed: 40 + day });
    const count = 1_600 - day * 300;
    for (let index = 0; index < count; index++)
      trainer.add({
        client: `198.51.100.${1 + (index % (150 + 20 * day))}`,
        at: createdAt - DAY_MS + index * 40_000,
        method: "GET",
        target: PATHS[(index * 7 + day) % PATHS.length] as string,
        httpVersion: "1.1",
        status: index % 40 === 0 ? 404 : 200,
        durationMs: 5 + (index % 30),
        referer: undefined,
        userAgent: "Mozilla/5.0 Firefox/140.0",
        fields: undefined,
      });
    const { model } = trainer.finish(`access.log.${day}`, createdAt);
    if (model === undefined) throw new Error("the demo's log is too short for a model");
    const words = day === 0 ? ["wp-login", "phpmyadmin", "xmlrpc"] : ["wp-login", "cgi-bin"];
    const { text } = await writeModel({ ...model, keywords: words.slice(0, 3 - Math.min(day, 2)) });
    const name = await models.add(text);
    if (day === 0) await models.promote(name);
  }
}

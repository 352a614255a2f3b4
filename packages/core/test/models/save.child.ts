/** Saves and promotes one model after another until it is killed. Says `saved` after each. */
import { readFileSync } from "node:fs";
import { modelFolder } from "../../src/models/file.ts";

const [path, ...files] = process.argv.slice(2);
const folder = modelFolder(path!);
const texts = files.map((file) => readFileSync(file, "utf8"));
for (let turn = 0; ; turn++) {
  const name = await folder.add(texts[turn % texts.length]!);
  await folder.promote(name);
  process.stdout.write("saved\n");
}

/** Runs the store suite inside Bun, on Bun's own Redis client: `bun bun-suite.ts <port>`. Prints `{ passed, failed }`. */
import { storeSuite } from "../src/store-suite.ts";
import { recipes } from "./redis-recipes.ts";

interface BunRedis {
  send(command: string, args: string[]): Promise<unknown>;
  close(): void;
}
const { Bun } = globalThis as unknown as { Bun: { RedisClient: new (url: string) => BunRedis } };
const client = new Bun.RedisClient(`redis://127.0.0.1:${process.argv[2]}`);

const cases: { readonly title: string; readonly run: () => void | Promise<void> }[] = [];
const test = Object.assign((title: string, run: () => void | Promise<void>) => void cases.push({ title, run }), { skip: () => {} });
let made = 0;
storeSuite({
  name: "Bun",
  test,
  async make() {
    await client.send("FLUSHALL", []);
    return recipes.bun(client, `case${made++}`);
  },
  skips: ["raw-counter", "raw-value", "raw-delete"].map((id) => ({
    case: id,
    reason: "the second path is read on Node, through other clients",
  })),
  steps: 300,
});

const failed: string[] = [];
for (const { title, run } of cases) {
  try {
    await run();
  } catch (error) {
    failed.push(`${title}: ${String(error).slice(0, 300)}`);
  }
}
client.close();
console.log(JSON.stringify({ passed: cases.length - failed.length, failed }));

/** A program with workers: `<workers> <upstream> <file of the store> [fail]`. Says when they serve, and ends when it is told to. */
import { sqliteStore } from "@aiwaf/core/stores/sqlite";
import { createProxy, serveInWorkers } from "../src/index.ts";

const [count, upstream, path = "", fails] = process.argv.slice(2);
const workers = await serveInWorkers({
  workers: Number(count),
  async serve() {
    if (fails !== undefined) process.exit(3);
    const proxy = createProxy({
      upstream: `http://127.0.0.1:${upstream}`,
      // A busy machine may keep a worker off the file's lock for a while, and no request may be counted by nobody.
      firewall: {
        store: sqliteStore({ path, busyTimeoutMs: 20_000 }),
        deadlineMs: 30_000,
        rateLimit: { max: 40, windowMs: 3_600_000, floodMax: 1_000 },
        onFailure: "deny",
      },
    });
    const { port } = await proxy.listen(0);
    console.log(`port ${port}`);
    return proxy;
  },
  onExit: (code, signal) => console.log(`ended ${signal ?? code}`),
}).catch((error: unknown) => {
  console.log(`failed: ${(error as Error).message}`);
  process.exit(1);
});

if (workers !== undefined) {
  console.log(`pids ${workers.pids.join(" ")}`);
  process.stdin.resume().once("end", async () => {
    await workers.close();
    console.log("closed");
    process.exit(0);
  });
}

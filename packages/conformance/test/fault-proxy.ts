/**
 * A TCP proxy of 127.0.0.1 that misbehaves when told to: the network between a firewall and its store.
 *
 * @module
 */
import { connect, createServer, type Socket } from "node:net";

export interface FaultProxy {
  readonly port: number;
  /** `pass`: as if it were not there. `down`: refuses and breaks connections. `slow`: every answer comes `SLOW_MS` later. */
  set(mode: "pass" | "down" | "slow"): void;
  close(): Promise<void>;
}

/** Longer than any deadline of these tests. */
export const SLOW_MS = 400;

export async function startFaultProxy(target: number): Promise<FaultProxy> {
  let mode: "pass" | "down" | "slow" = "pass";
  const open = new Set<Socket>();
  const server = createServer((near) => {
    if (mode === "down") {
      near.resetAndDestroy();
      return;
    }
    const far = connect({ port: target, host: "127.0.0.1", noDelay: true });
    near.setNoDelay(true);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        open.delete(one);
        other.destroy();
      });
    }
    near.on("data", (bytes) => far.write(bytes));
    // Answers alone are late, and never overtake each other.
    let lastDue = 0;
    far.on("data", (bytes) => {
      lastDue = Math.max(lastDue, performance.now() + (mode === "slow" ? SLOW_MS : 0));
      const waitMs = lastDue - performance.now();
      if (waitMs <= 0) near.write(bytes);
      else setTimeout(() => near.writable && near.write(bytes), waitMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const breakAll = (): void => {
    for (const socket of open) socket.resetAndDestroy();
  };
  return {
    port: address.port,
    set(next) {
      mode = next;
      if (next === "down") breakAll();
    },
    close() {
      breakAll();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

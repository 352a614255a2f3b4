import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { frameworkOf, launchApp } from "../hosts/launch.ts";
import type { DecisionEvent, TargetHandle, TargetName, TargetOptions } from "../types.ts";
import type { Order, Report } from "./messages.ts";

/**
 * Starts a target in a process of its own, listening on an ephemeral loopback port. Rejects when it does not listen in time or the target
 * is unknown; nothing is left running then. The child also ends by itself when this process goes away.
 *
 * @example
 * const target = await startTarget("direct");
 * await fetch(`${target.url}/products`);
 * await target.stop();
 */
export async function startTarget(name: TargetName, options: TargetOptions = {}): Promise<TargetHandle> {
  const { child, output } = await spawnTarget(name, options);
  const listeners = new Set<(event: DecisionEvent) => void>();
  const waiting = new Map<number, { resolve: (port: number) => void; reject: (error: Error) => void }>();
  let orders = 0;

  child.on("message", (message: Report) => {
    if (message.kind === "decisions") {
      if (message.lost > 0) console.error(`${name}: ${message.lost} blocks came too fast to be reported`);
      for (const event of message.events) for (const listener of listeners) listener(event);
      return;
    }
    const asked = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.kind === "done") asked?.resolve(message.port);
    else asked?.reject(new Error(`${name}: ${message.message}`));
  });
  const fail = (error: Error) => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  const gone = new Promise<void>((resolve) => {
    const end = (error: Error) => {
      fail(error);
      resolve();
    };
    child.once("error", end);
    child.once("exit", (code, signal) => end(new Error(`${name}: its process ended with ${code ?? signal}. ${output()}`.trim())));
  });

  function send(order: OrderWithoutId): Promise<number> {
    orders += 1;
    const id = orders;
    return new Promise((resolve, reject) => {
      if (!child.connected) {
        reject(new Error(`${name}: its process has ended`));
        return;
      }
      waiting.set(id, { resolve, reject });
      child.send({ ...order, id } as Order);
    });
  }

  async function stop(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    // Built applications finish what they are at when asked politely, and there is nothing to finish.
    child.kill("SIGKILL");
    await gone;
  }

  const timeoutMs = options.startTimeoutMs ?? 90_000;
  const timer = setTimeout(() => fail(new Error(`${name}: not listening after ${timeoutMs} ms`)), timeoutMs);
  try {
    const port = await send({ kind: "start", name, options });
    return {
      name,
      port,
      url: `http://127.0.0.1:${port}`,
      stop,
      reset: async () => void (await send({ kind: "reset" })),
      drain: async () => void (await send({ kind: "drain" })),
      onDecision(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

interface Spawned {
  readonly child: ChildProcess;
  /** What it printed so far, unless it is on the screen. */
  output(): string;
}

/** A process that takes orders: the shop in Express, or the built application of a framework, which by then listens. */
async function spawnTarget(name: TargetName, { mode = "enforce" }: TargetOptions): Promise<Spawned> {
  const framework = frameworkOf(name);
  if (framework === undefined)
    return {
      child: fork(fileURLToPath(new URL("./serve.ts", import.meta.url)), [], {
        stdio: ["ignore", "inherit", "inherit", "ipc"],
        execArgv: [],
      }),
      output: () => "",
    };
  const env = { AIWAF_SANDBOX_TARGET: name, AIWAF_SANDBOX_MODE: mode, AIWAF_SANDBOX_GUARD: framework === "nuxt" ? "0" : "1" };
  return launchApp(framework, "shop-host", env);
}

type OrderWithoutId =
  | { readonly kind: "start"; readonly name: TargetName; readonly options: TargetOptions }
  | { readonly kind: "reset" }
  | { readonly kind: "drain" };

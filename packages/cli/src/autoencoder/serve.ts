/**
 * `POST /score` as a service of its own: rules and model, without a proxy behind it.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { readAutoencoder, type TrainedAutoencoder } from "@aiwaf/autoencoder";
import type { Services } from "@aiwaf/core";
import { followModel } from "@aiwaf/core/models";
import { fileModel } from "@aiwaf/core/models/file";
import { memoryStore } from "@aiwaf/core/stores/memory";
import type { Io } from "../terminal.ts";
import { messageOf, UsageError } from "../usage-error.ts";
import { answer, count } from "./inputs.ts";
import { modelFile } from "./places.ts";

/** The flags of `aiwaf autoencoder serve`. */
export interface ServeFlags {
  readonly model: string;
  readonly stats?: string;
  readonly host: string;
  readonly port: string;
  readonly workers?: string;
  readonly json?: boolean;
}

const REFRESH_MS = 1_000;

/**
 * Serves until SIGINT or SIGTERM. A model that is missing or damaged is warned about, and rules alone answer until there is one.
 *
 * @returns the exit code, once everything has ended.
 */
export async function serve(
  { model: place, stats, host, port, workers, json }: ServeFlags,
  io: Io,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<number> {
  const at = count("port", port, 0, 65_535);
  if (workers !== undefined) count("workers", workers, 1, 1_024);
  // Asking a name server for nonsense takes seconds.
  if (isIP(host) === 0 && !/^[a-z\d](?:[a-z\d.-]{0,252})$/i.test(host)) throw new UsageError("--host: must be an address or a host name");
  const follow = await followAutoencoder(place, stats === undefined ? undefined : thresholdOf(stats), io);
  const { createControl, createScorer } = await import("@aiwaf/proxy");
  const token = environment["AIWAF_TOKEN"];
  const control = createControl({
    scorer: createScorer({ autoencoder: follow }),
    ...(token !== undefined && { token }),
  });
  const ended = new Promise<void>((resolve) => process.once("SIGINT", () => resolve()).once("SIGTERM", () => resolve()));
  try {
    const bound = await control.listen(at, host);
    const shown = bound.family === "IPv6" ? `[${bound.address}]` : bound.address;
    const listening = `http://${shown}:${bound.port}/score`;
    const text = `Scores on ${listening}\n${token === undefined ? `Token, for this start only: ${control.token}\n` : ""}`;
    // A token of the environment is known to whoever set it, and stands in no log.
    await answer(io, json, { listening, token: token === undefined ? control.token : null }, text);
  } catch (error) {
    await control.close();
    throw new UsageError(messageOf(error));
  }
  await ended;
  await control.close();
  return 0;
}

/**
 * The newest model of a place, at each call. One that is missing or damaged is told about once on standard error, and looked for again each second.
 *
 * @param threshold - Instead of the model's own, in nats.
 */
export async function followAutoencoder(
  place: string,
  threshold: number | undefined,
  io: Io,
): Promise<() => TrainedAutoencoder | undefined> {
  const services: Services = {
    store: memoryStore(),
    log: { warn: () => {}, error: () => {} },
    ban: () => {},
    warnOnce: (_, message) => void io.err.write(`${message}\n`),
  };
  const followed = followModel(
    [fileModel(modelFile(place))],
    REFRESH_MS,
    () => undefined,
    async (text): Promise<TrainedAutoencoder> => {
      const model = await readAutoencoder(text);
      return threshold === undefined ? model : withThreshold(model, threshold);
    },
  );
  const { model, problem } = await followed.refresh(services, Date.now());
  if (model === undefined) await io.err.write(`No model yet, rules alone answer: ${problem ?? `${modelFile(place)} is not there`}\n`);
  return () => followed.current(services, Date.now());
}

/** The same model with a threshold measured apart. */
function withThreshold(model: TrainedAutoencoder, request: number): TrainedAutoencoder {
  return {
    ...model,
    thresholds: { ...model.thresholds, request },
    readRequest(parts) {
      const reading = model.readRequest(parts);
      return {
        ...reading,
        score: reading.nats / (reading.nats + request),
        isOdd: reading.nats > request || (!reading.isWhole && model.cutLines === 0),
      };
    },
  };
}

function thresholdOf(path: string): number {
  try {
    const value = JSON.parse(readFileSync(path, "utf8")) as { readonly p99?: unknown; readonly threshold?: unknown } | null;
    const threshold = value?.threshold ?? value?.p99;
    if (typeof threshold === "number" && threshold > 0 && Number.isFinite(threshold)) return threshold;
    throw new Error("its threshold is no number above 0");
  } catch (error) {
    throw new UsageError(`${path}: ${messageOf(error)}`);
  }
}

import type { Detector } from "@aiwaf/core";

const decoder = new TextDecoder();

/** Detectors that cases name in `config.detectors`: small, and each with one habit that adapters and engine must cope with. */
export const SUITE_DETECTORS: Readonly<Record<string, Detector>> = {
  /** Blocks a body whose inspected part contains "attack". */
  "body-watch": {
    name: "body-watch",
    phase: "body",
    rules: ["body-watch/attack"],
    inspect: ({ body }) =>
      decoder.decode(body?.bytes).includes("attack")
        ? { rule: "body-watch/attack", score: 100, where: "body", block: { status: 403 } }
        : undefined,
  },
  /** The same, a few milliseconds later. */
  "slow-body-watch": {
    name: "slow-body-watch",
    phase: "body",
    rules: ["slow-body-watch/attack"],
    async inspect({ body }) {
      const seen = decoder.decode(body?.bytes).includes("attack");
      await new Promise((resolve) => setTimeout(resolve, 5));
      return seen ? { rule: "slow-body-watch/attack", score: 100, where: "body", block: { status: 403 } } : undefined;
    },
  },
  "throws-in-head": {
    name: "throws-in-head",
    phase: "head",
    rules: [],
    inspect() {
      throw new Error("thrown by the suite");
    },
  },
  "rejects-in-body": {
    name: "rejects-in-body",
    phase: "body",
    rules: [],
    inspect: () => Promise.reject(new Error("rejected by the suite")),
  },
  "never-answers": {
    name: "never-answers",
    phase: "head",
    rules: [],
    inspect: () => new Promise(() => {}),
  },
};

/**
 * Finds injections in everything a client controls.
 *
 * @module
 */
import { inspectBody, inspectHead, settingOf } from "../content/request-parts.ts";
import { CONTENT_RULES } from "../content/rules.ts";
import { type OptionTable, oneOf, readOptions } from "../options.ts";
import type { Detector, RuleId } from "../types.ts";

/** How much evidence a block needs. */
export interface ContentOptions {
  /**
   * `lenient` asks for a quarter more evidence than `balanced` (the default), `strict` for a quarter less. Sites whose users paste code
   * want `lenient`; machine-to-machine interfaces can afford `strict`.
   */
  readonly preset?: "lenient" | "balanced" | "strict";
}

export const CONTENT_OPTIONS = {
  preset: oneOf("balanced", ["lenient", "balanced", "strict"]),
} as const satisfies OptionTable;

const SENSITIVITY = { lenient: 0.8, balanced: 1, strict: 1.35 } as const;

/**
 * Content inspection as two detectors of one name: the head part reads path, query, headers and cookies, the body part what the peek
 * returned.
 *
 * @example
 * createWaf({ detectors: [...content({ preset: "strict" })], store: memoryStore() });
 */
export function content(options: ContentOptions = {}): readonly [Detector, Detector] {
  const { preset } = readOptions("content", CONTENT_OPTIONS, options);
  const sensitivity = SENSITIVITY[preset];
  const rules = Object.keys(CONTENT_RULES) as RuleId[];
  return [
    { name: "content", phase: "head", rules, inspect: (request) => inspectHead(request, settingOf(request, sensitivity)) },
    {
      name: "content",
      phase: "body",
      rules,
      inspect: (request) => (request.body === undefined ? undefined : inspectBody(request, request.body, settingOf(request, sensitivity))),
    },
  ];
}

import type { Detector, WafOptions } from "@aiwaf/core";
import { content } from "@aiwaf/core/content";
import { type RecommendedOptions, recommended } from "@aiwaf/core/recommended";

/** The recommended firewall with content inspection, which is left out where the options bring one of their own or say `content: false`. */
export function withContent(options: RecommendedOptions): WafOptions {
  const chosen = recommended(options);
  const isNamed = (detector: Detector): boolean =>
    chosen.detectors.some(({ name, phase }) => name === detector.name && phase === detector.phase);
  const isOff = (options as { readonly content?: unknown }).content === false;
  return isOff ? chosen : { ...chosen, detectors: [...chosen.detectors, ...content().filter((detector) => !isNamed(detector))] };
}

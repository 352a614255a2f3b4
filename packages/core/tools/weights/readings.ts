/**
 * What the score is learned from and measured on: the readings of labelled requests, as content inspection makes them.
 *
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inspectBody, inspectHead, settingOf } from "../../src/content/request-parts.ts";
import { eachBlock } from "../../src/content/score-tokens.ts";
import type { WafRequest } from "../../src/types.ts";
import { placeBenignText, readBenignTexts } from "../benign-requests.ts";
import { benignTexts } from "../benign-texts.ts";
import { type Item, requestOf, scoreOf } from "../evaluate-content.ts";
import { ENCODINGS } from "../evasion-matrix.ts";

/** Features of one block, copied. */
export interface Features {
  readonly singles: Uint16Array;
  readonly pairs: Uint16Array;
  readonly distinct: number;
}

/** One reading of a value. */
export interface Reading {
  readonly text: string;
  readonly blocks: readonly Features[];
  /** What the rules gave it: the strongest, and the sum of all. */
  readonly top: number;
  readonly sum: number;
}

/** A labelled request. */
export interface Sample {
  /** Corpus file without ending, or a name of our own texts. */
  readonly file: string;
  /** Who collected it: what leave-one-out leaves out. */
  readonly source: string;
  readonly id: string;
  readonly isAttack: boolean;
  /** False for what is only measured: what the source calls an attack but nothing shows it, and texts that are kept for the evaluation. */
  readonly isTaught: boolean;
  readonly tier: string;
  /** Score of the rules alone, as the engine would add it up. */
  readonly ruleScore: number;
  readonly readings: readonly Reading[];
}

/** Whether the seed keeps an honest text of ours for the evaluation: half of them, each with all its placements. */
export function isKept(text: string, seed: number): boolean {
  let hash = seed | 0;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash >>> 12) & 1) === 1;
}

/** Longer texts are cut before they are encoded. */
const ENCODED_MAX = 300;

/** Percent-encoded; half surrogate pairs, which a cut can leave, become question marks. */
const query = (text: string): string => encodeURIComponent(text.replace(/\p{Surrogate}/gu, "?"));

const blocksKnown = new Map<string, readonly Features[]>();

function blocksOf(lower: string): readonly Features[] {
  const known = blocksKnown.get(lower);
  if (known !== undefined) return known;
  const blocks: Features[] = [];
  eachBlock(lower, ({ count, distinct, singles, pairs }) => {
    blocks.push({ singles: singles.slice(0, count), pairs: pairs.slice(0, count), distinct });
  });
  blocksKnown.set(lower, blocks);
  return blocks;
}

/** Inspects a request by the rules alone and notes every reading that the score would be asked about. */
function observe(request: WafRequest): Pick<Sample, "ruleScore" | "readings"> {
  const readings = new Map<string, Reading>();
  const setting = settingOf(request, 1, {
    opinion: (text: string, { list }: { readonly list: readonly { readonly score: number }[] }): void => {
      if (readings.has(text)) return;
      const scores = list.map(({ score }) => score);
      readings.set(text, { text, blocks: blocksOf(text), top: Math.max(0, ...scores), sum: scores.reduce((sum, score) => sum + score, 0) });
    },
  });
  const head = scoreOf(inspectHead(request, () => setting) ?? []);
  const body = request.body === undefined || head >= 100 ? 0 : scoreOf(inspectBody(request, request.body, setting) ?? []);
  return { ruleScore: head + body, readings: [...readings.values()] };
}

/** Files whose attacks cannot be seen in the request, or whose labels say nothing about a single request. */
const NOT_TAUGHT = /_ambiguous|_nopayload|_protocol|crs_negative|crs_pl2plus|aiwaf_sandbox/;

/** Whether a corpus file's labels are taught. */
export function isTeaching(file: string): boolean {
  return !NOT_TAUGHT.test(file);
}

/** Samples of every `.jsonl` file of a folder. Records of unknown label are left out. */
export function corpusSamples(folder: string): Sample[] {
  const samples: Sample[] = [];
  for (const name of readdirSync(folder)
    .filter((each) => each.endsWith(".jsonl"))
    .sort()) {
    const file = name.slice(0, -".jsonl".length);
    for (const line of readFileSync(join(folder, name), "utf8").split("\n")) {
      if (line === "") continue;
      const item = JSON.parse(line) as Item;
      if (item.label !== "attack" && item.label !== "benign") continue;
      samples.push({
        file,
        source: file.split("_", 1)[0]!,
        id: item.id,
        isAttack: item.label === "attack",
        // Code is honest only where code is expected.
        isTaught: isTeaching(file) && item.tier !== "code",
        tier: item.tier ?? item.class,
        ...observe(requestOf(item)),
      });
    }
  }
  return samples;
}

/**
 * Samples of our own honest texts in all their placements, and of generated ones; the half that the seed keeps is not taught. Lines that
 * are close to attacks (searches that cite them, markup with handlers) are only taught.
 */
export function ownSamples(folder: string, seed: number): Sample[] {
  const samples: Sample[] = [];
  const add = (file: string, id: string, tier: string, request: WafRequest, isTaught: boolean): void => {
    samples.push({ file, source: "own", id, isAttack: false, isTaught, tier, ...observe(request) });
  };
  for (const [index, text] of readBenignTexts(folder, 120).entries()) {
    const isTaught = text.tier !== "code" && !isKept(text.text, seed);
    for (const { placement, raw } of placeBenignText(text)) {
      const mark = raw.target.indexOf("?");
      const body = raw.readBody?.(65_536, new AbortController().signal) as WafRequest["body"];
      const request = requestOf({ id: "", label: "benign", class: "", method: raw.method, url: raw.target, headers: {}, body: null });
      const path = mark < 0 ? raw.target : raw.target.slice(0, mark);
      add(`own_${text.tier}`, `${text.file}#${index}:${placement}`, text.tier, { ...request, path, headers: raw.headers, body }, isTaught);
    }
  }
  const encodings = Object.values(ENCODINGS).filter(({ only }) => only === undefined);
  for (const [index, text] of readBenignTexts(folder, 120).entries()) {
    if (text.tier === "code") continue;
    const encoded = encodings[index % encodings.length]!.encode(text.text.slice(0, ENCODED_MAX));
    const request = requestOf({
      id: "",
      label: "benign",
      class: "",
      method: "GET",
      url: `/search?q=${query(encoded)}`,
      headers: {},
      body: null,
    });
    add("own_encoded", `${text.file}#${index}:encoded`, text.tier, request, !isKept(text.text, seed));
  }
  for (const [index, text] of benignTexts(3_000).entries()) {
    const url = `/search?q=${encodeURIComponent(text)}`;
    const request = requestOf({ id: "", label: "benign", class: "", method: "GET", url, headers: {}, body: null });
    add("own_generated", `generated#${index}`, "text", request, !isKept(text, seed));
  }
  const lines = readFileSync(new URL("./honest-lines.txt", import.meta.url), "utf8").split("\n");
  for (const [index, text] of lines.filter((line) => line !== "").entries()) {
    const url = `/search?q=${encodeURIComponent(text)}`;
    const request = requestOf({ id: "", label: "benign", class: "", method: "GET", url, headers: {}, body: null });
    add("own_lines", `lines#${index}`, "text", request, true);
  }
  return samples;
}

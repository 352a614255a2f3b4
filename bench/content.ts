/**
 * The recommended firewall with content inspection, in process. `content/mix` is single requests of a traffic sized like the field's own
 * measurements; `content/…-ns-per-byte` is long bodies alone, honest and hostile, beside one pass over the same bytes.
 */
import { createWaf, type RawRequest } from "@aiwaf/core";
import { content } from "@aiwaf/core/content";
import { recommended } from "@aiwaf/core/recommended";
import { compare, type Line, referenceLoop, round3, type Subject, timeCalls } from "./measure.ts";
import { prose, records, type Sample, sample, traffic } from "./traffic.ts";

const COUNT = 4096;
const LONG = 65_536;
const FIELDS: readonly [string, string][] = [["Host", "shop.example"]];
const random = (limit: number): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 4_294_967_296) * limit);
};
let state = 11;

const json = (text: string): Sample => sample("/notes", FIELDS, 1, "application/json", JSON.stringify({ text }));
const form = (text: string): Sample => sample("/notes", FIELDS, 1, "application/x-www-form-urlencoded", `text=${encodeURIComponent(text)}`);
const WORDS = "we moved the garden bench twice this spring and it still wobbles the left leg is short by about a thumb ";

/** Long bodies that honest clients send. */
const HONEST: Readonly<Record<string, Sample>> = {
  words: json(WORDS.repeat(700).slice(0, LONG)),
  records: sample("/import", FIELDS, 1, "application/json", records(LONG, random)),
  prose: json(prose(LONG, random)),
  "prose-form": form(prose(LONG, random)),
};
/** Pieces that make one reader or another work hardest; none of them is an attack. */
const HOSTILE = [
  "'",
  '"',
  "<a ",
  "%25",
  "\\u0",
  "&#",
  "{{",
  "(",
  ";",
  "|",
  "` ",
  "../",
  "/*",
  "--",
  "a=b&",
  "\uff07",
  "select a,(",
  "' or ",
  " on",
  "$a[",
  "if ",
  ")(",
  "..;/",
  "=;",
];

export function benches(): Line[] {
  let at = Date.UTC(2026, 0, 1);
  const waf = createWaf(
    recommended({ clock: () => ++at, rateLimit: { max: 1_000_000, windowMs: 60_000 }, detectors: content(), bodyLimitBytes: 1 << 20 }),
  );
  const inspect = (samples: readonly Sample[]): Subject => ({
    name: "inspect",
    run: (index) => waf.inspect(samples[index % samples.length]!.raw as RawRequest),
  });
  const reference = (samples: readonly Sample[]): Subject => ({
    ...referenceLoop(samples.map((each) => each.text)),
    name: "FNV-1a over the same text",
  });
  const requests = traffic(COUNT);
  const lines: Line[] = [mix(inspect(requests), reference(requests), requests)];
  const perByte = (name: string, samples: readonly Sample[]): Line => {
    const bytes = samples.reduce((sum, each) => sum + each.text.length, 0) / samples.length;
    const line = compare(`content/${name}-ns-per-byte`, inspect(samples), reference(samples), { rounds: 7, batch: 8 * samples.length });
    const scale = (microseconds: number): number => round3((microseconds * 1000) / bytes);
    return { ...line, unit: "ns/B", median: scale(line.median), p99: scale(line.p99) };
  };
  // What a request costs apart from its body is in the mix; here one long body after the other.
  for (const [name, each] of Object.entries(HONEST)) lines.push(perByte(name, [each]));
  const honest = lines.at(-2)!.median;
  let worst = { piece: "", line: undefined as Line | undefined };
  for (const piece of HOSTILE) {
    const line = perByte("hostile", [json(piece.repeat(Math.ceil(LONG / piece.length)))]);
    if (worst.line === undefined || line.median > worst.line.median) worst = { piece, line };
  }
  const { line } = worst;
  if (line !== undefined)
    lines.push({
      ...line,
      bench: `content/hostile-worst-ns-per-byte (${JSON.stringify(worst.piece)}, ${round3(line.median / honest)} times prose)`,
    });
  return lines;
}

/** Single requests, each timed alone: median, mean and 99th percentile. */
function mix(subject: Subject, other: Subject, requests: readonly Sample[]): Line {
  timeCalls(subject, 4 * COUNT);
  timeCalls(other, COUNT);
  const clock = timeCalls({ name: "clock", run: () => 0 }, 20_000).median;
  const own = timeCalls(subject, 8 * COUNT);
  const theirs = timeCalls(other, COUNT);
  const bytes = requests.reduce((sum, each) => sum + each.text.length, 0) / requests.length;
  const us = (nanoseconds: number): number => round3(Math.max(0, nanoseconds - clock) / 1000);
  const [median, referenceMedian] = [us(own.median), us(theirs.median)];
  return {
    bench: "content/mix",
    median,
    mean: us(own.mean),
    p99: us(own.p99),
    nsPerByte: round3(Math.max(0, own.mean - clock) / bytes),
    unit: "µs",
    reference: `${other.name} (${referenceMedian} µs)`,
    ratio: round3(median / referenceMedian),
    runs: 8 * COUNT,
  };
}

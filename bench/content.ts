/**
 * The recommended firewall with content inspection, in process. `content/mix` is single requests of a traffic sized like the field's own
 * measurements; the other lines are long bodies alone, in processor time a byte, honest and hostile, beside one pass over the same bytes.
 */
import { createWaf, type RawRequest, type Waf } from "@aiwaf/core";
import { recommended } from "@aiwaf/core/recommended";
import { type Line, referenceLoop, round3, type Subject, timeCalls, timeProcessor } from "./measure.ts";
import { prose, records, type Sample, sample, traffic } from "./traffic.ts";

const COUNT = 4096;
const WARM = 15;
const LONG = 65_536;
/** Calls of a round, and rounds, for one long body. */
const CALLS = 6;
const ROUNDS = 9;
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
  // Addresses and signs among the sentences: read by every lexer, and what hostile texts are held against.
  marked: json(prose(LONG, random).replaceAll("the garden", "the garden (shop.example/benches?id=4, 2 = pair)")),
  "prose-form": form(prose(LONG, random)),
};
const filled = (piece: string): string => piece.repeat(Math.ceil(LONG / piece.length));

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

/** Values of few signs, sent in long lists: what a value costs apart from its length, and what each of its encodings does; the last two are base64, once and twice. */
const LISTED = ["{{a", "{{(bc", "a'b", "../a", "<x y=", "%2e%", "%252e", "%253c%253e", "PHggeT0=", "WVNkaVBURT0="];

function firewall(): Waf {
  let at = Date.UTC(2026, 0, 1);
  return createWaf(
    recommended({
      clock: () => ++at,
      rateLimit: { max: 1_000_000, windowMs: 60_000 },
      bodyLimitBytes: 1 << 20,
    }),
  );
}
const inspect = (waf: Waf, samples: readonly Sample[]): Subject => ({
  name: "inspect",
  run: (index) => waf.inspect(samples[index % samples.length]!.raw),
});
const reference = (samples: readonly Sample[]): Subject => ({
  ...referenceLoop(samples.map((each) => each.text)),
  name: "FNV-1a over the same text",
});

/** The whole firewall over a traffic like the field's. */
export function mixLine(name: string): Line {
  const requests = traffic(COUNT);
  const waf = firewall();
  const inspected: Subject = {
    name: "inspect",
    prepare: (index) => requests[index % COUNT]!.fresh(),
    run: (_, request) => waf.inspect(request as RawRequest),
  };
  return mix(name, inspected, reference(requests), requests);
}

export function benches(): Line[] {
  const waf = firewall();
  const lines: Line[] = [mixLine("content/mix")];
  const perByte = (name: string, each: Sample): Line => {
    const [subject, other] = [inspect(waf, [each]), reference([each])];
    timeProcessor(subject, CALLS);
    const own: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      theirs.push(timeProcessor(other, CALLS) / each.text.length);
      own.push(timeProcessor(subject, CALLS) / each.text.length);
    }
    own.sort((one, another) => one - another);
    theirs.sort((one, another) => one - another);
    const [median, referenceMedian] = [own[ROUNDS >> 1]!, theirs[ROUNDS >> 1]!];
    return {
      bench: `content/${name}`,
      median: round3(median),
      p99: round3(own.at(-1)!),
      unit: "ns/B",
      reference: `${other.name} (${round3(referenceMedian)} ns/B)`,
      ratio: round3(median / referenceMedian),
      runs: ROUNDS * CALLS,
    };
  };
  for (const [name, each] of Object.entries(HONEST)) lines.push(perByte(name, each));
  const honest = lines.find((line) => line.bench === "content/marked")!.median;
  const hostile = [
    ...HOSTILE.map((piece) => [piece, json(filled(piece))] as const),
    ...LISTED.map((value) => [`"${value}",`, sample("/notes", FIELDS, 1, "application/json", `[${filled(`"${value}",`)}1]`)] as const),
  ].map(([piece, each]) => [piece, perByte("hostile", each)] as const);
  const [piece, worst] = hostile.reduce((one, other) => (other[1].median > one[1].median ? other : one));
  lines.push({ ...worst, bench: "content/hostile-worst", timesHonest: round3(worst.median / honest), input: piece });
  return lines;
}

/**
 * Single requests, each timed alone by the clock. Each is made anew just before, because requests
 * that were made long ago lie in no cache, which those of a server do. Warm after as many requests as the servers of `frameworks`.
 */
function mix(name: string, subject: Subject, other: Subject, requests: readonly Sample[]): Line {
  timeCalls(subject, WARM * COUNT);
  timeCalls(other, COUNT);
  const clock = timeCalls({ name: "clock", run: () => 0 }, 20_000).median;
  const own = timeCalls(subject, 8 * COUNT);
  const theirs = timeCalls(other, COUNT);
  const bytes = requests.reduce((sum, each) => sum + each.text.length, 0) / requests.length;
  const us = (nanoseconds: number): number => round3(Math.max(0, nanoseconds - clock) / 1000);
  const [median, referenceMedian] = [us(own.median), us(theirs.median)];
  return {
    bench: name,
    median,
    mean: us(own.mean),
    p99: us(own.p99),
    nsPerByte: round3((own.mean - clock) / bytes),
    unit: "µs",
    reference: `${other.name} (${referenceMedian} µs)`,
    ratio: round3(median / referenceMedian),
    runs: 8 * COUNT,
  };
}

/**
 * Why a decision is as it is, told from its record.
 *
 * @module
 */

import { excerptOf, type Without, withoutRules } from "@aiwaf/core/records";
import { canBeExcepted, isReportedOnly } from "@aiwaf/core/switches";
import type { BanEntry, DecisionRecord, ExceptionDraft, ExemptionEntry, ExplainedFinding, ExplainedMatch, Explanation } from "./api.ts";
import { replay } from "./replay.ts";
import { ruleText } from "./rule-texts.ts";

type RecordedFinding = DecisionRecord["findings"][number];

const DEFAULT_THRESHOLD = 100;

/** The explanation of one record; `client` says what else stops the client, or lets it pass. */
export async function explanationOf(
  record: DecisionRecord,
  client: { readonly banned: BanEntry | undefined; readonly exempt: readonly ExemptionEntry[] },
): Promise<Explanation> {
  const { score, threshold = DEFAULT_THRESHOLD, wouldBlock, findings } = record;
  const rule = record.rule ?? wouldBlock?.rule;
  const { without, places } = await smallestChange(record);
  const exceptions = draftsOf(record, without.rules, places);
  return {
    outcome: record.action === "block" ? "blocked" : wouldBlock === undefined ? "allowed" : "would-block",
    ...(rule !== undefined && { rule }),
    threshold,
    score,
    findings: findings.map((finding) => explained(finding, record, rule, threshold)),
    counterfactual: { text: sentence(record, without.rules, without.score, threshold), without: without.rules, scoreThen: without.score },
    exceptions,
    ...(without.rules.length > 0 && {
      pathRule: `paths: { ${JSON.stringify(pathOf(record))}: { skip: ${JSON.stringify(without.rules)} } }`,
    }),
    client: { ...(client.banned !== undefined && { banned: client.banned }), exempt: client.exempt },
  };
}

/** Where rules found something. */
type Places = readonly { readonly rule: string; readonly where?: string }[];

/** Each round leaves out one more rule that was hidden behind those before. */
const ROUNDS_MAX = 8;

/**
 * The fewest rules without which it passes: those that the record names, and those that inspection finds only without them. Where bodies and secrets, which are not
 * kept, were behind it, the record alone tells.
 */
async function smallestChange(record: DecisionRecord): Promise<{ readonly without: Without; readonly places: Places }> {
  let without = withoutRules(record);
  const places: { readonly rule: string; readonly where?: string }[] = [...record.findings];
  if (without.rules.length === 0) return { without, places };
  const found = await replay();
  const { threshold = DEFAULT_THRESHOLD } = record;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const left = found(record, (rule) => without.rules.includes(rule));
    const score = left?.reduce((sum, one) => sum + one.score, 0);
    if (left === undefined || score === undefined) break;
    places.push(...left);
    const worst = left.reduce<(typeof left)[number] | undefined>(
      (most, one) => (most !== undefined && most.score >= one.score ? most : one),
      undefined,
    );
    if (score < threshold || worst === undefined) return { without: { rules: without.rules, score }, places };
    without = { rules: [...without.rules, worst.rule], score };
  }
  return { without, places };
}

function explained(finding: RecordedFinding, record: DecisionRecord, decided: string | undefined, threshold: number): ExplainedFinding {
  const { rule, score, where, note, match } = finding;
  const about = ruleText(rule);
  return {
    rule,
    score,
    ...(where !== undefined && { where }),
    ...(note !== undefined && { note }),
    decisive: decided !== undefined && (rule === decided || score >= threshold),
    reportedOnly: isReportedOnly({ score, note }),
    ...(about !== undefined && { about: { text: about } }),
    ...(match !== undefined && { match: explainedMatch(finding, match, record) }),
  };
}

/** What a record keeps as text is one character a byte, as it was sent. */
function explainedMatch({ where }: RecordedFinding, match: NonNullable<RecordedFinding["match"]>, record: DecisionRecord): ExplainedMatch {
  const fields = Object.entries(record.headers);
  const excerpt = excerptOf({ ...(where !== undefined && { where }), match }, { target: record.url, fields });
  const sent = excerpt?.isAsSent === true ? { value: excerpt.value, start: excerpt.start, end: excerpt.end } : undefined;
  const matched = sent === undefined ? undefined : sent.value.slice(sent.start, sent.end);
  return { text: match.text, ...(sent !== undefined && { sent }), steps: stepsOf(matched, match.text, match.decoded) };
}

/** Decodings that can be told step by step; the others are named, and the last step's text is what the rule saw. */
const DECODERS: Readonly<Record<string, (text: string) => string>> = {
  percent: (text) => decodeURIComponent(text.replaceAll("+", " ")),
  unicode: (text) => text.replace(/\\u([\da-f]{4})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))),
  escape: (text) => text.replace(/\\x([\da-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))),
  entity: (text) =>
    text
      .replace(/&#x([\da-f]{1,6});?/gi, (_, digits: string) => codePoint(Number.parseInt(digits, 16)))
      .replace(/&#(\d{1,7});?/g, (_, digits: string) => codePoint(Number(digits))),
  base64: (text) => Buffer.from(text, "base64").toString("utf8"),
};

const codePoint = (code: number): string => (code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd");

function stepsOf(matched: string | undefined, text: string, decoded: readonly string[]): ExplainedMatch["steps"] {
  let current = matched;
  return decoded.map((decoding, index) => {
    if (index === decoded.length - 1) return { decoding, text };
    const decoder = DECODERS[decoding.replace(/\s.*$/, "")];
    try {
      current = current === undefined ? undefined : decoder?.(current);
    } catch {
      current = undefined;
    }
    return { decoding, ...(current !== undefined && { text: current.slice(0, 2_000) }) };
  });
}

function sentence({ action, wouldBlock }: DecisionRecord, rules: readonly string[], scoreThen: number, threshold: number): string {
  if (action === "allow" && wouldBlock === undefined) return `It passed: its score is ${scoreThen}, and ${threshold} blocks.`;
  if (rules.length === 0) return "It came from a limit, a ban, a country or a failure, not from what the request says. Look at the client.";
  const named = rules.length === 1 ? (rules[0] as string) : `${rules.slice(0, -1).join(", ")} and ${rules.at(-1) as string}`;
  if (scoreThen >= threshold)
    return `Even without ${named} the score is ${scoreThen} of ${threshold}: still more rules hold something against it.`;
  return `Without ${named} the score is ${scoreThen} of ${threshold}, and the request passes.`;
}

const pathOf = ({ route, url }: DecisionRecord): string => route ?? (url.replace(/[?#].*$/s, "") || "/");

/** First what leaves out one parameter, then what leaves out the path. */
function draftsOf(record: DecisionRecord, rules: readonly string[], found: Places): readonly ExceptionDraft[] {
  const path = pathOf(record);
  // A path that can be read in several ways, or that a pattern would read as a wildcard, names no one place.
  if (record.route === undefined && /[%\\;*:]|\/\.|\/\/|\[cut\]/.test(path)) return [];
  const excepted = rules.filter(canBeExcepted);
  if (excepted.length < rules.length) return [];
  const narrow = excepted.flatMap((rule) => {
    const places = new Set(found.filter((finding) => finding.rule === rule).map(({ where }) => where));
    // A path is where it is: naming it as the parameter would say the same twice.
    return [...places]
      .filter((where) => where !== undefined && where !== "path")
      .map((parameter) => ({ rule, path, parameter: parameter as string }));
  });
  return [...narrow, ...excepted.map((rule) => ({ rule, path }))];
}

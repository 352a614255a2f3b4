/**
 * Whose requests an exception would let pass, and what else these clients did.
 *
 * @module
 */
import { banKey, clientKeyOf } from "@aiwaf/core/lists";
import type { DecisionRecord, PreviewClient } from "./api.ts";
import type { Context } from "./context.ts";
import { isConsequence, isStopped } from "./evidence.ts";

/** The rest is counted and not judged: a flood of clients must not make a flood of questions. */
const JUDGED_MAX = 200;
const STOPS_READ = 200;
const REFUSALS_COUNTED = 1_000;
const DEFAULT_THRESHOLD = 100;
/** Half of what blocks: no honest request of the tests leaves so much beside one wrong rule. */
const SUSPICIOUS_SHARE = 0.5;
const PLACES_TRIED = 5;

/** What the rule stopped, and what of it would pass. */
export interface Judged {
  readonly stopped: readonly DecisionRecord[];
  readonly passing: readonly DecisionRecord[];
}

/**
 * Each client whose requests would pass, those that look hostile first; and how many requests were refused only because of a ban that would not have been made.
 */
export async function judgeClients(
  context: Context,
  excepted: ReadonlySet<string>,
  { stopped, passing }: Judged,
  from: number,
  now: number,
): Promise<{ readonly clients: readonly PreviewClient[]; readonly afterBan: number }> {
  const all = byClient(stopped);
  const judged: PreviewClient[] = [];
  let afterBan = 0;
  for (const [client, requests] of [...byClient(passing)].sort(([, one], [, other]) => other.length - one.length)) {
    const isAsked = client !== "" && judged.length < JUDGED_MAX;
    const stops = isAsked ? stopsOf(context, client, from) : [];
    const others = stops.filter((record) => isOther(record, excepted));
    const rules = [...new Set(others.map(culpritOf))];
    const bannedBy = isAsked ? await banOf(context, client, now) : undefined;
    const reasons = [
      ...(rules.length > 0 ? [`Also stopped by ${rules.slice(0, 5).join(", ")}.`] : []),
      ...(bannedBy !== undefined && !excepted.has(bannedBy) && !isConsequence(bannedBy) && !rules.includes(bannedBy)
        ? [`Banned by ${bannedBy}.`]
        : []),
      ...(requests.some((record) => hasMore(record, excepted)) ? ["Its requests have more in them that other rules hold against it."] : []),
      ...(placesOf(all.get(client) ?? []) >= PLACES_TRIED ? [`The rule stopped it at ${placesOf(all.get(client) ?? [])} places.`] : []),
    ];
    // Whoever was banned for other things, too, would have been refused all the same.
    const refused = rules.length === 0 ? stops.filter((record) => isRefusalAfter(record, excepted)).length : 0;
    afterBan += refused;
    const country = requests.find((record) => record.country !== undefined)?.country;
    judged.push({
      client,
      wouldPass: requests.length + refused,
      otherBlocks: others.length,
      hostile: reasons.length > 0,
      reasons,
      ...(country !== undefined && { country }),
    });
    if (judged.length % 10 === 0) await new Promise(setImmediate);
  }
  return { clients: judged.sort((one, other) => Number(other.hostile) - Number(one.hostile) || other.wouldPass - one.wouldPass), afterBan };
}

function byClient(records: readonly DecisionRecord[]): ReadonlyMap<string, readonly DecisionRecord[]> {
  const clients = new Map<string, DecisionRecord[]>();
  for (const record of records) {
    const own = clients.get(record.client);
    if (own === undefined) clients.set(record.client, [record]);
    else own.push(record);
  }
  return clients;
}

/** What stopped a client lately, newest first, and all that bans refused it. */
function stopsOf({ events, records }: Context, client: string, from: number): readonly DecisionRecord[] {
  if (records === undefined) return events.history({ client, since: from }, REFUSALS_COUNTED).filter(isStopped);
  const refused = records.find({ client, rule: "blocklist/banned", from }, REFUSALS_COUNTED).records;
  const newest = records
    .find({ client, stopped: true, from }, STOPS_READ)
    .records.filter((record) => ruleOf(record) !== "blocklist/banned");
  return [...newest, ...refused];
}

const ruleOf = ({ rule, wouldBlock }: DecisionRecord): string => rule ?? wouldBlock?.rule ?? "";

/** The rule that stopped it; of a ban, the rule that banned. */
function culpritOf(record: DecisionRecord): string {
  const rule = ruleOf(record);
  const note = rule === "blocklist/banned" ? record.findings.find((finding) => finding.rule === rule)?.note : undefined;
  return /^banned by (\S+\/\S+)$/.exec(note ?? "")?.[1] ?? rule;
}

/** Whether something else than the rule, and what follows from it, stopped the request. */
function isOther(record: DecisionRecord, excepted: ReadonlySet<string>): boolean {
  const culprit = culpritOf(record);
  return !excepted.has(culprit) && !isConsequence(culprit);
}

/** Whether a ban refused it that the rule had made, itself or by what followed. Bans by hand are bans by `blocklist/banned`. */
function isRefusalAfter(record: DecisionRecord, excepted: ReadonlySet<string>): boolean {
  if (ruleOf(record) !== "blocklist/banned") return false;
  const culprit = culpritOf(record);
  return excepted.has(culprit) || (culprit !== "blocklist/banned" && isConsequence(culprit));
}

const hasMore = ({ findings, threshold = DEFAULT_THRESHOLD }: DecisionRecord, excepted: ReadonlySet<string>): boolean =>
  findings.reduce((sum, finding) => (excepted.has(finding.rule) || isConsequence(finding.rule) ? sum : sum + finding.score), 0) >=
  threshold * SUSPICIOUS_SHARE;

/** At how many places: paths of one route are one place. */
const placesOf = (records: readonly DecisionRecord[]): number =>
  new Set(records.map(({ route, url }) => route ?? url.replace(/[?#].*$/s, ""))).size;

/** The rule that bans the client now. */
async function banOf({ store }: Context, client: string, now: number): Promise<string | undefined> {
  const key = clientKeyOf(client);
  const stored = key === undefined ? undefined : await store.get(banKey(key), now);
  if (stored === undefined) return undefined;
  try {
    const { rule } = JSON.parse(stored) as { readonly rule?: unknown };
    return typeof rule === "string" ? rule.slice(0, 100) : "an entry that cannot be read";
  } catch {
    return "an entry that cannot be read";
  }
}

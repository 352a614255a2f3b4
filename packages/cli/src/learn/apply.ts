/**
 * What training proposes, carried out in the site's store; and the exemptions that already stand there.
 *
 * @module
 */
import { BlockList, isIP } from "node:net";
import type { Store } from "@aiwaf/core";
import { addEntries, banKey, listBans, listEntries, removeEntries, undoBans, writeBan } from "@aiwaf/core/lists";
import type { TrainingReport } from "@aiwaf/core/train";

/** Exemptions of the store, as training needs them. */
export interface StoredExemptions {
  readonly paths: readonly string[];
  readonly words: readonly string[];
  isExempt(clientKey: string): boolean;
}

/** What `--apply` did. */
export interface Applied {
  readonly bans: number;
  readonly words: number;
  /** Bans of exempt addresses that were lifted. */
  readonly unbanned: number;
  /** Learned words that were dropped because they are exempt now. */
  readonly purged: number;
}

/** Reads the exemptions; none without a store. */
export async function exemptionsOf(store: Store | undefined, now: number): Promise<StoredExemptions> {
  if (store === undefined) return { paths: [], words: [], isExempt: () => false };
  const names = async (list: "exempt" | "exempt-path" | "exempt-keyword"): Promise<string[]> =>
    (await listEntries(store, list, now)).map(({ name }) => name);
  const isExempt = exemptTest(await names("exempt"));
  return { paths: await names("exempt-path"), words: await names("exempt-keyword"), isExempt };
}

/** True for clients whose address, or first address of a /64, lies in one of the entries. */
function exemptTest(entries: readonly string[]): (clientKey: string) => boolean {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = "", bits] = entry.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    if (isIP(address) === 0) continue;
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return (clientKey) => {
    const address = clientKey.split("/", 1)[0]!;
    const family = isIP(address);
    return family !== 0 && list.check(address, family === 6 ? "ipv6" : "ipv4");
  };
}

/** Length of a first ban by training: an hour; training sees a client once a day, not once a second. */
const BAN_MS = 3_600_000;

/** Bans, learned words and the clean-up of what is exempt, in one go. Asked again, it adds nothing. */
export async function applyProposals(store: Store, report: TrainingReport, exemptions: StoredExemptions, now: number): Promise<Applied> {
  let bans = 0;
  for (const { client, reason } of report.bans) {
    if (exemptions.isExempt(client)) continue;
    if ((await store.get(banKey(client), now)) !== undefined) continue;
    await writeBan(store, client, reason === "attacks" ? "train/attacks" : "train/missing", BAN_MS, now);
    bans++;
  }
  const known = new Set((await listEntries(store, "keyword", now)).map(({ name }) => name));
  const fresh = report.words.filter(({ word }) => !known.has(word));
  const words = await addEntries(
    store,
    "keyword",
    fresh.map(({ word, count }) => ({ name: word, count, reason: "learned from logs" })),
    now,
  );
  const exempt = new Set(exemptions.words);
  const purged = await removeEntries(
    store,
    "keyword",
    [...known].filter((word) => exempt.has(word)),
    now,
  );
  const freed = (await listBans(store, {}, now)).filter(({ client }) => exemptions.isExempt(client));
  let unbanned = 0;
  for (const { client } of freed) unbanned += (await undoBans(store, { client }, now)).length;
  return { bans, words, unbanned, purged };
}
